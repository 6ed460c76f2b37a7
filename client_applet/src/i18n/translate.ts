/** Catalogues of messages: flat, typed keys, `{name}` for values, plural forms by the language's own rules. */

export const LANGUAGES = ["en", "de", "es", "ar"] as const;
export type Language = (typeof LANGUAGES)[number];

/** A message, or its plural forms chosen by the value `n`. */
export type Message = string | ({ other: string } & Partial<Record<Intl.LDMLPluralRule, string>>);
export type Catalogue<Key extends string> = Readonly<Record<Key, Message>>;
export type Values = Readonly<Record<string, string | number>>;
export type Translate<Key extends string> = (key: Key, values?: Values) => string;

const RIGHT_TO_LEFT = new Set<Language>(["ar"]);

export function direction(language: Language): "ltr" | "rtl" {
  return RIGHT_TO_LEFT.has(language) ? "rtl" : "ltr";
}

/** The language to speak: the first of the wishes that we have, else English. */
export function pickLanguage(wishes: readonly (string | null | undefined)[]): Language {
  for (const wish of wishes) {
    const base = wish?.toLowerCase().split("-")[0];
    const found = LANGUAGES.find((language) => language === base);
    if (found) return found;
  }
  return "en";
}

/** What an element speaks: its own `lang` or the nearest one around it, else the browser's. */
export function languageOf(element: Element): Language {
  const around = element.closest<HTMLElement>("[lang]")?.lang ?? hostLanguage(element);
  return pickLanguage([around || document.documentElement.lang, ...navigator.languages]);
}

function hostLanguage(element: Element): string {
  const root = element.getRootNode();
  return root instanceof ShadowRoot ? languageOf(root.host) : "";
}

/** Binds a set of catalogues (one per language, same keys) to a function that translates into a language. */
export function catalogues<Key extends string>(
  all: Readonly<Record<Language, Catalogue<Key>>>,
): (language: Language) => Translate<Key> {
  const made = new Map<Language, Translate<Key>>();
  return (language) => {
    const known = made.get(language) ?? translator(all[language], language);
    made.set(language, known);
    return known;
  };
}

function translator<Key extends string>(catalogue: Catalogue<Key>, language: Language): Translate<Key> {
  const rules = new Intl.PluralRules(language);
  const numbers = new Intl.NumberFormat(language);
  const show = (value: string | number) => (typeof value === "number" ? numbers.format(value) : value);
  return (key, values = {}) => {
    const message = catalogue[key];
    const text = typeof message === "string" ? message : (message[rules.select(Number(values["n"] ?? 0))] ?? message.other);
    return text.replace(/\{(\w+)\}/g, (whole, name: string) => (name in values ? show(values[name]!) : whole));
  };
}
