import type { IceServer, SignalKind } from "../generated/wire";
import { type Flow, isSilent, noFlow, observe, packetsIn } from "./flow";
import { MicrophoneError, type MicrophoneTrouble, openMicrophone, stopTracks } from "./microphone";
import { type CallEvent, type Effect, fresh, type Negotiation, step, type Timer } from "./negotiation";
import { MAX_CANDIDATES_PER_WORD, readWord, writeWord } from "./words";

const CANDIDATES_TOGETHER_MS = 40;
const FLOW_EVERY_MS = 400;

/** What a call needs from where it lives. */
export interface CallPorts {
  polite: boolean;
  ice: readonly IceServer[];
  send(kind: SignalKind, data: string): void;
  /** Something that is shown has changed, or the evidence. */
  changed(): void;
}

const asIceServer = ({ urls, username, credential }: IceServer): RTCIceServer =>
  username ? { urls, username, credential } : { urls };

export type Microphone = "off" | "asking" | "on" | MicrophoneTrouble;

/** One audio call: the negotiation's machine, with a peer connection and a microphone around it. */
export class Call {
  state: Negotiation;
  microphone: Microphone = "off";
  mine: MediaStream | null = null;
  theirs: MediaStream | null = null;
  /** Sound of the other side has arrived in this call. */
  evidence = false;
  /** It has stopped coming. */
  silent = false;

  private peer: RTCPeerConnection | null = null;
  private timers = new Map<Timer, number>();
  private found: RTCIceCandidateInit[] = [];
  private foundTimer = 0;
  private flow: Flow = noFlow;
  private flowTimer = 0;
  private device = "";

  constructor(private readonly ports: CallPorts) {
    this.state = fresh(ports.polite, crypto.randomUUID().slice(0, 13));
  }

  /** Opens the microphone and looks for the other side. `microphone` says how that went. */
  async start(): Promise<void> {
    if (this.microphone === "asking") return;
    if (!this.mine && !(await this.openMicrophone())) return;
    this.feed({ on: "start" });
  }

  hear(kind: SignalKind, data: string): void {
    const word = readWord(kind, data);
    if (word) this.feed({ on: "hear", word });
  }

  mute(muted: boolean): void {
    for (const track of this.mine?.getAudioTracks() ?? []) track.enabled = !muted;
    this.feed({ on: "mute", muted });
  }

  /** Speaks through another microphone from now on; without renegotiation. */
  async chooseInput(device: string): Promise<void> {
    this.device = device;
    if (!this.mine) return;
    const old = this.mine;
    if (!(await this.openMicrophone())) return;
    stopTracks(old);
    const track = this.mine?.getAudioTracks()[0] ?? null;
    for (const sender of this.peer?.getSenders() ?? []) await sender.replaceTrack(track);
  }

  /** Gives up audio and tells the other side. */
  toChat(): void {
    this.feed({ on: "to_chat" });
  }

  /** Ends it: no track, timer or connection stays. */
  stop(): void {
    this.feed({ on: "stop" });
    this.releaseMicrophone();
  }

  private async openMicrophone(): Promise<boolean> {
    this.microphone = "asking";
    this.ports.changed();
    try {
      const stream = await openMicrophone(this.device);
      if (this.state.phase === "closed") stopTracks(stream);
      else this.takeMicrophone(stream);
      return this.state.phase !== "closed";
    } catch (error) {
      this.microphone = error instanceof MicrophoneError ? error.trouble : "failed";
      this.ports.changed();
      return false;
    }
  }

  private takeMicrophone(stream: MediaStream): void {
    this.mine = stream;
    this.microphone = "on";
    for (const track of stream.getAudioTracks()) {
      track.enabled = !this.state.muted;
      track.addEventListener("ended", () => void this.unplugged(stream));
    }
    this.ports.changed();
  }

  /** The device in use went away: go on with the machine's default one. */
  private async unplugged(stream: MediaStream): Promise<void> {
    if (this.mine === stream) await this.chooseInput("");
  }

  private releaseMicrophone(): void {
    const stream = this.mine;
    this.mine = null;
    if (this.microphone === "on") this.microphone = "off";
    stopTracks(stream);
  }

