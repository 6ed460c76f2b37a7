import { describe, expect, it } from "vitest";
import { categoriesBelow, categoriesOf, plain, trail } from "../../src/visitor/directory_filter";
import { profile } from "../core/messages";

describe("the tree of categories", () => {
  const tree = ["Money", "Money/Taxes", "Home/Garden/Trees", "Home/Kitchen", "Homeopathy"];
  it("shows what is right below, in the pool's order, also where only what is deeper is named", () => {
    expect(categoriesBelow(tree, "")).toEqual(["Money", "Home", "Homeopathy"]);
    expect(categoriesBelow(tree, "Home")).toEqual(["Home/Garden", "Home/Kitchen"]);
    expect(categoriesBelow(tree, "Money/Taxes")).toEqual([]);
  });
  it("is what the experts name, the most frequent first, where the pool has none", () => {
    const people = [profile("a", { categories: ["Home/Garden"] }), profile("b", { categories: ["Home/Kitchen", "Law"] }), profile("c", { categories: ["Home/Garden"] })];
    expect(categoriesOf(people)).toEqual(["Home", "Home/Garden", "Home/Kitchen", "Law"]);
  });
  it("has a way up", () => expect(trail("Home/Garden/Trees")).toEqual(["Home", "Home/Garden", "Home/Garden/Trees"]));
});

describe("plain text", () => {
  it("has no case and no accents", () => expect(plain("Émmy NÖTHER")).toBe("emmy nother"));
});
