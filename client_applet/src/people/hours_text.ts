/** The weekly hours between their text ("mon-fri 09:00-17:00; sat 10:00-14:00") and what an editor shows. Pure. */

export const DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const;
export type Day = (typeof DAYS)[number];

/** Open from `start` to `end`, "HH:MM"; an end at or before the start is on the next day. */
export interface Span {
  start: string;
  end: string;
}

export type Week = Readonly<Record<Day, readonly Span[]>>;

export const EMPTY_WEEK: Week = { mon: [], tue: [], wed: [], thu: [], fri: [], sat: [], sun: [] };

/** The week of a text, or null for one that this editor can't show; the server says what is wrong with it. */
export function parseWeek(text: string): Week | null {
  const week: Record<Day, Span[]> = { mon: [], tue: [], wed: [], thu: [], fri: [], sat: [], sun: [] };
  for (const entry of text.toLowerCase().split(";")) {
    const [days, ...ranges] = entry.trim().split(/\s+/).filter(Boolean);
    if (days === undefined) continue;
    const named = daysOf(days);
    const spans = ranges.map(spanOf);
    if (!named || spans.length === 0 || spans.some((one) => one === null)) return null;
    for (const day of named) week[day].push(...(spans as Span[]));
  }
  return week;
}

/** The text of a week: days that are alike stand together, as ranges where they follow each other. */
export function composeWeek(week: Week): string {
  const groups = new Map<string, Day[]>();
  for (const day of DAYS) {
    const ranges = week[day].map((span) => `${span.start}-${span.end}`).join(" ");
    if (ranges) groups.set(ranges, [...(groups.get(ranges) ?? []), day]);
  }
  return [...groups].map(([ranges, days]) => `${namesOf(days)} ${ranges}`).join("; ");
}

function daysOf(word: string): Day[] | null {
  if (word === "daily") return [...DAYS];
  const found: Day[] = [];
  for (const part of word.split(",")) {
    const [first, last = first] = part.split("-");
    const from = DAYS.indexOf(first as Day);
    const to = DAYS.indexOf(last as Day);
    if (from < 0 || to < 0) return null;
    for (let step = 0; step <= (to - from + 7) % 7; step++) found.push(DAYS[(from + step) % 7]!);
  }
  return found;
}

function spanOf(word: string): Span | null {
  const found = /^(\d\d:\d\d)-(\d\d:\d\d)$/.exec(word);
  return found ? { start: found[1]!, end: found[2]! } : null;
}

/** Days in the order of the week; three and more in a row as a range. */
function namesOf(days: readonly Day[]): string {
  const parts: string[] = [];
  for (let at = 0; at < days.length; ) {
    let end = at;
    while (end + 1 < days.length && DAYS.indexOf(days[end + 1]!) === DAYS.indexOf(days[end]!) + 1) end++;
    parts.push(end - at >= 2 ? `${days[at]}-${days[end]}` : days.slice(at, end + 1).join(","));
    at = end + 1;
  }
  return parts.join(",");
}
