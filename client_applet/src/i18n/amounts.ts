/** Amounts of money as people type them. Pure. */

import { digitsOf } from "./currency";
import type { Language } from "./translate";

const DIGITS_MAX = 12;
/** Digits of other scripts begin at these code points. */
const ZEROS = [0x0660, 0x06f0];
const INVISIBLE = /[\s\u00a0\u202f\u200e\u200f\u061c\u2066-\u2069']/g;

/**
 * What was typed, in minor units of the currency; null where it is no amount, or could be read in two ways.
 *
 * A point or a comma stands before the minor unit, or between thousands where the language writes them so.
 */
export function parseAmount(text: string, currency: string, language: Language): number | null {
  const digits = digitsOf(currency);
  const plain = bare(text, currency, language);
  const match = /^(\d[\d.,]*?)(?:([.,])(\d+))?$/.exec(plain);
  if (!match) return null;
  const [, whole = "", mark, rest = ""] = match;
  const decimal = decimalOf(language);
  const grouped = mark !== undefined && mark !== decimal && rest.length === 3;
  const thousands = grouped ? `${whole}${mark}${rest}` : whole;
  const minor = grouped ? "" : rest;
  const major = ungrouped(thousands, decimal);
  if (major === null || minor.length > digits || (mark !== undefined && rest === "")) return null;
  return Number(major + minor.padEnd(digits, "0"));
}

/** An amount as one would type it: `12.50`, without the currency. */
export function amountText(minor: number, currency: string, language: Language): string {
  const digits = digitsOf(currency);
  return new Intl.NumberFormat(`${language}-u-nu-latn`, { minimumFractionDigits: digits, maximumFractionDigits: digits, useGrouping: false }).format(minor / 10 ** digits);
}

/** The digits in ASCII, without spaces and the currency's sign or code. */
function bare(text: string, currency: string, language: Language): string {
  const sign = new Intl.NumberFormat(language, { style: "currency", currency, currencyDisplay: "narrowSymbol" })
    .formatToParts(0).find((part) => part.type === "currency")?.value ?? currency;
  let plain = text.replace(/[\u0660-\u0669\u06f0-\u06f9]/g, (digit) => String(digit.charCodeAt(0) - ZEROS.findLast((zero) => digit.charCodeAt(0) >= zero)!));
  plain = plain.replace(/\u066b/g, decimalOf(language)).replace(/\u066c/g, decimalOf(language) === "." ? "," : ".");
  for (const word of [sign.replace(INVISIBLE, ""), currency, currency.toLowerCase()]) {
    plain = plain.replace(INVISIBLE, "");
    if (plain.startsWith(word)) plain = plain.slice(word.length);
    else if (plain.endsWith(word)) plain = plain.slice(0, -word.length);
  }
  return plain;
}

/** The mark before the minor unit, as the language writes numbers in Latin digits. */
function decimalOf(language: Language): string {
  return new Intl.NumberFormat(`${language}-u-nu-latn`).formatToParts(0.5).find((part) => part.type === "decimal")?.value ?? ".";
}

/** Groups of three between marks that are not the decimal one, or no groups at all. */
function ungrouped(text: string, decimal: string): string | null {
  const group = decimal === "." ? "," : ".";
  const parts = text.split(group);
  const first = parts[0]!;
  const good = parts.length === 1 || (first.length <= 3 && parts.slice(1).every((part) => part.length === 3));
  const whole = parts.join("");
  return good && /^\d+$/.test(whole) && whole.length <= DIGITS_MAX ? whole : null;
}
