import { html, nothing, type TemplateResult } from "lit";
import { property, query, state } from "lit/decorators.js";
import { ClockController, EMPTY_CHAT, type LiveClient, meterOf, ranMs, SliceController } from "../core";
import { EMPTY } from "../core/state";
import type { CallWord } from "../core/store";
import type { ChatLine, LegState, Meter, Session } from "../generated/wire";
import { clock, isoDuration, timeOfDay, type Values } from "../i18n";
import type { CallKey } from "../i18n/call.en";
import { avatar } from "../ui/avatar";
import { define, PoolElement } from "../ui/element";
import { icon } from "../ui/icons";
import { shelf } from "../ui/shelf";
import { speak } from "../ui/speech";
import { signInPage } from "../visitor/actions";
import type { Call } from "./call";
import { isRung, newCall, talksHere } from "./calling";
import "./call_panel";
import "./chat";
import "./keepsake";
import "./transfer";
import type { OpenlineChat } from "./chat";
import { Evidence, type Heard } from "./evidence";
import { keptAudio } from "./kept_audio";
import { forgetBill, keepBill } from "./kept_bill";
import { legs } from "./legs";
import { isMicrophoneAllowed } from "./microphone";
import { callWords } from "./part";
import "./recording";
import { sessionStyles } from "./session_styles";
import { endedKey, isLastMinute, ranFor, standing } from "./session_words";

/** An element that is moved in the document leaves and comes back at once: the call outlives that. */
const LINGER_MS = 1_000;
const RINGING: ReadonlySet<LegState> = new Set(["calling", "ringing"]);

/**
 * The session of this person, on either side: who it is with, how long it has run, the conversation, and the audio.
 *
 * Where it costs something, also its clock, the way to a deposit, and the bill at the end.
 *
 * Events: `openline-session-closed` when the person has put an ended session away.
 * Parts: `header`, `timer`, `state`, `end`, `end-sure`, `done`.
 */
export class OpenlineSession extends PoolElement {
  static override styles = [...PoolElement.styles, sessionStyles];

  /** The person has just chosen audio by a click: a microphone that is already allowed is turned on without another. */
  @property({ type: Boolean }) autostart = false;

  @state() private ending = false;
  @state() private failed = false;
  @state() private depositing = false;
  @query("dialog") private dialog!: HTMLDialogElement;
  @query("openline-chat") private conversation!: OpenlineChat | null;

  private readonly session = new SliceController(this, this.clients, (hall) => hall.session, null);
  private readonly chats = new SliceController(this, this.clients, (hall) => hall.chats, EMPTY.chats);
  private readonly welcome = new SliceController(this, this.clients, (hall) => hall.welcome, null);
  private readonly connection = new SliceController(this, this.clients, (hall) => hall.connection.phase, "idle");
  private readonly profiles = new SliceController(this, this.clients, (hall) => hall.profiles, EMPTY.profiles);
  private readonly clock = new SliceController(this, this.clients, (hall) => hall.meter, null);
  private readonly evidence = new Evidence();
  private call: Call | null = null;
  private callOf = "";
  /** The session by telephone of which it was asked whether it comes to this page. */
  private askedOf = "";
  /** The ended session about which the user is asked, and whether they would not. */
  @state() private asked = { session: "", asks: false };
  private lingering = 0;
  /** The session of which there is a recording. */
  private recorded = "";
  /** The session whose last minute was said aloud. */
  private warnedOf = "";

  constructor() {
    super();
    new ClockController(this, 1000, () => this.session.value !== null && this.session.value.state !== "ended");
    let stop = () => {};
    this.clients.attach({
      on: (client) => { stop = client.store.onSignal((word) => this.hear(word)); },
      off: () => stop(),
    });
  }

  override connectedCallback(): void {
    super.connectedCallback();
    window.clearTimeout(this.lingering);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.lingering = window.setTimeout(() => this.stopCall(), LINGER_MS);
  }

  /** Puts the cursor where one writes. */
  override focus(): void {
    this.conversation?.focus();
  }

  private get online(): boolean {
    return this.connection.value === "open";
  }

  private get named(): Session | null {
    const session = this.session.value;
    return session && !session.partner ? { ...session, partner: this.words("nameless") } : session;
  }

  private words(key: CallKey, values?: Values): string {
    return callWords(this.language)(key, values);
  }

  private hear(word: CallWord): void {
    if (word.session === this.callOf) this.call?.hear(word);
  }

