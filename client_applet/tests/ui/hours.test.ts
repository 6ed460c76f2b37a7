import { describe, expect, it } from "vitest";
import { windowRows } from "../../src/ui/hours";

const at = (text: string) => Date.parse(text);
const ZONE = "Europe/Berlin";

describe("the hours of a week", () => {
  it("begins with today and has seven different days", () => {
    const rows = windowRows([], at("2026-11-20T10:00:00+01:00"), "en", ZONE);
    expect(rows.map((row) => row.day)).toEqual(["today", "Saturday", "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday"]);
  });

  it("puts each window on the day on which it begins, in the viewer's zone", () => {
    const night: [number, number] = [at("2026-11-20T22:00:00+01:00"), at("2026-11-21T02:00:00+01:00")];
    const [friday, saturday] = windowRows([night], at("2026-11-20T10:00:00+01:00"), "de", ZONE);
    expect([friday!.spans, saturday!.spans]).toEqual([["22:00 – 2:00"], []]);
    expect(windowRows([night], at("2026-11-20T10:00:00+01:00"), "de", "Asia/Tokyo")[1]!.spans).toEqual(["6:00 – 10:00"]);
  });

  it("shows what began before today under today, and nothing that is over", () => {
    const now = at("2026-11-20T01:00:00+01:00");
    const rows = windowRows([[now - 3 * 3_600_000, now + 3_600_000], [now - 9e6, now - 8e6]], now, "de", ZONE);
    expect(rows[0]!.spans).toEqual(["22:00 – 2:00"]);
  });

  it.each(["2026-03-29T00:30:00+01:00", "2026-10-25T00:30:00+02:00"])("counts a day of 23 or 25 hours once: %s", (text) => {
    const rows = windowRows([], at(text), "en", ZONE);
    expect(new Set(rows.map((row) => row.day)).size).toBe(7);
  });
});
