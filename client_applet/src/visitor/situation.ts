import type { Light, Offer, Session } from "../generated/wire";
import { type Freshness, type Hall, type KnownTicket, openOffer, type Place } from "../core";
import type { Shown } from "../ui/lights";

/** What a light shows: the indicator, or that nothing sure is known. */
export function shown(light: Light | undefined, fresh: Freshness, ready: boolean): Shown | "unknown" {
  if (fresh === "stale") return "unsure";
  if (!ready) return "loading";
  return light ? light.indicator : "unknown";
}

/** What the panel of one expert has to say: exactly one of these. */
export type Situation =
  | { kind: "loading" }
  | { kind: "stopped"; closeCode: number }
  | { kind: "session"; session: Session }
  | { kind: "ready_check"; offer: Offer }
  | { kind: "calling"; offer: Offer }
  | { kind: "in_line"; ticket: KnownTicket; places: readonly Place[] }
  | { kind: "over"; ticket: KnownTicket }
  | { kind: "unknown" }
  | { kind: "full"; light: Light; ticket: KnownTicket | null }
  | { kind: "light"; light: Light; ticket: KnownTicket | null };

/** The situation of this person before `expert`. What is most urgent wins: a session, an offer, a place, then the light. */
export function situation(hall: Hall, expert: string): Situation {
  const own = ownSituation(hall, expert);
  if (own) return own;
  if (hall.connection.phase === "stopped") return { kind: "stopped", closeCode: hall.connection.closeCode };
  if (!hall.ready) return { kind: "loading" };
  const light = hall.lights.get(expert);
  if (!light) return { kind: "unknown" };
  const limit = hall.welcome?.rules.line_limit ?? Number.MAX_SAFE_INTEGER;
  const closed = light.indicator === "offline" || light.indicator === "closed" || light.indicator === "free";
  const kind = light.waiting >= limit && !closed ? "full" : "light";
  return { kind, light, ticket: hall.ticket };
}

function ownSituation(hall: Hall, expert: string): Situation | null {
  const { session, ticket, lastTicket } = hall;
  if (session?.side === "user" && session.state !== "ended") return { kind: "session", session };
  const offer = openOffer(hall);
  if (offer?.side === "user") return { kind: offer.mine ? "calling" : "ready_check", offer };
  const here = ticket?.places.some((place) => place.expert === expert);
  if (ticket && here) return { kind: "in_line", ticket, places: ticket.places };
  if (session?.side === "user" && session.expert === expert) return { kind: "session", session };
  if (!ticket && lastTicket && endedBadly(lastTicket, expert)) return { kind: "over", ticket: lastTicket };
  return null;
}

/** Ends of which the person should be told; who left or was served knows. */
function endedBadly(ticket: KnownTicket, expert: string): boolean {
  if (["left", "served", "switched", "matched", "joined", ""].includes(ticket.reason)) return false;
  return ticket.places.some((place) => place.expert === expert);
}

/** Whom the panel is about now: the other side of a session or an offer, else the expert that it was opened for. */
export function subject(now: Situation, expert: string): string {
  if (now.kind === "session") return now.session.expert;
  return now.kind === "ready_check" || now.kind === "calling" ? now.offer.expert : expert;
}

/** Whether the panel has use for others who are free: where this expert can't talk now. */
export function wantsOthers(now: Situation): boolean {
  if (now.kind === "light") return now.light.indicator !== "free";
  return now.kind === "full" || now.kind === "in_line" || now.kind === "over" || now.kind === "unknown";
}

/** The display name of an expert, or the id where the profile is not known. */
export function nameOf(hall: Hall, expert: string): string {
  return hall.profiles.get(expert)?.name || expert;
}
