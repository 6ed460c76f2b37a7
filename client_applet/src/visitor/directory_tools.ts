import { html, nothing, type TemplateResult } from "lit";
import { type Key, type Language, languageName, money, type Translate } from "../i18n";
import type { Profile } from "../generated/wire";
import type { PoolRules } from "../generated/wire";
import { icon } from "../ui/icons";
import { mark } from "../ui/lights";
import { categoriesBelow, categoriesOf, trail } from "./directory_filter";
import { clean, type Question, SORTS, WORDS_MAX } from "./question";

/** Limits of the price to choose from, in minor units for a minute. */
const PRICES = [0, 50, 100, 200, 500];

/** All that the tools above the list are made from. */
export interface ToolsView {
  t: Translate<Key>;
  language: Language;
  question: Question;
  rules: PoolRules | null;
  /** Everybody who was heard of so far. */
  profiles: ReadonlyMap<string, Profile>;
  /** Null: there is nothing to choose several for. */
  choosing: boolean | null;
  ask: (part: Partial<Question>, typing?: boolean) => void;
  toggleChoosing: () => void;
}

/** The question, the categories, and what narrows or orders the answer. */
export function tools(view: ToolsView): TemplateResult {
  const { t, question, ask } = view;
  return html`
    <div class="tools" role="search" aria-label=${t("list.title")}>
      <label class="search">${icon("search")}
        <input class="field" type="search" autocomplete="off" enterkeyhint="search" maxlength=${WORDS_MAX} placeholder=${t("list.search")} aria-label=${t("list.search")}
          .value=${question.words} @input=${(event: InputEvent) => ask({ words: clean((event.target as HTMLInputElement).value) }, true)}></label>
      ${chips(view)}
      <div class="narrow">${languages(view)}${prices(view)}${sorts(view)}</div>
    </div>`;
}

function chips(view: ToolsView): TemplateResult {
  const { t, question, ask } = view;
  const chip = (label: unknown, pressed: boolean, press: () => void) =>
    html`<button class="chip" aria-pressed=${pressed} @click=${press}>${label}</button>`;
  const category = (one: string, pressed: boolean, otherwise: string) =>
    chip(html`<span dir="auto">${one.split("/").at(-1)}</span>`, pressed, () => ask({ category: pressed ? otherwise : one }));
  const declared = view.rules?.categories ?? [];
  const tree = declared.length > 0 ? declared : categoriesOf(view.profiles.values());
  const above = trail(question.category);
  const below = categoriesBelow(tree, question.category);
  return html`
    <div class="chips" role="group" aria-label=${t("list.categories")}>
      ${chip(html`${mark("free")}${t("list.free")}`, question.freeOnly, () => ask({ freeOnly: !question.freeOnly }))}
      ${view.choosing === null ? nothing : chip(html`${icon("checks")}${t("list.select")}`, view.choosing, view.toggleChoosing)}
      ${above.length + below.length > 0 ? html`<span class="bar"></span>` : nothing}
      ${above.map((one, at) => category(one, true, above[at - 1] ?? ""))}
      ${below.map((one) => category(one, false, ""))}
    </div>`;
}

function languages({ t, language, question, profiles, ask }: ToolsView): TemplateResult | typeof nothing {
  const known = new Set([...profiles.values()].flatMap((profile) => profile.languages));
  if (question.language !== "") known.add(question.language);
  if (known.size < 2 && question.language === "") return nothing;
  const named = [...known].map((code) => [code, languageName(code, language)] as const);
  named.sort((a, b) => a[1].localeCompare(b[1], language));
  return choice(t("list.language"), question.language, [["", t("list.anyLanguage")], ...named], (value) => ask({ language: value }));
}

function prices({ t, language, question, rules, profiles, ask }: ToolsView): TemplateResult | typeof nothing {
  const costs = question.rateMax >= 0 || [...profiles.values()].some(costsSomething);
  if (!rules?.prepaid || !costs) return nothing;
  const limits = [...new Set([...PRICES, ...(question.rateMax < 0 ? [] : [question.rateMax])])].sort((a, b) => a - b);
  const named = limits.map((limit) => [String(limit), limit === 0 ? t("rate.free") : t("list.upTo", { price: money(limit, rules.currency, language) })] as const);
  return choice(t("list.price"), String(question.rateMax), [["-1", t("list.anyPrice")], ...named], (value) => ask({ rateMax: Number(value) }));
}

const costsSomething = (profile: Profile) => profile.rate > 0 || profile.rates.some(({ rate }) => rate > 0);

function sorts({ t, question, rules, profiles, ask }: ToolsView): TemplateResult {
  const costs = question.sort === "rate" || (rules?.prepaid === true && [...profiles.values()].some(costsSomething));
  const named = SORTS.filter((sort) => sort !== "rate" || costs).map((sort) => [sort, t(`sort.${sort}`)] as const);
  return choice(t("list.sort"), question.sort, named, (value) => ask({ sort: SORTS.find((sort) => sort === value) ?? "best" }));
}

function choice(label: string, value: string, options: readonly (readonly [string, string])[], chosen: (value: string) => void): TemplateResult {
  return html`<label class="choose"><span>${label}</span>
    <select class="field" aria-label=${label} @change=${(event: Event) => chosen((event.target as HTMLSelectElement).value)}>
      ${options.map(([one, name]) => html`<option value=${one} ?selected=${one === value} .selected=${one === value}>${name}</option>`)}
    </select></label>`;
}
