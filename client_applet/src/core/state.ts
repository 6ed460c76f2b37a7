import type {
  Bill, ChatLine, Forecast, Light, LineChange, Meter, MyStatus, MyTicket, Notice, Offer, PlaceForecast, Profile, Role,
  Session, SessionInfo, Side, Waiter, Wallet, Welcome,
} from "../generated/wire";
import type { Place } from "./place";
import type { Phase } from "./reconnect";

export interface KnownLight extends Light {
  seq: number;
}

/** My ticket with its places; null when I stand nowhere. `first` is the forecast that came with the answer to joining. */
export interface KnownTicket extends Omit<MyTicket, "t" | "places"> {
  places: readonly Place[];
  first: ReadonlyMap<string, PlaceForecast>;
}

export interface KnownQueue {
  expert: string;
  /** In order of ordinal. */
  waiters: readonly Waiter[];
  seq: number;
}

/** What was said in one session. `seen` says up to which message each side has seen, `typingAt` when it last typed. */
export interface Chat {
  lines: readonly ChatLine[];
  seen: Readonly<Record<Side, number>>;
  typingAt: Readonly<Record<Side, number>>;
  /** Older lines are to be had by `history`. */
  more: boolean;
}

export interface Connection {
  phase: Phase;
  closeCode: number;
  /** Local milliseconds of the next try, 0 where none is planned. */
  retryAt: number;
}

export interface Hall {
  connection: Connection;
  welcome: Welcome | null;
  role: Role;
  epoch: string;
  seq: number;
  /** Add to local milliseconds to have the server's. */
  clockOffset: number;
  /** Server milliseconds. */
  lastFrameAt: number;
  confirmedAt: number;
  /** The server lets messages fall for now: this is no point to resume from until the next snapshot. */
  lagging: boolean;
  /** A snapshot of lights has come on this connection or an earlier one of this epoch. */
  ready: boolean;
  /** After a fresh start: what is still to come before unconfirmed offers and sessions are forgotten. */
  settling: "" | "snapshot" | "beat";
  profiles: ReadonlyMap<string, Profile>;
  /** How often there was news of an expert's profile or feedback: what was asked for before may be asked again. */
  news: ReadonlyMap<string, number>;
  lights: ReadonlyMap<string, KnownLight>;
  queues: ReadonlyMap<string, KnownQueue>;
  forecasts: ReadonlyMap<string, Forecast>;
  /** What I have declared as an expert, whatever my light shows. */
  myStatus: MyStatus | null;
  ticket: KnownTicket | null;
  /** My last ticket that ended, for saying why. */
  lastTicket: KnownTicket | null;
  offers: ReadonlyMap<string, Offer>;
  session: Session | null;
  sessions: ReadonlyMap<string, SessionInfo>;
  chats: ReadonlyMap<string, Chat>;
  /** My balance in a prepaid pool; null while nobody has told it. */
  wallet: Wallet | null;
  /** The clock of my session, where it costs something. */
  meter: Meter | null;
  /** What my last sessions came to, by session. */
  bills: ReadonlyMap<string, Bill>;
  notices: readonly Notice[];
  /** The newest changes of lines, for places told later than their change. */
  lineChanges: readonly LineChange[];
}

export const EMPTY: Hall = {
  connection: { phase: "idle", closeCode: 0, retryAt: 0 },
  welcome: null,
  role: "guest",
  epoch: "",
  seq: 0,
  clockOffset: 0,
  lastFrameAt: 0,
  confirmedAt: 0,
  lagging: false,
  ready: false,
  settling: "",
  profiles: new Map(),
  news: new Map(),
  lights: new Map(),
  queues: new Map(),
  forecasts: new Map(),
  myStatus: null,
  ticket: null,
  lastTicket: null,
  offers: new Map(),
  session: null,
  sessions: new Map(),
  chats: new Map(),
  wallet: null,
  meter: null,
  bills: new Map(),
  notices: [],
  lineChanges: [],
};

export const EMPTY_CHAT: Chat = { lines: [], seen: { user: 0, expert: 0 }, typingAt: { user: 0, expert: 0 }, more: false };

