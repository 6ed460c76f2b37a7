import { describe, expect, it } from "vitest";
import { Evidence, evidenceOf, type Heard, NOTHING_HEARD } from "../../src/call/evidence";
import { meter, session } from "../core/messages";

const sound: Heard = { evidence: true, silent: false, byChat: false };
const silence: Heard = { ...sound, silent: true };
const audio = session(5, { mode: "audio" });
const running = meter(5, { running_since: 1 });

describe("this side's evidence", () => {
  it("is the socket for chat, sound that comes for audio, and the choice of chat", () => {
    expect(evidenceOf(session(1), NOTHING_HEARD)).toBe(true);
    expect([NOTHING_HEARD, sound, silence, { ...silence, byChat: true }].map((heard) => evidenceOf(audio, heard))).toEqual([false, true, false, true]);
  });

  it("is told once, again on another connection, and again when nobody answered", () => {
    const evidence = new Evidence();
    const waiting = session(5, { mine: false });
    const told = [1, 1, 2, 2].map((connection) => evidence.next(waiting, NOTHING_HEARD, null, connection));
    expect(told.map((one) => one?.t)).toEqual(["connected", undefined, "connected", undefined]);
    evidence.answered(told[2]!, false);
    expect(evidence.next(waiting, NOTHING_HEARD, null, 2)?.t).toBe("connected");
    evidence.answered(told[0]!, false); // An answer that comes too late says nothing of what was told since.
    expect(evidence.next(waiting, NOTHING_HEARD, null, 2)).toBeNull();
  });

  it("that stops is told, and that it is back, where it costs something", () => {
    const evidence = new Evidence();
    const tell = (heard: Heard, clock = running) => {
      const telling = evidence.next(audio, heard, clock, 1);
      if (telling) evidence.answered(telling, true);
      return telling?.t;
    };
    const frozen = meter(6, { frozen: "user" });
    const again = meter(7, { running_since: 9 });
    expect([tell(sound), tell(silence), tell(silence, frozen)]).toEqual([undefined, "interrupted", undefined]);
    expect([tell(sound, frozen), tell(sound, again), tell(silence, again)]).toEqual(["connected", undefined, "interrupted"]);
  });

  it("is not told where nothing is charged, before the beginning, and after the end", () => {
    const evidence = new Evidence();
    expect(evidence.next(audio, silence, null, 1)).toBeNull();
    for (const state of ["connecting", "ended"] as const) expect(evidence.next({ ...audio, state }, silence, running, 1)).toBeNull();
  });

  it("is told where the clock waits for it, whoever stopped it", () => {
    const evidence = new Evidence();
    const asks = (frozen: "expert" | "both") => evidence.next(session(5), NOTHING_HEARD, meter(6, { frozen }), 1)?.t;
    expect([asks("expert"), asks("both"), asks("both")]).toEqual([undefined, "connected", undefined]);
  });

  it("is the media server's word where it carries the sound, but for the choice of chat", () => {
    const evidence = new Evidence();
    const bridged = session(5, { mode: "audio", path: "bridged", mine: false });
    const tell = (heard: Heard, clock = running, on = bridged) => {
      const telling = evidence.next(on, heard, clock, 1);
      if (telling) evidence.answered(telling, true);
      return telling && [telling.t, telling.byChat];
    };
    const byChat = { ...silence, byChat: true };
    expect([evidenceOf(bridged, sound), tell(sound), tell(silence)]).toEqual([false, null, null]);
    expect([tell(byChat), tell(byChat)]).toEqual([["connected", true], null]);
    expect(tell(byChat, meter(6, { frozen: "user" })), "the clock waits for it").toEqual(["connected", true]);
    const live = { ...bridged, mine: true };
    expect([tell(sound, running, live), tell(byChat, running, live)]).toEqual([null, ["connected", true]]);
    expect(tell(byChat, running, { ...live, state: "ended" })).toBeNull();
  });
});
