import type { ReactiveController, ReactiveControllerHost } from "lit";
import type { As, LiveClient, WatchHandle } from "./client";
import { type Freshness, freshness } from "./freshness";
import type { Interest } from "./interest";
import { acquire, release } from "./registry";
import type { Hall } from "./state";

/** An element that lives in a pool: the attributes that all our elements share. */
export interface PoolHost extends ReactiveControllerHost, HTMLElement {
  /** Origin of the server; "" is where the script came from. */
  server: string;
  pool: string;
  as: As;
  token: string;
}

/** The shared client of the host's pool, held from connected to disconnected; follows the attributes. */
export class ClientController implements ReactiveController {
  private held: LiveClient | null = null;
  private key = "";
  private readonly attached = new Set<{ on(client: LiveClient): void; off(): void }>();

  constructor(private readonly host: PoolHost) {
    host.addController(this);
  }

  /** Null until the host is connected and names a pool. */
  get client(): LiveClient | null {
    return this.held;
  }

  /** Runs `on` with every client that the host gets, and `off` when it loses it. */
  attach(part: { on(client: LiveClient): void; off(): void }): void {
    this.attached.add(part);
    if (this.held) part.on(this.held);
  }

  hostConnected(): void {
    this.follow();
  }

  hostUpdate(): void {
    if (this.host.isConnected) this.follow();
  }

  hostDisconnected(): void {
    this.drop();
  }

  private follow(): void {
    const { server, pool, as, token } = this.host;
    const key = `${server}|${pool}|${as}`;
    if (key === this.key || pool === "") return;
    this.drop();
    this.key = key;
    this.held = acquire(server, pool, token, as);
    for (const part of this.attached) part.on(this.held);
  }

  private drop(): void {
    if (!this.held) return;
    for (const part of this.attached) part.off();
    release(this.held);
    this.held = null;
    this.key = "";
  }
}

/** One slice of the hall: the host is rendered again whenever the slice is another value. */
export class SliceController<T> implements ReactiveController {
  private client: LiveClient | null = null;
  private stop: () => void = () => {};

  constructor(
    private readonly host: ReactiveControllerHost,
    clients: ClientController,
    private readonly select: (hall: Hall) => T,
    private readonly empty: NoInfer<T>,
    private readonly changed: () => void = () => {},
  ) {
    host.addController(this);
    clients.attach({
      on: (client) => {
        this.client = client;
        this.stop = client.store.subscribe(select, () => this.update());
        this.update();
      },
      off: () => {
        this.stop();
        this.client = null;
      },
    });
  }

  get value(): T {
    return this.client ? this.select(this.client.store.state) : this.empty;
  }

  hostConnected(): void {}

  private update(): void {
    this.changed();
    this.host.requestUpdate();
  }
}

/** A wish in the page's interest set for as long as the host lives. */
export class WatchController {
  private handle: WatchHandle | null = null;
  private interest: Interest = {};
  private key = "{}";

  constructor(clients: ClientController) {
    clients.attach({
      on: (client) => {
        this.handle = client.watch(this.interest);
      },
      off: () => {
        this.handle?.release();
        this.handle = null;
      },
    });
  }

  set(interest: Interest): void {
    const key = JSON.stringify(interest);
    if (key === this.key) return;
    this.key = key;
    this.interest = interest;
    this.handle?.update(interest);
  }
}

/** Renders the host again every `periodMs` while it is connected and `active()`: running clocks and freshness. */
export class ClockController implements ReactiveController {
  private timer = 0;

  constructor(
    private readonly host: ReactiveControllerHost,
    private readonly periodMs = 1000,
    private readonly active: () => boolean = () => true,
  ) {
    host.addController(this);
  }

  hostConnected(): void {
    this.timer = setInterval(() => {
      if (this.active()) this.host.requestUpdate();
    }, this.periodMs) as unknown as number;
  }

  hostDisconnected(): void {
    clearInterval(this.timer);
  }
}

/** Whether what the page shows is confirmed; the host is rendered again only when the answer changes. */
export class FreshnessController implements ReactiveController {
  private timer = 0;
  private last: Freshness = "unknown";
  private askedAt = 0;

  constructor(
    private readonly host: ReactiveControllerHost,
    private readonly clients: ClientController,
  ) {
    host.addController(this);
  }

  get value(): Freshness {
    const client = this.clients.client;
    if (!client) return "unknown";
    const { lastFrameAt, confirmedAt, ready } = client.store.state;
    return ready ? freshness(client.store.now(), lastFrameAt, confirmedAt) : freshness(Date.now(), 0, 0, this.askedAt);
  }

  hostConnected(): void {
    this.askedAt = Date.now();
    this.timer = setInterval(() => this.look(), 500) as unknown as number;
  }

  hostDisconnected(): void {
    clearInterval(this.timer);
  }

  private look(): void {
    const value = this.value;
    if (value === this.last) return;
    this.last = value;
    this.host.requestUpdate();
  }
}
