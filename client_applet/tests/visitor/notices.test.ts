import { describe, expect, it } from "vitest";
import type { Notice } from "../../src/generated/wire";
import { LANGUAGES, translate } from "../../src/i18n";
import { noticeWords } from "../../src/visitor/notices";

const notice = (code: string, detail = ""): Notice => ({ t: "notice", code, at: 1, detail, expert: "ada" });

describe("a notice", () => {
  it.each(LANGUAGES)("says what the end of the hours means for the place (%s)", (language) => {
    const said = ["likely", "unsure", "unlikely"].map((outlook) => noticeWords(translate(language), notice("closing_soon", outlook)));
    expect(new Set(said).size).toBe(3);
    expect(said).not.toContain(translate(language)("notice.other"));
  });

  it("says why a place dropped, and something of what it does not know", () => {
    expect(noticeWords(translate("en"), notice("dropped", "line_closed"))).toContain("hours");
    expect(noticeWords(translate("en"), notice("dropped", "newer"))).toBe(translate("en")("notice.dropped"));
    expect(noticeWords(translate("en"), notice("newer", "x"))).toBe(translate("en")("notice.other"));
  });
});
