import { describe, expect, it } from "vitest";
import type { ChatLine, ServerMessage } from "../../src/generated/wire";
import { position } from "../../src/core/place";
import { reduce } from "../../src/core/reduce";
import { EMPTY, type Hall } from "../../src/core/state";
import { found, light, line, myStatus, myTicket, place, profile, session, snapshot, waiter, welcome } from "./messages";

const play = (messages: ServerMessage[], from: Hall = EMPTY, now = 500) => messages.reduce((hall, message) => reduce(hall, message, now), from);
const beat = (seq: number, confirmed_at = 0): ServerMessage => ({ t: "beat", at: 0, seq, confirmed_at });
const lights = (seq: number, ...some: ReturnType<typeof light>[]): ServerMessage => ({ t: "lights", seq, at: 0, lights: some });
const fresh = [welcome(), snapshot(5, { lights: [light("ada"), light("grace")] })];

describe("lights", () => {
  it("come with the snapshot and change by newer messages only", () => {
    const hall = play([...fresh, lights(7, light("ada", { indicator: "busy" })), lights(6, light("ada", { indicator: "away" }))]);
    expect(hall.lights.get("ada")).toMatchObject({ indicator: "busy", seq: 7 });
    expect(hall.ready).toBe(true);
  });

  it("are forgotten by a snapshot that does not name them", () => {
    expect([...play([...fresh, snapshot(6, { lights: [light("ada")] })]).lights.keys()]).toEqual(["ada"]);
  });

  it("that overtook their snapshot stay", () => {
    const hall = play([welcome(), lights(9, light("ada", { indicator: "busy" })), snapshot(8, { lights: [light("ada")] })]);
    expect(hall.lights.get("ada")?.indicator).toBe("busy");
  });

  it("of another epoch start anew, however low its numbers are", () => {
    const reset = play([...fresh, lights(90, light("ada", { indicator: "busy" })), welcome({ epoch: "e2" }), snapshot(1, { epoch: "e2", lights: [light("ada")] })]);
    expect(reset.lights.get("ada")?.indicator).toBe("free");
    expect(reset.seq).toBe(1);
  });
});

describe("what I declared", () => {
  it("is kept under whatever light, and the newest counts", () => {
    const hall = play([...fresh, myStatus(5, "away", "Lunch"), lights(6, light("ada", { indicator: "busy" })), myStatus(7, "online"), myStatus(6, "offline")]);
    expect(hall.myStatus).toMatchObject({ declared: "online", seq: 7 });
  });

  it("is told anew after a snapshot, also in another epoch where numbers are low", () => {
    const hall = play([...fresh, myStatus(90, "away"), welcome({ epoch: "e2" }), snapshot(1, { epoch: "e2" }), myStatus(1, "online")]);
    expect(hall.myStatus?.declared).toBe("online");
  });

  it("is nobody else's", () => {
    expect(play([...fresh, myStatus(5, "away"), welcome({ member: "u2" })]).myStatus).toBeNull();
    expect(play([...fresh, myStatus(5, "away"), { t: "signed_out", reason: "" }]).myStatus).toBeNull();
  });
});

describe("the clock and the point to resume from", () => {
  it("is lost while the server lets messages fall, until the next snapshot", () => {
    const behind = play([...fresh, beat(9), { t: "notice", code: "lagging", at: 1, detail: "", expert: "" }, beat(12)]);
    expect(behind).toMatchObject({ seq: 0, notices: [] });
    expect(play([snapshot(13), beat(14)], behind).seq).toBe(14);
  });


  it("takes the server's time from the welcome", () => {
    const hall = play([welcome({ now: 90_000 })], EMPTY, 50_000);
    expect(hall.clockOffset).toBe(40_000);
    expect(hall.lastFrameAt).toBe(90_000);
    expect(hall.confirmedAt).toBe(90_000);
  });

  it("moves by snapshots and beats, not by answers that overtake", () => {
    const hall = play([...fresh, { t: "joined", id: 2, seq: 20, ticket: "t1", state: "waiting", joined_at: 0, places: [], forecast: [] }]);
    expect(hall.seq).toBe(5);
    expect(play([beat(21)], hall).seq).toBe(21);
  });
});

