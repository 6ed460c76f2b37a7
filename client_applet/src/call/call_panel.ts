import { html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { property, query, state } from "lit/decorators.js";
import { translate } from "../i18n";
import type { CallKey } from "../i18n/call.en";
import { define } from "../ui/element";
import { icon } from "../ui/icons";
import { isShortcut, shortcutName } from "../ui/shortcut";
import { refusal } from "../ui/words";
import type { Call, Microphone } from "./call";
import { callStyles } from "./call_styles";
import { type Channel, Meters } from "./meters";
import { type Devices, listDevices, type MicrophoneTrouble } from "./microphone";
import { noSign, type Sign } from "./quality";
import { SessionPart } from "./part";
import type { CallView, Phase } from "./view";

const isTrouble = (microphone: Microphone): microphone is MicrophoneTrouble => microphone !== "off" && microphone !== "asking" && microphone !== "on";
const SPOKEN_LEVEL_MS = 1_000;

/** The words for each phase; what is not here has a card of its own. */
const WORDS: Partial<Record<Phase, CallKey>> = {
  seeking: "call.seeking", joining: "call.joining", linked: "call.linked", shaky: "call.shaky", repairing: "call.repairing",
};

/** The audio of one session: microphone, levels, devices, and words for what the connection does. */
export class OpenlineCall extends SessionPart {
  static override styles = [...SessionPart.styles, callStyles];

  @property({ attribute: false }) call!: Call;
  @property({ attribute: false }) view!: CallView;
  @property({ attribute: false }) microphone: Microphone = "off";
  @property({ attribute: false }) mine: MediaStream | null = null;
  @property({ attribute: false }) theirs: MediaStream | null = null;
  @property({ attribute: false }) evidence = false;
  /** Sound of the other side had come, and none comes now. */
  @property({ attribute: false }) silent = false;
  /** This page had the microphone on before it was loaded anew. */
  @property({ attribute: false }) resumed = false;
  @property({ attribute: false }) partner = "";
  /** The other side is connected, as the server says. */
  @property({ attribute: false }) here = false;
  /** The other side is on a telephone that nobody has picked up yet. */
  @property({ attribute: false }) rings = false;
  /** Calls may be recorded in this pool. */
  @property({ attribute: false }) recordable = false;
  @property({ attribute: false }) quality: Sign = noSign;

  @state() private devices: Devices = { inputs: [], outputs: [] };
  @state() private blocked = false;
  @state() private settingsOpen = false;
  @query("audio") private audio!: HTMLAudioElement;

  private meters = new Meters((channel, level) => this.showLevel(channel, level));
  private spokenAt = { mine: 0, theirs: 0 };

  override connectedCallback(): void {
    super.connectedCallback();
    navigator.mediaDevices?.addEventListener?.("devicechange", this.listDevices);
    document.addEventListener("keydown", this.pressed);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    navigator.mediaDevices?.removeEventListener?.("devicechange", this.listDevices);
    document.removeEventListener("keydown", this.pressed);
    this.meters.close();
  }

  protected override updated(changed: PropertyValues<this>): void {
    if (changed.has("theirs")) this.play();
    if (changed.has("mine") || changed.has("view")) this.attachMeter("mine", this.mine);
    if (changed.has("theirs") || changed.has("view")) this.attachMeter("theirs", this.theirs);
    if (changed.has("mine") && this.mine) this.listDevices();
  }

  private attached = new Map<Channel, MediaStream | null>();

  private attachMeter(channel: Channel, stream: MediaStream | null): void {
    if ((this.attached.get(channel) ?? null) === stream) return;
    this.attached.set(channel, stream);
    this.meters.attach(channel, stream);
  }

  private play(): void {
    this.audio.srcObject = this.theirs;
    this.blocked = false;
    if (this.theirs) this.audio.play().catch((error: DOMException) => (this.blocked = error.name === "NotAllowedError"));
  }

  private readonly unblock = (): void => {
    this.meters.wake();
    this.play();
  };

  private showLevel(channel: Channel, level: number): void {
    const tile = this.renderRoot.querySelector<HTMLElement>(`.tile.${channel}`);
    tile?.style.setProperty("--level", level.toFixed(2));
    const now = performance.now();
    if (!tile || now - this.spokenAt[channel] < SPOKEN_LEVEL_MS) return;
    this.spokenAt[channel] = now;
    tile.querySelector("[role=meter]")?.setAttribute("aria-valuenow", String(Math.round(level * 100)));
  }

  private readonly listDevices = async (): Promise<void> => {
    this.devices = await listDevices();
  };

  private readonly pressed = (event: KeyboardEvent): void => {
    if (!this.mine || !isShortcut(event, "M")) return;
    event.preventDefault();
    this.toggleMute();
  };

  private readonly toggleMute = (): void => {
    this.meters.wake();
    this.call.mute(!this.view.muted);
  };

  private readonly start = (): void => {
    this.meters.wake();
    void this.call.start();
  };

  private readonly toChat = (): void => this.call.toChat();

  protected override render(): TemplateResult {
    return html`<audio part="remote-audio" autoplay></audio>${this.renderBody()}
      <p class="said" role="status" aria-live="polite">${this.words()}</p>`;
  }

  private renderBody(): TemplateResult {
    if (isTrouble(this.microphone) && !this.mine) return this.renderTrouble(this.microphone);
    switch (this.view.phase) {
      case "idle": return this.renderSetUp();
      case "by_chat": return this.renderByChat();
      case "lost": return this.renderLost();
      case "closed": return html``;
      default: return this.renderActive();
    }
  }

  private words(): string {
    const key = WORDS[this.view.phase];
    if (!key) return "";
    if (this.view.phase === "linked" && !this.heard) return this.t(this.awaited(), { partner: this.partner });
    return this.t(key, { partner: this.partner, n: this.view.tries, max: this.call.maxTries });
  }

  /** The other side can be heard. A ringing tone is nobody. */
  private get heard(): boolean {
    return this.evidence && !this.rings;
  }

  /** What is still to come before there is sound. */
  private awaited(): CallKey {
    if (this.rings) return "call.picking_up";
    if (this.silent) return "call.silent";
    return this.here ? "call.no_sound_yet" : "call.seeking";
  }

  private renderSetUp(): TemplateResult {
    const asking = this.microphone === "asking";
    return html`<div class="card-row">
      <span class="badge">${icon("mic")}</span>
      <div class="grow"><strong>${this.t(asking ? "mic.asking" : "mic.title", { partner: this.partner })}</strong>
        <p class="muted">${this.t(asking ? "mic.asking_text" : this.setUpKey(), { partner: this.partner })}</p></div>
      <div class="actions">
        <button class="button main" part="microphone-on" ?disabled=${asking} aria-busy=${asking} @click=${this.start}>
          ${asking ? html`<span class="spinner"></span>` : icon("mic")}${this.t("mic.on")}</button>
        <button class="button quiet" part="by-chat" @click=${this.toChat}>${this.t("call.by_chat")}</button>
      </div></div>`;
  }

  private setUpKey(): CallKey {
    if (this.view.elsewhere) return "call.elsewhere";
    if (this.resumed) return "mic.resumed";
    return this.view.invited ? "mic.invited" : this.recordable ? "mic.text_recording" : "mic.text";
  }

  private renderTrouble(key: MicrophoneTrouble): TemplateResult {
    return html`<div class="card-row trouble" role="alert">
      <span class="badge warn">${icon("micOff")}</span>
      <div class="grow"><strong>${this.t(`mic.${key}`)}</strong><p class="muted">${this.t(`mic.${key}_text`)}</p></div>
      <div class="actions">
        <button class="button main" part="by-chat" @click=${this.chatAfterTrouble}>${icon("chat")}${this.t("call.by_chat")}</button>
        <button class="button outline" part="microphone-on" @click=${this.start}>${this.t("again")}</button>
      </div></div>`;
  }

  private readonly chatAfterTrouble = (): void => {
    this.call.microphone = "off";
    this.toChat();
  };

  private renderByChat(): TemplateResult {
    const by = this.view.invited ? "call.invited" : this.view.chatChosenBy === "them" ? "call.chat_by_them" : "call.chat_by_me";
    return html`<div class="card-row slim"><span class="badge">${icon("chat")}</span>
      <p class="grow">${this.t(by, { partner: this.partner })}</p>
      <button class="button ${this.view.invited ? "main" : "quiet"} small" part="microphone-on" @click=${this.start}>${icon("mic")}${this.t("call.try_audio")}</button></div>`;
  }

  private renderLost(): TemplateResult {
    return html`<div class="card-row trouble" role="alert"><span class="badge warn">${icon("offline")}</span>
      <div class="grow"><strong>${this.t("call.lost")}</strong><p class="muted">${this.lostWords()}</p></div>
      <div class="actions"><button class="button main" part="audio-again" @click=${this.start}>${icon("refresh")}${this.t("again")}</button>
        <button class="button outline" part="by-chat" @click=${this.toChat}>${icon("chat")}${this.t("call.by_chat")}</button></div></div>`;
  }

  /** Why the last try failed, where somebody said so. */
  private lostWords(): string {
    return this.view.why ? refusal(translate(this.language), this.view.why) : this.t("call.lost_text", { partner: this.partner });
  }

  private renderQuality(): TemplateResult | typeof nothing {
    const { shown, figures } = this.quality;
    if (!shown || !figures || this.view.phase !== "linked" || !this.heard) return nothing;
    const lost = new Intl.NumberFormat(this.language, { style: "percent", maximumFractionDigits: 1 }).format(figures.lost);
    const title = this.t("quality.figures", { lost, jitter: Math.round(figures.jitterMs), trip: Math.round(figures.roundTripMs) });
    return html`<span class="quality ${shown}" part="quality" data-quality=${shown} title=${title}><span class="bars" aria-hidden="true"><i></i><i></i><i></i></span>${this.t(`quality.${shown}`)}</span>`;
  }

  private renderActive(): TemplateResult {
    const good = this.view.phase === "linked" && this.heard;
    return html`
      <div class="stage">
        ${this.renderTile("mine")}
        <div class="middle">
          <span class="state ${good ? "good" : "working"}" part="call-state" data-phase=${this.view.phase} data-flowing=${String(this.evidence)}>
            ${good ? html`<i class="live"></i>` : html`<span class="spinner"></span>`}<span>${this.words()}</span></span>
          ${this.renderQuality()}
          <div class="controls">${this.renderControls()}</div>
        </div>
        ${this.renderTile("theirs")}
      </div>
      ${this.blocked ? html`<div class="card-row slim trouble" role="alert"><p class="grow">${this.t("call.blocked")}</p>
        <button class="button main small" @click=${this.unblock}>${this.t("call.unblock")}</button></div>` : nothing}
      ${this.settingsOpen ? this.renderSettings() : nothing}${this.renderNotTaken()}`;
  }

  /** Another microphone was chosen, and did not open. */
  private renderNotTaken(): TemplateResult | typeof nothing {
    if (!isTrouble(this.microphone)) return nothing;
    return html`<div class="card-row slim trouble" role="alert" part="not-taken"><p class="grow">${this.t(`mic.${this.microphone}`)}. ${this.t("mic.kept")}</p></div>`;
  }

  private renderTile(channel: Channel): TemplateResult {
    const muted = channel === "mine" ? this.view.muted : this.view.theirMuted;
    const name = channel === "mine" ? this.t("chat.you") : this.partner;
    return html`<div class="tile ${channel} ${muted ? "muted-tile" : ""}">
      <span class="halo">${icon(muted ? "micOff" : channel === "mine" ? "mic" : "person")}</span>
      <span class="name" dir="auto">${name}</span>
      <span class="meter" part="level-${channel}" role="meter" aria-valuemin="0" aria-valuemax="100" aria-valuenow="0"
        aria-label=${this.t("call.level", { name })}><i></i></span>
      ${muted ? html`<span class="tag">${this.t("call.muted")}</span>` : nothing}
    </div>`;
  }

  private renderControls(): TemplateResult {
    const muted = this.view.muted;
    const label = this.t(muted ? "call.unmute" : "call.mute");
    return html`
      <button class="button ${muted ? "danger" : "outline"} small" part="mute" aria-label=${label} aria-pressed=${muted} aria-keyshortcuts="Alt+M" title=${`${label} (${shortcutName("M")})`} @click=${this.toggleMute}>
        ${icon(muted ? "micOff" : "mic")}<span class="mute-label">${label}</span></button>
      <button class="button quiet icon" part="devices" aria-expanded=${this.settingsOpen} aria-label=${this.t("call.devices")} title=${this.t("call.devices")}
        @click=${() => { this.settingsOpen = !this.settingsOpen; void this.listDevices(); }}>${icon("settings")}</button>
      <button class="button quiet icon" part="by-chat" aria-label=${this.t("call.by_chat")} title=${this.t("call.by_chat")} @click=${this.toChat}>${icon("chat")}</button>`;
  }

  private renderSettings(): TemplateResult {
    const canRoute = "setSinkId" in HTMLMediaElement.prototype;
    const chosen = this.mine?.getAudioTracks()[0]?.getSettings().deviceId ?? "";
    return html`<div class="settings">
      ${this.renderChoice("call.input", this.devices.inputs, chosen, (id) => void this.call.chooseInput(id))}
      ${canRoute ? this.renderChoice("call.output", this.devices.outputs, this.audio.sinkId, (id) => void this.route(id)) : nothing}
    </div>`;
  }

  private async route(device: string): Promise<void> {
    await this.audio.setSinkId(device).catch(() => this.listDevices()); // a device that has just gone: show those that are there
  }

  private renderChoice(key: CallKey, devices: readonly MediaDeviceInfo[], chosen: string, choose: (id: string) => void): TemplateResult {
    return html`<label><span>${this.t(key)}</span>
      <select class="field" @change=${(event: Event) => choose((event.target as HTMLSelectElement).value)}>
        ${devices.length === 0 ? html`<option>${this.t("call.default_device")}</option>` : nothing}
        ${devices.map((device) => html`<option value=${device.deviceId} ?selected=${device.deviceId === chosen}>${device.label}</option>`)}
      </select></label>`;
  }
}

define("openline-call", OpenlineCall);
