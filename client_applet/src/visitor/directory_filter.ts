import type { Profile } from "../generated/wire";
import type { Hall, Interest } from "../core";

export interface Filter {
  words: string;
  category: string;
  freeOnly: boolean;
}

/** A roster up to this long is watched whole; a longer one by what is before the eyes. */
export const WHOLE_ROSTER = 150;

/** Lower case without accents, for comparing what people type with what is written. */
export function plain(text: string): string {
  return text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
}

/** The ids of the experts that pass the filter, in the pool's order. Every word must occur; case and accents do not matter. */
export function filtered(hall: Pick<Hall, "profiles" | "lights">, filter: Filter): string[] {
  const words = plain(filter.words).split(/\s+/).filter((word) => word !== "");
  const found: string[] = [];
  for (const profile of hall.profiles.values()) {
    if (filter.category !== "" && !profile.categories.some((one) => within(one, filter.category))) continue;
    if (filter.freeOnly && hall.lights.get(profile.expert)?.indicator !== "free") continue;
    if (words.length > 0 && !matches(profile, words)) continue;
    found.push(profile.expert);
  }
  return found;
}

function matches(profile: Profile, words: readonly string[]): boolean {
  const text = plain([profile.name, profile.headline, ...profile.categories, ...profile.languages].join(" "));
  return words.every((word) => text.includes(word));
}

/** Categories are a tree of paths, `Home/Garden`: whether `category` is `above` or below it. */
function within(category: string, above: string): boolean {
  return category === above || category.startsWith(`${above}/`);
}

/** The categories right below `parent` ("": the top), the most frequent first. */
export function categoriesBelow(profiles: Iterable<Profile>, parent: string): string[] {
  const start = parent === "" ? "" : `${parent}/`;
  const counts = new Map<string, number>();
  for (const profile of profiles) {
    const below = profile.categories.filter((one) => one.startsWith(start)).map((one) => start + one.slice(start.length).split("/")[0]!);
    for (const category of new Set(below)) counts.set(category, (counts.get(category) ?? 0) + 1);
  }
  return [...counts].sort((a, b) => b[1] - a[1] || a[0].localeCompare(b[0])).map(([category]) => category);
}

/** A category from the top down: `Home/Garden` → `Home`, `Home/Garden`. */
export function trail(category: string): string[] {
  const steps = category === "" ? [] : category.split("/");
  return steps.map((_, at) => steps.slice(0, at + 1).join("/"));
}

/** How many are free now; -1 where not every light is known, for a part would be taken for the whole. */
export function freeCount(hall: Pick<Hall, "profiles" | "lights">): number {
  if (hall.lights.size < hall.profiles.size) return -1;
  let count = 0;
  for (const light of hall.lights.values()) if (light.indicator === "free") count += 1;
  return count;
}

/** What the directory wants to hear of: all while the roster is short, unknown or filtered by who is free; else what is seen. */
export function directoryInterest(roster: number, visible: ReadonlySet<string>, freeOnly: boolean): Interest {
  if (roster <= WHOLE_ROSTER || freeOnly || visible.size === 0) return { all: true };
  return { experts: [...visible].sort() };
}
