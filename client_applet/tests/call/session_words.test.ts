import { describe, expect, it } from "vitest";
import { endedKey, isLastMinute, owesEvidence, ranFor, standing } from "../../src/call/session_words";
import type { Session } from "../../src/generated/wire";
import { session as made } from "../core/messages";

const session = (more: Partial<Session> = {}): Session => made(1, { matched_at: 1000, live_at: 2000, ...more });

describe("the end of a session", () => {
  it.each([
    [{ reason: "ended", ended_by: "" }, "ended.me"],
    [{ reason: "ended", ended_by: "expert:ada" }, "ended.they"],
    [{ side: "expert" as const, reason: "ended", ended_by: "expert:ada" }, "ended.me"],
    [{ side: "expert" as const, reason: "ended", ended_by: "" }, "ended.they"],
    [{ reason: "noise on the line", ended_by: "operator:op" }, "ended.operator"],
    [{ reason: "cap", ended_by: "system" }, "ended.cap"],
    [{ reason: "not_connected", ended_by: "system" }, "ended.not_connected"],
    [{ reason: "user_gone", ended_by: "system" }, "ended.me_gone"],
    [{ side: "expert" as const, reason: "user_gone", ended_by: "system" }, "ended.they_gone"],
    [{ reason: "expert_gone", ended_by: "system" }, "ended.they_gone"],
    [{ reason: "balance_spent", ended_by: "system" }, "ended.balance_spent"],
    [{ side: "expert" as const, reason: "balance_spent", ended_by: "system" }, "ended.time_spent"],
    [{ reason: "frozen_too_long", ended_by: "system" }, "ended.frozen_too_long"],
    [{ reason: "something_new", ended_by: "system" }, "ended.plain"],
  ] as const)("%j is told as %s", (more, key) => expect(endedKey(session({ state: "ended", ...more }))).toBe(key));
});

describe("where a session stands", () => {
  it.each([
    [{ state: "ended" as const }, false, "ended"],
    [{}, false, "offline"],
    [{ state: "connecting" as const }, true, "connecting"],
    [{}, true, "live"],
    [{ theirs: false, gone_until: 9 }, true, "they_lost"],
    [{ theirs: true, mine: false, gone_until: 9 }, true, "live"],
  ] as const)("%j, connected %s: %s", (more, online, wanted) => expect(standing(session(more), online)).toBe(wanted));
});

describe("where its clock waits for somebody", () => {
  it.each([
    [{}, "frozen"],
    [{ theirs: false, gone_until: 9 }, "they_lost"],
    [{ state: "connecting" as const }, "connecting"],
    [{ state: "ended" as const }, "ended"],
  ] as const)("%j stands as %s", (more, wanted) => expect(standing(session(more), true, true)).toBe(wanted));
});

describe("the time of a session", () => {
  it("is in its last minute where the longest time comes near", () => {
    const at = (now: number, more: Partial<Session> = {}) => isLastMinute(session({ cap_until: 100_000, ...more }), now);
    expect([at(39_999), at(40_000), at(100_000), at(40_000, { cap_until: 0 }), at(40_000, { state: "ended" })]).toEqual([false, true, true, false, false]);
  });

  it("runs from live by the server's clock and stops at the end", () => {
    expect(ranFor(session({ live_at: 0 }), 9000)).toBe(0);
    expect(ranFor(session(), 9000)).toBe(7000);
    expect(ranFor(session({ ended_at: 5000 }), 9000)).toBe(3000);
    expect(ranFor(session(), 1000)).toBe(0);
  });
});

it("owes the server evidence only while this side is not counted as connected", () => {
  expect(owesEvidence(session({ mine: false }), true)).toBe(true);
  expect(owesEvidence(session({ mine: false }), false)).toBe(false);
  expect(owesEvidence(session({ mine: true }), true)).toBe(false);
  expect(owesEvidence(session({ mine: false, state: "ended" }), true)).toBe(false);
});
