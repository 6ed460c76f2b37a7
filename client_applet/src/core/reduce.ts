import type {
  Beat, Forecast, LineChange, Joined, Lights, MyStatus, MyTicket, Notice, Offer, Profile, ProfileNews, ServerMessage, Session,
  SessionInfo, Snapshot, Welcome,
} from "../generated/wire";
import { reduceChat } from "./chat";
import { applyChange, placeFrom } from "./place";
import { reduceMoney, unconfirmed } from "./money";
import { knownQueue, reduceQueue } from "./queues";
import type { Hall, KnownLight, KnownTicket } from "./state";

const NOTICES_MAX = 20;
const LINE_CHANGES_MAX = 128;
const SESSIONS_MAX = 2000;
/** What belongs to one member and to nobody else. */
const NOBODY = {
  myStatus: null, ticket: null, lastTicket: null, offers: new Map(), session: null, sessions: new Map(), queues: new Map(),
  chats: new Map(), wallet: null, meter: null, bills: new Map(), notices: [],
} satisfies Partial<Hall>;
/** Told by a connection before this one: anything on this one is newer. */
const UNCONFIRMED = -1;
/** A beat that is off by more than this was not late: the clock of this device has been set. */
const CLOCK_SET_MS = 5000;

/** The hall after one message from the server; `now` in local milliseconds. Pure. What is not newer changes nothing. */
export function reduce(hall: Hall, message: ServerMessage, now: number): Hall {
  return byMessage(heard(hall, message, now), message);
}

function heard(hall: Hall, message: ServerMessage, now: number): Hall {
  const clockOffset = message.t === "welcome" ? message.now - now : message.t === "beat" ? corrected(hall.clockOffset, message.at - now) : hall.clockOffset;
  return { ...hall, clockOffset, lastFrameAt: now + clockOffset };
}

/** Whoever sets the clock of this device in the middle of a call does not change what time it is at the server. */
function corrected(offset: number, told: number): number {
  return Math.abs(told - offset) > CLOCK_SET_MS ? told : offset;
}

function byMessage(hall: Hall, message: ServerMessage): Hall {
  switch (message.t) {
    case "welcome": return onWelcome(hall, message);
    case "snapshot": return onSnapshot(hall, message);
    case "lights": return onLights(hall, message);
    case "line": return onLine(hall, message);
    case "queue": case "queue_change": return reduceQueue(hall, message);
    case "my_status": return onStatus(hall, message);
    case "my_ticket": return onTicket(hall, message);
    case "joined": return onJoined(hall, message);
    case "forecast": return onForecast(hall, message);
    case "offer": return onOffer(hall, message);
    case "session": return onSession(hall, message);
    case "session_info": return onSessionInfo(hall, message);
    case "said": case "typing_now": case "delivered_to": case "history_page": return reduceChat(hall, message);
    case "wallet": case "meter": case "billed": case "bill_page": return reduceMoney(hall, message);
    case "found": return { ...hall, profiles: withProfiles(hall, message.experts.map((one) => one.profile)) };
    case "profile_news": return onNews(hall, message);
    case "notice": return onNotice(hall, message);
    case "beat": return onBeat(hall, message);
    case "signed_out": return { ...hall, ...NOBODY, role: "guest" };
    default: return hall; // ok, refused: for the caller of the request; signalled, media_moved: for the call
  }
}

function onWelcome(hall: Hall, welcome: Welcome): Hall {
  const base = { ...hall, ...unconfirmed(hall), welcome, role: welcome.role, confirmedAt: welcome.now, lagging: false };
  const same = welcome.resumed && welcome.epoch === hall.epoch;
  const somebodyElse = hall.welcome !== null && (hall.welcome.member !== welcome.member || hall.welcome.role !== welcome.role);
  if (same && !somebodyElse) return { ...base, settling: "" };
  const fresh = unconfirm({ ...base, epoch: welcome.epoch, seq: welcome.resumed ? hall.seq : 0, settling: "snapshot" });
  return somebodyElse ? { ...fresh, ...NOBODY } : fresh;
}

