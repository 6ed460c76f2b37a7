/** What one element wants to hear of. */
export interface Interest {
  /** Lights to follow. */
  experts?: readonly string[];
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

/** One set out of all wishes: sorted, each once, bounded. Names stay beside `all`: of these one wants to know more. */
export function mergeInterests(interests: Iterable<Interest>): WatchSet {
  const experts = new Set<string>();
  const lines = new Set<string>();
  let all = false;
  for (const interest of interests) {
    all ||= interest.all ?? false;
    for (const expert of interest.experts ?? []) experts.add(expert);
    for (const line of interest.lines ?? []) lines.add(line);
  }
  return { all, experts: bounded(experts), lines: bounded(lines) };
}

export function sameWatch(a: WatchSet | null, b: WatchSet): boolean {
  return a !== null && a.all === b.all && sameList(a.experts, b.experts) && sameList(a.lines, b.lines);
}

function bounded(names: Set<string>): string[] {
  return [...names].filter((name) => name !== "").sort().slice(0, WATCH_MAX);
}

function sameList(a: string[], b: string[]): boolean {
  return a.length === b.length && a.every((one, at) => one === b[at]);
}
