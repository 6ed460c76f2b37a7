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
    expect(told.map((one) => one !== null)).toEqual([true, false, true, false]);
    evidence.failed(told[2]!);
    expect(evidence.next(waiting, NOTHING_HEARD, null, 2)).not.toBeNull();
    evidence.failed(told[0]!); // An answer that comes too late says nothing of what was told since.
    expect(evidence.next(waiting, NOTHING_HEARD, null, 2)).toBeNull();
  });

  it("is not told after the end, nor while nothing can be heard", () => {
    const evidence = new Evidence();
    expect(evidence.next({ ...audio, mine: false }, silence, null, 1)).toBeNull();
    expect(evidence.next({ ...audio, mine: false, state: "ended" }, sound, null, 1)).toBeNull();
  });

  it("is told where the clock waits for it", () => {
    const evidence = new Evidence();
    const asks = (frozen: "expert" | "both") => evidence.next(session(5), NOTHING_HEARD, meter(6, { frozen }), 1) !== null;
    expect([asks("expert"), asks("both"), asks("both")]).toEqual([false, true, false]);
  });

  it("is the media server's word where it carries the sound, but for the choice of chat", () => {
    const evidence = new Evidence();
    const bridged = session(5, { mode: "audio", path: "bridged", mine: false });
    const tell = (heard: Heard, clock = running, on = bridged) => evidence.next(on, heard, clock, 1)?.byChat ?? null;
    const byChat = { ...silence, byChat: true };
    expect([evidenceOf(bridged, sound), tell(sound), tell(silence)]).toEqual([false, null, null]);
    expect([tell(byChat), tell(byChat)]).toEqual([true, null]);
    expect(tell(byChat, meter(6, { frozen: "user" })), "the clock waits for it").toBe(true);
    const live = { ...bridged, mine: true };
    expect([tell(sound, running, live), tell(byChat, running, live)]).toEqual([null, true]);
    expect(tell(byChat, running, { ...live, state: "ended" })).toBeNull();
  });
});
