/** Windows of opening hours as the rows of a week, in a viewer's zone, today first. Pure. */

import { type Language, timeOfDay } from "../i18n";

export interface HoursRow {
  /** "Today", then the names of the days. */
  day: string;
  /** "9:00 – 12:00" each; a window over midnight stands with the day on which it begins. */
  spans: string[];
}

const DAY_MS = 86_400_000;

/** Seven rows from the day of `now` on. `windows` are pairs of instants; `timeZone` "" is the viewer's own. */
export function windowRows(windows: readonly (readonly [number, number])[], now: number, language: Language, timeZone = ""): HoursRow[] {
  const zone = timeZone ? { timeZone } : {};
  const key = new Intl.DateTimeFormat("en-CA", { year: "numeric", month: "2-digit", day: "2-digit", ...zone });
  const name = new Intl.DateTimeFormat(language, { weekday: "long", ...zone });
  const today = new Intl.RelativeTimeFormat(language, { numeric: "auto" }).format(0, "day");
  const time = (at: number) => timeOfDay(at, language, timeZone || undefined);
  const rows = days(now, key).map((at, n) => ({ key: key.format(at), day: n === 0 ? today : name.format(at), spans: [] as string[] }));
  for (const [start, end] of windows) {
    if (end <= now) continue;
    const row = rows.find((one) => one.key === key.format(start)) ?? (start < now ? rows[0] : undefined);
    row?.spans.push(`${time(start)} – ${time(end)}`);
  }
  return rows.map(({ day, spans }) => ({ day, spans }));
}

/** An instant in each of seven calendar days: a day of 23 or 25 hours is one day all the same. */
function days(now: number, key: Intl.DateTimeFormat): number[] {
  const found: number[] = [now];
  for (let at = now; found.length < 7; at += DAY_MS / 2) {
    if (key.format(at) !== key.format(found.at(-1)!)) found.push(at);
  }
  return found;
}
