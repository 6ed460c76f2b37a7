import { describe, expect, it } from "vitest";
import { firstSaid, isOpen, microphoneStands, moneyTrial, stands, type Trials, UNTRIED, wayRefused, wayStands } from "../../src/call/readiness";
import type { Quoted } from "../../src/generated/wire";

const quote = (part: Partial<Quoted> = {}): Quoted => ({
  t: "quoted", id: 1, expert: "ada", mode: "audio", currency: "EUR", rate: 120, free_s: 0, balance: 500, enough_s: 250, minimum_s: 60, enough: true,
  deposits: [], ...part,
});
const good: Trials = { microphone: "ok", way: "ok", money: "ok" };

describe("whether one is ready for a call", () => {
  it("is open until all is tried, good when all is, bad as soon as one is", () => {
    expect([stands(UNTRIED), stands(good), stands({ ...good, money: "low" }), stands({ ...UNTRIED, microphone: "refused" })]).toEqual(["open", "good", "bad", "bad"]);
    expect(stands({ ...good, microphone: "unmeasured", way: "none", money: "none" })).toBe("good");
  });

  it.each([["untested", "open"], ["listening", "open"], ["ok", "good"], ["unmeasured", "good"], ["quiet", "bad"], ["missing", "bad"]] as const)(
    "with a microphone that is %s is %s", (trial, stand) => expect(microphoneStands(trial)).toBe(stand),
  );

  it("takes the absence of a media server for trouble only where one is needed", () => {
    expect([wayRefused("no_media", true), wayRefused("media_full", true), wayRefused("no_media", false)]).toEqual(["no_media", "media_full", "none"]);
    expect([wayRefused("ok", true), wayRefused("failed", false), wayRefused("no_ticket", true)]).toEqual(["ok", "failed", "none"]);
    expect(["ok", "none", "checking", "failed", "media_full"].map(wayStands)).toEqual(["good", "good", "open", "bad", "bad"]);
  });

  it("takes one failure for chance, and the first word that is none", async () => {
    const never = new Promise<string>(() => {});
    expect(["failed", "rate_limited", "ok", "no_media"].map(isOpen)).toEqual([true, true, false, false]);
    expect(await firstSaid([Promise.resolve("failed"), Promise.resolve("ok")])).toBe("ok");
    expect(await firstSaid([never, Promise.resolve("media_full")])).toBe("media_full");
    expect(await firstSaid([Promise.resolve("failed"), Promise.resolve("rate_limited")])).toBe("failed");
  });

  it("weighs the balance at the rate that the place has kept", () => {
    expect([moneyTrial(quote(), 0), moneyTrial(quote(), 120), moneyTrial(quote({ enough: false }), 120)]).toEqual(["ok", "ok", "low"]);
    expect([moneyTrial(quote({ enough: false }), 500), moneyTrial(quote(), 501)]).toEqual(["ok", "low"]);
    expect(moneyTrial(quote({ free_s: 30 }), 1000), "the beginning is free").toBe("ok");
    expect(moneyTrial(quote({ rate: 0 }), 0)).toBe("none");
  });
});
