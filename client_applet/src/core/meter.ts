import type { Meter, Side } from "../generated/wire";

/** Both sides are warned when no more than this is left, milliseconds. */
export const LAST_MS = 60_000;
/** A connection of this length or less costs nothing. */
export const SHORT_MS = 30_000;

/** How long both sides have been connected by now. `now` in server milliseconds, as everywhere here. */
export function ranMs(meter: Meter, now: number): number {
  return meter.ran_ms + (meter.running_since > 0 ? Math.max(0, now - meter.at) : 0);
}

/**
 * How long the session can still run, as far as money and the longest time reach. `capUntil` is when the longest time is
 * used up, or 0.
 */
export function leftMs(meter: Meter, now: number, capUntil = 0): number {
  if (meter.ends_at > 0) return Math.max(0, meter.ends_at - now);
  const bought = Math.max(0, meter.budget_ms - meter.ran_ms);
  return capUntil > 0 ? Math.min(bought, Math.max(0, capUntil - now)) : bought;
}

export type ClockState = "before" | "running" | "frozen" | "last" | "over";

/** What the clock shows. "last" is the last minute while it runs. */
export function clockState(meter: Meter, left: number, ended: boolean): ClockState {
  if (ended) return "over";
  if (meter.frozen !== "") return "frozen";
  if (meter.running_since === 0) return "before";
  return left <= LAST_MS ? "last" : "running";
}

/** Whose connection the clock waits for, seen from `side`. */
export function waitsFor(meter: Meter, side: Side): "" | "me" | "them" | "both" {
  if (meter.frozen === "" || meter.frozen === "both") return meter.frozen;
  return meter.frozen === side ? "me" : "them";
}

/** Minutes and seconds that are left, for a clock that counts down: a second is shown until it has passed. */
export const shownMs = (left: number): number => Math.ceil(left / 1000) * 1000;
