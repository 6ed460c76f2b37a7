import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { ReactiveControllerHost } from "lit";
import { EMPTY } from "../../src/core/state";
import { type ClientController, type LiveClient, RefusedError } from "../../src/core";
import { LiveStore } from "../../src/core/store";
import type { Find, FoundExpert } from "../../src/generated/wire";
import { ANYBODY } from "../../src/visitor/question";
import { PAGE, Search } from "../../src/visitor/search";
import { found, light, snapshot, welcome } from "../core/messages";

/** A server that answers when the test says so. */
class Wire {
  readonly asked: Find[] = [];
  private readonly waiting: { resolve: (value: { total: number; experts: FoundExpert[] }) => void; reject: (error: Error) => void }[] = [];
  readonly store = new LiveStore();

  request(find: Find): Promise<unknown> {
    this.asked.push(find);
    return new Promise((resolve, reject) => this.waiting.push({ resolve, reject }));
  }

  async answer(at: number, names: string[], total = names.length): Promise<void> {
    this.waiting[at]!.resolve({ total, experts: names.map((name) => found(name)) });
    await vi.advanceTimersByTimeAsync(0);
  }

  async refuse(at: number, code: string): Promise<void> {
    this.waiting[at]!.reject(new RefusedError(code));
    await vi.advanceTimersByTimeAsync(0);
  }
}

async function begin(): Promise<{ wire: Wire; search: Search; names: () => string[] }> {
  const wire = new Wire();
  const host = { addController: () => {}, requestUpdate: () => {} } as unknown as ReactiveControllerHost;
  let on: (client: LiveClient) => void = () => {};
  const clients = { attach: (part: { on: (client: LiveClient) => void }) => { on = part.on; } } as unknown as ClientController;
  const search = new Search(host, clients);
  on(wire as unknown as LiveClient);
  await vi.advanceTimersByTimeAsync(1);
  return { wire, search, names: () => search.found.map((one) => one.profile.expert) };
}

const many = (from: number, count: number) => Array.from({ length: count }, (_, at) => `e${from + at}`);

describe("a search", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("asks once at the start for what the page's address says", async () => {
    const { wire, search } = await begin();
    search.ask(ANYBODY);
    await vi.advanceTimersByTimeAsync(1);
    expect(wire.asked).toHaveLength(1);
  });

  it("asks once for letters typed in a row, and shows the newest question's answer, whatever comes back when", async () => {
    const { wire, search, names } = await begin();
    await wire.answer(0, ["ada"]);
    for (const words of ["t", "ta", "tax"]) search.ask({ ...ANYBODY, words }, true);
    await vi.advanceTimersByTimeAsync(250);
    expect(wire.asked.map((find) => find.words)).toEqual(["", "tax"]);
    search.ask({ ...ANYBODY, words: "rust" });
    await vi.advanceTimersByTimeAsync(1);
    await wire.answer(2, ["grace"]);
    await wire.answer(1, ["bruno"]);
    expect(names()).toEqual(["grace"]);
    expect(search.asking).toBe(false);
  });

  it("goes on page by page, each expert once though the order has moved", async () => {
    const { wire, search, names } = await begin();
    await wire.answer(0, many(0, PAGE), 100);
    expect(search.more).toBe(true);
    void search.next();
    void search.next();
    expect(wire.asked).toHaveLength(2);
    expect(wire.asked[1]).toMatchObject({ offset: PAGE, limit: PAGE });
    await wire.answer(1, many(PAGE - 1, 41), 100);
    expect(names()).toEqual(many(0, 100));
    expect(search.more).toBe(false);
  });

  it("says what was refused, and asks again", async () => {
    const { wire, search, names } = await begin();
    await wire.refuse(0, "rate_limited");
    expect(search.problem).toBe("rate_limited");
    search.again();
    await vi.advanceTimersByTimeAsync(1);
    await wire.answer(1, ["ada"]);
    expect([search.problem, names()]).toEqual(["", ["ada"]]);
  });

  it("keeps what is here when a further page fails, and waits for a person to ask again", async () => {
    const { wire, search, names } = await begin();
    await wire.answer(0, many(0, PAGE), 100);
    void search.next();
    await wire.refuse(1, "store_unavailable");
    expect([search.problem, search.halted, names().length]).toEqual(["store_unavailable", true, PAGE]);
    void search.next();
    expect(wire.asked).toHaveLength(2);
    void search.next(true);
    await wire.answer(2, many(PAGE, 40), 100);
    expect([search.problem, search.halted, names().length]).toEqual(["", false, 100]);
  });

  it("asks again when lights change only where they choose or order, and keeps the pages below", async () => {
    const { wire, search, names } = await begin();
    await wire.answer(0, many(0, PAGE), 130);
    void search.next();
    await wire.answer(1, many(PAGE, 60), 130);
    wire.store.receive(snapshot(1, { lights: [light("e0")] }));
    await vi.advanceTimersByTimeAsync(3000);
    expect(wire.asked).toHaveLength(2);
    search.ask({ ...ANYBODY, sort: "wait" });
    await vi.advanceTimersByTimeAsync(1);
    await wire.answer(2, many(0, PAGE), 130);
    void search.next();
    await wire.answer(3, many(PAGE, 60), 130);
    for (let seq = 2; seq < 6; seq += 1) wire.store.receive(snapshot(seq, { lights: [light("e0", { waiting: seq })] }));
    await vi.advanceTimersByTimeAsync(2100);
    expect(wire.asked).toHaveLength(5);
    expect(wire.asked[4]).toMatchObject({ offset: 0, limit: 100 });
    await wire.answer(4, many(20, 100), 130);
    expect(names().slice(0, 100)).toEqual(many(20, 100));
    expect(new Set(names()).size).toBe(names().length);
  });

  it("asks again for whoever signed in", async () => {
    const { wire } = await begin();
    await wire.answer(0, ["ada"]);
    expect(wire.store.state.welcome).toBe(EMPTY.welcome);
    wire.store.receive(welcome());
    await vi.advanceTimersByTimeAsync(1);
    expect(wire.asked).toHaveLength(2);
  });
});
