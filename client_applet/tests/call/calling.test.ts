import { describe, expect, it } from "vitest";
import { isRung, talksHere } from "../../src/call/calling";
import type { LiveClient } from "../../src/core";
import { RefusedError } from "../../src/core/errors";
import type { NumberPage } from "../../src/generated/wire";
import { session } from "../core/messages";

const NUMBER: NumberPage = {
  t: "number_page", id: 1, shown: "+49 30 123456", region: "DE", verified: true, usable: true, regions: ["DE"], ways: ["call"], answers_on: "phone",
  keys: "", spoken: false, call: "", missed_at: 0,
};
const answering = (answer: () => Promise<NumberPage>) => ({ request: answer }) as unknown as LiveClient;

describe("where a session by telephone reaches an expert", () => {
  it.each([
    [{}, true],
    [{ answers_on: "browser" as const }, false],
    [{ usable: false }, false],
    [{ shown: "", usable: false, answers_on: "browser" as const }, false],
  ])("with a number of %j: on the telephone %s", async (part, rung) => {
    expect(await isRung(answering(async () => ({ ...NUMBER, ...part })))).toBe(rung);
  });

  it("is the browser where nobody says: a microphone that opens in vain is better than a call that nobody hears", async () => {
    expect(await isRung(answering(() => Promise.reject(new RefusedError("no_phone"))))).toBe(false);
  });

  it("is the page of an expert who is not rung, and never that of the user", () => {
    const phone = { mode: "phone", path: "bridged" } as const;
    expect(talksHere(session(1, { ...phone, side: "expert" }))).toBe(true);
    expect(talksHere(session(1, { ...phone, side: "expert", my_leg: "ringing" }))).toBe(false);
    expect(talksHere(session(1, { ...phone, side: "user", my_leg: "ringing" }))).toBe(false);
    expect(talksHere(session(1, { mode: "audio" }))).toBe(true);
    expect(talksHere(session(1, { mode: "audio", state: "ended" }))).toBe(false);
    expect(talksHere(session(1, { mode: "chat" }))).toBe(false);
  });
});
