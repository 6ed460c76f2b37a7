import { describe, expect, it } from "vitest";
import { composeWeek, EMPTY_WEEK, parseWeek } from "../../src/people/hours_text";

describe("weekly hours as text", () => {
  it.each([
    ["mon-fri 09:00-12:00 13:00-17:00; sat 10:00-14:00"],
    ["mon,wed 09:00-17:00; fri 22:00-02:00"],
    [""],
  ])("comes back as it was: %s", (text) => expect(composeWeek(parseWeek(text)!)).toBe(text));

  it("shows what is alike together", () => {
    const nine = [{ start: "09:00", end: "17:00" }];
    expect(composeWeek({ ...EMPTY_WEEK, mon: nine, tue: nine, wed: nine, sun: nine })).toBe("mon-wed,sun 09:00-17:00");
  });

  it("understands every day and ranges around the weekend", () => {
    expect(composeWeek(parseWeek("daily 08:00-24:00")!)).toBe("mon-sun 08:00-24:00");
    expect(composeWeek(parseWeek("fri-mon 08:00-09:00")!)).toBe("mon,fri-sun 08:00-09:00");
  });

  it.each([["monday 9-5"], ["mon"], ["mon 09:00"], ["xyz 09:00-10:00"]])("leaves to the server what it can't show: %s", (text) =>
    expect(parseWeek(text)).toBeNull());
});
