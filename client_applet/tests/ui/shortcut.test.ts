import { afterEach, describe, expect, it, vi } from "vitest";
import { isShortcut, shortcutName } from "../../src/ui/shortcut";

type Press = Partial<KeyboardEvent> & { on?: Partial<HTMLElement> };

const pressed = ({ on = { tagName: "BODY" }, ...press }: Press): KeyboardEvent =>
  ({ key: "a", code: "KeyA", altKey: true, composedPath: () => [on], ...press }) as unknown as KeyboardEvent;

afterEach(() => vi.unstubAllGlobals());

describe("a shortcut", () => {
  it("is Alt and the letter, wherever that is on the keyboard", () => {
    expect(isShortcut(pressed({}), "A")).toBe(true);
    expect(isShortcut(pressed({ key: "A", code: "KeyQ" }), "A")).toBe(true);
    expect(isShortcut(pressed({ key: "q", code: "KeyA" }), "A")).toBe(false);
  });

  it("is found by its place where Option makes another character of it", () => {
    expect(isShortcut(pressed({ key: "å" }), "A")).toBe(true);
    expect(isShortcut(pressed({ key: "Dead" }), "A")).toBe(true);
    expect(isShortcut(pressed({ key: "å" }), "M")).toBe(false);
  });

  it("is never the letter alone, nor one with more keys, nor held down", () => {
    const others: Press[] = [{ altKey: false }, { ctrlKey: true }, { metaKey: true }, { shiftKey: true }, { repeat: true }];
    for (const press of others) expect(isShortcut(pressed(press), "A")).toBe(false);
  });

  it("leaves text alone", () => {
    for (const tagName of ["INPUT", "TEXTAREA", "SELECT"]) expect(isShortcut(pressed({ on: { tagName } }), "A")).toBe(false);
    expect(isShortcut(pressed({ on: { tagName: "DIV", isContentEditable: true } }), "A")).toBe(false);
  });

  it("is written as on that machine", () => {
    vi.stubGlobal("navigator", { platform: "MacIntel" });
    expect(shortcutName("A")).toBe("⌥A");
    vi.stubGlobal("navigator", { platform: "Linux x86_64" });
    expect(shortcutName("A")).toBe("Alt+A");
  });
});
