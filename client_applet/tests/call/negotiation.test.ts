import { describe, expect, it } from "vitest";
import { fresh, MAX_CANDIDATES, MAX_TRIES, nameOf, step } from "../../src/call/negotiation";
import type { CallEvent, Effect, Negotiation } from "../../src/call/negotiation";
import type { Word } from "../../src/call/words";

/** One side with a peer connection that answers at once, as far as the signalling state goes. */
class Side {
  state: Negotiation;
  sent: Word[] = [];
  done: Effect[] = [];
  opened = 0;

  constructor(polite: boolean, base: string) {
    this.state = fresh(polite, base);
  }

  feed(event: CallEvent): void {
    const [next, effects] = step(this.state, event);
    this.state = next;
    for (const effect of effects) {
      this.done.push(effect);
      if (effect.do === "send") this.sent.push(effect.word);
      if (effect.do === "open") this.opened += 1;
    }
    for (const effect of effects) this.perform(effect);
  }

  private perform(effect: Effect): void {
    if (effect.do === "offer") {
      this.feed({ on: "signaling", state: "have-local-offer" });
      this.feed({ on: "described", type: "offer", sdp: `offer of ${nameOf(this.state)}` });
    }
    if (effect.do !== "apply") return;
    this.feed({ on: "signaling", state: effect.type === "offer" ? "have-remote-offer" : "stable" });
    this.feed({ on: "applied" });
    if (effect.type === "answer") return;
    this.feed({ on: "signaling", state: "stable" });
    this.feed({ on: "described", type: "answer", sdp: `answer of ${nameOf(this.state)}` });
  }

  link(state: RTCPeerConnectionState): void {
    this.feed({ on: "link", state });
  }

  timers(): string[] {
    const open = new Set<string>();
    for (const effect of this.done) {
      if (effect.do === "wait") open.add(effect.timer);
      if (effect.do === "unwait") open.delete(effect.timer);
    }
    return [...open];
  }
}

function deliver(a: Side, b: Side): void {
  for (let round = 0; round < 50 && (a.sent.length || b.sent.length); round += 1) {
    const [toB, toA] = [a.sent.splice(0), b.sent.splice(0)];
    toB.forEach((word) => b.feed({ on: "hear", word }));
    toA.forEach((word) => a.feed({ on: "hear", word }));
  }
  expect(a.sent.length + b.sent.length, "the two never stop talking").toBe(0);
}

function pair(): [Side, Side] {
  return [new Side(true, "user"), new Side(false, "expert")];
}

function linkedPair(): [Side, Side] {
  const [user, expert] = pair();
  user.feed({ on: "start" });
  expert.feed({ on: "start" });
  deliver(user, expert);
  user.link("connected");
  expert.link("connected");
  return [user, expert];
}

const descriptions = (side: Side) => side.done.filter((e) => e.do === "apply").map((e) => (e.do === "apply" ? e.type : ""));

describe("finding each other", () => {
  it("makes one offer and one answer when both start together", () => {
    const [user, expert] = pair();
    user.feed({ on: "start" });
    expert.feed({ on: "start" });
    deliver(user, expert);
    expect(descriptions(user)).toEqual(["offer"]);
    expect(descriptions(expert)).toEqual(["answer"]);
    expect([user.state.phase, expert.state.phase]).toEqual(["joining", "joining"]);
    expect([user.opened, expert.opened]).toEqual([1, 1]);
  });

  it("waits for the one who starts later, whichever it is, though the first hello was never heard", () => {
    for (const order of [0, 1]) {
      const [user, expert] = pair();
      const [first, second] = order ? [user, expert] : [expert, user];
      first.feed({ on: "start" });
      first.sent = [];
      first.feed({ on: "timer", timer: "hello" });
      first.sent = [];
      second.feed({ on: "start" });
      deliver(user, expert);
      expect(descriptions(user)).toEqual(["offer"]);
      expect(descriptions(expert)).toEqual(["answer"]);
    }
  });

  it("says that the other side waits for us before we have started", () => {
    const [user, expert] = pair();
    expert.feed({ on: "start" });
    deliver(user, expert);
    expect(user.state).toMatchObject({ phase: "idle", invited: true });
  });

  it("takes no negotiation from the polite side before the first offer has been heard", () => {
    const [user] = pair();
    user.feed({ on: "start" });
    user.feed({ on: "negotiation_needed" });
    expect(user.done.filter((e) => e.do === "offer")).toEqual([]);
  });
});

