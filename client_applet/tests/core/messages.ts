import type {
  Bill, FoundExpert, Light, LineChange, LinePlace, Meter, MyStatus, MyTicket, Profile, Session, Snapshot, Waiter, Wallet, Welcome,
} from "../../src/generated/wire";

/** Messages with everything that a test does not care about filled in. */

export function welcome(part: Partial<Welcome> = {}): Welcome {
  return {
    t: "welcome", id: 1, pool: "demo", pool_name: "Demo", role: "user", member: "u1", name: "Vera", epoch: "e1", seq: 0, now: 1000,
    resumed: false, ice: [],
    rules: { lines_per_ticket: 3, line_limit: 100, ring_s: 30, ready_s: 20, grace_s: 60, wrap_up_s: 30, step_away_max_s: 900,
      feedback_after_s: 30, currency: "EUR", prepaid: false, visitors: true, categories: [],
      phone_regions: [], verify_numbers: false, recording: false, file_max_bytes: 0, file_types: [] },
    ...part,
  };
}

export function light(expert: string, part: Partial<Light> = {}): Light {
  return { expert, indicator: "free", since: 0, until: 0, closes: 0, reason: "", waiting: 0, ...part };
}

export function profile(expert: string, part: Partial<Profile> = {}): Profile {
  return {
    expert, name: expert, headline: "", categories: [], languages: [], modes: [], photo: "", started_on: "", rate: 0, rates: [], stars: 0, ratings: 0,
    sessions: 0, ...part,
  };
}

export function found(expert: string, part: Partial<FoundExpert> = {}): FoundExpert {
  return { profile: profile(expert), light: light(expert), wait: { p50: 0, p80: 0, bound: -1 }, why: [], ...part };
}

export function snapshot(seq: number, part: Partial<Snapshot> = {}): Snapshot {
  return { t: "snapshot", epoch: "e1", seq, at: 0, profiles: [], lights: [], queues: [], ...part };
}

export function place(expert: string, ordinal: number, ahead: number[], length = ahead.length + 1): LinePlace {
  return { expert, ordinal, ahead, length, rate: 0 };
}

export function line(seq: number, expert: string, part: Partial<LineChange> = {}): LineChange {
  return { t: "line", seq, at: 0, expert, joined: [], left: [], moved: [], length: 0, ...part };
}

export function myTicket(seq: number, places: LinePlace[], part: Partial<MyTicket> = {}): MyTicket {
  return {
    t: "my_ticket", seq, at: 0, ticket: "t1", state: "waiting", mode: "chat", joined_at: 0, paused_until: 0, pause_reason: "",
    reason: "joined", call_me: false, agreed: 0, places, ...part,
  };
}

export function myStatus(seq: number, declared: MyStatus["declared"], reason = ""): MyStatus {
  return { t: "my_status", seq, at: 0, expert: "ada", declared, reason, open_until: 0 };
}

export function session(seq: number, part: Partial<Session> = {}): Session {
  return {
    t: "session", seq, at: 0, session: "s1", side: "user", expert: "ada", user: "", partner: "Ada", mode: "chat", state: "live", matched_at: 1,
    live_at: 2, ended_at: 0, cap_until: 0, mine: true, theirs: true, gone_until: 0, reason: "", ended_by: "", path: "", my_leg: "", their_leg: "",
    recording: "off", transfer: null, went_to: "", ...part,
  };
}

export function waiter(ticket: string, ordinal: number, part: Partial<Waiter> = {}): Waiter {
  return {
    ticket, user: ticket, name: ticket, mode: "chat", state: "waiting", ordinal, joined_at: 0, connected: true, paused_until: 0,
    pause_reason: "", call_me: false, lines: ["ada"], ...part,
  };
}

export function wallet(at: number, balance: number, part: Partial<Wallet> = {}): Wallet {
  return { t: "wallet", at, currency: "EUR", balance, held: 0, frozen: false, ...part };
}

export function meter(seq: number, part: Partial<Meter> = {}): Meter {
  return {
    t: "meter", seq, at: 0, session: "s1", currency: "EUR", rate: 150, free_ms: 0, budget_ms: 100_000, ran_ms: 0, running_since: 0, frozen: "",
    ends_at: 0, fee_bps: 0, ...part,
  };
}

export function bill(part: Partial<Bill> = {}): Bill {
  return {
    session: "s1", side: "user", partner: "Ada", outcome: "charged", ms: 61_000, rate: 150, free_ms: 0, amount: 152, fee: 0, credit: 0,
    balance: 848, currency: "EUR", ended_at: 9, ...part,
  };
}