  protected override willUpdate(): void {
    const session = this.session.value;
    if (!session || !talksHere(session)) this.stopCall();
    else if (this.client && session.session !== this.callOf) this.begin(this.client, session);
  }

  private begin(client: LiveClient, session: Session): void {
    if (session.mode !== "phone") return this.beginCall(client, session);
    if (this.askedOf !== session.session) void this.beginUnlessRung(client, session.session);
  }

  private async beginUnlessRung(client: LiveClient, id: string): Promise<void> {
    this.askedOf = id;
    const rung = await isRung(client);
    const session = this.session.value;
    if (!rung && session?.session === id && talksHere(session) && client === this.client) this.beginCall(client, session);
    this.requestUpdate();
  }

  protected override updated(): void {
    const session = this.session.value;
    this.call?.online(this.online);
    this.toggleAttribute("bare", session?.state === "ended" && this.spoken(session).length === 0);
    if (session && this.client && this.online) this.tellEvidence(this.client, session);
    if (session?.state === "ended" && this.dialog?.open) this.dialog.close();
    if (this.asked.asks) void import("../visitor/later");
    if (session?.side === "expert") void import("./expert_tools");
    if (session?.recording === "on") this.recorded = session.session;
    if (session) this.warn(session);
    if (this.welcome.value?.rules.prepaid) void import("../meter");
    if (session && this.client && this.meter && session.state !== "ended") keepBill(this.client, session.session);
  }

  private beginCall(client: LiveClient, session: Session): void {
    this.stopCall();
    this.callOf = session.session;
    this.call = newCall(client, session, this.online, () => this.callChanged());
    void this.startBySelf(this.call, session.session);
  }

  private async startBySelf(call: Call, session: string): Promise<void> {
    const wanted = this.autostart || keptAudio.is(session);
    if (wanted && (await isMicrophoneAllowed()) && call === this.call) await call.start();
  }

  private callChanged(): void {
    if (this.call?.microphone === "on") keptAudio.keep(this.callOf);
    else if (this.call?.state.phase === "by_chat" || this.call?.state.elsewhere) keptAudio.forget();
    this.requestUpdate();
  }

  private stopCall(): void {
    const call = this.call;
    this.call = null;
    this.callOf = "";
    call?.stop();
  }

  private tellEvidence(client: LiveClient, session: Session): void {
    const telling = this.evidence.next(session, this.heard, this.meter, this.welcome.value?.now ?? 0);
    if (!telling) return;
    const { session: id, byChat } = telling;
    client.request({ t: "connected", session: id, ...(byChat ? { by_chat: true } : {}) }).catch(() => this.evidence.failed(telling));
  }

  private get heard(): Heard {
    const { call } = this;
    return { evidence: call?.evidence ?? false, silent: call?.silent ?? false, byChat: call?.state.phase === "by_chat" };
  }

  /** The clock of this session; null where nothing is charged. */
  private get meter(): Meter | null {
    return meterOf({ meter: this.clock.value }, this.session.value?.session ?? "");
  }

  private readonly end = async (): Promise<void> => {
    const session = this.session.value;
    if (!session || !this.client) return;
    this.ending = true;
    this.failed = false;
    try {
      await this.client.request({ t: "end", session: session.session, reason: "" });
      this.dialog.close();
    } catch {
      this.failed = true;
    }
    this.ending = false;
  };

  private readonly done = (): void => {
    if (this.client) forgetBill(this.client);
    this.client?.store.dismissSession();
    this.dispatchEvent(new CustomEvent("openline-session-closed", { bubbles: true, composed: true }));
  };

  protected override render(): TemplateResult | typeof nothing {
    const session = this.named;
    if (!session) return nothing;
    const ended = session.state === "ended";
    return html`
      ${this.renderHeader(session)}
      ${this.meter && !ended ? this.renderMeter(this.meter, session) : nothing}
      ${this.renderBanner(session)}${this.renderLastMinute(session)}
      ${this.depositing && !ended ? this.renderDeposit(session) : nothing}
      ${legs(session, (key, values) => this.words(key, values))}
      ${this.call && !ended ? this.renderCall(this.call, session) : nothing}
      ${ended ? nothing : this.renderRecording(session)}
      ${session.transfer && !ended ? html`<openline-transfer .client=${this.client} .language=${this.language} .theme=${this.theme} .session=${session}
        ?depositing=${this.depositing} @deposit-wanted=${this.onWanted}></openline-transfer>` : nothing}
      <openline-chat .client=${this.client} .language=${this.language} .theme=${this.theme} .session=${session.session}
        .side=${session.side} .partner=${session.partner} .chat=${this.chats.value.get(session.session) ?? EMPTY_CHAT}
        .connection=${this.online ? this.welcome.value : null} .open=${!ended}></openline-chat>
      ${session.side === "expert" ? this.renderTools(session) : nothing}
      ${ended ? this.renderEnded(session) : this.renderEndDialog(session)}`;
  }

