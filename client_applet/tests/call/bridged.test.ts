import { describe, expect, it } from "vitest";
import { type BridgeEffect, type Bridged, type BridgeEvent, fresh, JOIN_MS, MAX_TRIES, nameOf, PAUSES_MS, SHAKY_MS, step } from "../../src/call/bridged";
import type { Word } from "../../src/call/words";

type Answering = (peer: string) => { sdp: string; worker: string } | { code: string } | null;

/** A page with a peer connection that does what it is told, before a server that answers at once. */
class Page {
  state: Bridged;
  sent: Word[] = [];
  offers: string[] = [];
  opened: string[] = [];
  timers = new Map<string, number>();
  connected = true;
  answers: Answering = () => ({ sdp: "answer", worker: "w1" });

  constructor(base = "page", online = true) {
    this.state = fresh(base, online);
  }

  /** What an effect brings about comes after all the effects of its step, as with promises. */
  private coming: BridgeEvent[] = [];
  private busy = false;

  feed(event: BridgeEvent): void {
    this.coming.push(event);
    if (this.busy) return;
    this.busy = true;
    for (let one = this.coming.shift(); one; one = this.coming.shift()) {
      const [next, effects] = step(this.state, one);
      this.state = next;
      for (const effect of effects) this.perform(effect);
    }
    this.busy = false;
  }

  fire(timer: "join" | "shaky" | "retry" | "steady"): void {
    expect(this.timers.has(timer), `${timer} is waited for`).toBe(true);
    this.timers.delete(timer);
    this.feed({ on: "timer", timer });
  }

  link(state: RTCPeerConnectionState): void {
    this.feed({ on: "link", state });
  }

  started(): this {
    this.feed({ on: "start" });
    return this;
  }

  private perform(effect: BridgeEffect): void {
    switch (effect.do) {
      case "ask_ice": return this.feed({ on: "ice", peer: effect.peer, servers: [] });
      case "open": this.opened.push(effect.peer); return this.feed({ on: "described", peer: effect.peer, sdp: "offer" });
      case "offer": return this.offer(effect.peer);
      case "apply": return this.connected ? this.link("connected") : undefined;
      case "send": this.sent.push(effect.word); return undefined;
      case "wait": this.timers.set(effect.timer, effect.ms); return undefined;
      case "unwait": this.timers.delete(effect.timer); return undefined;
      case "close": return undefined;
    }
  }

  private offer(peer: string): void {
    this.offers.push(peer);
    const answer = this.answers(peer);
    if (!answer) return;
    this.feed("code" in answer ? { on: "failed", peer, code: answer.code } : { on: "answered", peer, ...answer });
  }
}

const hello = (me: string, to = ""): BridgeEvent => ({ on: "hear", word: { kind: "restart", why: "hello", me, to } });
const kinds = (page: Page) => page.sent.splice(0).map((word) => ("why" in word ? word.why : word.kind));

