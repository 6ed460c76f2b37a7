/**
 * The negotiation of one audio call, as a pure machine: (state, event) → (state, effects).
 *
 * Perfect negotiation as WebRTC 1.0 §10.7 describes it; the user's side is the polite one. Around it stand two things the
 * standard leaves open: finding each other (signals are never stored, so each side says hello until it is heard) and
 * repair (ICE restart first, then a fresh peer connection, a bounded number of tries). Each peer connection has a name;
 * words for another one are dropped, so that nothing of a page before its reload can reach the one after it.
 */

import { ACTIVE, type CallView, type Phase } from "./view";
import type { Word } from "./words";

export interface Negotiation extends CallView {
  polite: boolean;
  base: string;
  generation: number;
  them: string;
  signaling: RTCSignalingState;
  /** An offer of ours is being made. */
  making: boolean;
  /** An answer of theirs is being applied. */
  answering: boolean;
  /** Their last offer collided with ours and was not taken. */
  ignoring: boolean;
  /** A description of theirs has been applied to this peer connection. */
  heard: boolean;
  candidates: number;
}

export type Timer = "hello" | "shaky" | "join";

export type CallEvent =
  | { on: "start" }
  | { on: "hear"; word: Word }
  | { on: "negotiation_needed" }
  | { on: "described"; type: "offer" | "answer"; sdp: string }
  | { on: "not_described" }
  | { on: "applied" }
  | { on: "signaling"; state: RTCSignalingState }
  | { on: "found"; list: RTCIceCandidateInit[] }
  | { on: "link"; state: RTCPeerConnectionState }
  | { on: "timer"; timer: Timer }
  | { on: "mute"; muted: boolean }
  | { on: "to_chat" }
  | { on: "stop" };

export type Effect =
  | { do: "open" }
  | { do: "close" }
  | { do: "offer"; restart: boolean }
  | { do: "apply"; type: "offer" | "answer"; sdp: string }
  | { do: "add"; list: RTCIceCandidateInit[] }
  | { do: "send"; word: Word }
  | { do: "wait"; timer: Timer; ms: number }
  | { do: "unwait"; timer: Timer };

export const MAX_TRIES = 4;
export const HELLO_MS = 2_000;
export const SHAKY_MS = 2_000;
export const JOIN_MS = 8_000;
/** Candidates taken from one peer connection of the other side; honest ones have a handful. */
export const MAX_CANDIDATES = 60;

type Step = [Negotiation, Effect[]];

export const nameOf = (s: Negotiation): string => `${s.base}.${s.generation}`;

/** `base` is a random name for this page's part of the call. */
export function fresh(polite: boolean, base: string): Negotiation {
  return {
    polite, base, generation: 0, them: "", phase: "idle", signaling: "stable", making: false, answering: false,
    ignoring: false, heard: false, candidates: 0, tries: 0, muted: false, theirMuted: false, invited: false,
    elsewhere: false, chatChosenBy: "", why: "",
  };
}

const isActive = (s: Negotiation) => ACTIVE.has(s.phase);

const address = (s: Negotiation) => ({ me: nameOf(s), to: s.them });
const hello = (s: Negotiation): Effect => ({ do: "send", word: { kind: "restart", why: "hello", ...address(s) } });
const unwaitAll: Effect[] = [{ do: "unwait", timer: "hello" }, { do: "unwait", timer: "shaky" }, { do: "unwait", timer: "join" }];

/** The state with a peer connection that nobody has heard of yet. */
function renewed(s: Negotiation, phase: Phase, them: string): Negotiation {
  return {
    ...s, phase, them, generation: s.generation + 1, signaling: "stable", making: false, answering: false,
    ignoring: false, heard: false, candidates: 0, invited: false, elsewhere: false, chatChosenBy: "", theirMuted: false,
  };
}

function seek(s: Negotiation, phase: Phase): Step {
  const next = renewed(s, phase, "");
  return [next, [...unwaitAll, { do: "open" }, hello(next), { do: "wait", timer: "hello", ms: HELLO_MS }]];
}

