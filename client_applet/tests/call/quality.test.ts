import { describe, expect, it } from "vitest";
import { type Counts, counts, grade, measured, noSign, seen } from "../../src/call/quality";

const at = (part: Partial<Counts>): Counts => ({ received: 0, lost: 0, jitterMs: 5, roundTripMs: 30, there: 0, ...part });
const fine = { lost: 0, jitterMs: 5, roundTripMs: 30 };

describe("quality", () => {
  it("is read from what came, what the far end says, and the way itself", () => {
    expect(counts([
      { type: "codec" }, { type: "inbound-rtp", kind: "video", packetsReceived: 9 },
      { type: "inbound-rtp", kind: "audio", packetsReceived: 400, packetsLost: 4, jitter: 0.012 },
      { type: "remote-inbound-rtp", kind: "audio", fractionLost: 0.05, roundTripTime: 0.08 },
      { type: "candidate-pair", nominated: false, currentRoundTripTime: 9 }, { type: "candidate-pair", nominated: true, currentRoundTripTime: 0.1 },
    ])).toEqual({ received: 400, lost: 4, jitterMs: 12, roundTripMs: 100, there: 0.05 });
  });

  it("counts shares between two looks, in whichever direction more is lost", () => {
    expect(measured(at({ received: 100, lost: 10 }), at({ received: 190, lost: 20 }))!.lost).toBeCloseTo(0.1);
    expect(measured(at({}), at({ received: 100, there: 0.2 }))!.lost).toBe(0.2);
    expect(measured(at({ lost: 9 }), at({ received: 100, lost: 3 }))!.lost, "late packets were not lost").toBe(0);
    expect(measured(at({}), at({ received: 3 })), "too few to say").toBeNull();
    expect(measured(at({ received: 500 }), at({ received: 100 })), "another connection").toBeNull();
  });

  it.each([
    [fine, "good"], [{ ...fine, lost: 0.03 }, "fair"], [{ ...fine, lost: 0.09 }, "poor"], [{ ...fine, jitterMs: 40 }, "fair"],
    [{ ...fine, jitterMs: 90 }, "poor"], [{ ...fine, roundTripMs: 350 }, "fair"], [{ ...fine, roundTripMs: 700 }, "poor"],
  ] as const)("of %o is %s", (found, word) => expect(grade(found)).toBe(word));

  it("changes its sign when two looks agree", () => {
    const first = seen(noSign, fine);
    expect(first.shown).toBe("good");
    const bad = { ...fine, lost: 0.2 };
    const once = seen(first, bad);
    expect([once.shown, seen(once, fine).shown, seen(once, bad).shown, seen(seen(once, null), bad).shown]).toEqual(["good", "good", "poor", "good"]);
  });
});
