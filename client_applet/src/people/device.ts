/** What a User-Agent header says in two words that people know: "Firefox, Android". Pure. */

// The first that fits counts: most browsers also call themselves Chrome and Safari.
const BROWSERS: readonly [RegExp, string][] = [
  [/Edg(e|A|iOS)?\//, "Edge"], [/OPR\/|Opera/, "Opera"], [/Firefox\/|FxiOS\//, "Firefox"], [/Chrome\/|CriOS\//, "Chrome"], [/Safari\//, "Safari"],
];
const SYSTEMS: readonly [RegExp, string][] = [
  [/iPhone/, "iPhone"], [/iPad/, "iPad"], [/Android/, "Android"], [/Windows/, "Windows"], [/Mac OS X|Macintosh/, "macOS"], [/CrOS/, "ChromeOS"], [/Linux/, "Linux"],
];

/** The browser and the system; what can't be recognised is left out, a text that says neither stays as it is. */
export function deviceName(agent: string): string {
  const named = [BROWSERS, SYSTEMS].map((table) => table.find(([form]) => form.test(agent))?.[1]).filter(Boolean);
  return named.length > 0 ? named.join(", ") : agent.slice(0, 60);
}
