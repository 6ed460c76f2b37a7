/** The conversation as it is shown: what the server numbered (`Chat` of the core), and ours that is on its way. Pure. */

import type { ChatLine, SharedFile, Side } from "../generated/wire";
import type { Chat } from "../core/state";

/** A message of ours that the server has not numbered yet. It is sent again with the same `op`. */
export interface Draft {
  op: string;
  text: string;
  at: number;
  /** The refusal's code when the server will not take it; "" while it is on its way. */
  refused: string;
}

export type Drafts = readonly Draft[];
export type Tick = "sending" | "sent" | "delivered" | "refused";

export const MAX_TEXT = 4000;
export const MAX_DRAFTS = 50;

const OPS = /^[A-Za-z0-9_-]{8,64}$/;

/** The drafts that the server has not numbered: a draft goes when a line of our side carries its `op`. */
export function unnumbered(drafts: Drafts, lines: readonly ChatLine[], side: Side): Drafts {
  const numbered = new Set(lines.filter((line) => line.side === side).map((line) => line.op));
  const left = drafts.filter((draft) => !numbered.has(draft.op));
  return left.length === drafts.length ? drafts : left;
}

/** Null when too many are on their way already (the connection is gone for long). */
export function withDraft(drafts: Drafts, op: string, text: string, at: number): Drafts | null {
  return drafts.length >= MAX_DRAFTS ? null : [...drafts, { op, text, at, refused: "" }];
}

/** `code` "" means: try again. */
export const withVerdict = (drafts: Drafts, op: string, code: string): Drafts =>
  drafts.map((draft) => (draft.op === op ? { ...draft, refused: code } : draft));

export const withoutDraft = (drafts: Drafts, op: string): Drafts => drafts.filter((draft) => draft.op !== op);

function isDraft(value: unknown): value is Draft {
  if (typeof value !== "object" || value === null) return false;
  const { op, text, at, refused } = value as Record<string, unknown>;
  const named = typeof op === "string" && OPS.test(op) && typeof refused === "string";
  return named && typeof text === "string" && text.length > 0 && text.length <= MAX_TEXT && Number.isFinite(at);
}

/** Drafts as they were kept over a reload. What is not whole is left out. */
export function readDrafts(kept: string | null): Drafts {
  try {
    const read: unknown = JSON.parse(kept ?? "[]");
    return Array.isArray(read) ? read.filter(isDraft).slice(0, MAX_DRAFTS) : [];
  } catch {
    return [];
  }
}

/** The greatest number before which something is missing (a lost frame), or 0 when the numbers are whole. */
export function gapBefore(lines: readonly ChatLine[]): number {
  for (let i = lines.length - 1; i > 0; i -= 1) {
    if (lines[i]!.n !== lines[i - 1]!.n + 1) return lines[i]!.n;
  }
  return 0;
}

/** The number of the last message of the other side, 0 when there is none. */
export const lastOfTheirs = (lines: readonly ChatLine[], side: Side): number =>
  lines.findLast((line) => line.side !== side)?.n ?? 0;

export const otherSide = (side: Side): Side => (side === "user" ? "expert" : "user");

export interface Bubble {
  key: string;
  text: string;
  at: number;
  tick: Tick | "";
  refused: string;
  /** The server's number; 0 while it has none. */
  n: number;
  edited: boolean;
  unsaid: boolean;
  file: SharedFile | null;
}

/** Messages of one side that belong together: within three minutes of each other, on one day. */
export interface Group {
  key: string;
  mine: boolean;
  at: number;
  /** The first group of a day. */
  newDay: boolean;
  bubbles: Bubble[];
}

const TOGETHER_MS = 180_000;

function tickOf(line: ChatLine, chat: Chat, side: Side): Tick | "" {
  if (line.side !== side) return "";
  return line.n <= chat.seen[otherSide(side)] ? "delivered" : "sent";
}

function bubbles(chat: Chat, drafts: Drafts, side: Side): (Bubble & { mine: boolean })[] {
  const numbered = chat.lines.map((line) => ({
    key: `${line.side}:${line.op || line.n}`, text: line.text, at: line.at, tick: tickOf(line, chat, side), refused: "",
    mine: line.side === side, n: line.n, edited: line.edited_at > 0, unsaid: line.unsaid, file: line.file,
  }));
  const waiting = unnumbered(drafts, chat.lines, side).map((draft) => ({
    key: `${side}:${draft.op}`, text: draft.text, at: draft.at, refused: draft.refused, mine: true,
    tick: draft.refused ? ("refused" as const) : ("sending" as const), n: 0, edited: false, unsaid: false, file: null,
  }));
  return [...numbered, ...waiting];
}

/** The conversation in groups. `dayOf` names the day of a time in the reader's own zone. */
export function grouped(chat: Chat, drafts: Drafts, side: Side, dayOf: (at: number) => string): Group[] {
  const groups: Group[] = [];
  for (const { mine, ...bubble } of bubbles(chat, drafts, side)) {
    const last = groups.at(-1);
    const newDay = !last || dayOf(last.at) !== dayOf(bubble.at);
    const joins = last && !newDay && last.mine === mine && bubble.at - last.bubbles.at(-1)!.at <= TOGETHER_MS;
    if (joins) last.bubbles.push(bubble);
    else groups.push({ key: bubble.key, mine, at: bubble.at, newDay, bubbles: [bubble] });
  }
  return groups;
}
