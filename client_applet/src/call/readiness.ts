/** Whether somebody is ready for a call, from what was tried. Pure. */

import type { Quoted } from "../generated/wire";
import type { CallKey } from "../i18n/call.en";
import type { MicrophoneTrouble } from "./microphone";

export type MicrophoneTrial = "untested" | "asking" | "listening" | "ok" | "quiet" | "unmeasured" | MicrophoneTrouble;
/** "none": there is nothing to try, or nobody to try it with. Else `checking`, `ok`, `failed`, or a refusal's code. */
export type WayTrial = string;
export type MoneyTrial = "none" | "checking" | "ok" | "low";

export interface Trials {
  microphone: MicrophoneTrial;
  way: WayTrial;
  money: MoneyTrial;
}

export const UNTRIED: Trials = { microphone: "untested", way: "checking", money: "none" };

/** How one line of the list stands. */
export type Standing = "good" | "open" | "bad";

const TROUBLES: ReadonlySet<string> = new Set(["refused", "missing", "busy", "insecure", "failed", "quiet"]);
const OPEN: ReadonlySet<string> = new Set(["untested", "asking", "listening"]);

export const isTrouble = (trial: MicrophoneTrial): trial is MicrophoneTrouble => TROUBLES.has(trial) && trial !== "quiet";

export function microphoneStands(trial: MicrophoneTrial): Standing {
  return TROUBLES.has(trial) ? "bad" : OPEN.has(trial) ? "open" : "good";
}

export function wayStands(trial: WayTrial): Standing {
  return trial === "checking" ? "open" : trial === "ok" || trial === "none" ? "good" : "bad";
}

export function moneyStands(trial: MoneyTrial): Standing {
  return trial === "low" ? "bad" : trial === "checking" ? "open" : "good";
}

/** The whole: bad as soon as one is, good when all are. */
export function stands(trials: Trials): Standing {
  const all = [microphoneStands(trials.microphone), wayStands(trials.way), moneyStands(trials.money)];
  return all.includes("bad") ? "bad" : all.includes("open") ? "open" : "good";
}

export const TITLE: Record<Standing, CallKey> = { good: "pre.ready", open: "pre.title", bad: "pre.not_ready" };

/**
 * What a refused try of the media server says. Where calls need none, its absence is nothing to worry about; and one who was
 * not asked in time, or who asked too often, has not failed.
 */
export function wayRefused(code: string, needed: boolean): WayTrial {
  if (code === "ok" || code === "failed") return code;
  if (code === "no_media" || code === "media_full") return needed ? code : "none";
  return "none";
}

/** Whether what one try said leaves the way open: a failure may be chance, and who asked too often was not tried. */
export const isOpen = (said: string): boolean => said === "failed" || said === "rate_limited";

/** What the first of some tries says that leaves nothing open; "failed" when none does. */
export function firstSaid(tries: readonly Promise<string>[]): Promise<string> {
  const sure = async (one: Promise<string>): Promise<string> => {
    const said = await one;
    if (isOpen(said)) throw new Error(said);
    return said;
  };
  return Promise.any(tries.map(sure)).catch(() => "failed");
}

/** Whether a balance is enough for the least that a session takes at the rate which the place has kept. */
export function moneyTrial(quote: Quoted, locked: number): MoneyTrial {
  if (quote.rate === 0 && locked === 0) return "none";
  if (locked === 0 || locked === quote.rate) return quote.enough ? "ok" : "low";
  return quote.balance >= Math.ceil((locked * Math.max(0, quote.minimum_s - quote.free_s)) / 60) ? "ok" : "low";
}
