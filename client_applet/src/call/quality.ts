/** How good a call sounds, from the statistics of a peer connection. Pure. */

export type Quality = "" | "good" | "fair" | "poor";

/** Entries of `RTCPeerConnection.getStats()`, as far as they say something of quality. */
export interface Entry {
  type: string;
  kind?: string;
  packetsReceived?: number;
  packetsLost?: number;
  jitter?: number;
  fractionLost?: number;
  roundTripTime?: number;
  currentRoundTripTime?: number;
  nominated?: boolean;
}

/** What was counted at one look. Times in milliseconds; `there` is the share that the far end has lost of ours. */
export interface Counts {
  received: number;
  lost: number;
  jitterMs: number;
  roundTripMs: number;
  there: number;
}

/** Of what came between two looks. Shares from 0 to 1. */
export interface Measured {
  lost: number;
  jitterMs: number;
  roundTripMs: number;
}

/** The least that is still called so. A word gets lost at about a tenth; from 400 ms on people interrupt each other. */
const LIMITS: readonly (readonly [Quality, Measured])[] = [
  ["poor", { lost: 0.08, jitterMs: 80, roundTripMs: 600 }],
  ["fair", { lost: 0.025, jitterMs: 35, roundTripMs: 300 }],
];
/** Fewer packets say nothing of shares. */
const LEAST = 25;

export function counts(report: Iterable<Entry>): Counts {
  const found: Counts = { received: 0, lost: 0, jitterMs: 0, roundTripMs: 0, there: 0 };
  for (const entry of report) take(found, entry);
  return found;
}

function take(found: Counts, entry: Entry): void {
  if (entry.type === "inbound-rtp" && entry.kind === "audio") {
    found.received += entry.packetsReceived ?? 0;
    found.lost += entry.packetsLost ?? 0;
    found.jitterMs = Math.max(found.jitterMs, (entry.jitter ?? 0) * 1000);
  }
  if (entry.type === "remote-inbound-rtp" && entry.kind === "audio") {
    found.there = Math.max(found.there, entry.fractionLost ?? 0);
    found.roundTripMs = Math.max(found.roundTripMs, (entry.roundTripTime ?? 0) * 1000);
  }
  if (entry.type === "candidate-pair" && entry.nominated) {
    found.roundTripMs = Math.max(found.roundTripMs, (entry.currentRoundTripTime ?? 0) * 1000);
  }
}

/** What the second look adds to the first; null where too little came to say. */
export function measured(before: Counts, now: Counts): Measured | null {
  const received = now.received - before.received;
  // Late packets are taken back from the lost ones, so the count may sink.
  const lost = Math.max(0, now.lost - before.lost);
  if (received < 0 || received + lost < LEAST) return null;
  return { lost: Math.max(lost / (received + lost), now.there), jitterMs: now.jitterMs, roundTripMs: now.roundTripMs };
}

export function grade(found: Measured): Quality {
  const worse = (limit: Measured) => found.lost >= limit.lost || found.jitterMs >= limit.jitterMs || found.roundTripMs >= limit.roundTripMs;
  return LIMITS.find(([, limit]) => worse(limit))?.[0] ?? "good";
}

/** What is shown: a sign that changes when two looks in a row agree. */
export interface Sign {
  shown: Quality;
  last: Quality;
  figures: Measured | null;
}

export const noSign: Sign = { shown: "", last: "", figures: null };

export function seen(sign: Sign, found: Measured | null): Sign {
  if (!found) return { ...sign, last: "" };
  const now = grade(found);
  return { shown: sign.shown === "" || sign.last === now ? now : sign.shown, last: now, figures: found };
}