/** Everything stays on the screen until the new truth is here, but nothing of it is newer than that truth. */
function unconfirm(hall: Hall): Hall {
  const old = <T extends { seq: number }>(map: ReadonlyMap<string, T>) =>
    new Map([...map].map(([key, value]) => [key, { ...value, seq: UNCONFIRMED }] as const));
  const ticket = hall.ticket && {
    ...hall.ticket, seq: UNCONFIRMED, places: hall.ticket.places.map((place) => ({ ...place, seq: UNCONFIRMED })),
  };
  return {
    ...hall, ticket, myStatus: hall.myStatus && { ...hall.myStatus, seq: UNCONFIRMED }, lights: old(hall.lights), queues: old(hall.queues), offers: old(hall.offers),
    sessions: old(hall.sessions), session: hall.session && { ...hall.session, seq: UNCONFIRMED },
    forecasts: new Map(), lineChanges: [],
  };
}

function onSnapshot(hall: Hall, snapshot: Snapshot): Hall {
  const base = snapshot.epoch === hall.epoch ? hall : unconfirm({ ...hall, epoch: snapshot.epoch, seq: 0, settling: "snapshot" });
  const profiles = withProfiles(base, snapshot.profiles);
  const queues = new Map([...base.queues].filter(([, queue]) => queue.seq > snapshot.seq));
  for (const queue of snapshot.queues) {
    if (!queues.has(queue.expert)) queues.set(queue.expert, knownQueue(queue, snapshot.seq));
  }
  const settling = base.settling === "snapshot" ? "beat" : base.settling;
  const seq = Math.max(base.seq, snapshot.seq);
  return { ...base, seq, lagging: false, ready: true, settling, profiles, queues, lights: snapshotLights(base.lights, snapshot) };
}

function withProfiles(hall: Hall, told: readonly Profile[]): Hall["profiles"] {
  const profiles = new Map(hall.profiles);
  for (const profile of told) profiles.set(profile.expert, profile);
  return profiles;
}

function onNews(hall: Hall, { profile }: ProfileNews): Hall {
  const news = new Map(hall.news).set(profile.expert, (hall.news.get(profile.expert) ?? 0) + 1);
  return { ...hall, news, profiles: withProfiles(hall, [profile]) };
}

/** Only what the snapshot names stays, and what came after it (a change may overtake the snapshot). */
function snapshotLights(known: ReadonlyMap<string, KnownLight>, snapshot: Snapshot): ReadonlyMap<string, KnownLight> {
  const lights = new Map([...known].filter(([, light]) => light.seq > snapshot.seq));
  for (const light of snapshot.lights) {
    if (!lights.has(light.expert)) lights.set(light.expert, { ...light, seq: snapshot.seq });
  }
  return lights;
}

function onLights(hall: Hall, message: Lights): Hall {
  const newer = message.lights.filter((light) => message.seq > (hall.lights.get(light.expert)?.seq ?? UNCONFIRMED));
  if (newer.length === 0) return hall;
  const lights = new Map(hall.lights);
  for (const light of newer) lights.set(light.expert, { ...light, seq: message.seq });
  const retired = newer.filter((light) => light.reason === "retired" && light.indicator === "offline");
  return retired.length === 0 ? { ...hall, lights } : without({ ...hall, lights }, retired.map((light) => light.expert));
}

/** They are no longer of this pool. */
function without(hall: Hall, experts: readonly string[]): Hall {
  const profiles = new Map(hall.profiles);
  const lights = new Map(hall.lights);
  for (const expert of experts) {
    profiles.delete(expert);
    lights.delete(expert);
  }
  return { ...hall, profiles, lights };
}

function onLine(hall: Hall, change: LineChange): Hall {
  const lineChanges = [...hall.lineChanges, change].slice(-LINE_CHANGES_MAX);
  const ticket = hall.ticket && { ...hall.ticket, places: hall.ticket.places.map((place) => applyChange(place, change)) };
  return { ...hall, lineChanges, ticket };
}

function onStatus(hall: Hall, message: MyStatus): Hall {
  return message.seq < (hall.myStatus?.seq ?? UNCONFIRMED) ? hall : { ...hall, myStatus: message };
}

function onTicket(hall: Hall, message: MyTicket): Hall {
  if (hall.ticket && message.seq < hall.ticket.seq) return hall;
  if (!hall.ticket && hall.lastTicket && message.seq < hall.lastTicket.seq) return hall;
  const { t: _t, places, ...rest } = message;
  const first = hall.ticket?.ticket === message.ticket ? hall.ticket.first : new Map();
  const ticket = { ...rest, first, places: places.map((told) => carried(hall, told, message.seq)) };
  return settleTicket(hall, ticket);
}

