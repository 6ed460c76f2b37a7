/** One waiting person, in a word, and what staff may know of their wait. Pure. */

import type { Light, Status, Waiter } from "../generated/wire";

export type WaiterState = "offered" | "disconnected" | "stepped_away" | "not_ready" | "ready" | "by_phone";
const READY: ReadonlySet<WaiterState> = new Set(["ready", "by_phone"]);

/** What keeps this ticket from being offered, or `ready` (`by_phone`: without a page). The first that holds. */
export function waiterState(waiter: Waiter, now: number): WaiterState {
  if (waiter.state === "offered") return "offered";
  if (!waiter.connected && !waiter.call_me) return "disconnected";
  const paused = waiter.paused_until > now || (waiter.pause_reason !== "" && waiter.paused_until === 0);
  if (!paused) return waiter.connected ? "ready" : "by_phone";
  return waiter.pause_reason === "not_ready" ? "not_ready" : "stepped_away";
}

export const waitedFor = (waiter: Waiter, now: number): number => Math.max(0, now - waiter.joined_at);

/** The first who could be offered now, "" when nobody could. */
export const nextTicket = (waiters: readonly Waiter[], now: number): string =>
  waiters.find((waiter) => READY.has(waiterState(waiter, now)))?.ticket ?? "";

/** The status that a light lets on; one of engagement or of opening hours hides it: then online is likely. */
export function declaredStatus(light: Light | undefined): Status {
  switch (light?.indicator) {
    case "offline": return "offline";
    case "away": return "away";
    default: return "online";
  }
}

/** Set away by the engine because an offer rang out. */
export const wasMissed = (light: Light | undefined): boolean => light?.indicator === "away" && light.reason === "missed";
