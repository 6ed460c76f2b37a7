import { describe, expect, it } from "vitest";
import { MAX_CANDIDATES_PER_WORD, MAX_SDP, readWord, writeWord } from "../../src/call/words";
import type { Word } from "../../src/call/words";

const at = { me: "a.1", to: "b.2" };

describe("words between two browsers", () => {
  const words: Word[] = [
    { kind: "description", type: "offer", sdp: "v=0", ...at },
    { kind: "candidate", list: [{ candidate: "c", sdpMid: "0", sdpMLineIndex: 0, usernameFragment: "u" }], ...at },
    { kind: "restart", why: "hello", me: "a.1", to: "" },
    { kind: "mute", muted: true, ...at },
    { kind: "bye", why: "chat", ...at },
  ];

  it.each(words)("come through unchanged: $kind", (word) => {
    const { kind, data } = writeWord(word);
    expect(readWord(kind, data)).toEqual(word);
  });

  it.each([
    ["restart", ""], ["restart", "null"], ["restart", "[]"], ["restart", '{"me":"a"}'],
    ["restart", '{"me":"","to":"","why":"hello"}'], ["restart", '{"me":"<b>","to":"","why":"hello"}'],
    ["restart", '{"me":"a","to":"","why":"now"}'], ["description", '{"me":"a","to":"b","type":"rollback","sdp":""}'],
    ["description", JSON.stringify({ ...at, type: "offer", sdp: "x".repeat(MAX_SDP + 1) })],
    ["candidate", JSON.stringify({ ...at, list: Array(MAX_CANDIDATES_PER_WORD + 1).fill({ candidate: "" }) })],
    ["mute", '{"me":"a","to":"b","muted":1}'], ["bye", '{"me":"a","to":"b","why":"<script>"}'],
  ] as const)("are refused when they are none: %s %.60s", (kind, data) => {
    expect(readWord(kind, data)).toBeNull();
  });

  it("keep only what a candidate may hold", () => {
    const data = JSON.stringify({ ...at, list: [{ candidate: "c", evil: 1 }, { candidate: 5 }, "x", null] });
    expect(readWord("candidate", data)).toMatchObject({ list: [{ candidate: "c", sdpMid: null }] });
  });
});
