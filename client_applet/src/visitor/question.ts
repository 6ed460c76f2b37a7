import type { Find } from "../generated/wire";

export type Sort = NonNullable<Find["sort"]>;
export const SORTS: readonly Sort[] = ["best", "wait", "rating", "rate", "name"];

/** What a person asks the directory. `rateMax` in minor units for a minute; -1 is any. */
export interface Question {
  words: string;
  category: string;
  language: string;
  freeOnly: boolean;
  rateMax: number;
  sort: Sort;
}

export const ANYBODY: Question = { words: "", category: "", language: "", freeOnly: false, rateMax: -1, sort: "best" };
/** As the wire bounds it. */
export const WORDS_MAX = 500;

/** Whether anything narrows the list; the order does not. */
export function narrows(question: Question): boolean {
  return !sameQuestion({ ...question, sort: "best" }, ANYBODY);
}

export function sameQuestion(a: Question, b: Question): boolean {
  return (Object.keys(ANYBODY) as (keyof Question)[]).every((key) => a[key] === b[key]);
}

/** The request for `limit` answers from `offset` on. */
export function toFind(question: Question, offset: number, limit: number): Omit<Find, "id"> {
  const { words, category, language, freeOnly, rateMax, sort } = question;
  return { t: "find", words: words.trim(), category, language, free_only: freeOnly, rate_max: rateMax, sort, offset, limit };
}

/** The address of a page that shows the answer, and the open expert: what is as always is left out. Other parameters of `search` stay. */
export function toSearch(question: Question, expert: string, search = ""): string {
  const all = new URLSearchParams(search);
  const put = (name: string, value: string) => (value === "" ? all.delete(name) : all.set(name, value));
  put("q", question.words.trim());
  put("category", question.category);
  put("language", question.language);
  put("free", question.freeOnly ? "1" : "");
  put("price", question.rateMax < 0 ? "" : String(question.rateMax));
  put("sort", question.sort === "best" ? "" : question.sort);
  put("expert", expert);
  const text = all.toString();
  return text === "" ? "" : `?${text}`;
}

/** What an address asks; anybody may have written it, so what the server would refuse is as if it were not there. */
export function fromSearch(search: string): { question: Question; expert: string } {
  const all = new URLSearchParams(search);
  const get = (name: string, shape: RegExp) => (shape.test(all.get(name) ?? "") ? all.get(name)! : "");
  const question: Question = {
    words: clean(all.get("q") ?? ""),
    category: get("category", /^[^\0]{1,200}$/),
    language: get("language", /^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$/),
    freeOnly: all.get("free") === "1",
    rateMax: Number(get("price", /^\d{1,9}$/) || -1),
    sort: SORTS.find((one) => one === all.get("sort")) ?? "best",
  };
  return { question, expert: get("expert", /^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/) };
}

/** Words as the wire takes them. */
export function clean(words: string): string {
  return words.replaceAll("\0", "").slice(0, WORDS_MAX);
}
