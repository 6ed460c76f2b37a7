import { describe, expect, it } from "vitest";
import type { LinePlace, ServerMessage, Waiter } from "../../src/generated/wire";
import { reduce } from "../../src/core/reduce";
import { EMPTY, type Hall } from "../../src/core/state";
import { light, line, myTicket, snapshot, waiter, welcome } from "./messages";

/** A stale snapshot and the events since then give the same hall as a fresh snapshot. */

const EXPERTS = ["ada", "grace", "alan"];
const INDICATORS = ["free", "busy", "away", "offline"] as const;
const ME = "me";

function dice(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** A pool small enough to be plainly right: lines are lists of tickets with ordinals. */
class Pool {
  seq = 0;
  private tail = 100;
  private head = 100;
  private readonly lines = new Map<string, Map<string, number>>(EXPERTS.map((expert) => [expert, new Map()]));
  private readonly indicators = new Map<string, (typeof INDICATORS)[number]>(EXPERTS.map((expert) => [expert, "free"]));

  constructor(private readonly roll: (below: number) => number) {}

  /** One change, as the messages that a page hears of it. */
  change(): ServerMessage[] {
    this.seq += 1;
    const expert = EXPERTS[this.roll(EXPERTS.length)]!;
    const people = this.lines.get(expert)!;
    const what = this.roll(4);
    if (what === 0) return this.turn(expert);
    if (what === 1 || people.size === 0) return this.join(expert, this.roll(6) === 0 ? ME : `t${this.roll(12)}`);
    const [ticket, ordinal] = [...people][this.roll(people.size)]!;
    return what === 2 ? this.leave(expert, ticket, ordinal) : this.move(expert, ticket, ordinal);
  }

  snapshot(): ServerMessage[] {
    const queues = EXPERTS.map((expert) => ({ t: "queue" as const, seq: this.seq, at: 0, expert, waiters: this.waiters(expert) }));
    return [snapshot(this.seq, { lights: EXPERTS.map((expert) => this.light(expert)), queues }), this.mine()];
  }

  private turn(expert: string): ServerMessage[] {
    this.indicators.set(expert, INDICATORS[this.roll(INDICATORS.length)]!);
    return [{ t: "lights", seq: this.seq, at: 0, lights: [this.light(expert)] }];
  }

  private join(expert: string, ticket: string): ServerMessage[] {
    const people = this.lines.get(expert)!;
    if (people.has(ticket)) return this.turn(expert);
    this.tail += 1;
    people.set(ticket, this.tail);
    return this.told(expert, ticket, { joined: [this.tail] });
  }

  private leave(expert: string, ticket: string, ordinal: number): ServerMessage[] {
    this.lines.get(expert)!.delete(ticket);
    return this.told(expert, ticket, { left: [ordinal] });
  }

  private move(expert: string, ticket: string, ordinal: number): ServerMessage[] {
    const next = this.roll(2) === 0 ? (this.head -= 1) : (this.tail += 1);
    this.lines.get(expert)!.set(ticket, next);
    return this.told(expert, ticket, { moved: [[ordinal, next]] });
  }

  private told(expert: string, ticket: string, change: Partial<Parameters<typeof line>[2]>): ServerMessage[] {
    const people = this.lines.get(expert)!;
    const here = people.has(ticket);
    const queue: ServerMessage = {
      t: "queue_change", seq: this.seq, at: 0, expert, changed: here ? [waiter(ticket, people.get(ticket)!)] : [], gone: here ? [] : [ticket],
    };
    const messages: ServerMessage[] = [
      { t: "lights", seq: this.seq, at: 0, lights: [this.light(expert)] }, line(this.seq, expert, { ...change, length: people.size }), queue,
    ];
    // A page hears of its own ticket before or after the line, as the server's frames fall.
    if (ticket === ME) messages.splice(this.roll(4), 0, this.mine());
    return messages;
  }

  private light(expert: string) {
    return light(expert, { indicator: this.indicators.get(expert)!, waiting: this.lines.get(expert)!.size });
  }

  private waiters(expert: string): Waiter[] {
    return [...this.lines.get(expert)!].map(([ticket, ordinal]) => waiter(ticket, ordinal));
  }

  private mine(): ServerMessage {
    const places: LinePlace[] = EXPERTS.flatMap((expert) => {
      const people = this.lines.get(expert)!;
      const ordinal = people.get(ME);
      if (ordinal === undefined) return [];
      const ahead = [...people.values()].filter((one) => one < ordinal).sort((a, b) => a - b);
      return [{ expert, ordinal, ahead, length: people.size, rate: 0 }];
    });
    return places.length > 0 ? myTicket(this.seq, places) : myTicket(this.seq, [], { ticket: "", state: "done", reason: "left" });
  }
}

/** What a person could see of the hall: without the numbers of changes, which differ by how one came to know. */
function seen(hall: Hall): unknown {
  const lights = [...hall.lights.values()].map(({ seq: _, ...rest }) => rest).sort((a, b) => a.expert.localeCompare(b.expert));
  const queues = [...hall.queues.values()].map(({ seq: _, ...rest }) => rest).sort((a, b) => a.expert.localeCompare(b.expert));
  const places = hall.ticket?.places.map(({ seq: _, ...rest }) => rest) ?? null;
  return { lights, queues, places };
}

const apply = (hall: Hall, messages: ServerMessage[]) => messages.reduce((now, message) => reduce(now, message, 0), hall);

describe("stale snapshot + events = fresh snapshot", () => {
  it.each(Array.from({ length: 60 }, (_, seed) => seed))("from seed %i", (seed) => {
    const roll = dice(seed * 7919 + 1);
    const pool = new Pool(roll);
    for (let at = 0; at < 10 + roll(30); at += 1) pool.change();
    let hall = apply(EMPTY, [welcome(), ...pool.snapshot()]);
    const told: ServerMessage[][] = [];
    for (let at = 0; at < 120; at += 1) {
      told.push(pool.change());
      hall = apply(hall, told.at(-1)!);
      // What was told may be told again: after a resume, or because a snapshot was on its way.
      if (roll(5) === 0) hall = apply(hall, told.slice(-1 - roll(4)).flat().filter((one) => one.t !== "my_ticket" || roll(2) === 0));
      if (at % 20 === 19) expect(seen(hall)).toEqual(seen(apply(EMPTY, [welcome(), ...pool.snapshot()])));
    }
  });
});
