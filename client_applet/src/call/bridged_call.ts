import { RefusedError } from "../core/errors";
import type { CallWord } from "../core/store";
import type { MediaAnswer } from "../generated/wire";
import { type BridgeEffect, type Bridged, type BridgeEvent, fresh, MAX_TRIES, step } from "./bridged";
import { Call, type CallPorts, newName } from "./call";
import { networkChanges } from "./network";
import { offered } from "./offering";
import { OtherPages } from "./other_pages";
import { readWord, writeWord } from "./words";

export interface BridgedPorts extends CallPorts {
  /** Hands our offer to the media server. Raises RefusedError or UnansweredError. */
  offer(peer: string, sdp: string): Promise<Pick<MediaAnswer, "sdp" | "worker">>;
}

/** Pages whose worker died don't all come at the same moment: pauses are up to so much longer. */
const SPREAD = 0.5;

/** A call through the media server: the machine of `bridged.ts`, with a peer connection around it. */
export class BridgedCall extends Call {
  state: Bridged;
  readonly maxTries = MAX_TRIES;
  private readonly unwatch: () => void;
  private readonly pages: OtherPages;

  /** `taking` is the same for all pages of one side, which take the call from each other. */
  constructor(taking: string, online: boolean, protected override readonly ports: BridgedPorts) {
    super(ports);
    this.state = fresh(newName(), online);
    this.unwatch = networkChanges(() => this.feed({ on: "network" }));
    this.pages = new OtherPages(taking, () => this.feed({ on: "taken" }));
  }

  hear(said: CallWord): void {
    if (said.t === "media_moved") return this.feed({ on: "moved", worker: said.worker });
    const word = readWord(said.kind, said.data);
    if (word) this.feed({ on: "hear", word });
  }

  override online(open: boolean): void {
    if (open !== this.state.online) this.feed({ on: "socket", open });
  }

  toChat(): void {
    this.feed({ on: "to_chat" });
  }

  protected begin(): void {
    this.pages.take();
    this.feed({ on: "start" });
  }

  protected end(): void {
    this.unwatch();
    this.pages.close();
    this.feed({ on: "stop" });
  }

  protected tellMuted(muted: boolean): void {
    this.feed({ on: "mute", muted });
  }

  protected broken(why: "track" | "starved"): void {
    this.feed({ on: why === "track" ? "network" : "starved" });
  }

  private feed(event: BridgeEvent): void {
    const [next, effects] = step(this.state, event);
    this.state = next;
    for (const effect of effects) this.perform(effect);
    this.settled();
  }

  private perform(effect: BridgeEffect): void {
    switch (effect.do) {
      case "ask_ice": return void this.askIce(effect.peer);
      case "open": return void this.open(effect);
      case "offer": return void this.offer(effect);
      case "apply": return void this.apply(effect);
      case "close": return this.disconnect();
      case "send": return this.send(effect);
      case "wait": return this.wait(effect.timer, this.spread(effect), () => this.feed({ on: "timer", timer: effect.timer }));
      case "unwait": return this.unwait(effect.timer);
    }
  }

  private spread({ timer, ms }: BridgeEffect & { do: "wait" }): number {
    return timer === "retry" ? ms * (1 + SPREAD * Math.random()) : ms;
  }

  private send(effect: BridgeEffect & { do: "send" }): void {
    const { kind, data } = writeWord(effect.word);
    this.ports.send(kind, data);
  }

  private async askIce(peer: string): Promise<void> {
    this.feed({ on: "ice", peer, servers: await this.ports.ice() });
  }

  private async open({ peer, servers }: BridgeEffect & { do: "open" }): Promise<void> {
    const connection = this.connect(servers, (state) => this.feed({ on: "link", state }));
    try {
      this.feed({ on: "described", peer, sdp: await offered(connection) });
    } catch {
      this.feed({ on: "failed", peer, code: "" });
    }
  }

  private async offer({ peer, sdp }: BridgeEffect & { do: "offer" }): Promise<void> {
    try {
      const answer = await this.ports.offer(peer, sdp);
      this.feed({ on: "answered", peer, sdp: answer.sdp, worker: answer.worker });
    } catch (error) {
      this.feed({ on: "failed", peer, code: error instanceof RefusedError ? error.code : "" });
    }
  }

  private async apply({ peer, sdp }: BridgeEffect & { do: "apply" }): Promise<void> {
    try {
      await this.peer?.setRemoteDescription({ type: "answer", sdp });
    } catch {
      this.feed({ on: "failed", peer, code: "" });
    }
  }
}
