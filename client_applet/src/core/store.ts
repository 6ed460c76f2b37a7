import type { MediaMoved, ServerMessage, Signalled } from "../generated/wire";
import { reduce } from "./reduce";
import { type Connection, EMPTY, type Hall } from "./state";

/** What is for a call alone: a word of the other side, or of the media server. */
export type CallWord = Signalled | MediaMoved;

interface Subscription {
  select: (hall: Hall) => unknown;
  last: unknown;
  changed: () => void;
}

/** The hall of one pool as this page knows it, and who wants to hear of which slice of it. */
export class LiveStore {
  private hall: Hall = EMPTY;
  private readonly subscriptions = new Set<Subscription>();
  private readonly signals = new Set<(word: CallWord) => void>();

  get state(): Hall {
    return this.hall;
  }

  /** The server's clock, milliseconds since 1970. */
  now(): number {
    return Date.now() + this.hall.clockOffset;
  }

  /** Calls `changed` whenever the slice is another value (by identity). Returns how to stop. */
  subscribe<T>(select: (hall: Hall) => T, changed: () => void): () => void {
    const subscription: Subscription = { select, last: select(this.hall), changed };
    this.subscriptions.add(subscription);
    return () => this.subscriptions.delete(subscription);
  }

  /** Signalling is passed on and not kept. */
  onSignal(listener: (word: CallWord) => void): () => void {
    this.signals.add(listener);
    return () => this.signals.delete(listener);
  }

  receive(message: ServerMessage): void {
    if (message.t === "signalled" || message.t === "media_moved") for (const listener of [...this.signals]) listener(message);
    this.replace(reduce(this.hall, message, Date.now()));
  }

  setConnection(connection: Connection): void {
    this.replace({ ...this.hall, connection });
  }

  /** The next connection starts afresh: what was told to somebody else is nothing to resume from. */
  startAnew(): void {
    this.replace({ ...this.hall, seq: 0 });
  }

  /** The person has read it. */
  dismissNotice(code: string, at: number): void {
    this.replace({ ...this.hall, notices: this.hall.notices.filter((one) => one.code !== code || one.at !== at) });
  }

  /** The person has seen that the session ended. */
  dismissSession(): void {
    if (this.hall.session?.state === "ended") this.replace({ ...this.hall, session: null });
  }

  /** The person has seen why the last place in line ended. */
  dismissLastTicket(): void {
    this.replace({ ...this.hall, lastTicket: null });
  }

  private replace(hall: Hall): void {
    this.hall = hall;
    for (const subscription of [...this.subscriptions]) {
      const value = subscription.select(hall);
      if (Object.is(value, subscription.last)) continue;
      subscription.last = value;
      subscription.changed();
    }
  }
}
