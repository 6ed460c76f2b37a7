/**
 * The way of one page to the media server, as a pure machine: (state, event) → (state, effects).
 *
 * The page offers and the server answers; there is nothing to negotiate between two. ICE is never restarted there, so each
 * repair is a new peer connection under a new name, and what is about another name comes too late. Tries are bounded, with
 * longer and longer pauses, and count anew once a connection has held. Whispers between the pages say only who is muted and
 * who goes on by chat.
 */

import type { IceServer } from "../generated/wire";
import { ACTIVE, type CallView } from "./view";
import type { Word } from "./words";

export interface Bridged extends CallView {
  base: string;
  generation: number;
  /** Our own connection to the server holds: what is offered gets there. */
  online: boolean;
  /** The worker that has answered last. */
  worker: string;
  /** Nothing is under way: the next try is still to come. */
  pausing: boolean;
}

export type BridgeTimer = "join" | "shaky" | "retry" | "steady";

export type BridgeEvent =
  | { on: "start" }
  | { on: "ice"; peer: string; servers: readonly IceServer[] }
  | { on: "described"; peer: string; sdp: string }
  | { on: "answered"; peer: string; sdp: string; worker: string }
  /** A step of this try came to nothing; `code` of the refusal, "" where there is none. */
  | { on: "failed"; peer: string; code: string }
  | { on: "link"; state: RTCPeerConnectionState }
  /** Nothing at all comes from the server any more, though the link says nothing of it. */
  | { on: "starved" }
  /** The worker that carried this is gone; `worker` carries it now, "" where none does yet. */
  | { on: "moved"; worker: string }
  /** Another page of the same person has taken the call. */
  | { on: "taken" }
  /** This machine has another network than before, or its microphone needs a new connection. */
  | { on: "network" }
  | { on: "socket"; open: boolean }
  | { on: "hear"; word: Word }
  | { on: "timer"; timer: BridgeTimer }
  | { on: "mute"; muted: boolean }
  | { on: "to_chat" }
  | { on: "stop" };

export type BridgeEffect =
  | { do: "ask_ice"; peer: string }
  | { do: "open"; peer: string; servers: readonly IceServer[] }
  | { do: "offer"; peer: string; sdp: string }
  | { do: "apply"; peer: string; sdp: string }
  | { do: "close" }
  | { do: "send"; word: Word }
  | { do: "wait"; timer: BridgeTimer; ms: number }
  | { do: "unwait"; timer: BridgeTimer };

/** Pauses before the second, third … try, milliseconds. */
export const PAUSES_MS = [150, 500, 1_000, 2_000, 4_000, 4_000, 8_000, 8_000] as const;
export const MAX_TRIES = PAUSES_MS.length;
/** From asking for servers to a connection. The server itself may have to look for another worker meanwhile. */
export const JOIN_MS = 10_000;
export const SHAKY_MS = 1_500;
/** A connection that held for so long was a good one. */
export const STEADY_MS = 10_000;
/** Another try would be refused like this one. */
const FINAL = new Set(["bad_sdp", "not_bridged", "session_over", "no_such_session"]);

type Step = [Bridged, BridgeEffect[]];

export const nameOf = (s: Bridged): string => `${s.base}.${s.generation}`;

/** `base` is a random name for this page's part of the call. */
export function fresh(base: string, online: boolean): Bridged {
  return {
    base, generation: 0, online, worker: "", pausing: false, phase: "idle", tries: 0, muted: false, theirMuted: false, invited: false, elsewhere: false,
    chatChosenBy: "", why: "",
  };
}

const TIMERS: readonly BridgeTimer[] = ["join", "shaky", "retry", "steady"];
const unwaitAll: BridgeEffect[] = TIMERS.map((timer) => ({ do: "unwait", timer }));
const isActive = (s: Bridged): boolean => ACTIVE.has(s.phase);
const isTrying = (s: Bridged): boolean => s.phase === "joining" || s.phase === "repairing";

