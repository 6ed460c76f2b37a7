import { describe, expect, it } from "vitest";
import { EMPTY } from "../../src/core/state";
import type { Hall } from "../../src/core";
import type { Indicator, SessionInfo, Waiter } from "../../src/generated/wire";
import { filtered, rowsOf, sorted, summary } from "../../src/staff/rows";
import { profile } from "../core/messages";

const waiter = (ticket: string, joined_at: number, name = ticket): Waiter => ({
  ticket, user: `u-${ticket}`, name, mode: "chat", state: "waiting", ordinal: joined_at, joined_at, connected: true,
  paused_until: 0, pause_reason: "", call_me: false, lines: [],
});

const session = (expert: string, state: SessionInfo["state"]): SessionInfo => ({
  t: "session_info", seq: 1, at: 0, session: `s-${expert}-${state}`, expert, user: "u", name: "Wei Chen", mode: "audio",
  state, matched_at: 1, live_at: 2, ended_at: 0, reason: "",
});

function hall(experts: [string, Indicator, Waiter[]][], sessions: SessionInfo[] = []): Hall {
  return {
    ...EMPTY,
    lights: new Map(experts.map(([expert, indicator, waiters]) => [
      expert, { expert, indicator, since: 1, until: 0, closes: 0, reason: "", waiting: waiters.length, seq: 1 },
    ])),
    profiles: new Map([["ada", profile("ada", { name: "Ada Quill", headline: "Numbers" })]]),
    queues: new Map(experts.map(([expert, , waiters]) => [expert, { expert, waiters, seq: 1 }])),
    sessions: new Map(sessions.map((one) => [one.session, one])),
  };
}

const pool = hall(
  [["ada", "free", []], ["bo", "busy", [waiter("t1", 500, "Noor"), waiter("t2", 300)]], ["cy", "away", [waiter("t2", 300), waiter("t3", 900)]], ["di", "offline", []]],
  [session("bo", "live"), session("ada", "ended")],
);
const names = (rows: { expert: string }[]) => rows.map((row) => row.expert);

describe("rows", () => {
  it("hold what is known of an expert, and only a session that is open", () => {
    const rows = rowsOf(pool);
    expect(rows[0]).toMatchObject({ name: "Ada Quill", waiting: 0, longestSince: 0, session: null });
    expect(rows[1]).toMatchObject({ name: "bo", waiting: 2, longestSince: 300, session: { name: "Wei Chen" } });
  });

  it.each([
    ["", "all", ["ada", "bo", "cy", "di"]], ["", "waiting", ["bo", "cy"]], ["", "free", ["ada"]], ["", "live", ["bo"]],
    [" QUILL ", "all", ["ada"]], ["noor", "all", ["bo"]], ["wei", "all", ["bo"]], ["numbers", "free", ["ada"]], ["x", "all", []],
  ] as const)("are filtered by %j and %s", (text, only, wanted) => {
    expect(names(filtered(rowsOf(pool), { text, only }))).toEqual(wanted);
  });

  it("are sorted, ties by name, without changing the argument", () => {
    const rows = rowsOf(pool);
    expect(names(sorted(rows, "state", "en"))).toEqual(["bo", "ada", "cy", "di"]);
    expect(names(sorted(rows, "longest", "en"))).toEqual(["bo", "cy", "ada", "di"]);
    expect(names(sorted(rows, "waiting", "en"))).toEqual(["bo", "cy", "ada", "di"]);
    expect(names(sorted(rows, "name", "en"))).toEqual(["ada", "bo", "cy", "di"]);
    expect(names(rows)).toEqual(["ada", "bo", "cy", "di"]);
  });

  it("sum up people once, however many lines they stand in", () => {
    expect(summary(rowsOf(pool))).toEqual({ experts: 4, free: 1, waiting: 3, longestSince: 300, live: 1 });
  });

  it("count people of lines that are not known in detail", () => {
    const light = { expert: "zoe", indicator: "busy" as const, since: 1, until: 0, closes: 0, reason: "", waiting: 7, seq: 1 };
    expect(summary(rowsOf({ ...EMPTY, lights: new Map([["zoe", light]]) })).waiting).toBe(7);
  });
});
