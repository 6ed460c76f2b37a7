import { describe, expect, it } from "vitest";
import type { Offer, ServerMessage } from "../../src/generated/wire";
import { reduce } from "../../src/core/reduce";
import { EMPTY, type Hall } from "../../src/core/state";
import { stillFree } from "../../src/visitor/free_others";
import { shown, situation, wantsOthers } from "../../src/visitor/situation";
import { found, light, myTicket, place, session, snapshot, welcome } from "../core/messages";

const play = (messages: ServerMessage[], from: Hall = EMPTY) => messages.reduce((hall, message) => reduce(hall, message, 0), from);
const base = play([welcome(), snapshot(5, { lights: [light("ada", { indicator: "busy" }), light("grace"), light("alan")] })]);
const offer = (part: Partial<Offer>): Offer => ({
  t: "offer", seq: 8, at: 0, offer: "o1", side: "user", expert: "ada", ticket: "t1", partner: "Ada", mode: "chat", state: "ringing", mine: false,
  theirs: false, ring_until: 9, ready_until: 9, joined_at: 0, reason: "", by_phone: false, ...part,
});

describe("what the panel has to say", () => {
  it("is that it looks, before the first snapshot", () => expect(situation(EMPTY, "ada").kind).toBe("loading"));
  it("is the light for who stands nowhere", () => expect(situation(base, "ada")).toMatchObject({ kind: "light", light: { indicator: "busy" } }));
  it("is that nobody of this name is here", () => expect(situation(base, "nobody").kind).toBe("unknown"));

  it("is that the line is full, where one could have joined", () => {
    const full = (indicator: "busy" | "away" | "offline" | "closed") =>
      situation(play([{ t: "lights", seq: 6, at: 0, lights: [light("ada", { indicator, waiting: 100 })] }], base), "ada").kind;
    expect([full("busy"), full("away"), full("offline"), full("closed")]).toEqual(["full", "full", "light", "light"]);
  });

  it("is the place in the line of this expert, and only a note in another's", () => {
    const standing = play([myTicket(6, [place("ada", 3, [1])])], base);
    expect(situation(standing, "ada").kind).toBe("in_line");
    expect(situation(standing, "grace")).toMatchObject({ kind: "light", ticket: { ticket: "t1" } });
  });

  it("is the question whether one is there, then that it rings, whoever's panel it is", () => {
    const asked = play([myTicket(6, [place("ada", 3, [])]), offer({})], base);
    expect(situation(asked, "grace").kind).toBe("ready_check");
    expect(situation(play([offer({ seq: 9, mine: true })], asked), "ada").kind).toBe("calling");
    expect(situation(play([offer({ seq: 9, state: "withdrawn" })], asked), "ada").kind).toBe("in_line");
  });

  it("is the session before all else, and its end only at that expert's", () => {
    expect(situation(play([session(6)], base), "grace").kind).toBe("session");
    const over = play([session(6), session(7, { state: "ended" })], base);
    expect(situation(over, "ada").kind).toBe("session");
    expect(situation(over, "grace").kind).toBe("light");
  });

  it("is why the place ended, unless the person knows", () => {
    const ended = (reason: string) => situation(play([myTicket(6, [place("ada", 3, [])]), myTicket(7, [], { ticket: "", state: "done", reason })], base), "ada").kind;
    expect(ended("grace")).toBe("over");
    expect(ended("left")).toBe("light");
    expect(ended("served")).toBe("light");
  });

  it("is that the server said no, unless a session is on", () => {
    const stopped: Hall = { ...base, connection: { phase: "stopped", closeCode: 4404, retryAt: 0 } };
    expect(situation(stopped, "ada")).toEqual({ kind: "stopped", closeCode: 4404 });
  });
});

describe("the light", () => {
  it("never lies", () => {
    expect(shown(light("ada"), "stale", true)).toBe("unsure");
    expect(shown(light("ada"), "fresh", true)).toBe("free");
    expect(shown(undefined, "fresh", true)).toBe("unknown");
    expect(shown(undefined, "unknown", false)).toBe("loading");
  });

  it("of others is asked for where this expert cannot talk now", () => {
    expect(wantsOthers(situation(base, "ada"))).toBe(true);
    expect(wantsOthers(situation(base, "grace"))).toBe(false);
    expect(wantsOthers(situation(EMPTY, "ada"))).toBe(false);
  });

  it("of others who are free is offered, at most so many, and no longer than it is true", () => {
    const told = [found("grace"), found("alan"), found("zoe")];
    const names = (but: string[], max: number, lights = base.lights) => stillFree({ lights }, told, new Set(but), max).map((one) => one.profile.expert);
    expect(names(["grace"], 3)).toEqual(["alan", "zoe"]);
    expect(names([], 1)).toEqual(["grace"]);
    expect(names([], 3, play([{ t: "lights", seq: 6, at: 0, lights: [light("zoe", { indicator: "busy" })] }], base).lights)).toEqual(["grace", "alan"]);
  });
});