type Said = { kind: "mute"; muted: boolean } | { kind: "bye"; why: "chat" } | { kind: "restart"; why: "hello" };
const HELLO: Said = { kind: "restart", why: "hello" };
const BYE: Said = { kind: "bye", why: "chat" };

const tell = (s: Bridged, word: Said, to = ""): BridgeEffect => ({ do: "send", word: { ...word, me: nameOf(s), to } });

/** A new peer connection in place of the one before. Without a connection to the server it waits for that. */
function attempt(s: Bridged): Step {
  const next = { ...s, generation: s.generation + 1, pausing: false, invited: false, elsewhere: false, chatChosenBy: "" as const };
  const begin: BridgeEffect[] = s.online ? [{ do: "ask_ice", peer: nameOf(next) }] : [];
  return [next, [...unwaitAll, { do: "close" }, ...begin, { do: "wait", timer: "join", ms: JOIN_MS }]];
}

function start(s: Bridged): Step {
  if (isActive(s) || s.phase === "closed") return [s, []];
  const [next, effects] = attempt({ ...s, phase: "joining", tries: 0, why: "" });
  return [next, [...effects, tell(next, HELLO)]];
}

/** One more try after a pause, or the end of trying. */
function again(s: Bridged, code: string): Step {
  const over = s.tries >= MAX_TRIES || FINAL.has(code);
  const next: Bridged = { ...s, generation: s.generation + 1, why: code, pausing: !over };
  if (over) return [{ ...next, phase: "lost" }, [...unwaitAll, { do: "close" }]];
  const pause: BridgeEffect = { do: "wait", timer: "retry", ms: PAUSES_MS[s.tries]! };
  return [{ ...next, phase: "repairing", tries: s.tries + 1 }, [...unwaitAll, { do: "close" }, pause]];
}

/** Begins anew where there is something to begin: it had been given up, or the way has changed. */
function renew(s: Bridged): Step {
  return isActive(s) || s.phase === "lost" ? attempt({ ...s, phase: "repairing", tries: 0, why: "" }) : [s, []];
}

function linked(s: Bridged): Step {
  const told = s.muted ? [tell(s, { kind: "mute", muted: true })] : [];
  return [{ ...s, phase: "linked", why: "" }, [...unwaitAll, { do: "wait", timer: "steady", ms: STEADY_MS }, tell(s, HELLO), ...told]];
}

function shaky(s: Bridged): Step {
  return [{ ...s, phase: "shaky" }, [{ do: "unwait", timer: "steady" }, { do: "wait", timer: "shaky", ms: SHAKY_MS }]];
}

/** What the state of the peer connection means. A server that hangs up leaves it `closed` or, again, `new`. */
function link(s: Bridged, state: RTCPeerConnectionState): Step {
  if (!isActive(s)) return [s, []];
  if (state === "connected") return s.phase === "linked" ? [s, []] : linked(s);
  if (state === "failed") return again(s, "");
  return s.phase === "linked" && state !== "connecting" ? shaky(s) : [s, []];
}

function moved(s: Bridged, worker: string): Step {
  if (s.phase === "linked" || s.phase === "shaky") return worker !== "" && worker === s.worker ? [s, []] : again(s, "");
  if (s.phase === "lost") return renew(s);
  return isTrying(s) && s.pausing ? attempt(s) : [s, []];
}

function taken(s: Bridged): Step {
  return isActive(s) ? [{ ...s, phase: "idle", elsewhere: true }, [...unwaitAll, { do: "close" }]] : [s, []];
}

/** What was under way when the connection to the server broke is lost with it. */
function socket(s: Bridged, open: boolean): Step {
  const next = { ...s, online: open };
  if (!open || s.online) return [next, []];
  return isTrying(s) ? attempt(next) : s.phase === "lost" ? renew(next) : [next, []];
}

/**
 * Both sides say hello when they are connected, and answer a hello by naming whom they heard: a page that hears another one
 * named has been replaced by it. Whoever comes anew is not muted until they say so.
 */
