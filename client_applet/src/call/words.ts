/** What two browsers say to each other about their call, inside the `data` of `signal` messages. Hostile until read here. */

import type { SignalKind } from "../generated/wire";

/** `me` names the sender's peer connection, `to` the receiver's ("" when it is not known yet). */
interface Address {
  me: string;
  to: string;
}

export type Word =
  | (Address & { kind: "description"; type: "offer" | "answer"; sdp: string })
  | (Address & { kind: "candidate"; list: RTCIceCandidateInit[] })
  | (Address & { kind: "restart"; why: "hello" | "ice" })
  | (Address & { kind: "mute"; muted: boolean })
  | (Address & { kind: "bye"; why: "chat" });

export const MAX_SDP = 16_000;
export const MAX_CANDIDATES_PER_WORD = 20;
const MAX_CANDIDATE = 600;
const NAME = /^[A-Za-z0-9._-]{0,64}$/;

type Fields = Record<string, unknown>;

const isText = (value: unknown, max: number): value is string => typeof value === "string" && value.length <= max;

function readAddress(fields: Fields): Address | null {
  const { me, to } = fields;
  if (typeof me !== "string" || typeof to !== "string" || !me) return null;
  return NAME.test(me) && NAME.test(to) ? { me, to } : null;
}

function readCandidate(raw: unknown): RTCIceCandidateInit | null {
  if (typeof raw !== "object" || raw === null) return null;
  const { candidate, sdpMid, sdpMLineIndex, usernameFragment } = raw as Fields;
  if (!isText(candidate, MAX_CANDIDATE)) return null;
  return {
    candidate,
    sdpMid: isText(sdpMid, 64) ? sdpMid : null,
    sdpMLineIndex: typeof sdpMLineIndex === "number" ? sdpMLineIndex : null,
    usernameFragment: isText(usernameFragment, 256) ? usernameFragment : null,
  };
}

const READERS: Record<SignalKind, (at: Address, fields: Fields) => Word | null> = {
  description: (at, { type, sdp }) =>
    (type === "offer" || type === "answer") && isText(sdp, MAX_SDP) ? { ...at, kind: "description", type, sdp } : null,
  candidate: (at, { list }) => {
    if (!Array.isArray(list) || list.length > MAX_CANDIDATES_PER_WORD) return null;
    const read = list.map(readCandidate).filter((one) => one !== null);
    return { ...at, kind: "candidate", list: read };
  },
  restart: (at, { why }) => (why === "hello" || why === "ice" ? { ...at, kind: "restart", why } : null),
  mute: (at, { muted }) => (typeof muted === "boolean" ? { ...at, kind: "mute", muted } : null),
  bye: (at, { why }) => (why === "chat" ? { ...at, kind: "bye", why } : null),
};

/** The word in a `signalled` message, or null when it is none of ours (it is then ignored). */
export function readWord(kind: SignalKind, data: string): Word | null {
  try {
    const fields: unknown = JSON.parse(data);
    if (typeof fields !== "object" || fields === null) return null;
    const address = readAddress(fields as Fields);
    return address && READERS[kind](address, fields as Fields);
  } catch {
    return null;
  }
}

/** The `kind` and `data` of the `signal` message for a word. */
export function writeWord(word: Word): { kind: SignalKind; data: string } {
  const { kind, ...fields } = word;
  return { kind, data: JSON.stringify(fields) };
}