/** Both know each other: the impolite side makes the first offer. */
function begin(s: Negotiation, before: Effect[]): Step {
  const phase: Phase = s.phase === "seeking" ? "joining" : s.phase;
  const effects: Effect[] = [...before, { do: "unwait", timer: "hello" }, { do: "wait", timer: "join", ms: JOIN_MS }];
  if (s.polite) return [{ ...s, phase }, effects];
  return [{ ...s, phase, making: true }, [...effects, { do: "offer", restart: false }]];
}

/** One more try, or the end of trying. */
function repair(s: Negotiation): Step {
  if (s.tries >= MAX_TRIES) return [{ ...s, phase: "lost", them: "" }, [...unwaitAll, { do: "close" }]];
  const next: Negotiation = { ...s, phase: "repairing", tries: s.tries + 1 };
  const wait: Effect = { do: "wait", timer: "join", ms: JOIN_MS };
  if (s.tries > 0 || !s.heard || s.signaling !== "stable") {
    const [again, effects] = seek(next, "repairing");
    return [again, [...effects, wait]];
  }
  const settle: Effect[] = [{ do: "unwait", timer: "shaky" }, wait];
  if (s.polite) return [next, [...settle, { do: "send", word: { kind: "restart", why: "ice", ...address(s) } }]];
  return [{ ...next, making: true }, [...settle, { do: "offer", restart: true }]];
}

function hearHello(s: Negotiation, from: string, to: string): Step {
  if (s.phase === "closed") return [s, []];
  if (to && !to.startsWith(`${s.base}.`)) return s.heard && isActive(s) ? elsewhere(s) : [s, []];
  if (s.phase === "idle") return [{ ...s, invited: true }, []];
  if (s.phase === "by_chat") {
    const bye: Word = { kind: "bye", why: "chat", me: nameOf(s), to: from };
    return [{ ...s, invited: true }, s.chatChosenBy === "me" ? [{ do: "send", word: bye }] : []];
  }
  const greet = to === nameOf(s) ? [] : [hello({ ...s, them: from })];
  if (s.them === from) return [s, greet];
  if (!s.them && s.phase !== "lost") return begin({ ...s, them: from }, greet);
  // The other side came back with a new peer connection (a reload): ours is of no use any more.
  const next = renewed({ ...s, tries: 0 }, "repairing", from);
  return begin(next, [...unwaitAll, { do: "open" }, hello(next)]);
}

/** The other side has taken up another page of ours. */
function elsewhere(s: Negotiation): Step {
  return [{ ...renewed(s, "idle", ""), elsewhere: true }, [...unwaitAll, { do: "close" }]];
}

function hearDescription(s: Negotiation, word: Word & { kind: "description" }): Step {
  const collides = word.type === "offer" && (s.making || !(s.signaling === "stable" || s.answering));
  if (collides && !s.polite) return [{ ...s, ignoring: true }, []];
  if (word.type === "answer" && s.signaling !== "have-local-offer") return [s, []];
  const next = { ...s, ignoring: false, heard: true, answering: word.type === "answer", them: word.me };
  return [next, [{ do: "apply", type: word.type, sdp: word.sdp }]];
}

function hearCandidates(s: Negotiation, list: RTCIceCandidateInit[]): Step {
  const taken = list.slice(0, Math.max(0, MAX_CANDIDATES - s.candidates));
  if (s.ignoring || taken.length === 0) return [s, []];
  return [{ ...s, candidates: s.candidates + taken.length }, [{ do: "add", list: taken }]];
}

/** A bye of a page that we are not talking to (another window of the same person) does not end a call that works. */
function hearBye(s: Negotiation, from: string): Step {
  const stranger = s.them !== "" && from !== s.them && (s.phase === "linked" || s.phase === "joining");
  if (stranger || s.phase === "closed" || s.phase === "by_chat") return [s, []];
  return [{ ...s, phase: "by_chat", chatChosenBy: "them", them: "" }, [...unwaitAll, { do: "close" }]];
}

