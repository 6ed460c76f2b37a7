/** Whether sound really arrives, from the statistics of a peer connection. Pure. */

export interface Flow {
  packets: number;
  flowing: boolean;
}

export const noFlow: Flow = { packets: -1, flowing: false };

/** The packets received on all incoming audio, -1 when there is no such stream yet. */
export function packetsIn(report: Iterable<{ type: string; kind?: string; packetsReceived?: number }>): number {
  let packets = -1;
  for (const entry of report) {
    if (entry.type === "inbound-rtp" && entry.kind === "audio") packets = Math.max(packets, 0) + (entry.packetsReceived ?? 0);
  }
  return packets;
}

/** Flowing is: more packets than at the last look, while the track is not muted by the network. */
export function observe(before: Flow, packets: number, trackMuted: boolean): Flow {
  return { packets, flowing: !trackMuted && before.packets >= 0 && packets > before.packets };
}
