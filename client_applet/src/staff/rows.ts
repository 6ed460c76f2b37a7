/** The pool as an operator sees it: one row for each expert, filtered, sorted, summed up. Pure. */

import type { Hall } from "../core";
import type { Indicator, SessionInfo, Waiter } from "../generated/wire";

export interface Row {
  expert: string;
  name: string;
  headline: string;
  photo: string;
  indicator: Indicator;
  since: number;
  until: number;
  closes: number;
  reason: string;
  waiting: number;
  waiters: readonly Waiter[];
  /** When the one who waits longest joined, 0 when nobody waits (or nobody knows). */
  longestSince: number;
  /** The session that is open, if any. */
  session: SessionInfo | null;
}

export type Only = "all" | "waiting" | "free" | "live";
export type Sort = "state" | "name" | "waiting" | "longest";

export interface Filter {
  text: string;
  only: Only;
}

export interface Summary {
  experts: number;
  free: number;
  /** People, each counted once though they may stand in several lines. */
  waiting: number;
  longestSince: number;
  live: number;
}

type Known = Pick<Hall, "lights" | "profiles" | "queues" | "sessions">;

const earliest = (times: Iterable<number>): number => {
  let first = 0;
  for (const time of times) if (time > 0 && (first === 0 || time < first)) first = time;
  return first;
};

export function rowsOf(hall: Known): Row[] {
  const open = openSessions(hall);
  return [...hall.lights.values()].map((light) => {
    const profile = hall.profiles.get(light.expert);
    const waiters = hall.queues.get(light.expert)?.waiters ?? [];
    return {
      expert: light.expert, name: profile?.name ?? light.expert, headline: profile?.headline ?? "", photo: profile?.photo ?? "",
      indicator: light.indicator, since: light.since, until: light.until, closes: light.closes, reason: light.reason,
      waiting: Math.max(light.waiting, waiters.length), waiters, longestSince: earliest(waiters.map((one) => one.joined_at)),
      session: open.get(light.expert) ?? null,
    };
  });
}

function openSessions(hall: Known): Map<string, SessionInfo> {
  const open = new Map<string, SessionInfo>();
  for (const session of hall.sessions.values()) if (session.state !== "ended") open.set(session.expert, session);
  return open;
}

const ONLY: Record<Only, (row: Row) => boolean> = {
  all: () => true,
  waiting: (row) => row.waiting > 0,
  free: (row) => row.indicator === "free",
  live: (row) => row.session !== null,
};

/** Rows whose name, id, headline, or a waiter's or session partner's name holds the text. */
export function filtered(rows: readonly Row[], filter: Filter): Row[] {
  const wanted = filter.text.trim().toLocaleLowerCase();
  const holds = (text: string) => text.toLocaleLowerCase().includes(wanted);
  const matches = (row: Row) =>
    holds(row.name) || holds(row.expert) || holds(row.headline) || row.waiters.some((one) => holds(one.name)) ||
    (row.session !== null && holds(row.session.name));
  return rows.filter((row) => ONLY[filter.only](row) && (wanted === "" || matches(row)));
}

const URGENCY: Record<Indicator, number> = { ringing: 0, busy: 1, "wrap-up": 2, free: 3, away: 4, closed: 5, offline: 6 };
const LATE = Number.MAX_SAFE_INTEGER;

/** Sorted without changing the argument; equals are in order of name, so that rows do not jump. */
export function sorted(rows: readonly Row[], sort: Sort, language: string): Row[] {
  const collator = new Intl.Collator(language);
  const byName = (a: Row, b: Row) => collator.compare(a.name, b.name) || (a.expert < b.expert ? -1 : 1);
  const first: Record<Sort, (a: Row, b: Row) => number> = {
    name: () => 0,
    state: (a, b) => URGENCY[a.indicator] - URGENCY[b.indicator],
    waiting: (a, b) => b.waiting - a.waiting,
    longest: (a, b) => (a.longestSince || LATE) - (b.longestSince || LATE),
  };
  return [...rows].sort((a, b) => first[sort](a, b) || byName(a, b));
}

export function summary(rows: readonly Row[]): Summary {
  const tickets = new Set(rows.flatMap((row) => row.waiters.map((one) => one.ticket)));
  const untold = rows.reduce((sum, row) => sum + row.waiting - row.waiters.length, 0);
  return {
    experts: rows.length, free: rows.filter(ONLY.free).length, waiting: tickets.size + untold,
    longestSince: earliest(rows.map((row) => row.longestSince)), live: rows.filter(ONLY.live).length,
  };
}
