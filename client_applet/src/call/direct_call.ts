import type { CallWord } from "../core/store";
import type { IceServer } from "../generated/wire";
import { Call, type CallPorts, newName } from "./call";
import { type CallEvent, type Effect, fresh, MAX_TRIES, type Negotiation, step } from "./negotiation";
import { MAX_CANDIDATES_PER_WORD, readWord, writeWord } from "./words";

const CANDIDATES_TOGETHER_MS = 40;

/** A call from browser to browser: the negotiation's machine, with a peer connection around it. */
export class DirectCall extends Call {
  state: Negotiation;
  readonly maxTries = MAX_TRIES;
  private servers: readonly IceServer[] = [];
  private found: RTCIceCandidateInit[] = [];
  private foundTimer = 0;

  constructor(polite: boolean, ports: CallPorts) {
    super(ports);
    this.state = fresh(polite, newName());
  }

  hear(said: CallWord): void {
    const word = said.t === "signalled" ? readWord(said.kind, said.data) : null;
    if (word) this.feed({ on: "hear", word });
  }

  toChat(): void {
    this.feed({ on: "to_chat" });
  }

  protected begin(): void {
    void this.ports.ice().then((servers) => {
      this.servers = servers;
      this.feed({ on: "start" });
    });
  }

  protected end(): void {
    this.feed({ on: "stop" });
  }

  protected tellMuted(muted: boolean): void {
    this.feed({ on: "mute", muted });
  }

  /** The state of the connection says what is wrong soon enough, and its repair takes the new track. */
  protected broken(): void {}

  private feed(event: CallEvent): void {
    const [next, effects] = step(this.state, event);
    this.state = next;
    for (const effect of effects) this.perform(effect);
    this.settled();
  }

  private perform(effect: Effect): void {
    switch (effect.do) {
      case "open": return this.open();
      case "close": return this.close();
      case "offer": return void this.offer(effect.restart);
      case "apply": return void this.apply(effect.type, effect.sdp);
      case "add": return void this.add(effect.list);
      case "send": return this.send(effect);
      case "wait": return this.wait(effect.timer, effect.ms, () => this.feed({ on: "timer", timer: effect.timer }));
      case "unwait": return this.unwait(effect.timer);
    }
  }

  private send(effect: Effect & { do: "send" }): void {
    const { kind, data } = writeWord(effect.word);
    this.ports.send(kind, data);
  }

  private open(): void {
    this.close();
    const peer = this.connect(this.servers, (state) => this.feed({ on: "link", state }));
    const live = (act: () => void) => () => peer === this.peer && act();
    peer.onnegotiationneeded = live(() => this.feed({ on: "negotiation_needed" }));
    peer.onsignalingstatechange = live(() => this.feed({ on: "signaling", state: peer.signalingState }));
    peer.onicecandidate = (event) => peer === this.peer && event.candidate && this.gather(event.candidate.toJSON());
    // The next connection may need servers whose credentials still hold.
    if (this.state.tries > 0) void this.ports.ice().then((servers) => (this.servers = servers));
  }

  private close(): void {
    window.clearTimeout(this.foundTimer);
    this.found = [];
    this.disconnect();
  }

  private async offer(restart: boolean): Promise<void> {
    const peer = this.peer;
    try {
      if (restart) peer?.restartIce();
      await peer?.setLocalDescription();
      this.described(peer);
    } catch {
      if (peer === this.peer) this.feed({ on: "not_described" });
    }
  }

  private async apply(type: "offer" | "answer", sdp: string): Promise<void> {
    const peer = this.peer;
    try {
      await peer?.setRemoteDescription({ type, sdp });
      if (peer !== this.peer) return;
      this.feed({ on: "applied" });
      if (type === "answer") return;
      await peer?.setLocalDescription();
      this.described(peer);
    } catch {
      if (peer === this.peer) this.feed({ on: "not_described" }); // the join timer repairs it
    }
  }

  private described(peer: RTCPeerConnection | null): void {
    const description = peer?.localDescription;
    if (!description || peer !== this.peer) return;
    if (description.type !== "offer" && description.type !== "answer") return;
    this.feed({ on: "described", type: description.type, sdp: description.sdp });
  }

  private async add(list: RTCIceCandidateInit[]): Promise<void> {
    const peer = this.peer;
    for (const candidate of list) {
      await peer?.addIceCandidate(candidate).catch(() => undefined); // one bad candidate does not spoil the others
    }
  }

  /** Candidates come in bursts: those of some milliseconds travel together. */
  private gather(candidate: RTCIceCandidateInit): void {
    this.found.push(candidate);
    if (this.found.length === 1) this.foundTimer = window.setTimeout(() => this.tellFound(), CANDIDATES_TOGETHER_MS);
    if (this.found.length >= MAX_CANDIDATES_PER_WORD) this.tellFound();
  }

  private tellFound(): void {
    window.clearTimeout(this.foundTimer);
    const list = this.found.splice(0);
    if (list.length > 0) this.feed({ on: "found", list });
  }
}
