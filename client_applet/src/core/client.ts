import { type ClientMessage, CLOSES, type ServerMessage, type Welcome } from "../generated/wire";
import { decode, encode, SUBPROTOCOL } from "./codec";
import { type Interest, mergeInterests, sameWatch, type WatchSet } from "./interest";
import { type Reconnect, type ReconnectEvent, START, step } from "./reconnect";
import { type Answer, type Command, Requests } from "./requests";
import { LiveStore } from "./store";

const TICK_MS = 1000;
/** Silence after which the client asks, and after which it holds the connection for dead. */
const ASK_AFTER_MS = 8_000;
const DEAD_AFTER_MS = 20_000;
/** How long an answer may take while the browser says that it is offline. It may err: this very machine still answers. */
const OFFLINE_AFTER_MS = 3_000;
/** Time for the handshake and the welcome. */
const GREETING_MS = 15_000;
const OUTBOX_MAX_BYTES = 1 << 20;

/** Which of the browser's sign-ins counts, when it has several. */
export type As = "user" | "expert" | "operator";

/** A wish to hear of things; `update` replaces it, `release` ends it. */
export interface WatchHandle {
  update(interest: Interest): void;
  release(): void;
}

export interface ClientOptions {
  /** Origin of the server, `https://line.example.org`. */
  server: string;
  pool: string;
  as?: As;
  /** A signed short-lived token, asked for before each connection; "" is a guest or the member of the cookie. */
  token?: () => string | Promise<string>;
}

/** One connection to one pool, shared by all elements of the page. It comes back by itself. */
export class LiveClient {
  readonly store = new LiveStore();
  readonly server: string;
  readonly pool: string;
  readonly as: As;
  private readonly requests = new Requests();
  private readonly interests = new Set<{ interest: Interest }>();
  private token: () => string | Promise<string>;
  private reconnect: Reconnect = START;
  private socket: WebSocket | null = null;
  private connectedAt = 0;
  private askedAt = 0;
  private greetedWith = 0;
  private greetedToken = "";
  private sentWatch: WatchSet | null = null;
  private watchQueued = false;
  private retryTimer = 0;
  private tickTimer = 0;

  constructor(options: ClientOptions) {
    this.server = options.server;
    this.pool = options.pool;
    this.as = options.as ?? "user";
    this.token = options.token ?? (() => "");
  }

  start(): void {
    addEventListener("online", this.nudge);
    addEventListener("offline", this.doubt);
    addEventListener("pageshow", this.nudge);
    document.addEventListener("visibilitychange", this.nudge);
    this.tickTimer = setInterval(this.tick, TICK_MS) as unknown as number;
    this.happen({ kind: "start" });
  }

  stop(): void {
    removeEventListener("online", this.nudge);
    removeEventListener("offline", this.doubt);
    removeEventListener("pageshow", this.nudge);
    document.removeEventListener("visibilitychange", this.nudge);
    clearInterval(this.tickTimer);
    this.dropSocket();
    this.happen({ kind: "stop" });
    this.requests.stop();
  }

  /** Goes on as somebody else: with this token, or with what the cookie says by now when it is "". */
  signIn(token: () => string | Promise<string> = () => ""): void {
    this.token = token;
    this.store.startAnew();
    this.again();
  }

  /** Tries now, also after a close code that said not to come again. */
  again(): void {
    this.dropSocket();
    this.happen({ kind: "stop" });
    this.happen({ kind: "start" });
  }

  /**
   * Sends a command and waits for its answer, over a reconnect if need be.
   * Rejects with RefusedError (the server said no) or UnansweredError (nobody knows).
   */
  request<M extends Command>(command: M, op?: string): Promise<Answer<M>> {
    const answer = this.requests.add(command, Date.now(), op);
    this.flush();
    return answer;
  }

  /** Sends a message that is worth nothing later (typing, signalling): dropped when there is no connection. */
  send(command: Command): boolean {
    if (this.reconnect.phase !== "open") return false;
    return this.write({ ...command, id: this.requests.takeId() } as ClientMessage);
  }

  /** Adds a wish to the interest set of the page. All wishes of one turn go out as one `watch`. */
  watch(interest: Interest): WatchHandle {
    const wish = { interest };
    this.interests.add(wish);
    this.queueWatch();
    return {
      update: (next) => {
        wish.interest = next;
        this.queueWatch();
      },
      release: () => {
        this.interests.delete(wish);
        this.queueWatch();
      },
    };
  }

  private happen(event: ReconnectEvent): void {
    const before = this.reconnect;
    this.reconnect = step(before, event, Math.random());
    if (this.reconnect === before) return;
    const { phase, closeCode, delayMs } = this.reconnect;
    clearTimeout(this.retryTimer);
    const retryAt = phase === "waiting" ? Date.now() + delayMs : 0;
    this.store.setConnection({ phase, closeCode, retryAt });
    if (phase === "waiting") this.retryTimer = setTimeout(() => this.happen({ kind: "due" }), delayMs) as unknown as number;
    if (phase === "connecting") this.open();
    if (phase === "stopped") this.requests.stop();
  }

