import { CLOSES, type PlaceForecast } from "../generated/wire";
import { en, type Key } from "../i18n/en";
import { type Translate, waitWords } from "../i18n";

/** A bound beyond this helps nobody to decide, seconds. */
const LOOSE_S = 3 * 3600;

/** A forecast in words, `elapsedMs` after it was made. */
export function wait(t: Translate<Key>, forecast: PlaceForecast | null, elapsedMs = 0): string {
  if (!forecast) return t("wait.unknown");
  const words = waitWords(forecast.p50, forecast.p80, elapsedMs / 1000);
  switch (words.kind) {
    case "soon": return t("wait.soon");
    case "about": return t("wait.about", { n: words.minutes });
    case "range": return t("wait.range", { from: words.from, to: words.to });
    case "hours": return t("wait.hours", { from: words.from, to: words.to });
  }
}

/** The longest that a wait can be, in words; "" where nothing bounds it, or so loosely that it says nothing. */
export function waitAtMost(t: Translate<Key>, forecast: PlaceForecast | null, elapsedMs = 0): string {
  if (!forecast || forecast.bound < 0 || forecast.bound > LOOSE_S) return "";
  const minutes = Math.ceil((forecast.bound - elapsedMs / 1000) / 60);
  return minutes > 0 ? t("wait.never", { n: minutes }) : "";
}

/** A refusal in plain words; codes without words of their own are named. */
export function refusal(t: Translate<Key>, code: string): string {
  const key = `refused.${code}`;
  return key in en ? t(key as Key) : t("refused.other", { code });
}

/** Up to two initials of a name, for where there is no photo. */
export function initials(name: string): string {
  const words = name.trim().split(/\s+/).filter((word) => /\p{L}/u.test(word));
  const picked = words.length > 1 ? [words[0]!, words.at(-1)!] : words;
  return picked.map((word) => [...word][0]!.toUpperCase()).join("") || "?";
}

/** One of six hues, the same for a name everywhere. */
export function hue(name: string): number {
  let mixed = 2166136261;
  for (const char of name) mixed = Math.imul(mixed ^ char.codePointAt(0)!, 16777619) >>> 0;
  return ((mixed >>> 7) % 6) + 1;
}

/** Why the server wants this page not to come back by itself, by the code that it closed with. */
export function whyStopped(closeCode: number): Key {
  if (closeCode === CLOSES.no_such_pool.code) return "stopped.pool";
  return closeCode === CLOSES.blocked.code ? "stopped.blocked" : "stopped.text";
}