function hear(s: Negotiation, word: Word): Step {
  if (word.kind === "restart" && word.why === "hello") return hearHello(s, word.me, word.to);
  if (word.kind === "bye") return hearBye(s, word.me);
  const forUs = isActive(s) && word.to === nameOf(s) && (s.them === "" || s.them === word.me);
  if (!forUs) return [s, []];
  switch (word.kind) {
    case "description": return hearDescription(s, word);
    case "candidate": return hearCandidates(s, word.list);
    case "mute": return [{ ...s, theirMuted: word.muted }, []];
    case "restart": return s.polite || s.making || s.signaling !== "stable" ? [s, []] : repair({ ...s, tries: 0 });
  }
}

/** What the state of the peer connection means in each phase; what is not here changes nothing. */
const LINK: Partial<Record<Phase, Partial<Record<RTCPeerConnectionState, (s: Negotiation) => Step>>>> = {
  joining: { connected: linked, failed: repair },
  repairing: { connected: linked, failed: repair },
  shaky: { connected: linked, failed: repair },
  linked: { disconnected: shaky, failed: repair },
};

function linked(s: Negotiation): Step {
  const mute: Effect = { do: "send", word: { kind: "mute", muted: s.muted, ...address(s) } };
  return [{ ...s, phase: "linked", tries: 0 }, s.muted ? [...unwaitAll, mute] : unwaitAll];
}

function shaky(s: Negotiation): Step {
  return [{ ...s, phase: "shaky" }, [{ do: "wait", timer: "shaky", ms: SHAKY_MS }]];
}

const TIMERS: Record<Timer, (s: Negotiation) => Step> = {
  hello: (s) => (isActive(s) && !s.them ? [s, [hello(s), { do: "wait", timer: "hello", ms: HELLO_MS }]] : [s, []]),
  shaky: (s) => (s.phase === "shaky" ? repair(s) : [s, []]),
  join: (s) => (s.phase === "joining" || s.phase === "repairing" ? repair(s) : [s, []]),
};

type Steps = { [On in CallEvent["on"]]: (s: Negotiation, e: Extract<CallEvent, { on: On }>) => Step };

const STEPS: Steps = {
  start: (s) => (isActive(s) || s.phase === "closed" ? [s, []] : seek({ ...s, tries: 0 }, "seeking")),
  hear: (s, e) => hear(s, e.word),
  // Before their first offer the polite side has nothing to say: its tracks go into the answer.
  negotiation_needed: (s) =>
    !isActive(s) || !s.them || !s.heard || s.making ? [s, []] : [{ ...s, making: true }, [{ do: "offer", restart: false }]],
  described: (s, e) => [
    { ...s, making: e.type === "offer" ? false : s.making },
    s.them ? [{ do: "send", word: { kind: "description", type: e.type, sdp: e.sdp, ...address(s) } }] : [],
  ],
  not_described: (s) => [{ ...s, making: false, answering: false }, []],
  applied: (s) => [{ ...s, answering: false }, []],
  signaling: (s, e) => [{ ...s, signaling: e.state }, []],
  found: (s, e) => [s, s.them ? [{ do: "send", word: { kind: "candidate", list: e.list, ...address(s) } }] : []],
  link: (s, e) => LINK[s.phase]?.[e.state]?.(s) ?? [s, []],
  timer: (s, e) => TIMERS[e.timer](s),
  mute: (s, e) => [
    { ...s, muted: e.muted },
    isActive(s) && s.them ? [{ do: "send", word: { kind: "mute", muted: e.muted, ...address(s) } }] : [],
  ],
  to_chat: (s) =>
    s.phase === "closed" || s.phase === "by_chat"
      ? [s, []]
      : [
          { ...s, phase: "by_chat", chatChosenBy: "me", them: "" },
          [...unwaitAll, { do: "close" }, { do: "send", word: { kind: "bye", why: "chat", me: nameOf(s), to: s.them } }],
        ],
  stop: (s) => [{ ...s, phase: "closed", them: "" }, [...unwaitAll, { do: "close" }]],
};

/** The next state and what the shell has to do, in order. Never throws; an event out of place changes nothing. */
export function step(state: Negotiation, event: CallEvent): Step {
  return (STEPS[event.on] as (s: Negotiation, e: CallEvent) => Step)(state, event);
}