  private renderTools(session: Session): TemplateResult {
    return html`<openline-expert-tools .client=${this.client} .language=${this.language} .theme=${this.theme} .session=${session}
      @reply-chosen=${(event: CustomEvent<string>) => this.conversation?.insert(event.detail)}></openline-expert-tools>`;
  }

  private renderCall(call: Call, session: Session): TemplateResult {
    return html`<openline-call .client=${this.client} .language=${this.language} .theme=${this.theme} .call=${call} .view=${call.state}
      .microphone=${call.microphone} .mine=${call.mine} .theirs=${call.theirs} .evidence=${call.evidence && !call.silent} .silent=${call.silent}
      .resumed=${keptAudio.is(session.session)} .partner=${session.partner}
      .here=${session.path !== "bridged" || session.theirs} .rings=${RINGING.has(session.their_leg)} .recordable=${this.welcome.value?.rules.recording ?? false} .quality=${call.sign}></openline-call>`;
  }

  /** Both must allow it; where the pool records nothing, or nothing goes through its media server, there is nothing to ask. */
  private renderRecording(session: Session): TemplateResult | typeof nothing {
    if (session.path !== "bridged" || !this.welcome.value?.rules.recording) return nothing;
    return html`<openline-recording .client=${this.client} .language=${this.language} .theme=${this.theme} .session=${session.session}
      .recording=${session.recording} .partner=${session.partner}></openline-recording>`;
  }

  private renderMeter(meter: Meter, session: Session): TemplateResult {
    return html`<openline-meter .client=${this.client} .language=${this.language} .theme=${this.theme} .meter=${meter} .session=${session}
      .online=${this.online} ?depositing=${this.depositing} @deposit-wanted=${this.onWanted}></openline-meter>`;
  }

  private renderDeposit(session: Session): TemplateResult {
    return html`<div class="deposit"><openline-deposit during .client=${this.client} .language=${this.language} .theme=${this.theme} .expert=${session.transfer?.expert ?? session.expert}
      .mode=${session.mode} .signIn=${signInPage(this.client!.server, this.client!.pool, this.language)} @deposit-closed=${this.onDeposited}></openline-deposit></div>`;
  }

  private readonly onWanted = (event: Event): void => {
    event.stopPropagation();
    this.depositing = true;
  };

  private readonly onDeposited = (event: Event): void => {
    event.stopPropagation();
    this.depositing = false;
    void this.updateComplete.then(() => this.focus());
  };

  /** How long it has run; where it costs something, without the time in which the clock stood still. */
  private ran(session: Session): number {
    const { meter } = this;
    return meter ? ranMs(meter, session.state === "ended" ? meter.at : this.now) : ranFor(session, this.now);
  }

  private renderHeader(session: Session): TemplateResult {
    const ran = this.ran(session);
    const stand = standing(session, this.online, Boolean(this.meter?.frozen));
    const photo = session.side === "user" ? (this.profiles.value.get(session.expert)?.photo ?? "") : "";
    return html`<header part="header">
      ${avatar(session.partner, photo, this.client?.server ?? "")}
      <div class="who"><strong dir="auto">${session.partner}</strong>
        <span class="state ${stand}" part="state" data-standing=${stand} role="status">${icon(session.mode)}${this.words(`state.${stand}`)}</span></div>
      <time class="timer" part="timer" role="timer" aria-label=${this.words("timer")} datetime=${isoDuration(ran)}>${clock(ran)}</time>
      ${session.state === "ended" ? nothing : html`<button class="button danger-quiet small end" part="end" aria-label=${this.words("end")} @click=${() => this.dialog.showModal()}>
        ${icon(session.mode === "chat" ? "leave" : "hangUp")}<span>${this.words("end")}</span></button>`}
    </header>`;
  }

