import { describe, expect, it } from "vitest";
import { callAr } from "../../src/i18n/call.ar";
import { callDe } from "../../src/i18n/call.de";
import { callEn } from "../../src/i18n/call.en";
import { callEs } from "../../src/i18n/call.es";
import { staffAr } from "../../src/i18n/staff.ar";
import { staffDe } from "../../src/i18n/staff.de";
import { staffEn } from "../../src/i18n/staff.en";
import { staffEs } from "../../src/i18n/staff.es";
import type { Message } from "../../src/i18n/translate";

type Catalogue = Readonly<Record<string, Message>>;
const general = (message: Message) => (typeof message === "string" ? message : message.other);
const values = (message: Message) => [...general(message).matchAll(/\{(\w+)\}/g)].map((match) => match[1]).sort();

const CASES: [string, Catalogue, Catalogue][] = [
  ["call de", callEn, callDe], ["call es", callEn, callEs], ["call ar", callEn, callAr],
  ["staff de", staffEn, staffDe], ["staff es", staffEn, staffEs], ["staff ar", staffEn, staffAr],
];

describe.each(CASES)("%s", (_name, english, other) => {
  it("has the same keys", () => expect(Object.keys(other).sort()).toEqual(Object.keys(english).sort()));

  it("names the same values in each message", () => {
    for (const key of Object.keys(english)) expect(values(other[key]!), key).toEqual(values(english[key]!));
  });
});
