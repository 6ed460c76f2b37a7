import type { CallWord } from "../core/store";
import type { IceServer, SignalKind } from "../generated/wire";
import { type Flow, isSilent, isStarved, noFlow, observe, packetsIn, signsIn } from "./flow";
import { MicrophoneError, type MicrophoneTrouble, openMicrophone, stopTracks } from "./microphone";
import { type Counts, counts, type Entry, measured, noSign, seen, type Sign } from "./quality";
import type { CallView } from "./view";

const FLOW_EVERY_MS = 400;
/** A sign of quality is of the last two seconds. */
const QUALITY_LOOKS = 5;

/** What a call needs from where it lives. */
export interface CallPorts {
  /** The servers through which a connection may go; asked before each new one, for their credentials last for minutes. */
  ice(): Promise<readonly IceServer[]>;
  send(kind: SignalKind, data: string): void;
  /** Something that is shown has changed, or the evidence. */
  changed(): void;
}

export type Microphone = "off" | "asking" | "on" | MicrophoneTrouble;

export const asIceServer = ({ urls, username, credential }: IceServer): RTCIceServer =>
  username ? { urls, username, credential } : { urls };

/** A random name for one page's part of a call. */
export const newName = (): string => crypto.randomUUID().slice(0, 13);

/**
 * One audio call: a microphone, a peer connection, and what its statistics say.
 *
 * Which way the sound takes is for those who are made from it: to the other browser, or to the media server.
 */
export abstract class Call {
  abstract readonly state: CallView;
  microphone: Microphone = "off";
  mine: MediaStream | null = null;
  theirs: MediaStream | null = null;
  /** Sound of the other side has arrived in this call. */
  evidence = false;
  /** It has stopped coming. */
  silent = false;
  sign: Sign = noSign;

  protected peer: RTCPeerConnection | null = null;
  private readonly timers = new Map<string, number>();
  private flow: Flow = noFlow;
  private signs: Flow = noFlow;
  private counted: Counts | null = null;
  private looks = 0;
  private flowTimer = 0;
  private device = "";

  constructor(protected readonly ports: CallPorts) {}

  /** After so many tries in a row it is given up. */
  abstract readonly maxTries: number;

  /** Our own connection to the server holds, or no longer does. */
  online(_open: boolean): void {}
  /** A word of the other side or of the media server. */
  abstract hear(word: CallWord): void;
  /** Gives up audio and tells the other side. */
  abstract toChat(): void;
  /** The microphone is open. */
  protected abstract begin(): void;
  protected abstract end(): void;
  protected abstract tellMuted(muted: boolean): void;
  /** Another track could not take the place of the one before, or nothing at all comes any more. */
  protected abstract broken(why: "track" | "starved"): void;

  /** Opens the microphone and looks for the other side. `microphone` says how that went. */
  async start(): Promise<void> {
    if (this.microphone === "asking") return;
    if (!this.mine) {
      if (!(await this.openMicrophone())) return;
      await this.speak();
    }
    this.begin();
  }

  mute(muted: boolean): void {
    for (const track of this.mine?.getAudioTracks() ?? []) track.enabled = !muted;
    this.tellMuted(muted);
  }

  /** Speaks through another microphone from now on. Where that does not open, `microphone` says why, and the one before goes on. */
  async chooseInput(device: string): Promise<void> {
    this.device = device;
    const old = this.mine;
    if (!old) return;
    if (!(await this.openMicrophone())) return this.keep(old);
    stopTracks(old);
    await this.speak();
  }

  /** The microphone there is, or none where its device is gone. */
  private keep(old: MediaStream): void {
    if (old.getTracks().some((track) => track.readyState === "live") || this.mine !== old) return;
    this.mine = null;
    this.ports.changed();
  }

  /** What comes from the microphone goes out; without a new connection where the browser can. */
  private async speak(): Promise<void> {
    const track = this.mine?.getAudioTracks()[0] ?? null;
    try {
      for (const sender of this.peer?.getSenders() ?? []) await sender.replaceTrack(track);
    } catch {
      this.broken("track");
    }
  }

