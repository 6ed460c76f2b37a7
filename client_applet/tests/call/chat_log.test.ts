import { describe, expect, it } from "vitest";
import {
  gapBefore, grouped, lastOfTheirs, MAX_DRAFTS, readDrafts, unnumbered, withDraft, withVerdict, withoutDraft,
} from "../../src/call/chat_log";
import type { Drafts } from "../../src/call/chat_log";
import { type Chat, EMPTY_CHAT } from "../../src/core/state";
import type { ChatLine } from "../../src/generated/wire";

const line = (n: number, side: "user" | "expert" = "expert", more: Partial<ChatLine> = {}): ChatLine => ({
  n, side, text: `text ${n}`, at: n * 1000, op: `op-${n}-12345`, edited_at: 0, unsaid: false, file: null, ...more,
});
const chat = (lines: ChatLine[], seenByExpert = 0): Chat => ({ ...EMPTY_CHAT, lines, seen: { user: 0, expert: seenByExpert } });
const oneDay = () => "today";
const draft = (op: string): Drafts => withDraft([], op, "hello", 5)!;

describe("drafts", () => {
  it("go when their op has been numbered, on our side only", () => {
    expect(unnumbered(draft("op-mine-1"), [line(1, "user", { op: "op-mine-1" })], "user")).toEqual([]);
    expect(unnumbered(draft("op-mine-1"), [line(1, "expert", { op: "op-mine-1" })], "user")).toHaveLength(1);
  });

  it("are bounded", () => {
    let drafts: Drafts = [];
    for (let i = 0; i < MAX_DRAFTS; i += 1) drafts = withDraft(drafts, `op-${i}-1234567`, "x", i)!;
    expect(withDraft(drafts, "op-too-many", "x", 99)).toBeNull();
    expect(withoutDraft(drafts, "op-0-1234567")).toHaveLength(MAX_DRAFTS - 1);
  });

  it("come back whole after a reload, and only whole ones", () => {
    const kept = draft("op-mine-1");
    expect(readDrafts(JSON.stringify(kept))).toEqual(kept);
    const broken = [{ op: "x", text: "a", at: 1, refused: "" }, { ...kept[0], text: "" }, { ...kept[0], at: null }, null, 7];
    expect(readDrafts(JSON.stringify(broken))).toEqual([]);
    for (const text of [null, "", "{", "{}", "7"]) expect(readDrafts(text)).toEqual([]);
  });
});

describe("numbers", () => {
  it("show where something is missing", () => {
    expect(gapBefore([line(1), line(2)])).toBe(0);
    expect(gapBefore([line(1), line(4), line(5)])).toBe(4);
    expect(gapBefore([])).toBe(0);
  });

  it("know the last of the other side", () => {
    expect(lastOfTheirs([line(1), line(2, "user")], "user")).toBe(1);
    expect(lastOfTheirs([], "user")).toBe(0);
  });
});

describe("ticks", () => {
  const ticks = (known: Chat, drafts: Drafts = []) =>
    grouped(known, drafts, "user", oneDay).flatMap((group) => group.bubbles.map((bubble) => bubble.tick));

  it("go from sending to sent to delivered, and others' messages have none", () => {
    const drafts = draft("op-mine-1");
    expect(ticks(chat([]), drafts)).toEqual(["sending"]);
    const lines = [line(1, "user", { op: "op-mine-1" }), line(2)];
    expect(ticks(chat(lines), drafts)).toEqual(["sent", ""]);
    expect(ticks(chat(lines, 1))).toEqual(["delivered", ""]);
  });

  it("show a refusal, and sending again when tried again", () => {
    const refused = withVerdict(draft("op-mine-1"), "op-mine-1", "chat_full");
    expect(ticks(chat([]), refused)).toEqual(["refused"]);
    expect(ticks(chat([]), withVerdict(refused, "op-mine-1", ""))).toEqual(["sending"]);
  });
});

describe("grouping", () => {
  it("joins what one side said within three minutes of one day", () => {
    const lines = [line(1, "user", { at: 0 }), line(2, "user", { at: 180_000 }), line(3, "user", { at: 400_000 }), line(4, "expert", { at: 400_001 })];
    const groups = grouped(chat(lines), [], "user", oneDay);
    expect(groups.map((group) => [group.mine, group.bubbles.map((bubble) => bubble.text)])).toEqual([
      [true, ["text 1", "text 2"]], [true, ["text 3"]], [false, ["text 4"]],
    ]);
    expect(groups.map((group) => group.newDay)).toEqual([true, false, false]);
  });

  it("starts anew on a new day", () => {
    const known = chat([line(1, "user", { at: 10 }), line(2, "user", { at: 20 })]);
    expect(grouped(known, [], "user", (at) => (at < 15 ? "mon" : "tue")).map((group) => group.newDay)).toEqual([true, true]);
  });

  it("keeps the key of a message when the server numbers it, so that nothing jumps", () => {
    const before = grouped(chat([]), draft("op-mine-1"), "user", oneDay)[0]!.key;
    expect(grouped(chat([line(1, "user", { op: "op-mine-1" })]), [], "user", oneDay)[0]!.key).toBe(before);
  });
});
