import { describe, expect, it } from "vitest";
import { amountText, parseAmount } from "../../src/i18n/amounts";
import { LANGUAGES, money } from "../../src/i18n";

describe("what a person typed", () => {
  it.each([
    ["25", "EUR", "en", 2500], ["25.5", "EUR", "en", 2550], ["25,50", "EUR", "de", 2550], ["25.50", "EUR", "de", 2550], ["25,50", "EUR", "en", 2550],
    [" € 1,000.00 ", "EUR", "en", 100_000], ["1.000,00 €", "EUR", "de", 100_000], ["1,000", "EUR", "en", 100_000], ["1.000", "EUR", "de", 100_000],
    ["20eur", "EUR", "en", 2000], ["500", "JPY", "en", 500], ["1,500", "JPY", "en", 1500], ["¥1500", "JPY", "en", 1500],
    ["1.250", "KWD", "en", 1250], ["1,25", "KWD", "en", 1250], ["3", "KWD", "en", 3000],
    ["٢٥٫٥٠", "EUR", "ar", 2550], ["۱۲", "EUR", "ar", 1200], ["0", "EUR", "en", 0], ["1 000", "EUR", "es", 100_000],
  ] as const)("%s %s in %s is %i", (text, currency, language, minor) => expect(parseAmount(text, currency, language)).toBe(minor));

  it.each([
    ["", "EUR", "en"], ["abc", "EUR", "en"], ["-5", "EUR", "en"], ["1e3", "EUR", "en"], ["25.", "EUR", "en"], [".5", "EUR", "en"], ["1.000", "EUR", "en"],
    ["1,000", "EUR", "de"], ["12.345", "EUR", "en"], ["1.5", "JPY", "en"], ["1,2,3", "EUR", "en"], ["1.000.00", "EUR", "en"], ["0x10", "EUR", "en"],
    ["NaN", "EUR", "en"], ["Infinity", "EUR", "en"], ["9999999999999", "EUR", "en"], ["10 USD", "EUR", "en"], ["1,0000", "EUR", "en"], ["5 5.5.5", "EUR", "en"],
  ] as const)("%s is no sure amount of %s in %s", (text, currency, language) => expect(parseAmount(text, currency, language)).toBeNull());

  it("reads back what we write, in every language and currency", () => {
    for (const language of LANGUAGES) for (const currency of ["EUR", "JPY", "KWD"]) for (const minor of [1, 99, 100, 12_345, 1_234_567]) {
      expect(parseAmount(amountText(minor, currency, language), currency, language), `${minor} ${currency} ${language}`).toBe(minor);
      expect(parseAmount(money(minor, currency, language), currency, language), money(minor, currency, language)).toBe(minor);
    }
  });
});
