import { describe, expect, it } from "vitest";
import type { ServerMessage } from "../../src/generated/wire";
import { clockState, leftMs, ranMs, shownMs, waitsFor } from "../../src/core/meter";
import { meterOf, rateOf } from "../../src/core/money";
import { reduce } from "../../src/core/reduce";
import { EMPTY, type Hall } from "../../src/core/state";
import { bill, meter, profile, session, snapshot, wallet, welcome } from "./messages";

const play = (messages: ServerMessage[], from: Hall = EMPTY, now = 500) => messages.reduce((hall, message) => reduce(hall, message, now), from);
const beat = (at: number): ServerMessage => ({ t: "beat", at, seq: 0, confirmed_at: at });
const AT = 1_000_000;
const running = meter(5, { at: AT, ran_ms: 20_000, running_since: AT - 20_000, budget_ms: 100_000, ends_at: AT + 80_000 });
const frozen = meter(6, { at: AT, ran_ms: 30_000, frozen: "user", budget_ms: 100_000 });

describe("the clock of a session", () => {
  it("runs by the server's time while it runs", () => {
    expect([ranMs(running, AT), ranMs(running, AT + 5_000), ranMs(running, AT - 50)]).toEqual([20_000, 25_000, 20_000]);
    expect([leftMs(running, AT), leftMs(running, AT + 79_001), leftMs(running, AT + 90_000)]).toEqual([80_000, 999, 0]);
  });

  it("stands still while it is frozen, but the longest time goes on", () => {
    expect([ranMs(frozen, AT + 60_000), leftMs(frozen, AT + 60_000)]).toEqual([30_000, 70_000]);
    expect(leftMs(frozen, AT + 60_000, AT + 90_000)).toBe(30_000);
  });

  it("shows a second until it has passed", () => expect([shownMs(80_000), shownMs(79_999), shownMs(79_001), shownMs(1), shownMs(0)]).toEqual([80_000, 80_000, 80_000, 1000, 0]));

  it("says where it stands", () => {
    expect(clockState(meter(1), 100_000, false)).toBe("before");
    expect(clockState(running, 80_000, false)).toBe("running");
    expect(clockState(running, 60_000, false)).toBe("last");
    expect(clockState(frozen, 10_000, false)).toBe("frozen");
    expect(clockState(running, 0, true)).toBe("over");
  });

  it.each([["user", "user", "me"], ["user", "expert", "them"], ["both", "user", "both"], ["", "user", ""]] as const)(
    "frozen %j, seen by the %s, waits for %j", (by, side, who) => expect(waitsFor(meter(1, { frozen: by }), side)).toBe(who),
  );
});

describe("what is known of the clock", () => {
  it("is the newest of the session, and starts anew with each connection", () => {
    const hall = play([welcome(), running, frozen, running]);
    expect(hall.meter).toMatchObject({ seq: 6, frozen: "user" });
    expect(play([welcome({ epoch: "e2" }), meter(1, { ran_ms: 9 })], hall).meter).toMatchObject({ seq: 1, ran_ms: 9 });
    expect(play([meter(2, { session: "s2" })], hall).meter?.session).toBe("s2");
  });

  it("is nobody else's", () => {
    const hall = play([welcome(), running, wallet(5, 100), { t: "billed", bill: bill() }, session(9)]);
    for (const somebody of [welcome({ member: "u2" }), { t: "signed_out", reason: "" } as const]) {
      expect(play([somebody], hall)).toMatchObject({ meter: null, wallet: null });
      expect(play([somebody], hall).bills.size).toBe(0);
    }
  });

  it("is there only where something is charged", () => {
    expect(meterOf(play([running]), "s1")).toEqual(running);
    expect(meterOf(play([running]), "s2")).toBeNull();
    expect(meterOf(play([meter(1, { rate: 0 })]), "s1")).toBeNull();
  });
});

describe("the balance", () => {
  it("is the newest that was told; the word of a new connection counts whatever its clock says", () => {
    const hall = play([welcome(), wallet(50, 100), wallet(40, 7)]);
    expect(hall.wallet?.balance).toBe(100);
    expect(play([welcome({ resumed: true }), wallet(40, 7)], hall).wallet?.balance).toBe(7);
  });

  it("stays on the screen until it is told anew", () => expect(play([welcome(), wallet(50, 100), welcome(), snapshot(1)]).wallet?.balance).toBe(100));
});

describe("bills", () => {
  it("come by themselves and as answers, the last few are kept", () => {
    const hall = play([{ t: "billed", bill: bill() }, { t: "bill_page", id: 3, bill: bill({ session: "s2", amount: 7 }) }]);
    expect([...hall.bills.keys()]).toEqual(["s1", "s2"]);
    const many = play(Array.from({ length: 30 }, (_, n): ServerMessage => ({ t: "billed", bill: bill({ session: `s${n}` }) })));
    expect(many.bills.size).toBe(8);
    expect(many.bills.has("s29")).toBe(true);
  });
});

describe("rates", () => {
  const ada = profile("ada", { rate: 100, rates: [{ mode: "chat", rate: 100 }, { mode: "audio", rate: 150 }] });
  it("are of the mode, and of no account where nothing is charged", () => {
    const rules = { ...welcome().rules, prepaid: true };
    const hall = play([welcome({ rules }), snapshot(1, { profiles: [ada] })]);
    expect([rateOf(hall, "ada", "chat"), rateOf(hall, "ada", "audio"), rateOf(hall, "bo", "chat")]).toEqual([100, 150, 0]);
    expect(rateOf(play([welcome(), snapshot(1, { profiles: [ada] })]), "ada", "chat")).toBe(0);
  });
});

describe("the server's time", () => {
  it("is kept when the clock of this device is set", () => {
    const hall = play([welcome({ now: 90_000 })], EMPTY, 90_000);
    expect(play([beat(91_000)], hall, 3_691_000).clockOffset).toBe(-3_600_000);
    expect(play([beat(91_000)], hall, 3_691_000).lastFrameAt).toBe(91_000);
  });

  it("is not moved by a beat that was late on its way", () => {
    const hall = play([welcome({ now: 90_000 })], EMPTY, 90_000);
    expect(play([beat(91_000)], hall, 94_000).clockOffset).toBe(0);
  });
});
