/** When to come again: a pure state machine. The socket shell tells it what happened and does what it says. */

export type Phase = "idle" | "connecting" | "open" | "waiting" | "stopped";

export interface Reconnect {
  readonly phase: Phase;
  /** Failed tries since the last connection that held. */
  readonly attempt: number;
  /** In `waiting`: milliseconds until the next try. */
  readonly delayMs: number;
  /** The close code that brought us here, 0 for none. */
  readonly closeCode: number;
}

export type ReconnectEvent =
  | { kind: "start" }
  | { kind: "welcomed" }
  | { kind: "closed"; code: number; livedMs: number }
  | { kind: "due" }
  | { kind: "nudge" }
  | { kind: "stop" };

export const FIRST_DELAY_MS = 500;
export const LONGEST_DELAY_MS = 15_000;
/** A connection that lived this long held: the next failure starts the delays anew. */
const HELD_MS = 10_000;
const AT_ONCE_MS = 250;

export const START: Reconnect = { phase: "idle", attempt: 0, delayMs: 0, closeCode: 0 };

export type Return = "at_once" | "later" | "never";

/** Codes of the WebSocket protocol that say "I don't understand you": repeating will not help. */
const NOT_UNDERSTOOD = new Set([1002, 1003, 1007, 1008, 1009]);

/** What a close code says about coming again: by its range, so that codes of a newer server are understood too. */
export function comeAgain(code: number): Return {
  if (code >= 4000 && code <= 4099) return "at_once";
  if ((code >= 4400 && code <= 4499) || NOT_UNDERSTOOD.has(code)) return "never";
  return "later";
}

/** The delay before try `attempt` (from 0): exponential with full jitter. `random` is in [0, 1). */
export function backoff(attempt: number, random: number): number {
  const ceiling = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.min(attempt, 10));
  return Math.round(random * ceiling);
}

/** The next state. `random` is in [0, 1). An event that means nothing in a state changes nothing. */
export function step(state: Reconnect, event: ReconnectEvent, random: number): Reconnect {
  switch (event.kind) {
    case "start":
      return state.phase === "idle" || state.phase === "stopped" ? { ...START, phase: "connecting" } : state;
    case "stop":
      return { ...START };
    case "welcomed":
      return state.phase === "connecting" ? { ...state, phase: "open", delayMs: 0, closeCode: 0 } : state;
    case "due":
    case "nudge":
      return state.phase === "waiting" ? { ...state, phase: "connecting", delayMs: 0 } : state;
    case "closed":
      return state.phase === "connecting" || state.phase === "open" ? closed(state, event, random) : state;
  }
}

function closed(state: Reconnect, event: { code: number; livedMs: number }, random: number): Reconnect {
  const closeCode = event.code;
  const back = comeAgain(closeCode);
  if (back === "never") return { phase: "stopped", attempt: 0, delayMs: 0, closeCode };
  const attempt = state.phase === "open" && event.livedMs >= HELD_MS ? 0 : state.attempt;
  const delayMs = back === "at_once" && attempt === 0 ? Math.round(random * AT_ONCE_MS) : backoff(attempt, random);
  return { phase: "waiting", attempt: attempt + 1, delayMs, closeCode };
}
