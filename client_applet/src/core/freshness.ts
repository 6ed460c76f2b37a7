/** A light without a confirmation for longer than this is grey: milliseconds. */
export const STALE_AFTER_MS = 15_000;

export type Freshness = "fresh" | "stale" | "unknown";

/**
 * Whether what the page shows may still be called true. All times in server milliseconds, 0 where there is none yet.
 *
 * `lastFrameAt` is when the last frame came; `confirmedAt` when the store last confirmed the server's own view;
 * `askedAt` when the page began to ask: looking for too long without an answer is no longer looking.
 */
export function freshness(now: number, lastFrameAt: number, confirmedAt: number, askedAt = 0): Freshness {
  if (lastFrameAt === 0) return askedAt !== 0 && now - askedAt > STALE_AFTER_MS ? "stale" : "unknown";
  if (now - lastFrameAt > STALE_AFTER_MS) return "stale";
  if (confirmedAt !== 0 && now - confirmedAt > STALE_AFTER_MS) return "stale";
  return "fresh";
}