  /** Ends it: no track, timer or connection stays. */
  stop(): void {
    this.end();
    this.releaseMicrophone();
  }

  /** After each step of the machine: what it means for the microphone and for those who look. */
  protected settled(): void {
    const { phase, elsewhere } = this.state;
    if (phase === "by_chat" || elsewhere) this.releaseMicrophone();
    if (phase === "by_chat" || phase === "closed") this.unwatchFlow();
    this.ports.changed();
  }

  protected wait(timer: string, ms: number, due: () => void): void {
    this.unwait(timer);
    this.timers.set(timer, window.setTimeout(due, ms));
  }

  protected unwait(timer: string): void {
    window.clearTimeout(this.timers.get(timer));
    this.timers.delete(timer);
  }

  /** A peer connection with our microphone in it, in place of the one before. */
  protected connect(servers: readonly IceServer[], link: (state: RTCPeerConnectionState) => void): RTCPeerConnection {
    this.disconnect();
    const peer = new RTCPeerConnection({ iceServers: servers.map(asIceServer), bundlePolicy: "max-bundle" });
    this.peer = peer;
    peer.onconnectionstatechange = () => peer === this.peer && this.linkChanged(peer, link);
    peer.ontrack = (event) => peer === this.peer && this.takeTheirs(event.track);
    for (const track of this.mine?.getAudioTracks() ?? []) peer.addTrack(track, this.mine!);
    return peer;
  }

  protected disconnect(): void {
    this.flow = { ...this.flow, packets: noFlow.packets };
    this.signs = noFlow;
    this.counted = null;
    this.peer?.close();
    this.peer = null;
    this.theirs = null;
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
    if (stream) this.microphone = "off";
    stopTracks(stream);
  }

  private takeTheirs(track: MediaStreamTrack): void {
    this.theirs = new MediaStream([track]);
    this.ports.changed();
  }

  private linkChanged(peer: RTCPeerConnection, link: (state: RTCPeerConnectionState) => void): void {
    link(peer.connectionState);
    if (peer.connectionState === "connected" && this.flowTimer === 0) this.watchFlow();
  }

  /** Looks at the statistics until the call ends: whether sound has come, whether it still does, and how good it is. */
  private watchFlow(): void {
    window.clearTimeout(this.flowTimer);
    this.flowTimer = window.setTimeout(() => void this.lookAtFlow(), FLOW_EVERY_MS);
  }

  private unwatchFlow(): void {
    window.clearTimeout(this.flowTimer);
    this.flowTimer = 0;
    this.flow = noFlow;
    this.silent = false;
    this.sign = noSign;
  }

  private async lookAtFlow(): Promise<void> {
    const { peer, flowTimer } = this;
    const report: Entry[] = peer ? [...(await peer.getStats()).values()] : [];
    if (flowTimer !== this.flowTimer) return;
    // A connection that was replaced meanwhile is looked at the next time.
    const entries = peer === this.peer ? report : [];
    const muted = peer?.getReceivers().every((receiver) => receiver.track.muted) ?? true;
    const at = performance.now();
    this.flow = observe(this.flow, packetsIn(entries), muted, at);
    this.signs = observe(this.signs, signsIn(entries), false, at);
    this.watchFlow();
    this.noteQuality(entries);
    this.noteFlow(this.evidence || this.flow.flowing, isSilent(this.flow, at));
    if (isStarved(this.signs, this.flow, at)) this.broken("starved");
  }

  private noteFlow(evidence: boolean, silent: boolean): void {
    if (evidence === this.evidence && silent === this.silent) return;
    this.evidence = evidence;
    this.silent = silent;
    this.ports.changed();
  }

  private noteQuality(entries: readonly Entry[]): void {
    this.looks += 1;
    if (this.looks % QUALITY_LOOKS !== 0) return;
    const now = counts(entries);
    const { shown } = this.sign;
    this.sign = seen(this.sign, this.counted && measured(this.counted, now));
    this.counted = now;
    if (this.sign.shown !== shown) this.ports.changed();
  }
}
