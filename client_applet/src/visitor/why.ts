import { html, type TemplateResult } from "lit";
import type { MatchedWord, MatchSource } from "../generated/wire";
import type { Key, Language, Translate } from "../i18n";
import { plain } from "./directory_filter";

const ORDER: readonly MatchSource[] = ["expertise", "headline", "biography", "chats", "name"];

export interface Piece {
  text: string;
  hit: boolean;
}

/** `text` cut where one of `words` begins a word: those whole words are hits. Case and accents do not matter. */
export function pieces(text: string, words: readonly string[]): Piece[] {
  const wanted = words.map(plain).filter((word) => word !== "");
  if (wanted.length === 0) return [{ text, hit: false }];
  const cut: Piece[] = [];
  for (const part of text.split(/([\p{L}\p{M}\p{N}]+)/u)) {
    const hit = part !== "" && wanted.some((word) => plain(part).startsWith(word));
    const last = cut.at(-1);
    if (last && last.hit === hit) last.text += part;
    else if (part !== "") cut.push({ text: part, hit });
  }
  return cut;
}

/** The words of the question by where they were found, each word once, at its strongest place. */
export function reasons(why: readonly MatchedWord[]): [MatchSource, string[]][] {
  const told = new Set<string>();
  const found: [MatchSource, string[]][] = [];
  for (const source of ORDER) {
    const words = why.filter((one) => one.source === source && !told.has(plain(one.word))).map((one) => one.word);
    for (const word of words) told.add(plain(word));
    if (words.length > 0) found.push([source, [...new Set(words)]]);
  }
  return found;
}

/** Text of others with the matched words marked. */
export function marked(text: string, words: readonly string[]): TemplateResult {
  return html`${pieces(text, words).map((piece) => (piece.hit ? html`<mark>${piece.text}</mark>` : piece.text))}`;
}

/** "tax, invoices in the expertise · answered questions on VAT before". */
export function whyLine(t: Translate<Key>, language: Language, why: readonly MatchedWord[]): TemplateResult {
  const list = new Intl.ListFormat(language, { type: "unit", style: "short" });
  const reason = ([source, words]: [MatchSource, string[]], at: number) => {
    const [before, after] = t(`why.${source}`).split("{words}");
    const named = list.formatToParts(words).map((part) => (part.type === "element" ? html`<mark dir="auto">${part.value}</mark>` : part.value));
    return html`${at > 0 ? " · " : ""}<span>${before}${named}${after}</span>`;
  };
  return html`<p class="why" part="why"><span class="said">${t("why.label")}: </span>${reasons(why).map(reason)}</p>`;
}
