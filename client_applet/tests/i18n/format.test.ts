import { describe, expect, it } from "vitest";
import { ago, clock, comingTime, dayOf, isoDuration, languageName, money, starsText, timeSince, waitWords } from "../../src/i18n";

const at = (text: string) => Date.parse(text);

describe("durations", () => {
  it("run as a clock", () => {
    expect([clock(-5), clock(7_000), clock(247_000), clock(3_847_000)]).toEqual(["0:00", "0:07", "4:07", "1:04:07"]);
    expect(isoDuration(247_000)).toBe("PT4M7S");
  });

  it("of waiting are told in whole minutes that do not promise too much", () => {
    expect(waitWords(10, 40)).toEqual({ kind: "soon" });
    expect(waitWords(250, 400)).toEqual({ kind: "range", from: 4, to: 7 });
    expect(waitWords(125, 179)).toEqual({ kind: "range", from: 2, to: 3 });
    expect(waitWords(120, 120)).toEqual({ kind: "about", minutes: 2 });
    expect(waitWords(1300, 2400)).toEqual({ kind: "range", from: 20, to: 40 });
    expect(waitWords(7300, 10_000)).toEqual({ kind: "hours", from: 2, to: 3 });
  });

  it("shrink while they run", () => expect(waitWords(250, 400, 350)).toEqual({ kind: "soon" }));
});

describe("coming times", () => {
  const now = at("2026-03-02T20:00:00Z"); // Monday

  it("are told as people do, in the viewer's zone", () => {
    expect(comingTime(at("2026-03-02T22:30:00Z"), now, "de", "UTC")).toBe("22:30");
    expect(comingTime(at("2026-03-03T08:00:00Z"), now, "de", "UTC")).toMatch(/^morgen, 0?8:00$/);
    expect(comingTime(at("2026-03-05T08:00:00Z"), now, "de", "UTC")).toMatch(/^Donnerstag, 0?8:00$/);
    expect(comingTime(at("2026-03-20T08:00:00Z"), now, "de", "UTC")).toMatch(/^20. März, 0?8:00$/);
  });

  it("are tomorrow where it is tomorrow already", () => {
    expect(comingTime(at("2026-03-02T23:30:00Z"), now, "de", "Europe/Berlin")).toMatch(/^morgen, 0?0:30$/);
  });

  it("count calendar days over a change of the clocks", () => {
    expect(comingTime(at("2026-03-29T08:00:00Z"), at("2026-03-28T22:30:00Z"), "de", "Europe/Berlin")).toBe("morgen, 10:00");
  });
});

describe("others", () => {
  it("say how long ago, which language, how much", () => {
    expect(ago(0, 180_000, "en")).toBe("3 min. ago");
    expect(languageName("de", "en")).toBe("German");
    expect(languageName("!", "en")).toBe("!");
    expect(money(1250, "EUR", "en")).toBe("€12.50");
    expect(money(1250, "JPY", "en")).toBe("¥1,250");
  });
});

describe("standing", () => {
  const now = at("2026-05-04T10:00:00Z");
  it("tells years, below one months, and nothing of what is not said or to come", () => {
    expect(timeSince("2019-05-04", now, "en")).toBe("7 years");
    expect(timeSince("2019-05-05", now, "en")).toBe("6 years");
    expect(timeSince("2025-05-01", now, "de")).toBe("1 Jahr");
    expect(timeSince("2025-11-04", now, "en")).toBe("6 months");
    expect(timeSince("2026-05-01", now, "en")).toBe("1 month");
    expect([timeSince("", now, "en"), timeSince("2027-01-01", now, "en"), timeSince("soon", now, "en")]).toEqual(["", "", ""]);
  });
  it("tells stars with one digit, in the language's own way", () => {
    expect([starsText(4.66, "en"), starsText(5, "de")]).toEqual(["4.7", "5,0"]);
  });
  it("tells a day, with the year where it is another", () => {
    expect(dayOf(at("2026-05-03T12:00:00Z"), now, "en", "UTC")).toBe("May 3");
    expect(dayOf(at("2025-05-03T12:00:00Z"), now, "de", "UTC")).toBe("3. Mai 2025");
  });
});
