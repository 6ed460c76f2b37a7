import { comingTime, type Language, timeOfDay } from "../i18n";

export type Window = readonly [from: number, to: number];

export interface Day {
  /** Days from today. */
  at: number;
  /** "Today", "tomorrow" or the day of the week. */
  name: string;
  windows: readonly Window[];
}

const DAY = 86_400_000;
const DAYS = 7;

/** Seven days in the viewer's zone, today first, each with the windows that begin on it; one that began before today stands at today. */
export function week(windows: readonly Window[], now: number, language: Language, timeZone?: string): Day[] {
  const today = dayNumber(now, timeZone);
  return Array.from({ length: DAYS }, (_, at) => ({
    at,
    name: dayName(at, today, language),
    windows: windows.filter(([from, to]) => to > now && Math.max(0, dayNumber(from, timeZone) - today) === at),
  }));
}

/** A window in words: `9:00 – 17:00`; one that runs since before today says only when it ends. */
export function windowText([from, to]: Window, now: number, language: Language, until: (time: string) => string, timeZone?: string): string {
  const end = to - Math.max(from, now) >= DAY ? comingTime(to, Math.max(from, now), language, timeZone) : timeOfDay(to, language, timeZone);
  if (dayNumber(from, timeZone) < dayNumber(now, timeZone)) return until(end);
  return `${timeOfDay(from, language, timeZone)} – ${end}`;
}

/** Whether the clocks in that zone show another time than the viewer's. */
export function isElsewhere(zone: string, now: number, timeZone?: string): boolean {
  try {
    return offset(now, zone) !== offset(now, timeZone);
  } catch {
    return false; // No zone that this browser knows.
  }
}

function dayName(at: number, today: number, language: Language): string {
  if (at < 2) return new Intl.RelativeTimeFormat(language, { numeric: "auto" }).format(at, "day");
  return new Intl.DateTimeFormat(language, { weekday: "long", timeZone: "UTC" }).format((today + at) * DAY);
}

function dayNumber(at: number, timeZone?: string): number {
  const day = new Intl.DateTimeFormat("en-CA", { year: "numeric", month: "2-digit", day: "2-digit", ...(timeZone ? { timeZone } : {}) }).format(at);
  return Math.round(Date.parse(`${day}T00:00:00Z`) / DAY);
}

function offset(at: number, timeZone?: string): string {
  const parts = new Intl.DateTimeFormat("en", { timeZoneName: "longOffset", ...(timeZone ? { timeZone } : {}) }).formatToParts(at);
  return parts.find((part) => part.type === "timeZoneName")?.value ?? "";
}
