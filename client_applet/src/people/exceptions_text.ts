/** Dated exceptions between their text ("2026-12-24 closed; 2027-01-02..2027-01-09 10:00-12:00") and a list. Pure. */

export interface Exception {
  /** First and last day, ISO. */
  from: string;
  to: string;
  /** "09:00-12:00 13:00-17:00", or "" for closed. */
  ranges: string;
}

const ENTRY = /^(\d{4}-\d{2}-\d{2})(?:\.\.(\d{4}-\d{2}-\d{2}))?\s+(closed|\d\d:\d\d-\d\d:\d\d(?:\s+\d\d:\d\d-\d\d:\d\d)*)$/;

/** The exceptions of a text, or null for one that a list can't show. */
export function parseExceptions(text: string): readonly Exception[] | null {
  const found: Exception[] = [];
  for (const entry of text.toLowerCase().split(";").map((one) => one.trim()).filter(Boolean)) {
    const match = ENTRY.exec(entry);
    if (!match) return null;
    const [, from, to, what] = match;
    found.push({ from: from!, to: to ?? from!, ranges: what === "closed" ? "" : what!.replace(/\s+/g, " ") });
  }
  return found;
}

/** The text of the exceptions, in the order of their days. */
export function composeExceptions(all: readonly Exception[]): string {
  const sorted = [...all].sort((a, b) => a.from.localeCompare(b.from));
  return sorted.map(({ from, to, ranges }) => `${from}${to > from ? `..${to}` : ""} ${ranges || "closed"}`).join("; ");
}
