/** The same as `billing/price.py`, for showing what runs; what is booked is told by the server. Whole minor units. */

import { SHORT_MS } from "./meter";

const MINUTE_MS = 60_000n;
const BASIS_POINTS = 10_000n;

/** What `ranMs` cost at `rate` a minute when the first `freeMs` are free; a fraction is dropped. Nothing for 30 seconds or less. */
export function cost(rate: number, freeMs: number, ranMs: number): number {
  const ran = Math.floor(ranMs);
  if (ran <= SHORT_MS) return 0;
  const paid = Math.max(0, ran - freeMs);
  return Number((BigInt(rate) * BigInt(paid)) / MINUTE_MS);
}

/** The pool's part of `amount`, in hundredths of a per cent; a fraction stays with the expert. */
export function fee(amount: number, feeBps: number): number {
  return Number((BigInt(amount) * BigInt(feeBps)) / BASIS_POINTS);
}
