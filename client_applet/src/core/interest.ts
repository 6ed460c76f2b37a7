/** What one element wants to hear of. */
export interface Interest {
  /** Lights to follow. */
  experts?: readonly string[];
  /** These experts before those of other wishes: of the first in the set one is told the forecasts too. */
  first?: boolean;
  /** The lights of the whole pool. */
  all?: boolean;
  /** Lines to follow in detail (staff). */
  lines?: readonly string[];
}

export interface WatchSet {
  experts: string[];
  all: boolean;
  lines: string[];
}

/** As many as one `watch` may name. */
export const WATCH_MAX = 1000;

/** One set out of all wishes: those first that are to be, then by name, each once, bounded. Names stay beside `all`: of these one wants to know more. */
export function mergeInterests(interests: Iterable<Interest>): WatchSet {
  const first = new Set<string>();
  const experts = new Set<string>();
  const lines = new Set<string>();
  let all = false;
  for (const interest of interests) {
    all ||= interest.all ?? false;
    for (const expert of interest.experts ?? []) (interest.first ? first : experts).add(expert);
    for (const line of interest.lines ?? []) lines.add(line);
  }
  return { all, experts: bounded(new Set([...[...first].sort(), ...[...experts].sort()])), lines: bounded(new Set([...lines].sort())) };
}

export function sameWatch(a: WatchSet | null, b: WatchSet): boolean {
  return a !== null && a.all === b.all && sameList(a.experts, b.experts) && sameList(a.lines, b.lines);
}

function bounded(names: Set<string>): string[] {
  return [...names].filter((name) => name !== "").slice(0, WATCH_MAX);
}

function sameList(a: string[], b: string[]): boolean {
  return a.length === b.length && a.every((one, at) => one === b[at]);
}