describe("the way to the media server", () => {
  it("is offered once and linked by the answer", () => {
    const page = new Page().started();
    expect([page.state.phase, page.state.worker, page.offers.length]).toEqual(["linked", "w1", 1]);
    page.feed({ on: "start" });
    expect(page.offers).toHaveLength(1);
    expect([...page.timers.keys()]).toEqual(["steady"]);
  });

  it("drops what is about a try before", () => {
    const page = new Page();
    page.answers = () => null;
    page.started();
    const first = nameOf(page.state);
    page.fire("join");
    page.fire("retry");
    expect(nameOf(page.state)).not.toBe(first);
    const before = page.state;
    for (const late of ["ice", "described", "answered", "failed"] as const) {
      page.feed({ on: late, peer: first, servers: [], sdp: "", worker: "", code: "bad_sdp" } as unknown as BridgeEvent);
    }
    expect(page.state).toEqual(before);
  });

  it("tries again with longer pauses, says why it failed, and ends", () => {
    const page = new Page();
    page.answers = () => ({ code: "media_full" });
    page.started();
    const pauses: number[] = [];
    while (page.state.phase === "repairing") {
      pauses.push(page.timers.get("retry")!);
      page.fire("retry");
    }
    expect([page.state.phase, page.state.why, page.offers.length]).toEqual(["lost", "media_full", MAX_TRIES + 1]);
    expect(pauses).toEqual([...PAUSES_MS]);
    expect(page.timers.size).toBe(0);
    page.answers = () => ({ sdp: "answer", worker: "w2" });
    page.feed({ on: "start" });
    expect([page.state.phase, page.state.tries, page.state.why]).toEqual(["linked", 0, ""]);
  });

  it("does not repeat what would be refused again", () => {
    const page = new Page();
    page.answers = () => ({ code: "not_bridged" });
    expect([page.started().state.phase, page.offers.length]).toEqual(["lost", 1]);
  });

  it("has a deadline for a connection that never comes", () => {
    const page = new Page();
    page.connected = false;
    page.started();
    expect([page.state.phase, page.timers.get("join")]).toEqual(["joining", JOIN_MS]);
    page.fire("join");
    expect([page.state.phase, page.state.tries]).toEqual(["repairing", 1]);
  });
});

describe("a connection that breaks", () => {
  it.each(["disconnected", "closed", "new"] as const)("is given a moment when it is %s", (state) => {
    const page = new Page().started();
    page.link(state);
    expect([page.state.phase, page.timers.get("shaky")]).toEqual(["shaky", SHAKY_MS]);
    page.link("connected");
    expect([page.state.phase, page.timers.has("shaky")]).toEqual(["linked", false]);
    page.link(state);
    page.fire("shaky");
    page.fire("retry");
    expect([page.state.phase, page.offers.length]).toEqual(["linked", 2]);
  });

  it("is made anew at once when it has failed, or when nothing comes any more", () => {
    for (const event of [{ on: "link", state: "failed" }, { on: "starved" }] as const) {
      const page = new Page().started();
      page.feed(event);
      expect([page.state.phase, page.timers.get("retry")]).toEqual(["repairing", PAUSES_MS[0]]);
    }
  });

  it("counts its tries until one has held", () => {
    const page = new Page().started();
    for (let n = 1; n <= 3; n += 1) {
      page.link("failed");
      page.fire("retry");
      expect(page.state.tries).toBe(n);
    }
    page.fire("steady");
    expect(page.state.tries).toBe(0);
  });

  it("goes to another network at once, also when it had been given up", () => {
    const page = new Page().started();
    page.feed({ on: "network" });
    expect([page.state.phase, page.offers.length]).toEqual(["linked", 2]);
    page.answers = () => ({ code: "not_bridged" });
    page.feed({ on: "network" });
    page.answers = () => ({ sdp: "answer", worker: "w1" });
    expect(page.state.phase).toBe("lost");
    page.feed({ on: "network" });
    expect(page.state.phase).toBe("linked");
  });

  it("does nothing of the kind where nobody talks", () => {
    for (const end of [{ on: "stop" }, { on: "to_chat" }] as const) {
      const page = new Page().started();
      page.feed(end);
      const { phase } = page.state;
      for (const event of [{ on: "network" }, { on: "starved" }, { on: "moved", worker: "" }, { on: "link", state: "failed" }, { on: "socket", open: false }, { on: "socket", open: true }] as const) page.feed(event);
      expect([page.state.phase, page.offers.length, page.timers.size]).toEqual([phase, 1, 0]);
    }
  });
});

describe("another media server", () => {
  it("is offered to when the one before is gone", () => {
    const page = new Page().started();
    page.answers = () => ({ sdp: "answer", worker: "w2" });
    page.feed({ on: "moved", worker: "w2" });
    page.fire("retry");
    expect([page.state.phase, page.state.worker, page.offers.length]).toEqual(["linked", "w2", 2]);
    page.feed({ on: "moved", worker: "w2" });
    expect(page.offers, "that is where it is already").toHaveLength(2);
  });

  it("cuts a pause short, and leaves a try alone that is under way", () => {
    const page = new Page();
    page.answers = () => ({ code: "no_media" });
    page.started();
    page.answers = () => null;
    page.feed({ on: "moved", worker: "w2" });
    expect(page.offers).toHaveLength(2);
    page.feed({ on: "moved", worker: "w2" });
    expect(page.offers).toHaveLength(2);
  });
});