describe("glare", () => {
  it("ends with the offer of the impolite side", () => {
    const [user, expert] = linkedPair();
    user.feed({ on: "negotiation_needed" });
    expert.feed({ on: "negotiation_needed" });
    expect(user.state.signaling).toBe("have-local-offer");
    deliver(user, expert);
    expect([user.state.signaling, expert.state.signaling]).toEqual(["stable", "stable"]);
    expect(descriptions(user).at(-1)).toBe("offer");
    expect(descriptions(expert).at(-1)).toBe("answer");
  });

  it("drops candidates of an offer that was not taken", () => {
    const [user, expert] = linkedPair();
    expert.feed({ on: "negotiation_needed" });
    expert.sent = [];
    const [me, to] = [nameOf(user.state), nameOf(expert.state)];
    expert.feed({ on: "hear", word: { kind: "description", type: "offer", sdp: "x", me, to } });
    const before = expert.done.length;
    expert.feed({ on: "hear", word: { kind: "candidate", list: [{ candidate: "c" }], me, to } });
    expect(expert.state.ignoring).toBe(true);
    expect(expert.done.length).toBe(before);
  });
});

describe("repair", () => {
  it("restarts ICE when a lost link has not come back by itself", () => {
    const [user, expert] = linkedPair();
    for (const side of [user, expert]) side.link("disconnected");
    expect(expert.state.phase).toBe("shaky");
    expect(expert.timers()).toEqual(["shaky"]);
    for (const side of [user, expert]) side.feed({ on: "timer", timer: "shaky" });
    deliver(user, expert);
    expect(expert.done).toContainEqual({ do: "offer", restart: true });
    expect([user.opened, expert.opened]).toEqual([1, 1]);
    for (const side of [user, expert]) side.link("connected");
    expect([user.state.phase, expert.state.phase]).toEqual(["linked", "linked"]);
    expect([...user.timers(), ...expert.timers()]).toEqual([]);
  });

  it("asks the impolite side to restart when only the polite one noticed", () => {
    const [user, expert] = linkedPair();
    user.link("failed");
    deliver(user, expert);
    expect(expert.done).toContainEqual({ do: "offer", restart: true });
  });

  it("does nothing about a link that comes back in time", () => {
    const [, expert] = linkedPair();
    expert.link("disconnected");
    expert.link("connected");
    expert.feed({ on: "timer", timer: "shaky" });
    expect(expert.state.phase).toBe("linked");
  });

  it("gives up after a bounded number of tries and can be asked to try again", () => {
    const [, expert] = linkedPair();
    expert.link("failed");
    for (let i = 0; i < MAX_TRIES; i += 1) expert.feed({ on: "timer", timer: "join" });
    expect(expert.state.phase).toBe("lost");
    expect(expert.timers()).toEqual([]);
    expert.feed({ on: "start" });
    expect(expert.state).toMatchObject({ phase: "seeking", tries: 0 });
  });

  it("makes a new connection with a page that was reloaded, even after it had given up", () => {
    for (const lost of [false, true]) {
      const [user, expert] = linkedPair();
      if (lost) {
        expert.link("failed");
        for (let i = 0; i < MAX_TRIES; i += 1) expert.feed({ on: "timer", timer: "join" });
        expert.sent = [];
      }
      const reloaded = new Side(true, "user2");
      reloaded.feed({ on: "start" });
      deliver(reloaded, expert);
      expect(descriptions(reloaded)).toEqual(["offer"]);
      expect(expert.state.them).toBe(nameOf(reloaded.state));
      expert.feed({ on: "hear", word: { kind: "mute", muted: true, me: nameOf(user.state), to: nameOf(expert.state) } });
      expect(expert.state.theirMuted).toBe(false);
    }
  });

  it("comes together when both start anew at once", () => {
    const [user, expert] = linkedPair();
    for (const side of [user, expert]) {
      side.link("failed");
      side.sent = [];
      side.feed({ on: "timer", timer: "join" });
    }
    deliver(user, expert);
    expect(user.state.them).toBe(nameOf(expert.state));
    expect(expert.state.them).toBe(nameOf(user.state));
    expect([user.state.signaling, expert.state.signaling]).toEqual(["stable", "stable"]);
  });
});

