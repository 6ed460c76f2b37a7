import { describe, expect, it } from "vitest";
import { cost, fee } from "../../src/core/price";
import vectors from "./price_vectors.json";

describe("the price of time", () => {
  it.each(vectors as number[][])("at %i, free %i ms, after %i ms, %i bps", (rate, freeMs, ranMs, feeBps, amount, part) => {
    expect(cost(rate!, freeMs!, ranMs!)).toBe(amount);
    expect(fee(amount!, feeBps!)).toBe(part);
  });

  it("takes what a clock gives it", () => {
    expect(cost(600, 0, 30_000.9)).toBe(0);
    expect(cost(600, 0, -5)).toBe(0);
  });
});