function hearHello(s: Bridged, from: string, to: string): Step {
  if (to !== "") return to.startsWith(`${s.base}.`) || s.phase === "joining" ? [s, []] : taken(s);
  if (s.phase === "closed") return [s, []];
  if (s.phase === "by_chat") return [{ ...s, invited: true }, s.chatChosenBy === "me" ? [tell(s, BYE)] : []];
  if (s.phase === "idle") return [{ ...s, invited: !s.elsewhere }, []];
  const mute = s.muted ? [tell(s, { kind: "mute", muted: true })] : [];
  return [{ ...s, theirMuted: false }, [...(s.phase === "linked" ? [tell(s, HELLO, from)] : []), ...mute]];
}

function hear(s: Bridged, word: Word): Step {
  switch (word.kind) {
    case "mute": return [{ ...s, theirMuted: word.muted }, []];
    case "restart": return word.why === "hello" ? hearHello(s, word.me, word.to) : [s, []];
    case "bye":
      if (s.phase === "closed" || s.phase === "by_chat") return [s, []];
      return [{ ...s, phase: "by_chat", chatChosenBy: "them" }, [...unwaitAll, { do: "close" }]];
    default: return [s, []]; // what is for a call without a server
  }
}

function toChat(s: Bridged): Step {
  if (s.phase === "closed" || s.phase === "by_chat") return [s, []];
  const next: Bridged = { ...s, phase: "by_chat", chatChosenBy: "me" };
  return [next, [...unwaitAll, { do: "close" }, tell(next, BYE)]];
}

const ON_TIMER: Record<BridgeTimer, (s: Bridged) => Step> = {
  // Time in which nobody could be asked is no try.
  join: (s) => (!isTrying(s) ? [s, []] : s.online ? again(s, "") : [s, [{ do: "wait", timer: "join", ms: JOIN_MS }]]),
  shaky: (s) => (s.phase === "shaky" ? again(s, "") : [s, []]),
  retry: (s) => (s.phase === "repairing" ? attempt(s) : [s, []]),
  steady: (s) => [s.phase === "linked" ? { ...s, tries: 0 } : s, []],
};

type Steps = { [On in BridgeEvent["on"]]: (s: Bridged, e: Extract<BridgeEvent, { on: On }>) => Step };

const ofThisTry = (s: Bridged, peer: string): boolean => isTrying(s) && peer === nameOf(s);

const STEPS: Steps = {
  start,
  ice: (s, e) => [s, ofThisTry(s, e.peer) ? [{ do: "open", peer: e.peer, servers: e.servers }] : []],
  described: (s, e) => [s, ofThisTry(s, e.peer) ? [{ do: "offer", peer: e.peer, sdp: e.sdp }] : []],
  answered: (s, e) => (ofThisTry(s, e.peer) ? [{ ...s, worker: e.worker }, [{ do: "apply", peer: e.peer, sdp: e.sdp }]] : [s, []]),
  failed: (s, e) => (ofThisTry(s, e.peer) ? again(s, e.code) : [s, []]),
  link: (s, e) => link(s, e.state),
  starved: (s) => (s.phase === "linked" || s.phase === "shaky" ? again(s, "") : [s, []]),
  moved: (s, e) => moved(s, e.worker),
  taken,
  network: renew,
  socket: (s, e) => socket(s, e.open),
  hear: (s, e) => hear(s, e.word),
  timer: (s, e) => ON_TIMER[e.timer](s),
  mute: (s, e) => [{ ...s, muted: e.muted }, isActive(s) ? [tell(s, { kind: "mute", muted: e.muted })] : []],
  to_chat: toChat,
  stop: (s) => [{ ...s, phase: "closed" }, [...unwaitAll, { do: "close" }]],
};

/** The next state and what the shell has to do, in order. Never throws; an event out of place changes nothing. */
export function step(state: Bridged, event: BridgeEvent): Step {
  return (STEPS[event.on] as (s: Bridged, e: BridgeEvent) => Step)(state, event);
}
