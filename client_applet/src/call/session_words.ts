import { LAST_MS, waitsFor } from "../core";
import type { Meter, Session } from "../generated/wire";
import type { CallKey } from "../i18n/call.en";

/** Why a session ended, as this side would say it. Pure. */
export function endedKey(session: Session): CallKey {
  const mine = session.side;
  const known: Partial<Record<string, CallKey>> = {
    media_lost: "ended.media_lost", transferred: "ended.transferred",
    phone_full: "ended.phone_full", too_many_calls: "ended.too_many_calls",
    not_connected: "ended.not_connected", cap: "ended.cap", user_gone: mine === "user" ? "ended.me_gone" : "ended.they_gone",
    expert_gone: mine === "expert" ? "ended.me_gone" : "ended.they_gone", frozen_too_long: "ended.frozen_too_long",
    balance_spent: mine === "user" ? "ended.balance_spent" : "ended.time_spent",
  };
  if (known[session.reason]) return known[session.reason]!;
  const [, whose, how] = /^(user|expert)_(busy|no_answer|declined|failed)$/.exec(session.reason) ?? [];
  if (how) return `ended.${whose === mine ? "my" : "their"}_${how as "busy"}`;
  // The journal's `by` is empty for the user.
  const by = session.ended_by.split(":")[0] || "user";
  if (by === "operator") return "ended.operator";
  if (by === "user" || by === "expert") return by === mine ? "ended.me" : "ended.they";
  return "ended.plain";
}

export type Standing = "connecting" | "live" | "frozen" | "they_lost" | "offline" | "ended";

/** Where the session stands for this side. `online`: our own connection to the server holds; `frozen`: its clock waits for a side. */
export function standing(session: Session, online: boolean, frozen = false): Standing {
  if (session.state === "ended") return "ended";
  if (!online) return "offline";
  if (session.state === "connecting") return "connecting";
  if (!session.theirs && session.gone_until > 0) return "they_lost";
  return frozen ? "frozen" : "live";
}

/** Milliseconds that the session has run (or ran), by the server's clock; 0 before it is live. */
export function ranFor(session: Session, now: number): number {
  if (session.live_at === 0) return 0;
  return Math.max(0, (session.ended_at || now) - session.live_at);
}

/** Whether the longest time for a session is used up within a minute. `now` in server milliseconds. */
export function isLastMinute(session: Session, now: number): boolean {
  return session.state === "live" && session.cap_until > 0 && session.cap_until - now <= LAST_MS;
}

/** Whether the server is to be told now that this side is connected; also where its clock waits for this side. */
export function owesEvidence(session: Session, evidence: boolean, meter: Meter | null = null): boolean {
  const waited = meter !== null && ["me", "both"].includes(waitsFor(meter, session.side));
  return session.state !== "ended" && (!session.mine || waited) && evidence;
}
