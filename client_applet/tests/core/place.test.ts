import { describe, expect, it } from "vitest";
import { applyChange, placeFrom, position } from "../../src/core/place";
import { line, place } from "./messages";

const mine = { ...place("ada", 7, [3, 5], 4), seq: 10 };

describe("place", () => {
  it("counts from one", () => {
    expect(position(mine)).toBe(3);
    expect(position(place("ada", 1, []))).toBe(1);
  });

  it("moves up when somebody ahead leaves, and not when somebody behind does", () => {
    const up = applyChange(mine, line(11, "ada", { left: [3], length: 3 }));
    expect(up).toMatchObject({ ahead: [5], length: 3, seq: 11 });
    expect(position(applyChange(up, line(12, "ada", { left: [9], length: 2 })))).toBe(2);
  });

  it("hears of who comes behind only by the length", () => {
    expect(applyChange(mine, line(11, "ada", { joined: [8], length: 5 }))).toMatchObject({ ahead: [3, 5], length: 5 });
  });

  it("goes back by one when an operator puts somebody at the head", () => {
    expect(applyChange(mine, line(11, "ada", { moved: [[9, 2]], length: 4 })).ahead).toEqual([2, 3, 5]);
    expect(applyChange(mine, line(11, "ada", { joined: [2], length: 5 })).ahead).toEqual([2, 3, 5]);
  });

  it("follows its own ticket to the head", () => {
    const first = applyChange(mine, line(11, "ada", { moved: [[7, 2]], length: 4 }));
    expect(first.ordinal).toBe(2);
    expect(position(first)).toBe(1);
  });

  it("ignores what it knows already and other lines", () => {
    expect(applyChange(mine, line(10, "ada", { left: [3] }))).toBe(mine);
    expect(applyChange(mine, line(11, "grace", { left: [3] }))).toBe(mine);
  });

  it("is brought forward by changes that overtook it", () => {
    const changes = [line(9, "ada", { left: [1] }), line(11, "ada", { left: [3], length: 3 })];
    expect(placeFrom(place("ada", 7, [3, 5], 4), 10, undefined, changes)).toMatchObject({ ahead: [5], seq: 11 });
  });

  it("keeps the newer of two", () => {
    const newer = { ...place("ada", 7, [5], 3), seq: 12 };
    expect(placeFrom(place("ada", 7, [3, 5], 4), 10, newer, [])).toBe(newer);
  });
});