describe("my ticket", () => {
  it("is there with the answer to joining, and whole with the message", () => {
    const answer: ServerMessage = {
      t: "joined", id: 2, seq: 6, ticket: "t1", state: "waiting", joined_at: 1, places: [place("ada", 4, [1, 2])], forecast: [{ p50: 60, p80: 90, bound: -1 }],
    };
    const hall = play([...fresh, answer]);
    expect(position(hall.ticket!.places[0]!)).toBe(3);
    expect(hall.ticket!.first.get("ada")?.p50).toBe(60);
    expect(play([myTicket(6, [place("ada", 4, [1, 2])], { mode: "audio" })], hall).ticket).toMatchObject({ mode: "audio" });
  });

  it("moves up with its line, also when the change came first", () => {
    const after = play([...fresh, myTicket(6, [place("ada", 4, [1, 2])]), line(7, "ada", { left: [1], length: 2 })]);
    const before = play([...fresh, line(7, "ada", { left: [1], length: 2 }), myTicket(6, [place("ada", 4, [1, 2])])]);
    expect(after.ticket!.places).toEqual(before.ticket!.places);
    expect(position(after.ticket!.places[0]!)).toBe(2);
  });

  it("is gone when it is over, and the reason is kept", () => {
    const hall = play([...fresh, myTicket(6, [place("ada", 4, [])]), myTicket(8, [], { ticket: "", state: "done", reason: "grace" })]);
    expect(hall.ticket).toBeNull();
    expect(hall.lastTicket).toMatchObject({ reason: "grace", places: [{ expert: "ada" }] });
    expect(play([myTicket(7, [place("ada", 4, [])])], hall).ticket).toBeNull();
  });

  it("of somebody else is not shown after a change of sign-in", () => {
    const hall = play([...fresh, myTicket(6, [place("ada", 4, [])]), session(7), welcome({ member: "u2" })]);
    expect(hall.ticket).toBeNull();
    expect(hall.session).toBeNull();
  });
});

describe("a fresh start after a lost connection", () => {
  const before = play([...fresh, myTicket(6, [place("ada", 4, [1])]), session(7)]);

  it("keeps everything on the screen until the new truth is here", () => {
    const hall = play([welcome({ resumed: false, seq: 9 })], before);
    expect(hall.session).not.toBeNull();
    expect(hall.lights.size).toBe(2);
    expect(hall.ticket).not.toBeNull();
  });

  it("believes the new truth, and forgets after the first beat what it does not confirm", () => {
    const hall = play([welcome({ seq: 9 }), snapshot(9, { lights: [light("ada", { waiting: 1 })] }), myTicket(3, [place("ada", 4, [])]), beat(9)], before);
    expect(hall.ticket).toMatchObject({ seq: 3, places: [{ ahead: [] }] });
    expect(hall.session).toBeNull();
    expect(hall.settling).toBe("");
  });

  it("does not take a beat before the snapshot for the end of the new truth", () => {
    expect(play([welcome({ seq: 9 }), beat(9)], before).session).not.toBeNull();
  });

  it("goes on as it was when it was resumed", () => {
    const hall = play([welcome({ resumed: true, seq: 9 }), line(8, "ada", { left: [1], length: 1 }), beat(9)], before);
    expect(position(hall.ticket!.places[0]!)).toBe(1);
    expect(hall.session).not.toBeNull();
  });
});

describe("queues of staff", () => {
  const queue = { t: "queue", at: 0, expert: "ada" } as const;

  it("keep the order of ordinals through changes", () => {
    const hall = play([
      welcome({ role: "expert" }), snapshot(5, { queues: [{ ...queue, seq: 5, waiters: [waiter("b", 2), waiter("a", 1)] }] }),
      { t: "queue_change", seq: 6, at: 0, expert: "ada", changed: [waiter("c", 0)], gone: ["b"] },
    ]);
    expect(hall.queues.get("ada")!.waiters.map((one) => one.ticket)).toEqual(["c", "a"]);
  });

  it("ignore what they know", () => {
    const hall = play([welcome(), { ...queue, seq: 7, waiters: [waiter("a", 1)] }, { t: "queue_change", seq: 7, at: 0, expert: "ada", changed: [], gone: ["a"] }]);
    expect(hall.queues.get("ada")!.waiters).toHaveLength(1);
  });
});

