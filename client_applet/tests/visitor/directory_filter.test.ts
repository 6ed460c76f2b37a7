import { describe, expect, it } from "vitest";
import type { Profile } from "../../src/generated/wire";
import { categoriesBelow, directoryInterest, filtered, freeCount, trail } from "../../src/visitor/directory_filter";
import { light } from "../core/messages";

const profile = (expert: string, name: string, headline: string, categories: string[]): Profile =>
  ({ expert, name, headline, categories, languages: ["en"], modes: ["chat"], photo: "" });
const profiles = new Map([
  profile("ada", "Ada Lovelace", "Numerical methods", ["Mathematics", "Software"]),
  profile("emmy", "Émmy Nöther", "Algebra", ["Mathematics"]),
  profile("grace", "Grace Hopper", "Compilers", ["Software"]),
].map((one) => [one.expert, one]));
const lights = new Map([light("ada", { indicator: "busy" }), light("emmy"), light("grace")].map((one) => [one.expert, { ...one, seq: 1 }]));
const hall = { profiles, lights };
const all = { words: "", category: "", freeOnly: false };

describe("the filter of the directory", () => {
  it("passes all, in the pool's order", () => expect(filtered(hall, all)).toEqual(["ada", "emmy", "grace"]));
  it("finds words in any order, without regard to case and accents", () => {
    expect(filtered(hall, { ...all, words: "lovelace ADA" })).toEqual(["ada"]);
    expect(filtered(hall, { ...all, words: "emmy nother" })).toEqual(["emmy"]);
    expect(filtered(hall, { ...all, words: "compil" })).toEqual(["grace"]);
    expect(filtered(hall, { ...all, words: "ada hopper" })).toEqual([]);
  });
  it("narrows by category and by who is free", () => {
    expect(filtered(hall, { ...all, category: "Software" })).toEqual(["ada", "grace"]);
    expect(filtered(hall, { ...all, category: "Software", freeOnly: true })).toEqual(["grace"]);
    expect(freeCount(hall)).toBe(2);
    expect(freeCount({ profiles, lights: new Map() })).toBe(-1);
  });
  it("names the categories, the most frequent first", () => expect(categoriesBelow(profiles.values(), "")).toEqual(["Mathematics", "Software"]));

  it("walks the tree of categories", () => {
    const tree = [profile("a", "A", "", ["Home/Garden/Trees", "Home/Kitchen"]), profile("b", "B", "", ["Home/Garden"]), profile("c", "C", "", ["Homeopathy"])];
    expect(categoriesBelow(tree, "")).toEqual(["Home", "Homeopathy"]);
    expect(categoriesBelow(tree, "Home")).toEqual(["Home/Garden", "Home/Kitchen"]);
    expect(trail("Home/Garden/Trees")).toEqual(["Home", "Home/Garden", "Home/Garden/Trees"]);
    const pool = { profiles: new Map(tree.map((one) => [one.expert, one])), lights: new Map() };
    expect(filtered(pool, { ...all, category: "Home/Garden" })).toEqual(["a", "b"]);
    expect(filtered(pool, { ...all, category: "Home" })).toEqual(["a", "b"]);
  });
});

describe("the interest of the directory", () => {
  const seen = new Set(["b", "a"]);
  it("is everybody while the roster is short or not known", () => {
    expect(directoryInterest(0, new Set(), false)).toEqual({ all: true });
    expect(directoryInterest(150, seen, false)).toEqual({ all: true });
  });
  it("is what is before the eyes in a long one", () => expect(directoryInterest(1000, seen, false)).toEqual({ experts: ["a", "b"] }));
  it("is everybody when only the free are to be shown", () => expect(directoryInterest(1000, seen, true)).toEqual({ all: true }));
});
