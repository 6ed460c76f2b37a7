import { describe, expect, it } from "vitest";
import { meterEn } from "../../src/i18n/meter.en";
import { translate } from "../../src/i18n";
import { payUrl } from "../../src/meter/pay_window";
import { meterWords, percent, span } from "../../src/meter/words";
import { price } from "../../src/visitor/standing";
import { profile, welcome } from "../core/messages";

const sources = import.meta.glob("../../src/meter/*.ts", { query: "?raw", import: "default", eager: true });

describe("the words of money", () => {
  it("are used, each and every one", () => {
    const text = Object.values(sources).join("\n");
    expect(Object.keys(meterEn).filter((key) => !text.includes(`"${key}"`))).toEqual([]);
  });

  it("tell a time as a person would", () => {
    const t = meterWords("en");
    expect([0, 20, 60, 860, 860.9, 3_600, 3_665].map((seconds) => span(t, seconds))).toEqual(["0 s", "20 s", "1 min", "14 min 20 s", "14 min 20 s", "1 h 0 min", "1 h 1 min"]);
    expect(span(meterWords("de"), 860)).toBe("14 Min. 20 Sek.");
    expect([percent(2_000, "en"), percent(250, "en"), percent(1, "de")]).toEqual(["20%", "2.5%", "0,01\u00a0%"]);
  });
});

describe("what a minute costs", () => {
  const rules = { ...welcome().rules, prepaid: true };
  const t = translate("en");
  const rates = (chat: number, audio: number) => profile("ada", { rate: Math.min(chat, audio), rates: [{ mode: "chat", rate: chat }, { mode: "audio", rate: audio }] });

  it("is told in the pool's currency, in the viewer's way", () => {
    expect(price(t, "en", rates(150, 150), rules)).toBe("€1.50 a minute");
    expect(price(translate("de"), "de", rates(150, 150), rules)).toBe("1,50\u00a0€ pro Minute");
    expect(price(t, "en", rates(150, 150), { ...rules, currency: "JPY" })).toBe("¥150 a minute");
    expect(price(t, "en", rates(1500, 1500), { ...rules, currency: "KWD" })).toBe("KWD\u00a01.500 a minute");
  });

  it("is told for each mode where they differ, and that it is free", () => {
    expect(price(t, "en", rates(0, 150), rules)).toBe("Chat: Free of charge · Audio call: €1.50 a minute");
    expect(price(t, "en", rates(150, 200), rules)).toBe("Chat €1.50 · Audio call €2.00 a minute");
    expect(price(t, "en", rates(0, 0), rules)).toBe("Free of charge");
    expect(price(t, "en", profile("ada", { rate: 150 }), rules)).toBe("€1.50 a minute");
  });

  it("is no word where nothing is charged, or where that is not known yet", () => {
    expect(price(t, "en", rates(150, 200), { ...rules, prepaid: false })).toBe("");
    expect(price(t, "en", rates(150, 200), null)).toBe("");
  });
});

describe("the page to pay at", () => {
  it.each(["https://checkout.example.com/c/pay/cs_1#x", "http://localhost:9000/pay/cs_1", "http://127.0.0.1:9000/pay/1", "http://[::1]:9000/pay/1"])(
    "is followed: %s", (url) => expect(payUrl(url)).toBe(url),
  );

  it.each([
    "", "javascript:alert(1)", "data:text/html,x", "http://example.com/pay", "http://localhost.evil.org/pay", "http://127.0.0.1.evil.org/", "//evil.org/pay", "/pay",
    "https://bank.org@evil.org/", "https://a:b@evil.org/", "ftp://localhost/", "http://1270.0.0.1/", "blob:https://x.org/1", "https:", "about:blank", "ws://localhost/",
  ])("is not followed: %s", (url) => expect(payUrl(url)).toBe(""));
});
