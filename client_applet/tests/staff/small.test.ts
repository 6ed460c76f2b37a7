import { describe, expect, it } from "vitest";
import type { Light, Waiter } from "../../src/generated/wire";
import { type Action, type Choice, commandOf, MAX_REASON } from "../../src/staff/actions";
import { declaredStatus, nextTicket, waitedFor, waiterState, wasMissed } from "../../src/staff/waiters";

const NOW = 1_000_000;
const waiter = (more: Partial<Waiter> = {}): Waiter => ({
  ticket: "t", user: "u", name: "Noor", mode: "chat", state: "waiting", ordinal: 1, joined_at: NOW - 5000, connected: true,
  paused_until: 0, pause_reason: "", call_me: false, lines: ["ada"], ...more,
});
const light = (indicator: Light["indicator"], reason = ""): Light => ({ expert: "ada", indicator, since: 0, until: 0, closes: 0, reason, waiting: 0 });

describe("a waiter", () => {
  it.each([
    [{}, "ready"],
    [{ state: "offered" as const, connected: false }, "offered"],
    [{ connected: false }, "disconnected"],
    [{ connected: false, call_me: true }, "by_phone"],
    [{ connected: true, call_me: true }, "ready"],
    [{ paused_until: NOW + 1, pause_reason: "stepped_away" as const }, "stepped_away"],
    [{ paused_until: NOW + 1, pause_reason: "not_ready" as const }, "not_ready"],
    [{ paused_until: NOW - 1, pause_reason: "stepped_away" as const }, "ready"],
  ] as const)("%j is %s", (more, state) => expect(waiterState(waiter(more), NOW)).toBe(state));

  it("has a clock that never runs backwards", () => {
    expect(waitedFor(waiter(), NOW)).toBe(5000);
    expect(waitedFor(waiter({ joined_at: NOW + 50 }), NOW)).toBe(0);
  });

  it("is next when nobody ready stands before", () => {
    const line = [waiter({ ticket: "a", connected: false }), waiter({ ticket: "b" }), waiter({ ticket: "c" })];
    expect(nextTicket(line, NOW)).toBe("b");
    expect(nextTicket([waiter({ ticket: "p", connected: false, call_me: true }), waiter({ ticket: "b" })], NOW)).toBe("p");
    expect(nextTicket([], NOW)).toBe("");
  });
});

describe("the status of somebody else", () => {
  it.each([
    ["free", "online"], ["ringing", "online"], ["away", "away"], ["offline", "offline"], ["busy", "online"], ["closed", "online"],
  ] as const)("under the light %s is likely %s", (indicator, status) => {
    expect(declaredStatus(light(indicator))).toBe(status);
  });

  it("knows a missed offer", () => {
    expect(wasMissed(light("away", "missed"))).toBe(true);
    expect(wasMissed(light("away", "Lunch"))).toBe(false);
    expect(wasMissed(undefined)).toBe(false);
  });
});

describe("an operator's command", () => {
  const choice: Choice = { reason: " by phone ", expert: "bo", to: "head", status: "away" };
  const move: Action = { kind: "move", ticket: "t1", name: "Noor", from: "ada" };

  it("carries the reason", () => {
    expect(commandOf(move, choice)).toEqual({ t: "move", ticket: "t1", expert: "bo", to: "head", reason: "by phone" });
    expect(commandOf({ kind: "remove", ticket: "t1", name: "" }, choice)).toEqual({ t: "remove", ticket: "t1", reason: "by phone" });
    expect(commandOf({ kind: "force", expert: "ada", name: "", status: "online" }, choice)).toEqual({ t: "force", expert: "ada", status: "away", reason: "by phone" });
    expect(commandOf({ kind: "end", session: "s1", name: "", partner: "" }, choice)).toEqual({ t: "end_session", session: "s1", reason: "by phone" });
  });

  it("does not exist without one, with too long a one, or without a target", () => {
    expect(commandOf(move, { ...choice, reason: "  " })).toBeNull();
    expect(commandOf(move, { ...choice, reason: "x".repeat(MAX_REASON + 1) })).toBeNull();
    expect(commandOf(move, { ...choice, expert: "" })).toBeNull();
  });
});
