/** Times and durations in words. Pure: the language, the zone and the present are arguments. */

import { digitsOf } from "./currency";
import type { Language } from "./translate";

const MINUTE = 60_000;

/** A running clock: `4:07`, `1:04:07`. Milliseconds; below zero counts as zero. */
export function clock(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const two = (n: number) => String(n).padStart(2, "0");
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor(seconds / 60) % 60;
  const rest = two(seconds % 60);
  return hours > 0 ? `${hours}:${two(minutes)}:${rest}` : `${minutes}:${rest}`;
}

/** The same clock for a screen reader and `datetime`: `PT4M7S`. */
export function isoDuration(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  return `PT${Math.floor(seconds / 60)}M${seconds % 60}S`;
}

export type WaitWords =
  | { kind: "soon" }
  | { kind: "range"; from: number; to: number }
  | { kind: "about"; minutes: number }
  | { kind: "hours"; from: number; to: number };

/**
 * A forecast (seconds, p50 and p80) as a person would say it, `elapsed` seconds after it was made.
 * Below a minute is soon; above two hours it is told in hours; else in whole minutes, rounded so as not to promise too much.
 */
export function waitWords(p50: number, p80: number, elapsed = 0): WaitWords {
  const low = Math.max(0, p50 - elapsed);
  const high = Math.max(low, p80 - elapsed);
  if (high < 60) return { kind: "soon" };
  if (high > 7200) return { kind: "hours", from: Math.max(1, Math.floor(low / 3600)), to: Math.ceil(high / 3600) };
  const grain = high > 1800 ? 5 : 1;
  const from = Math.max(1, Math.floor(low / 60 / grain) * grain);
  const to = Math.max(from, Math.ceil(high / 60 / grain) * grain);
  return from === to ? { kind: "about", minutes: to } : { kind: "range", from, to };
}

/** The time of day, in the viewer's zone unless another is given. */
export function timeOfDay(at: number, language: Language, timeZone?: string): string {
  return new Intl.DateTimeFormat(language, { hour: "numeric", minute: "2-digit", ...(timeZone ? { timeZone } : {}) }).format(at);
}

/** A coming time in words: `9:00` today, `tomorrow, 9:00`, `Thursday, 9:00` within a week, else the date. */
export function comingTime(at: number, now: number, language: Language, timeZone?: string): string {
  const time = timeOfDay(at, language, timeZone);
  const days = dayNumber(at, timeZone) - dayNumber(now, timeZone);
  if (days <= 0) return time;
  if (days === 1) return `${new Intl.RelativeTimeFormat(language, { numeric: "auto" }).format(1, "day")}, ${time}`;
  const zone = timeZone ? { timeZone } : {};
  const day = days < 7
    ? new Intl.DateTimeFormat(language, { weekday: "long", ...zone }).format(at)
    : new Intl.DateTimeFormat(language, { day: "numeric", month: "long", ...zone }).format(at);
  return `${day}, ${time}`;
}

/** Days since 1970 of the calendar day in that zone. */
function dayNumber(at: number, timeZone?: string): number {
  const parts = new Intl.DateTimeFormat("en-CA", {
    year: "numeric", month: "2-digit", day: "2-digit", ...(timeZone ? { timeZone } : {}),
  }).format(at);
  return Math.round(Date.parse(`${parts}T00:00:00Z`) / 86_400_000);
}

/** How long ago in words: `3 minutes ago`, `now`. */
export function ago(at: number, now: number, language: Language): string {
  const format = new Intl.RelativeTimeFormat(language, { numeric: "auto", style: "short" });
  const minutes = Math.round((now - at) / MINUTE);
  if (minutes < 1) return format.format(0, "second");
  if (minutes < 60) return format.format(-minutes, "minute");
  if (minutes < 1440) return format.format(-Math.round(minutes / 60), "hour");
  return format.format(-Math.round(minutes / 1440), "day");
}

/** The name of a language (`de` → German) in the viewer's own. */
export function languageName(code: string, language: Language): string {
  try {
    return new Intl.DisplayNames(language, { type: "language" }).of(code) ?? code;
  } catch {
    return code; // Not a language tag: as the pool wrote it.
  }
}

/** Money in minor units (cents) of an ISO currency. */
export function money(minor: number, currency: string, language: Language, signDisplay: "auto" | "exceptZero" = "auto"): string {
  const digits = digitsOf(currency);
  const options = { style: "currency", currency, minimumFractionDigits: digits, maximumFractionDigits: digits, signDisplay } as const;
  return new Intl.NumberFormat(language, options).format(minor / 10 ** digits);
}

/** A number of stars as a person would say it: `4.7`. */
export function starsText(stars: number, language: Language): string {
  return new Intl.NumberFormat(language, { minimumFractionDigits: 1, maximumFractionDigits: 1 }).format(stars);
}

/** How long it is since an ISO date: `7 years`, below one year in months; "" without a date, or when it is still to come. */
export function timeSince(date: string, now: number, language: Language): string {
  const then = new Date(date);
  const today = new Date(now);
  if (!(then <= today)) return "";
  const months = 12 * (today.getUTCFullYear() - then.getUTCFullYear()) + today.getUTCMonth() - then.getUTCMonth()
    - (today.getUTCDate() < then.getUTCDate() ? 1 : 0);
  const [count, unit] = months >= 12 ? [Math.floor(months / 12), "year"] as const : [Math.max(1, months), "month"] as const;
  return new Intl.NumberFormat(language, { style: "unit", unit, unitDisplay: "long" }).format(count);
}

/** A day in the viewer's zone: `3 May`, with the year when it is another than now. */
export function dayOf(at: number, now: number, language: Language, timeZone?: string): string {
  const zone = timeZone ? { timeZone } : {};
  const year = (time: number) => new Intl.DateTimeFormat("en", { year: "numeric", ...zone }).format(time);
  const format = new Intl.DateTimeFormat(language, { day: "numeric", month: "long", ...(year(at) === year(now) ? {} : { year: "numeric" }), ...zone });
  return format.format(at);
}
