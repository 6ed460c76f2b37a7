import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Outbox } from "../../src/call/outbox";
import { type Command, Requests } from "../../src/core/requests";
import type { LiveClient } from "../../src/core";
import type { ChatLine, ServerMessage } from "../../src/generated/wire";

const AGAIN_MS = 2_000;

/** The requests of a page with a line that can be cut, and a server at its end that numbers what it takes. */
class Line {
  readonly requests = new Requests();
  readonly lines: ChatLine[] = [];
  readonly reached: string[] = [];
  /** What the server answers, instead of taking it. */
  refuse: (text: string) => { code: string; retry_after_ms: number } | null = () => null;
  /** Whether what was said comes back to the page. */
  echoes = true;
  private up = true;

  readonly client = {
    store: { now: () => Date.now(), state: { chats: new Map([["s1", { lines: this.lines }]]) } },
    request: (command: Command, op: string) => {
      const answer = this.requests.add(command, Date.now(), op);
      this.flush();
      return answer;
    },
  } as unknown as LiveClient;

  cut(): void {
    this.up = false;
    this.requests.disconnected();
  }

  mend(): void {
    this.up = true;
    this.flush();
  }

  /** Time passes, as the client's tick sees it. */
  async pass(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= 1_000) {
      await vi.advanceTimersByTimeAsync(Math.min(left, 1_000));
      this.requests.expire(Date.now());
    }
    await vi.advanceTimersByTimeAsync(0);
  }

  private flush(): void {
    for (const message of this.up ? this.requests.unsent(Date.now()) : []) {
      if (message.t === "say") setTimeout(() => this.requests.answered(this.take(message.id, message.op, message.text)), 5);
    }
  }

  private take(id: number, op: string, text: string): ServerMessage {
    this.reached.push(text);
    const refused = this.refuse(text);
    if (refused) return { t: "refused", id, detail: "", ...refused };
    const known = this.lines.some((line) => line.op === op);
    if (!known && this.echoes) this.lines.push({ n: this.lines.length + 1, side: "user", text, at: 0, op, edited_at: 0, unsaid: false, file: null });
    return { t: "ok", id, seq: 1 };
  }
}

describe("the outbox", () => {
  beforeEach(() => {
    vi.useFakeTimers();
    vi.stubGlobal("window", globalThis);
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  const begun = () => {
    const line = new Line();
    return { line, outbox: new Outbox(line.client, "s1", "user", () => {}) };
  };

  it("keeps the order in which it was written, however long the line was cut", async () => {
    for (let seconds = 1; seconds < 70; seconds += 1) {
      const { line, outbox } = begun();
      line.cut();
      outbox.say("one");
      await line.pass(4_000);
      outbox.say("two");
      outbox.say("three");
      await line.pass(seconds * 1_000);
      line.mend();
      outbox.resume();
      await line.pass(4_000);
      expect(line.lines.map(({ text }) => text), `${seconds} s`).toEqual(["one", "two", "three"]);
      outbox.settle();
      expect(outbox.drafts).toEqual([]);
      outbox.close();
    }
  });

  it("lets nothing pass what has to wait, and goes on by itself", async () => {
    for (const code of ["rate_limited", "store_unavailable"]) {
      const { line, outbox } = begun();
      let refusals = 1;
      line.refuse = () => (refusals-- > 0 ? { code, retry_after_ms: 3_000 } : null);
      for (const text of ["one", "two", "three"]) outbox.say(text);
      await line.pass(100);
      outbox.say("four");
      await line.pass(2_500);
      expect(line.reached, "not before it may").toEqual(["one"]);
      await line.pass(1_000);
      expect(line.lines.map(({ text }) => text)).toEqual(["one", "two", "three", "four"]);
      outbox.close();
    }
  });

  it("goes past what the server will not take, which waits for its writer", async () => {
    const { line, outbox } = begun();
    line.refuse = (text) => (text === "one" ? { code: "chat_full", retry_after_ms: 0 } : null);
    outbox.say("one");
    outbox.say("two");
    await line.pass(AGAIN_MS);
    outbox.settle();
    expect(outbox.drafts.map(({ text, refused }) => [text, refused])).toEqual([["one", "chat_full"]]);
    line.refuse = () => null;
    outbox.again(outbox.drafts[0]!.op);
    await line.pass(100);
    expect(line.lines.map(({ text }) => text)).toEqual(["two", "one"]);
    outbox.close();
  });

  it("asks once for what was taken, and again on a new connection where its number never came", async () => {
    const { line, outbox } = begun();
    line.echoes = false;
    outbox.say("one");
    await line.pass(3 * AGAIN_MS);
    outbox.send();
    await line.pass(3 * AGAIN_MS);
    expect([line.reached, outbox.drafts.length]).toEqual([["one"], 1]);
    line.echoes = true;
    outbox.resume();
    await line.pass(100);
    outbox.settle();
    expect([line.reached, outbox.drafts.length]).toEqual([["one", "one"], 0]);
    outbox.close();
  });

  it("does no more once it is closed", async () => {
    const { line, outbox } = begun();
    line.refuse = () => ({ code: "rate_limited", retry_after_ms: 0 });
    outbox.say("one");
    await line.pass(100);
    outbox.close();
    outbox.resume();
    await line.pass(3 * AGAIN_MS);
    expect(line.reached).toEqual(["one"]);
  });
});
