import { describe, expect, it } from "vitest";
import { isSilent, isStarved, noFlow, observe, packetsIn, signsIn, SILENT_MS, STARVED_IN_SILENCE_MS, STARVED_MS } from "../../src/call/flow";
import { loudness, settle } from "../../src/call/levels";
import { pieces, safeHref } from "../../src/call/links";

describe("links", () => {
  it("finds http and https, without the full stop after them", () => {
    expect(pieces("see https://example.org/a?b=1. Or (http://x.org)!").map(({ text, href }) => ({ text, href }))).toEqual([
      { text: "see ", href: "" },
      { text: "https://example.org/a?b=1", href: "https://example.org/a?b=1" },
      { text: ". Or (", href: "" },
      { text: "http://x.org", href: "http://x.org/" },
      { text: ")!", href: "" },
    ]);
  });

  it.each(["javascript:alert(1)", "data:text/html,x", "https://bank.org@evil.org/", "http://", "ftp://x.org", "https://a b"])(
    "leaves %s alone", (text) => expect(safeHref(text)).toBe(""),
  );

  it.each([
    ["https://\u0430pple.com/login", "xn--pple-43d.com"], ["https://bank\u3002evil.org/", "bank.evil.org"], ["https://b\u00ad\u200bank.org", "bank.org"],
    ["http://2130706433/", "127.0.0.1"], ["https://EXAMPLE.org/A", ""], ["HTTPS://example.org:8443/x", ""], ["https://evil.org/https://bank.org", ""],
  ])("says where %s leads, if it does not look like it", (text, host) => expect(pieces(text)[0]!.host).toBe(host));

  it("loses nothing, whatever the text", () => {
    for (const text of ["", "<img src=x onerror=alert(1)>", "https://", "a https://x.org https://", "https://x.org ".repeat(40)]) {
      expect(pieces(text).map((piece) => piece.text).join("")).toBe(text);
    }
  });

  it("stops at twenty", () => {
    expect(pieces("https://x.org ".repeat(40)).filter((piece) => piece.href)).toHaveLength(20);
  });
});

describe("levels", () => {
  it("go from silence to full", () => {
    expect(loudness(new Float32Array(128))).toBe(0);
    expect(loudness(new Float32Array(128).fill(0.7))).toBe(1);
    const quiet = loudness(new Float32Array(128).fill(0.02));
    expect(quiet).toBeGreaterThan(0.3);
    expect(quiet).toBeLessThan(0.7);
    expect(loudness(new Float32Array(0))).toBe(0);
  });

  it("rise at once and fall slowly", () => {
    expect(settle(0.2, 0.9)).toBe(0.9);
    expect(settle(0.9, 0)).toBeCloseTo(0.82);
    expect(settle(0.03, 0)).toBe(0);
  });
});

describe("flow", () => {
  it("is more packets than before on a track that is not muted", () => {
    const first = observe(noFlow, 10, false, 1);
    expect(first.flowing).toBe(false);
    expect(observe(first, 10, false, 2).flowing).toBe(false);
    expect(observe(first, 12, true, 2).flowing).toBe(false);
    expect(observe(first, 12, false, 2).flowing).toBe(true);
  });

  it("has stopped when nothing came for two seconds in which somebody looked", () => {
    const flowing = observe(observe(noFlow, 10, false, 1), 12, false, 400);
    const once = observe(flowing, 12, false, 9_000); // The page slept: one look is none.
    expect([isSilent(flowing, 400), isSilent(once, 9_000)]).toEqual([false, false]);
    const twice = observe(once, 12, false, 9_400);
    expect([isSilent(twice, 9_400), isSilent(twice, 400 + SILENT_MS)]).toEqual([true, false]);
    expect(isSilent(observe(twice, 13, false, 9_800), 9_800)).toBe(false);
    expect(isSilent(observe(noFlow, -1, true, 9_000), 99_000), "before any sound").toBe(false);
  });

  it("goes on being stopped over a new connection, until that one brings something", () => {
    const stopped = [400, 800, 1_200].reduce((flow, at) => observe(flow, -1, true, at), observe(observe(noFlow, 10, false, 1), 500, false, 2));
    const again = observe(stopped, 3, false, 3_000);
    expect(isSilent(again, 3_000)).toBe(true);
    expect(isSilent(observe(again, 9, false, 3_400), 3_400)).toBe(false);
  });

  it("counts incoming audio alone", () => {
    expect(packetsIn([{ type: "codec" }, { type: "inbound-rtp", kind: "video", packetsReceived: 9 }])).toBe(-1);
    expect(packetsIn([{ type: "inbound-rtp", kind: "audio" }, { type: "inbound-rtp", kind: "audio", packetsReceived: 4 }])).toBe(4);
  });

  it("knows a far end that is gone from one that is quiet", () => {
    expect(signsIn([{ type: "inbound-rtp", bytesReceived: 9 }])).toBe(-1);
    expect(signsIn([{ type: "candidate-pair", bytesReceived: 100, responsesReceived: 2 }, { type: "candidate-pair", requestsReceived: 1 }])).toBe(103);
    const quiet = [400, 2_900].reduce((signs, at, n) => observe(signs, n + 2, false, at), observe(noFlow, 1, false, 1));
    const gone = [3_100, 3_500].reduce((signs, at) => observe(signs, 3, false, at), quiet);
    const sound = { ...noFlow, movedAt: 2_500 };
    expect([isStarved(quiet, sound, 2_900), isStarved(gone, sound, 3_500), isStarved(gone, sound, 2_901 + STARVED_MS)]).toEqual([false, false, true]);
    const silence = { ...noFlow, movedAt: 2_900 - SILENT_MS - 1 };
    expect([2_901 + STARVED_MS, 2_901 + STARVED_IN_SILENCE_MS].map((at) => isStarved(gone, silence, at)), "where little comes").toEqual([false, true]);
    expect(isStarved(noFlow, noFlow, 99_000), "before there was a way").toBe(false);
  });
});