function onJoined(hall: Hall, message: Joined): Hall {
  if (hall.ticket && message.seq < hall.ticket.seq) return hall;
  const first = new Map(message.places.flatMap((place, at) => {
    const forecast = message.forecast[at];
    return forecast ? [[place.expert, forecast] as const] : [];
  }));
  return settleTicket(hall, {
    seq: message.seq, at: hall.lastFrameAt, ticket: message.ticket, state: message.state,
    mode: hall.ticket?.mode ?? "chat", joined_at: message.joined_at, paused_until: 0, pause_reason: "", reason: "joined",
    call_me: hall.ticket?.call_me ?? false, agreed: Math.max(hall.ticket?.agreed ?? 0, ...message.places.map((place) => place.rate)),
    first, places: message.places.map((told) => carried(hall, told, message.seq)),
  });
}

function carried(hall: Hall, told: MyTicket["places"][number], seq: number) {
  const known = hall.ticket?.places.find((place) => place.expert === told.expert);
  return placeFrom(told, seq, known, hall.lineChanges);
}

function settleTicket(hall: Hall, ticket: KnownTicket): Hall {
  const over = ticket.ticket === "" || ticket.state === "done";
  if (!over) return { ...hall, ticket };
  const lastTicket = hall.ticket ? { ...hall.ticket, reason: ticket.reason, state: "done" as const, seq: ticket.seq } : hall.lastTicket;
  return { ...hall, ticket: null, lastTicket };
}

function onForecast(hall: Hall, message: Forecast): Hall {
  if ((hall.forecasts.get(message.expert)?.at ?? 0) > message.at) return hall;
  return { ...hall, forecasts: new Map(hall.forecasts).set(message.expert, message) };
}

function onOffer(hall: Hall, message: Offer): Hall {
  if (message.seq <= (hall.offers.get(message.offer)?.seq ?? UNCONFIRMED)) return hall;
  const offers = new Map([...hall.offers].filter(([, offer]) => offer.state === "ringing"));
  return { ...hall, offers: offers.set(message.offer, message) };
}

function onSession(hall: Hall, message: Session): Hall {
  const known = hall.session;
  if (known?.session === message.session && message.seq <= known.seq) return hall;
  if (known && known.session !== message.session && message.matched_at < known.matched_at) return hall;
  return { ...hall, session: message };
}

function onSessionInfo(hall: Hall, message: SessionInfo): Hall {
  if (message.seq <= (hall.sessions.get(message.session)?.seq ?? UNCONFIRMED)) return hall;
  const sessions = new Map(hall.sessions).set(message.session, message);
  const oldest = sessions.size > SESSIONS_MAX ? [...sessions.values()].find((one) => one.state === "ended") : undefined;
  if (oldest) sessions.delete(oldest.session);
  return { ...hall, sessions };
}

function onNotice(hall: Hall, message: Notice): Hall {
  if (message.code === "lagging") return { ...hall, lagging: true, seq: 0 };
  const known = hall.notices.some((notice) => notice.code === message.code && notice.at === message.at && notice.expert === message.expert);
  return known ? hall : { ...hall, notices: [...hall.notices, message].slice(-NOTICES_MAX) };
}

/**
 * A beat says how far this connection has been told everything; only it and a snapshot move the point to resume from,
 * for an answer may overtake lights that are held back. After a fresh start it also ends what nobody has confirmed.
 */
function onBeat(hall: Hall, beat: Beat): Hall {
  const confirmedAt = Math.max(hall.confirmedAt, beat.confirmed_at);
  const base = { ...hall, confirmedAt, seq: hall.lagging ? 0 : Math.max(hall.seq, beat.seq) };
  if (hall.settling !== "beat") return base;
  const kept = <T extends { seq: number }>(map: ReadonlyMap<string, T>) =>
    new Map([...map].filter(([, value]) => value.seq !== UNCONFIRMED));
  const unless = <T extends { seq: number }>(value: T | null) => (value?.seq === UNCONFIRMED ? null : value);
  return {
    ...base, settling: "", offers: kept(hall.offers), sessions: kept(hall.sessions),
    session: hall.session?.state === "ended" ? hall.session : unless(hall.session), ticket: unless(hall.ticket),
  };
}