describe("what was said", () => {
  const line = (n: number, text: string): ChatLine => ({ n, side: "expert", text, at: n, op: `op${n}`, edited_at: 0, unsaid: false, file: null });
  const said = (n: number, text: string): ServerMessage => ({ t: "said", seq: n, session: "s1", line: line(n, text) });

  it("is in order and once, however it comes", () => {
    const page: ServerMessage = {
      t: "history_page", id: 3, session: "s1", more: false, delivered_user: 2, delivered_expert: 1,
      lines: [1, 2].map((n) => line(n, `old ${n}`)),
    };
    const chat = play([said(3, "c"), page, said(2, "b"), said(3, "c")]).chats.get("s1")!;
    expect(chat.lines.map((one) => one.n)).toEqual([1, 2, 3]);
    expect(chat.seen).toEqual({ user: 2, expert: 1 });
  });

  it("is as it was changed last, though a page that was read before comes after", () => {
    const page = (lines: ChatLine[]): ServerMessage => ({ t: "history_page", id: 3, session: "s1", more: false, delivered_user: 0, delivered_expert: 0, lines });
    const changed: ServerMessage = { t: "said", seq: 2, session: "s1", line: { ...line(1, ""), edited_at: 9, unsaid: true } };
    const late = play([said(1, "a secret"), changed, page([line(1, "a secret")])]).chats.get("s1")!;
    expect(late.lines).toEqual([{ ...line(1, ""), edited_at: 9, unsaid: true }]);
    const later = play([said(1, "a secret"), page([{ ...line(1, "b"), edited_at: 9 }]), said(1, "a secret")]).chats.get("s1")!;
    expect(later.lines[0]!.text).toBe("b");
  });

  it("ends typing", () => {
    const typing = play([{ t: "typing_now", session: "s1", side: "expert" }]);
    expect(typing.chats.get("s1")!.typingAt.expert).toBeGreaterThan(0);
    expect(play([said(1, "a")], typing).chats.get("s1")!.typingAt.expert).toBe(0);
  });

  it("is kept for few sessions", () => {
    const hall = play(Array.from({ length: 9 }, (_, n) => ({ ...said(1, "x"), session: `s${n}` }) as ServerMessage));
    expect(hall.chats.size).toBe(4);
  });
});

describe("news of a profile", () => {
  const ada = profile("ada", { name: "Ada", ratings: 1 });
  it("replaces what was known, and is counted for each expert", () => {
    const hall = play([snapshot(5, { profiles: [ada, profile("bo")] }), { t: "profile_news", profile: { ...ada, ratings: 2 } }, { t: "profile_news", profile: ada }]);
    expect(hall.profiles.get("ada")!.ratings).toBe(1);
    expect([hall.news.get("ada"), hall.news.get("bo")]).toEqual([2, undefined]);
  });
  it("comes with what a search found, which says nothing of lights", () => {
    const hall = play([snapshot(5, { lights: [light("bo")] }), { t: "found", id: 1, total: 1, experts: [found("ada", { profile: ada })] }]);
    expect(hall.profiles.get("ada")).toEqual(ada);
    expect([...hall.lights.keys()]).toEqual(["bo"]);
    expect(hall.news.size).toBe(0);
  });
});

describe("bounds", () => {
  it("hold for notices and remembered changes", () => {
    const hall = play([
      ...Array.from({ length: 50 }, (_, at): ServerMessage => ({ t: "notice", code: "x", at, expert: "", detail: "" })),
      ...Array.from({ length: 500 }, (_, seq) => line(seq, "ada")),
    ]);
    expect(hall.notices).toHaveLength(20);
    expect(hall.lineChanges.length).toBeLessThanOrEqual(128);
  });
});
