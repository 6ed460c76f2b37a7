import { describe, expect, it } from "vitest";
import { freshness, STALE_AFTER_MS } from "../../src/core/freshness";

const NOW = 1_000_000;

describe("freshness", () => {
  it("is unknown before the first frame, but not for long", () => {
    expect(freshness(NOW, 0, 0, NOW - STALE_AFTER_MS)).toBe("unknown");
    expect(freshness(NOW, 0, 0, NOW - STALE_AFTER_MS - 1)).toBe("stale");
  });
  it("is fresh up to the limit and not after it", () => {
    expect(freshness(NOW, NOW - STALE_AFTER_MS, NOW)).toBe("fresh");
    expect(freshness(NOW, NOW - STALE_AFTER_MS - 1, NOW)).toBe("stale");
  });
  it("is stale when the server's own view is old, however many frames come", () => {
    expect(freshness(NOW, NOW, NOW - STALE_AFTER_MS - 1)).toBe("stale");
  });
  it("takes an unknown confirmation for none given yet", () => expect(freshness(NOW, NOW, 0)).toBe("fresh"));
});