  private feed(event: CallEvent): void {
    const [next, effects] = step(this.state, event);
    this.state = next;
    for (const effect of effects) this.perform(effect);
    if (next.phase === "by_chat" || next.elsewhere) this.releaseMicrophone();
    if (next.phase === "by_chat" || next.phase === "closed") this.unwatchFlow();
    this.ports.changed();
  }

  private perform(effect: Effect): void {
    switch (effect.do) {
      case "open": return this.open();
      case "close": return this.close();
      case "offer": return void this.offer(effect.restart);
      case "apply": return void this.apply(effect.type, effect.sdp);
      case "add": return void this.add(effect.list);
      case "send": return this.send(effect);
      case "wait": return this.wait(effect.timer, effect.ms);
      case "unwait": return this.unwait(effect.timer);
    }
  }

  private send(effect: Effect & { do: "send" }): void {
    const { kind, data } = writeWord(effect.word);
    this.ports.send(kind, data);
  }

  private wait(timer: Timer, ms: number): void {
    this.unwait(timer);
    this.timers.set(timer, window.setTimeout(() => this.feed({ on: "timer", timer }), ms));
  }

  private unwait(timer: Timer): void {
    window.clearTimeout(this.timers.get(timer));
    this.timers.delete(timer);
  }

  private open(): void {
    this.close();
    const peer = new RTCPeerConnection({ iceServers: this.ports.ice.map(asIceServer) });
    this.peer = peer;
    const live = (act: () => void) => () => peer === this.peer && act();
    peer.onnegotiationneeded = live(() => this.feed({ on: "negotiation_needed" }));
    peer.onsignalingstatechange = live(() => this.feed({ on: "signaling", state: peer.signalingState }));
    peer.onconnectionstatechange = live(() => this.linkChanged(peer));
    peer.onicecandidate = (event) => peer === this.peer && event.candidate && this.gather(event.candidate.toJSON());
    peer.ontrack = (event) => peer === this.peer && this.takeTheirs(event.track);
    for (const track of this.mine?.getAudioTracks() ?? []) peer.addTrack(track, this.mine!);
  }

  private close(): void {
    window.clearTimeout(this.foundTimer);
    this.found = [];
    this.flow = { ...this.flow, packets: noFlow.packets };
    this.peer?.close();
    this.peer = null;
    this.theirs = null;
  }

  private takeTheirs(track: MediaStreamTrack): void {
    this.theirs = new MediaStream([track]);
    this.ports.changed();
  }

  private linkChanged(peer: RTCPeerConnection): void {
    this.feed({ on: "link", state: peer.connectionState });
    if (peer.connectionState === "connected" && this.flowTimer === 0) this.watchFlow();
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

  /** Looks at the statistics until the call ends: whether sound has come, and whether it still does. */
  private watchFlow(): void {
    window.clearTimeout(this.flowTimer);
    this.flowTimer = window.setTimeout(() => void this.lookAtFlow(), FLOW_EVERY_MS);
  }

  private unwatchFlow(): void {
    window.clearTimeout(this.flowTimer);
    this.flowTimer = 0;
    this.flow = noFlow;
    this.silent = false;
  }

  private async lookAtFlow(): Promise<void> {
    const { peer, flowTimer } = this;
    const packets = peer ? packetsIn((await peer.getStats()).values()) : noFlow.packets;
    if (flowTimer !== this.flowTimer) return;
    const muted = peer?.getReceivers().every((receiver) => receiver.track.muted) ?? true;
    const at = performance.now();
    // A connection that was replaced meanwhile is looked at the next time.
    this.flow = observe(this.flow, peer === this.peer ? packets : noFlow.packets, muted, at);
    this.watchFlow();
    this.noteFlow(this.evidence || this.flow.flowing, isSilent(this.flow, at));
  }

  private noteFlow(evidence: boolean, silent: boolean): void {
    if (evidence === this.evidence && silent === this.silent) return;
    this.evidence = evidence;
    this.silent = silent;
    this.ports.changed();
  }
}