  /** Where money counts down, its meter says it; what costs nothing has a longest time, too. */
  private renderLastMinute(session: Session): TemplateResult | typeof nothing {
    if (this.meter || !this.online || !isLastMinute(session, this.now)) return nothing;
    return html`<p class="banner" part="last-minute" role="alert">${icon("clock")}<span>${this.lastWords(session)}</span></p>`;
  }

  private lastWords(session: Session): string {
    return this.words("cap.last", { time: timeOfDay(session.cap_until, this.language) });
  }

  /** Who talks may not look: said once. */
  private warn(session: Session): void {
    if (this.meter || this.warnedOf === session.session || !isLastMinute(session, this.now)) return;
    this.warnedOf = session.session;
    if (session.mode !== "chat") speak(this.lastWords(session), this.language);
  }

  private renderBanner(session: Session): TemplateResult | typeof nothing {
    const stand = standing(session, this.online);
    if (stand === "offline") return html`<p class="banner" role="alert">${icon("offline")}<span>${this.words("banner.offline")}</span></p>`;
    if (stand !== "they_lost") return nothing;
    const until = timeOfDay(session.gone_until, this.language);
    return html`<p class="banner" part="partner-lost">${icon("offline")}<span>${this.words("banner.they_lost", { partner: session.partner, time: until })}
      <b class="tabular">${clock(session.gone_until - this.now)}</b></span></p>`;
  }

  private spoken({ session }: Session): readonly ChatLine[] {
    return (this.chats.value.get(session) ?? EMPTY_CHAT).lines;
  }

  private renderEnded(session: Session): TemplateResult {
    const ran = this.ran(session);
    const lasted = ran > 0 ? this.words("ended.lasted", { time: clock(ran) }) : "";
    return html`${this.asksFeedback(session) ? this.renderFeedback(session) : nothing}
      ${this.meter ? html`<div class="bill"><openline-bill .client=${this.client} .language=${this.language} .theme=${this.theme} .session=${session.session}
        .side=${session.side}></openline-bill></div>` : nothing}
      <openline-keepsake class="keep" .client=${this.client} .language=${this.language} .theme=${this.theme} .session=${session}
        .spoken=${this.spoken(session).length > 0} .recorded=${this.recorded === session.session}></openline-keepsake>
      <footer class="over" role="status"><p><strong>${this.words(endedKey(session), { partner: session.partner })}</strong> <span class="muted">${lasted}</span></p>
      <button class="button outline small" part="done" @click=${this.done}>${this.words("done")}</button></footer>`;
  }

  /** A user is asked once, after a session that was long enough to count. */
  private asksFeedback(session: Session): boolean {
    if (session.side !== "user" || session.state !== "ended" || session.live_at === 0) return false;
    const atLeast = (this.welcome.value?.rules.feedback_after_s ?? Number.MAX_SAFE_INTEGER) * 1000;
    if (this.asked.session !== session.session) {
      this.asked = { session: session.session, asks: ranFor(session, this.now) >= atLeast && shelf.get(`asked:${session.session}`) === "" };
    }
    return this.asked.asks;
  }

  private renderFeedback(session: Session): TemplateResult {
    return html`<div class="feedback"><openline-feedback .client=${this.client} .expert=${session.expert} .name=${session.partner} .language=${this.language} .theme=${this.theme}
      .session=${session.session} .mode=${session.mode} @feedback-over=${this.onFeedback}></openline-feedback></div>`;
  }

  private readonly onFeedback = (event: CustomEvent<"given" | "skipped">): void => {
    if (event.detail === "skipped") this.asked = { ...this.asked, asks: false };
  };

  private renderEndDialog(session: Session): TemplateResult {
    return html`<dialog aria-labelledby="sure" @click=${(event: Event) => event.target === this.dialog && this.dialog.close()}>
      <h2 id="sure">${this.words("end.sure", { partner: session.partner })}</h2>
      <p class="muted">${this.words("end.text")}</p>
      ${this.failed ? html`<p class="callout error" role="alert">${icon("warning")}${this.words("end.failed")}</p>` : nothing}
      <div class="buttons"><button class="button" autofocus @click=${() => this.dialog.close()}>${this.words("end.stay")}</button>
        <button class="button danger" part="end-sure" ?disabled=${this.ending} aria-busy=${this.ending} @click=${this.end}>${this.words("end.now")}</button></div>
    </dialog>`;
  }
}

define("openline-session", OpenlineSession);

declare global {
  interface HTMLElementTagNameMap {
    "openline-session": OpenlineSession;
  }
}
