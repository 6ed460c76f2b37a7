import { describe, expect, it } from "vitest";
import { mergeInterests, sameWatch, WATCH_MAX } from "../../src/core/interest";

describe("interest", () => {
  it("merges the wishes of all elements, each name once", () => {
    expect(mergeInterests([{ experts: ["b", "a"] }, { experts: ["a", ""], lines: ["z"] }])).toEqual({ all: false, experts: ["a", "b"], lines: ["z"] });
  });
  it("keeps the names of those of whom one wants to know more beside all", () => {
    expect(mergeInterests([{ experts: ["a"] }, { all: true }])).toEqual({ all: true, experts: ["a"], lines: [] });
  });
  it("puts first whom one wants to know more of", () => {
    expect(mergeInterests([{ experts: ["b", "a"] }, { first: true, experts: ["z", "a"] }]).experts).toEqual(["a", "z", "b"]);
  });
  it("is bounded", () => {
    const many = Array.from({ length: WATCH_MAX + 5 }, (_, at) => `e${at}`);
    expect(mergeInterests([{ experts: many }]).experts).toHaveLength(WATCH_MAX);
  });
  it("knows the same set again", () => {
    const one = mergeInterests([{ experts: ["a"] }]);
    expect(sameWatch(one, mergeInterests([{ experts: ["a"] }]))).toBe(true);
    expect(sameWatch(one, mergeInterests([{ experts: ["a"], all: true }]))).toBe(false);
    expect(sameWatch(null, one)).toBe(false);
  });
});
