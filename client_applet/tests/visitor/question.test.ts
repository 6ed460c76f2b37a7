import { describe, expect, it } from "vitest";
import { ANYBODY, clean, fromSearch, narrows, type Question, sameQuestion, toFind, toSearch } from "../../src/visitor/question";

const asked: Question = { words: "tax & VAT?", category: "Money/Taxes", language: "de", freeOnly: true, rateMax: 200, sort: "wait" };

describe("a question in the page's address", () => {
  it("comes back as it was, with the open expert, and leaves other parameters alone", () => {
    const search = toSearch(asked, "ada", "?from=mail");
    expect(search).toContain("from=mail");
    expect(fromSearch(search)).toEqual({ question: asked, expert: "ada" });
  });
  it("says nothing where nothing is asked", () => {
    expect(toSearch(ANYBODY, "")).toBe("");
    expect(fromSearch("")).toEqual({ question: ANYBODY, expert: "" });
    expect(toSearch(ANYBODY, "", toSearch(asked, "ada"))).toBe("");
  });
  it.each([
    ["?expert=%3Cscript%3E", "expert"], ["?expert=../x", "expert"], ["?expert=.ada", "expert"],
  ])("takes no name that is none: %s", (search) => expect(fromSearch(search).expert).toBe(""));
  it.each(["?sort=evil", "?price=-4", "?price=1e9", "?price=99999999999", "?language=d<e", "?free=yes", "?category=", "?q=%00"])(
    "takes nothing that the server would refuse: %s", (search) => expect(fromSearch(search).question).toEqual(ANYBODY));
  it("keeps words within what the wire takes", () => expect(clean("a\0".repeat(600))).toHaveLength(500));
});

describe("a question", () => {
  it("is asked by pages", () => {
    expect(toFind(asked, 60, 60)).toEqual({
      t: "find", words: "tax & VAT?", category: "Money/Taxes", language: "de", free_only: true, rate_max: 200, sort: "wait", offset: 60, limit: 60,
    });
  });
  it("narrows by all but the order", () => {
    expect(narrows({ ...ANYBODY, sort: "rating" })).toBe(false);
    expect(narrows({ ...ANYBODY, rateMax: 0 })).toBe(true);
    expect(sameQuestion(asked, { ...asked })).toBe(true);
    expect(sameQuestion(asked, { ...asked, words: "" })).toBe(false);
  });
});
