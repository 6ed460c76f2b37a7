import { describe, expect, it } from "vitest";
import { isElsewhere, week, type Window, windowText } from "../../src/ui/hours";

const at = (text: string) => Date.parse(text);
const window = (from: string, to: string): Window => [at(from), at(to)];
const until = (time: string) => `until ${time}`;

describe("hours in the viewer's zone", () => {
  const now = at("2026-05-04T10:00:00Z"); // Monday
  const windows = [
    window("2026-05-04T07:00:00Z", "2026-05-04T11:00:00Z"), window("2026-05-04T13:00:00Z", "2026-05-04T15:00:00Z"),
    window("2026-05-05T23:00:00Z", "2026-05-06T01:00:00Z"),
  ];
  const told = (zone: string) => week(windows, now, "en", zone).map((day) => [day.name, day.windows.map((one) => windowText(one, now, "en", until, zone))]);

  it("begin with today and name seven days", () => {
    const days = told("UTC");
    expect(days.map(([name]) => name)).toEqual(["today", "tomorrow", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]);
    expect(days[0]![1]).toEqual(["7:00 AM – 11:00 AM", "1:00 PM – 3:00 PM"]);
    expect(days[1]![1]).toEqual(["11:00 PM – 1:00 AM"]);
  });

  it("move to another day with the zone", () => {
    const days = told("Asia/Tokyo"); // nine hours ahead
    expect(days[0]![1]).toEqual(["4:00 PM – 8:00 PM", "10:00 PM – 12:00 AM"]);
    expect(days[1]![1]).toEqual([]);
    expect(days[2]![1]).toEqual(["8:00 AM – 10:00 AM"]);
  });

  it("that began yesterday stand at today, with their end", () => {
    const late = [window("2026-05-03T22:00:00Z", "2026-05-04T12:00:00Z")];
    const today = week(late, now, "en", "UTC")[0]!;
    expect(today.windows.map((one) => windowText(one, now, "en", until, "UTC"))).toEqual(["until 12:00 PM"]);
  });

  it("that are over are not told, and long ones name the day of their end", () => {
    expect(week([window("2026-05-04T07:00:00Z", "2026-05-04T09:00:00Z")], now, "en", "UTC")[0]!.windows).toEqual([]);
    expect(windowText(window("2026-05-05T08:00:00Z", "2026-05-08T08:00:00Z"), now, "en", until, "UTC")).toBe("8:00 AM – Friday, 8:00 AM");
  });

  it("know a zone whose clocks show another time, by summer and by winter", () => {
    expect(isElsewhere("Europe/Berlin", now, "Europe/Paris")).toBe(false);
    expect(isElsewhere("Europe/Berlin", now, "Europe/London")).toBe(true);
    expect(isElsewhere("Africa/Algiers", now, "Europe/Berlin")).toBe(true);
    expect(isElsewhere("Africa/Algiers", at("2026-01-04T10:00:00Z"), "Europe/Berlin")).toBe(false);
    expect(isElsewhere("Nowhere/At_All", now, "UTC")).toBe(false);
  });
});