  private open(): void {
    const url = `${this.server.replace(/^http/, "ws")}/v1/ws?as=${this.as}`;
    const socket = new WebSocket(url, SUBPROTOCOL);
    socket.binaryType = "arraybuffer";
    this.socket = socket;
    this.connectedAt = Date.now();
    this.askedAt = 0;
    this.greetedWith = 0;
    this.sentWatch = null;
    socket.addEventListener("open", () => void this.greet(socket));
    socket.addEventListener("message", (event) => this.onFrame(socket, event.data as ArrayBuffer));
    socket.addEventListener("close", (event) => this.onClose(socket, event.code));
  }

  private async greet(socket: WebSocket): Promise<void> {
    const token = await Promise.resolve(this.token()).catch(() => "");
    if (socket !== this.socket) return;
    this.greetedToken = token;
    const { epoch, seq } = this.store.state;
    this.greetedWith = this.requests.takeId();
    this.write({ t: "hello", id: this.greetedWith, pool: this.pool, token, epoch: seq === 0 ? "" : epoch, seq });
  }

  private onFrame(socket: WebSocket, frame: ArrayBuffer): void {
    if (socket !== this.socket) return;
    this.askedAt = 0;
    for (const message of decode(frame)) this.onMessage(message);
  }

  private onMessage(message: ServerMessage): void {
    if (message.t === "welcome" && message.resumed && this.isSomebodyElse(message)) return this.signIn(this.token);
    // The store first: whoever awaits an answer finds the hall as the answer says.
    this.store.receive(message);
    if (message.t === "welcome" && message.id === this.greetedWith) this.onWelcome();
    else this.requests.answered(message);
  }

  /** The browser's sign-in has changed meanwhile, in another tab: what was told to the one before is not to be resumed. */
  private isSomebodyElse({ role, member }: Welcome): boolean {
    const known = this.store.state.welcome;
    return known !== null && (known.role !== role || known.member !== member);
  }

  private onWelcome(): void {
    this.happen({ kind: "welcomed" });
    this.sendWatch();
    this.send({ t: "ping" });
    this.flush();
  }

  private onClose(socket: WebSocket, code: number): void {
    if (socket !== this.socket) return;
    this.socket = null;
    this.requests.disconnected();
    // A sign-in that was not accepted: on as a guest, or as whom the cookie names. One that ended: ask for a new one.
    if (code === CLOSES.bad_token.code && this.greetedToken !== "") this.signIn();
    else if (code === CLOSES.token_expired.code && this.reconnect.phase === "open") this.again();
    else this.happen({ kind: "closed", code, livedMs: Date.now() - this.connectedAt });
  }

  private dropSocket(): void {
    const socket = this.socket;
    this.socket = null;
    socket?.close(1000);
    this.requests.disconnected();
  }

  private flush(): void {
    if (this.reconnect.phase !== "open") return;
    for (const message of this.requests.unsent(Date.now())) this.write(message);
  }

  private write(message: ClientMessage): boolean {
    const socket = this.socket;
    if (!socket || socket.readyState !== WebSocket.OPEN || socket.bufferedAmount > OUTBOX_MAX_BYTES) return false;
    socket.send(encode(message));
    return true;
  }

  private queueWatch(): void {
    if (this.watchQueued) return;
    this.watchQueued = true;
    queueMicrotask(() => {
      this.watchQueued = false;
      this.sendWatch();
    });
  }

  private sendWatch(): void {
    if (this.reconnect.phase !== "open") return;
    const next = mergeInterests([...this.interests].map((wish) => wish.interest));
    if (sameWatch(this.sentWatch, next)) return;
    if (this.send({ t: "watch", ...next })) this.sentWatch = next;
  }

  private readonly nudge = (): void => {
    if (document.visibilityState !== "visible") return;
    this.happen({ kind: "nudge" });
    if (this.reconnect.phase === "open") this.send({ t: "ping" });
  };

  private readonly tick = (): void => {
    const now = Date.now();
    this.requests.expire(now);
    const greeting = this.reconnect.phase === "connecting" && now - this.connectedAt > GREETING_MS;
    const silent = this.reconnect.phase === "open" ? this.store.now() - this.store.state.lastFrameAt : 0;
    const unheard = this.askedAt !== 0 && this.reconnect.phase === "open" ? now - this.askedAt : 0;
    if (greeting || silent > DEAD_AFTER_MS || (!navigator.onLine && unheard > OFFLINE_AFTER_MS)) this.giveUp();
    else if (silent > ASK_AFTER_MS || !navigator.onLine) this.ask(now);
  };

  /** Clocks that cost something run on what this connection says: whether it still does is asked at once. */
  private readonly doubt = (): void => this.ask(Date.now());

  private ask(now: number): void {
    if (this.askedAt === 0 && this.send({ t: "ping" })) this.askedAt = now;
  }

  /** A dead socket may take minutes to close by itself: it is left behind. */
  private giveUp(): void {
    this.dropSocket();
    this.happen({ kind: "closed", code: 1006, livedMs: Date.now() - this.connectedAt });
  }
}
