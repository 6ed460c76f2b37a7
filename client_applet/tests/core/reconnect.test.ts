import { describe, expect, it } from "vitest";
import { CLOSES } from "../../src/generated/wire";
import { backoff, comeAgain, LONGEST_DELAY_MS, type Reconnect, type ReconnectEvent, START, step } from "../../src/core/reconnect";

const run = (events: ReconnectEvent[], from: Reconnect = START, random = 0.5) => events.reduce((state, event) => step(state, event, random), from);
const closed = (code: number, livedMs = 0): ReconnectEvent => ({ kind: "closed", code, livedMs });

describe("coming again", () => {
  it("agrees with the server's table for every close code", () => {
    for (const { code, comeAgain: told } of Object.values(CLOSES)) expect(comeAgain(code)).toBe(told);
  });

  it("takes network trouble for a reason to come later, and not being understood for none", () => {
    expect(comeAgain(1006)).toBe("later");
    expect(comeAgain(1001)).toBe("later");
    expect(comeAgain(1009)).toBe("never");
  });

  it("doubles the ceiling up to the longest delay, with full jitter", () => {
    expect(backoff(0, 0.999)).toBeLessThanOrEqual(500);
    expect(backoff(2, 0.5)).toBe(1000);
    expect(backoff(50, 1)).toBe(LONGEST_DELAY_MS);
    expect(backoff(9, 0)).toBe(0);
  });

  it("waits longer with each failure", () => {
    let state = run([{ kind: "start" }]);
    const delays: number[] = [];
    for (let at = 0; at < 7; at += 1) {
      state = step(state, closed(1006), 1);
      delays.push(state.delayMs);
      state = step(state, { kind: "due" }, 1);
    }
    expect(delays).toEqual([500, 1000, 2000, 4000, 8000, 15000, 15000]);
  });

  it("comes at once when the server says so, but not in a circle", () => {
    const open = run([{ kind: "start" }, { kind: "welcomed" }]);
    const first = step(open, closed(4001, 60_000), 1);
    expect(first).toMatchObject({ phase: "waiting", delayMs: 250 });
    const again = run([{ kind: "due" }, { kind: "welcomed" }, closed(4001, 100)], first, 1);
    expect(again.delayMs).toBe(1000);
  });

  it("starts anew after a connection that held", () => {
    const tired: Reconnect = { phase: "open", attempt: 6, delayMs: 0, closeCode: 0 };
    expect(step(tired, closed(1006, 60_000), 1).delayMs).toBe(500);
    expect(step(tired, closed(1006, 1_000), 1).delayMs).toBe(15_000);
  });

  it("stays away when told to, until somebody asks", () => {
    const away = run([{ kind: "start" }, closed(4404)]);
    expect(away).toMatchObject({ phase: "stopped", closeCode: 4404 });
    expect(run([{ kind: "nudge" }, { kind: "due" }], away)).toBe(away);
    expect(step(away, { kind: "start" }, 0).phase).toBe("connecting");
  });

  it("goes at once when the network is back or the page is seen", () => {
    const waiting = run([{ kind: "start" }, closed(1006)]);
    expect(step(waiting, { kind: "nudge" }, 0)).toMatchObject({ phase: "connecting", delayMs: 0 });
  });

  it("changes nothing by events that mean nothing", () => {
    expect(step(START, closed(1006), 0)).toBe(START);
    expect(step(START, { kind: "welcomed" }, 0)).toBe(START);
    const open = run([{ kind: "start" }, { kind: "welcomed" }]);
    expect(step(open, { kind: "nudge" }, 0)).toBe(open);
  });
});
