/** Whether sound really arrives, from the statistics of a peer connection. Pure. */

/** No packet for so long is an interruption and not a pause between two of them, milliseconds. */
export const SILENT_MS = 2_000;
/** Not even the answer to a check for so long: the far end is gone. Chromium checks every 2.5 s. */
export const STARVED_MS = 3_000;
/** The same while nobody speaks there: Firefox checks every 5 s, and one report of the far end, of which there is one in 2 s, may be lost. */
export const STARVED_IN_SILENCE_MS = 6_000;

export interface Flow {
  /** As counted at the last look, -1 before the first one of a connection. */
  packets: number;
  flowing: boolean;
  /** When a look last found more than the one before, milliseconds of any steady clock; 0 for never. */
  movedAt: number;
  /** Looks since then: whoever did not look has not seen that nothing comes. */
  looks: number;
}

export const noFlow: Flow = { packets: -1, flowing: false, movedAt: 0, looks: 0 };

/** The packets received on all incoming audio, -1 when there is no such stream yet. */
export function packetsIn(report: Iterable<{ type: string; kind?: string; packetsReceived?: number }>): number {
  let packets = -1;
  for (const entry of report) {
    if (entry.type === "inbound-rtp" && entry.kind === "audio") packets = Math.max(packets, 0) + (entry.packetsReceived ?? 0);
  }
  return packets;
}

/** All that came over the network: sound, reports, answers to checks; -1 before there is a way. */
export function signsIn(report: Iterable<{ type: string; bytesReceived?: number; responsesReceived?: number; requestsReceived?: number }>): number {
  let signs = -1;
  for (const entry of report) {
    if (entry.type !== "candidate-pair") continue;
    signs = Math.max(signs, 0) + (entry.bytesReceived ?? 0) + (entry.responsesReceived ?? 0) + (entry.requestsReceived ?? 0);
  }
  return signs;
}

/** Flowing is: more packets than at the last look, while the track is not muted by the network. */
export function observe(before: Flow, packets: number, trackMuted: boolean, at: number): Flow {
  const flowing = !trackMuted && before.packets >= 0 && packets > before.packets;
  return flowing ? { packets, flowing, movedAt: at, looks: 0 } : { packets, flowing, movedAt: before.movedAt, looks: before.looks + 1 };
}

/** Sound came and has stopped coming. */
export function isSilent(flow: Flow, at: number): boolean {
  return flow.movedAt > 0 && flow.looks > 1 && at - flow.movedAt > SILENT_MS;
}

/** Something came, and now not even signs do. `sound` is what came of it that could be heard. */
export function isStarved(signs: Flow, sound: Flow, at: number): boolean {
  const limit = signs.movedAt - sound.movedAt > SILENT_MS ? STARVED_IN_SILENCE_MS : STARVED_MS;
  return signs.movedAt > 0 && signs.looks > 1 && at - signs.movedAt > limit;
}
