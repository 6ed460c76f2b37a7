import { describe, expect, it } from "vitest";
import { ar } from "../../src/i18n/ar";
import { de } from "../../src/i18n/de";
import { en } from "../../src/i18n/en";
import { es } from "../../src/i18n/es";
import { visitEn } from "../../src/i18n/visit.en";
import { LANGUAGES, type Message, pickLanguage, translate } from "../../src/i18n";

const catalogues: Record<string, Record<string, Message>> = { en, de, es, ar };
const sources = import.meta.glob("../../src/{visitor,ui}/**/*.ts", { query: "?raw", import: "default", eager: true });
const forms = (message: Message) => (typeof message === "string" ? [message] : Object.values(message));
const values = (text: string) => new Set([...text.matchAll(/\{(\w+)\}/g)].map((match) => match[1]));

describe.each(Object.keys(catalogues))("the catalogue %s", (language) => {
  const catalogue = catalogues[language]!;

  it("has every message and no other", () => expect(Object.keys(catalogue).sort()).toEqual(Object.keys(en).sort()));

  it("has words for all and names only values that are given", () => {
    for (const [key, message] of Object.entries(catalogue)) {
      const given = new Set(forms((en as Record<string, Message>)[key]!).flatMap((form) => [...values(form)]));
      for (const form of forms(message)) {
        expect(form.trim(), key).not.toBe("");
        for (const value of values(form)) expect(given.has(value), `${key} {${value}}`).toBe(true);
      }
    }
  });

  it("has every plural form that the language needs", () => {
    const needed = new Intl.PluralRules(language).resolvedOptions().pluralCategories.filter((form) => Number.isInteger(sample(language, form)));
    for (const [key, message] of Object.entries(catalogue)) {
      if (typeof message === "string") continue;
      for (const form of needed) if (form !== "zero" && form !== "many") expect(Object.keys(message), key).toContain(form);
    }
  });
});

function sample(language: string, form: string): number | undefined {
  return Array.from({ length: 200 }, (_, n) => n).find((n) => new Intl.PluralRules(language).select(n) === form);
}

describe("messages", () => {
  it("are used, each and every one", () => {
    const text = Object.values(sources).join("\n");
    const made = ["light.", "mode.", "over.", "refused.", "notice.", "free.", "busy.", "ringing.", "wrap-up.", "away.", "offline.", "closed.", "full.", "sort.", "why.", "outlook."];
    const unused = Object.keys(en).filter((key) => !text.includes(`"${key}"`) && !made.some((start) => key.startsWith(start)));
    expect(unused).toEqual([]);
    expect(Object.keys(visitEn).filter((key) => !text.includes(`"${key}"`) && !key.startsWith("phone.call_"))).toEqual([]);
  });

  it("choose the plural form and show numbers in the language's own way", () => {
    expect(translate("en")("people.ahead", { n: 1 })).toBe("1 person ahead of you");
    expect(translate("de")("people.ahead", { n: 1200 })).toBe("1.200 Personen vor Ihnen");
    expect(translate("ar")("people.ahead", { n: 2 })).toBe("شخصان أمامك");
  });

  it("do not read values as patterns", () => expect(translate("en")("free.title", { name: "{n} $& Ada" })).toBe("{n} $& Ada is free"));
});

describe("the language", () => {
  it("is the first that we have", () => {
    expect(pickLanguage([null, "", "fr-CA", "de-AT", "en"])).toBe("de");
    expect(pickLanguage(["tlh"])).toBe("en");
    expect(LANGUAGES).toContain(pickLanguage(["AR-EG"]));
  });
});
