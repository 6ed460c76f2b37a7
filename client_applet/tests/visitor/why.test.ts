import { describe, expect, it } from "vitest";
import { pieces, reasons } from "../../src/visitor/why";

const shown = (text: string, words: string[]) => pieces(text, words).map((piece) => (piece.hit ? `[${piece.text}]` : piece.text)).join("");

describe("matched words", () => {
  it.each([
    ["Taxes and invoices", ["tax", "invoice"], "[Taxes] and [invoices]"],
    ["Émigré law", ["emigre"], "[Émigré] law"],
    ["syntax", ["tax"], "syntax"],
    ["<b>tax</b>", ["tax", "b"], "<[b]>[tax]</[b]>"],
    ["nothing asked", [], "nothing asked"],
    ["", ["tax"], ""],
  ])("in %j", (text, words, marked) => expect(shown(text, words)).toBe(marked));

  it("never lose or change a letter", () => {
    const text = "a.b  ÄÖ\u0308\n“x” 日本 \u202e end";
    expect(pieces(text, ["a", "日", "end"]).map((piece) => piece.text).join("")).toBe(text);
  });

  it("are told once, at the strongest place", () => {
    expect(reasons([
      { word: "tax", source: "chats" }, { word: "Tax", source: "expertise" }, { word: "rust", source: "biography" }, { word: "vat", source: "chats" },
    ])).toEqual([["expertise", ["Tax"]], ["biography", ["rust"]], ["chats", ["vat"]]]);
  });
});