describe("without a connection to the server", () => {
  it("waits, and no try is counted", () => {
    const page = new Page("page", false).started();
    expect([page.state.phase, page.offers.length]).toEqual(["joining", 0]);
    for (let n = 0; n < 20; n += 1) page.fire("join");
    expect([page.state.phase, page.state.tries]).toEqual(["joining", 0]);
    page.feed({ on: "socket", open: true });
    expect([page.state.phase, page.offers.length]).toEqual(["linked", 1]);
  });

  it("the sound goes on", () => {
    const page = new Page().started();
    page.feed({ on: "socket", open: false });
    page.feed({ on: "socket", open: true });
    expect([page.state.phase, page.offers.length]).toEqual(["linked", 1]);
  });
});

describe("what pages whisper", () => {
  it("says who is muted, also to whom comes later", () => {
    const page = new Page().started();
    expect(kinds(page)).toEqual(["hello", "hello"]);
    page.feed({ on: "mute", muted: true });
    page.feed(hello("other.1"));
    expect(kinds(page)).toEqual(["mute", "hello", "mute"]);
    page.feed({ on: "hear", word: { kind: "mute", muted: true, me: "other.1", to: "" } });
    expect(page.state.theirMuted).toBe(true);
    page.feed(hello("other.2"));
    expect(page.state.theirMuted).toBe(false);
  });

  it("invites whom has not begun, and is told of the choice of chat", () => {
    const page = new Page();
    page.feed(hello("other.1"));
    expect(page.state.invited).toBe(true);
    page.started();
    page.feed({ on: "to_chat" });
    kinds(page);
    page.feed(hello("other.2"));
    expect([kinds(page), page.state.invited]).toEqual([["chat"], true]);
    page.feed({ on: "start" });
    page.feed({ on: "hear", word: { kind: "bye", why: "chat", me: "other.2", to: "" } });
    expect([page.state.phase, page.state.chatChosenBy]).toEqual(["by_chat", "them"]);
  });

  it("never goes in circles", () => {
    const [one, other] = [new Page("one").started(), new Page("other").started()];
    for (let round = 0; round < 20; round += 1) {
      const [toOther, toOne] = [one.sent.splice(0), other.sent.splice(0)];
      toOther.forEach((word) => other.feed({ on: "hear", word }));
      toOne.forEach((word) => one.feed({ on: "hear", word }));
    }
    expect(one.sent.length + other.sent.length).toBe(0);
    expect([one.state.phase, other.state.phase]).toEqual(["linked", "linked"]);
  });

  it("leaves the call to the page that took it last", () => {
    const page = new Page("old").started();
    page.feed(hello("other.1", "old.1"));
    expect(page.state.elsewhere).toBe(false);
    page.feed(hello("other.1", "new.1"));
    expect([page.state.phase, page.state.elsewhere, page.timers.size]).toEqual(["idle", true, 0]);
    page.feed({ on: "start" });
    expect([page.state.phase, page.state.elsewhere]).toEqual(["linked", false]);
    page.feed({ on: "taken" });
    expect(page.state.elsewhere).toBe(true);
  });

  it("leaves what is between two browsers alone", () => {
    const page = new Page().started();
    const before = page.state;
    page.feed({ on: "hear", word: { kind: "description", type: "offer", sdp: "x", me: "other.1", to: nameOf(before) } });
    page.feed({ on: "hear", word: { kind: "restart", why: "ice", me: "other.1", to: nameOf(before) } });
    expect(page.state).toEqual(before);
  });
});