describe("two windows of one person", () => {
  /** The server tells both windows of the user whatever the expert says. */
  function deliverToBoth(first: Side, second: Side, expert: Side): void {
    for (let round = 0; round < 50 && (first.sent.length || second.sent.length || expert.sent.length); round += 1) {
      const [fromUser, fromExpert] = [[...first.sent.splice(0), ...second.sent.splice(0)], expert.sent.splice(0)];
      fromUser.forEach((word) => expert.feed({ on: "hear", word }));
      for (const word of fromExpert) for (const window of [first, second]) window.feed({ on: "hear", word });
    }
    expect(first.sent.length + second.sent.length + expert.sent.length, "they never stop talking").toBe(0);
  }

  it("hand the call over to the one that asked last, instead of taking it from each other", () => {
    const [first, expert] = linkedPair();
    const second = new Side(true, "other");
    second.feed({ on: "start" });
    deliverToBoth(first, second, expert);
    expect(first.state).toMatchObject({ phase: "idle", elsewhere: true });
    expect(first.timers()).toEqual([]);
    expect(expert.state.them).toBe(nameOf(second.state));
    expect(descriptions(second)).toEqual(["offer"]);
  });

  it("do not end a working call when the idle one goes on by chat", () => {
    const [first, expert] = linkedPair();
    const second = new Side(true, "other");
    second.feed({ on: "to_chat" });
    deliverToBoth(first, second, expert);
    expect(expert.state.phase).toBe("linked");
  });
});

describe("chat instead, mute, end", () => {
  it("tells the other side, who may come back to audio", () => {
    const [user, expert] = pair();
    expert.feed({ on: "start" });
    user.feed({ on: "to_chat" });
    deliver(user, expert);
    expect(expert.state).toMatchObject({ phase: "by_chat", chatChosenBy: "them" });
    expert.feed({ on: "start" });
    deliver(user, expert);
    expect(user.state).toMatchObject({ phase: "by_chat", invited: true });
    expect(expert.state.phase).toBe("by_chat");
    user.feed({ on: "start" });
    deliver(user, expert);
    expect(user.state.phase).toBe("seeking");
  });

  it("tells mute, also to a connection made later", () => {
    const [user, expert] = pair();
    user.feed({ on: "mute", muted: true });
    user.feed({ on: "start" });
    expert.feed({ on: "start" });
    deliver(user, expert);
    user.link("connected");
    deliver(user, expert);
    expect(expert.state.theirMuted).toBe(true);
  });

  it("leaves no timer and no peer connection behind", () => {
    const [user] = linkedPair();
    user.feed({ on: "stop" });
    expect(user.state.phase).toBe("closed");
    expect(user.timers()).toEqual([]);
    expect(user.done.at(-1)).toEqual({ do: "close" });
    user.feed({ on: "start" });
    expect(user.state.phase).toBe("closed");
  });

  it("takes a bounded number of candidates", () => {
    const [user, expert] = linkedPair();
    const word: Word = { kind: "candidate", list: Array.from({ length: 20 }, () => ({ candidate: "c" })), me: nameOf(expert.state), to: nameOf(user.state) };
    for (let i = 0; i < 10; i += 1) user.feed({ on: "hear", word });
    const added = user.done.flatMap((e) => (e.do === "add" ? e.list : []));
    expect(added.length).toBe(MAX_CANDIDATES);
  });
});

it("never throws and never runs away, whatever comes in whatever order", () => {
  const random = mulberry(7);
  for (let run = 0; run < 300; run += 1) {
    const side = new Side(random() < 0.5, "a");
    for (let i = 0; i < 60; i += 1) side.feed(anyEvent(random, side));
    expect(side.state.tries).toBeLessThanOrEqual(MAX_TRIES);
    side.feed({ on: "stop" });
    expect(side.timers()).toEqual([]);
  }
});

function mulberry(seed: number): () => number {
  let a = seed;
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

function anyEvent(random: () => number, side: Side): CallEvent {
  const at = { me: random() < 0.7 ? "b.1" : "b.2", to: random() < 0.7 ? nameOf(side.state) : "" };
  const links: RTCPeerConnectionState[] = ["new", "connecting", "connected", "disconnected", "failed", "closed"];
  const all: CallEvent[] = [
    { on: "start" }, { on: "negotiation_needed" }, { on: "not_described" }, { on: "to_chat" }, { on: "found", list: [] },
    { on: "mute", muted: random() < 0.5 },
    { on: "link", state: links[Math.floor(random() * links.length)]! },
    { on: "timer", timer: (["hello", "shaky", "join"] as const)[Math.floor(random() * 3)]! },
    { on: "hear", word: { kind: "restart", why: random() < 0.6 ? "hello" : "ice", ...at } },
    { on: "hear", word: { kind: "description", type: random() < 0.5 ? "offer" : "answer", sdp: "s", ...at } },
    { on: "hear", word: { kind: "candidate", list: [{ candidate: "c" }], ...at } },
    { on: "hear", word: { kind: "bye", why: "chat", ...at } },
  ];
  return all[Math.floor(random() * all.length)]!;
}
