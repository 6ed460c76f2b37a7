import { Decoder, Encoder } from "@msgpack/msgpack";
import type { ClientMessage, ServerMessage } from "../generated/wire";

export const SUBPROTOCOL = "openline.v1.msgpack";

const encoder = new Encoder();
const decoder = new Decoder();

/** The frame of one message. */
export function encode(message: ClientMessage): Uint8Array<ArrayBuffer> {
  return encoder.encode(message);
}

/** The messages of one frame (a server may write several maps one after the other), or none where it is no message of ours. */
export function decode(frame: ArrayBuffer): ServerMessage[] {
  const messages: ServerMessage[] = [];
  try {
    for (const value of decoder.decodeMulti(new Uint8Array(frame))) {
      if (isMessage(value)) messages.push(value);
    }
  } catch {
    // A frame that breaks off: what came before it still counts; the seq rule heals the rest by a snapshot.
  }
  return messages;
}

function isMessage(value: unknown): value is ServerMessage {
  return typeof value === "object" && value !== null && typeof (value as { t?: unknown }).t === "string";
}
