import type { ReactiveController, ReactiveControllerHost } from "lit";
import type { ClientController, Hall, LiveClient } from "../core";
import type { FoundExpert } from "../generated/wire";

/** So many are asked for: some of them may be those in whose lines one stands. */
const ASK = 8;
/** Somebody else may have come free: milliseconds. */
const AGAIN_MS = 7_000;
/** Several of them are lost in a row when a door opens for many. */
const LOST_MS = 500;

/** Experts who could talk now, asked of the server while somebody wants to know. */
export class FreeOthers implements ReactiveController {
  list: readonly FoundExpert[] = [];
  private client: LiveClient | null = null;
  private wanted = false;
  private timer = 0;
  private turn = 0;
  private stop = () => {};

  constructor(
    private readonly host: ReactiveControllerHost,
    clients: ClientController,
  ) {
    host.addController(this);
    clients.attach({
      on: (client) => {
        this.client = client;
        this.stop = client.store.subscribe((hall) => hall.lights, () => this.look(client.store.state));
        if (this.wanted) this.later(0);
      },
      off: () => {
        this.stop();
        this.client = null;
        this.turn += 1;
      },
    });
  }

  hostDisconnected(): void {
    this.want(false);
  }

  want(wanted: boolean): void {
    if (wanted === this.wanted) return;
    this.wanted = wanted;
    this.turn += 1;
    clearTimeout(this.timer);
    if (wanted) this.later(0);
    else this.list = [];
  }

  private later(delayMs: number): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.ask(), delayMs) as unknown as number;
  }

  /** One of them was taken meanwhile: others may be told instead. */
  private look(hall: Hall): void {
    const lost = this.list.some((one) => (hall.lights.get(one.profile.expert)?.indicator ?? "free") !== "free");
    if (this.wanted && lost) this.later(LOST_MS);
  }

  private async ask(): Promise<void> {
    const client = this.client;
    if (!client || !this.wanted) return;
    const turn = (this.turn += 1);
    if (document.visibilityState === "visible") {
      const answer = await client.request({ t: "find", free_only: true, limit: ASK }).catch(() => null);
      if (turn !== this.turn) return;
      if (answer) this.list = answer.experts;
      this.host.requestUpdate();
    }
    this.later(AGAIN_MS);
  }
}

/** Those of a list who are still free, without those named in `but`, at most `max`. */
export function stillFree(hall: Pick<Hall, "lights">, list: readonly FoundExpert[], but: ReadonlySet<string>, max: number): FoundExpert[] {
  const free = (one: FoundExpert) => (hall.lights.get(one.profile.expert) ?? one.light).indicator === "free";
  return list.filter((one) => !but.has(one.profile.expert) && free(one)).slice(0, max);
}
