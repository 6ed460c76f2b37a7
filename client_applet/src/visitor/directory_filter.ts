import type { Profile } from "../generated/wire";

/** Lower case without accents, for comparing what people type with what is written. */
export function plain(text: string): string {
  return text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
}

/** The categories right below `parent` ("": the top) in a tree of paths (`Home/Garden`), in the order in which the pool names them. */
export function categoriesBelow(tree: Iterable<string>, parent: string): string[] {
  const start = parent === "" ? "" : `${parent}/`;
  const below = new Set<string>();
  for (const path of tree) if (path.startsWith(start) && path !== start) below.add(start + path.slice(start.length).split("/")[0]!);
  return [...below];
}

/** The tree of a pool that has declared none: what its experts name, the most frequent first. */
export function categoriesOf(profiles: Iterable<Profile>): string[] {
  const counts = new Map<string, number>();
  for (const profile of profiles) for (const path of profile.categories) for (const one of trail(path)) counts.set(one, (counts.get(one) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1] || a[0].localeCompare(b[0])).map(([path]) => path);
}

/** A category from the top down: `Home/Garden` → `Home`, `Home/Garden`. */
export function trail(category: string): string[] {
  const steps = category === "" ? [] : category.split("/");
  return steps.map((_, at) => steps.slice(0, at + 1).join("/"));
}
