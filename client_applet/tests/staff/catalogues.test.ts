import { describe, expect, it } from "vitest";
import { ar } from "../../src/i18n/ar";
import { callAr } from "../../src/i18n/call.ar";
import { callDe } from "../../src/i18n/call.de";
import { callEn } from "../../src/i18n/call.en";
import { callEs } from "../../src/i18n/call.es";
import { de } from "../../src/i18n/de";
import { en } from "../../src/i18n/en";
import { es } from "../../src/i18n/es";
import { meterAr } from "../../src/i18n/meter.ar";
import { meterDe } from "../../src/i18n/meter.de";
import { meterEn } from "../../src/i18n/meter.en";
import { meterEs } from "../../src/i18n/meter.es";
import { peopleAr } from "../../src/i18n/people.ar";
import { peopleDe } from "../../src/i18n/people.de";
import { peopleEn } from "../../src/i18n/people.en";
import { peopleEs } from "../../src/i18n/people.es";
import { staffAr } from "../../src/i18n/staff.ar";
import { staffDe } from "../../src/i18n/staff.de";
import { staffEn } from "../../src/i18n/staff.en";
import { staffEs } from "../../src/i18n/staff.es";
import { visitAr } from "../../src/i18n/visit.ar";
import { visitDe } from "../../src/i18n/visit.de";
import { visitEn } from "../../src/i18n/visit.en";
import { visitEs } from "../../src/i18n/visit.es";
import wire from "../../src/generated/wire.ts?raw";
import type { Message } from "../../src/i18n/translate";

type Catalogue = Readonly<Record<string, Message>>;
const general = (message: Message) => (typeof message === "string" ? message : message.other);
const values = (message: Message) => [...general(message).matchAll(/\{(\w+)\}/g)].map((match) => match[1]).sort();

const CASES: [string, Catalogue, Catalogue][] = [
  ["call de", callEn, callDe], ["call es", callEn, callEs], ["call ar", callEn, callAr],
  ["visit de", visitEn, visitDe], ["visit es", visitEn, visitEs], ["visit ar", visitEn, visitAr],
  ["meter de", meterEn, meterDe], ["meter es", meterEn, meterEs], ["meter ar", meterEn, meterAr],
  ["staff de", staffEn, staffDe], ["staff es", staffEn, staffEs], ["staff ar", staffEn, staffAr],
  ["people de", peopleEn, peopleDe], ["people es", peopleEn, peopleEs], ["people ar", peopleEn, peopleAr],
];

const REFUSALS = [...wire.slice(wire.indexOf("type RefusalCode")).matchAll(/^ {2}\| "(\w+)"/gm)].map((match) => match[1]!);
const NOTICES = ["missed_offer", "forced_status", "moved_by_operator", "removed_by_operator", "dropped", "session_ended_by_operator"];
const SPEAKING: [string, Catalogue][] = [
  ["en", en], ["de", de], ["es", es], ["ar", ar], ["staff en", staffEn], ["staff de", staffDe], ["staff es", staffEs], ["staff ar", staffAr],
];

describe.each(SPEAKING)("%s", (name, catalogue) => {
  it("has words for every refusal of the wire", () => {
    expect(REFUSALS.length).toBeGreaterThan(30);
    expect(REFUSALS.filter((code) => !(`refused.${code}` in catalogue))).toEqual([]);
  });

  it("has words for every notice to this side", () => {
    const toMe = name.startsWith("staff") ? NOTICES : NOTICES.slice(2);
    expect(toMe.filter((code) => !(`notice.${code}` in catalogue))).toEqual([]);
  });
});

describe.each(CASES)("%s", (_name, english, other) => {
  it("has the same keys", () => expect(Object.keys(other).sort()).toEqual(Object.keys(english).sort()));

  it("names the same values in each message", () => {
    for (const key of Object.keys(english)) expect(values(other[key]!), key).toEqual(values(english[key]!));
  });
});
