import { html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { property, query, state } from "lit/decorators.js";
import { repeat } from "lit/directives/repeat.js";
import { type Chat, EMPTY_CHAT, type LiveClient } from "../core";
import type { Side } from "../generated/wire";
import { timeOfDay } from "../i18n";
import { type Bubble, gapBefore, type Group, grouped, lastOfTheirs, MAX_TEXT, otherSide, type Tick } from "./chat_log";
import { chatStyles } from "./chat_styles";
import { define } from "../ui/element";
import { icon } from "../ui/icons";
import { shelf } from "../ui/shelf";
import { refusal } from "../ui/words";
import { translate } from "../i18n";
import { chooses, type Upload, type Uploads, uploadsOf } from "./files";
import "./message";
import { Outbox } from "./outbox";
import { SessionPart } from "./part";

const NEAR_END_PX = 56;
const TYPING_EVERY_MS = 2_000;
const TYPING_SHOWN_MS = 4_000;
const COUNTER_FROM = MAX_TEXT - 400;
const PAGE = 100;
/** Refusals of a file that trying again will not change. */
const FINAL = new Set(["no_files", "file_too_large", "file_type", "file_broken", "file_refused", "too_many_files", "session_over"]);

/** The conversation of one session: what was said, who is typing, and where to write. */
export class OpenlineChat extends SessionPart {
  static override styles = [...SessionPart.styles, chatStyles];

  @property({ attribute: false }) session = "";
  @property({ attribute: false }) side: Side = "user";
  @property({ attribute: false }) partner = "";
  @property({ attribute: false }) chat: Chat = EMPTY_CHAT;
  /** Changes with each connection: then what was missed is asked for, and what was not sent goes out. */
  @property({ attribute: false }) connection: object | null = null;
  @property({ attribute: false }) open = true;

  @state() private text = "";
  @state() private unseen = 0;
  /** Why nothing more can be sent just now. */
  @state() private full: "" | "chat.too_much_waiting" | "file.too_many" = "";
  @state() private loadingOlder = false;
  @state() private failed = false;
  @query(".log") private log!: HTMLElement;
  @query("textarea") private field!: HTMLTextAreaElement;

  private outbox: Outbox | null = null;
  private uploads: Uploads | null = null;
  private unwatch = (): void => {};
  private outboxKey: LiveClient | null = null;
  private pinned = true;
  private topBefore = 0;
  private heightBefore = 0;
  private firstBefore = 0;
  private typedAt = 0;
  private toldSeen = 0;
  private typingTimer = 0;
  private resized: ResizeObserver | null = null;
  private growing: Element | null = null;
  private healed = 0;

  override connectedCallback(): void {
    super.connectedCallback();
    document.addEventListener("visibilitychange", this.tellSeen);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    document.removeEventListener("visibilitychange", this.tellSeen);
    window.clearTimeout(this.typingTimer);
    this.resized?.disconnect();
    this.resized = this.growing = null;
    this.outbox?.close();
    this.unwatch();
    this.outbox = this.uploads = null;
  }

  override focus(): void {
    this.field?.focus();
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (this.client && (changed.has("session") || this.outboxKey !== this.client || !this.outbox)) this.begin(this.client);
    if (!this.open && (changed.has("open") || changed.has("session"))) shelf.put(this.typedKey, "");
    if (changed.has("chat")) this.chatChanged(changed.get("chat") ?? EMPTY_CHAT);
    if (this.log) this.heightBefore = this.log.scrollHeight;
    this.firstBefore = (changed.get("chat") ?? this.chat).lines[0]?.n ?? 0;
  }

  protected override firstUpdated(): void {
    this.resized = new ResizeObserver(() => this.pinned && this.toEnd());
    this.resized.observe(this.log);
  }

  /** A picture that arrives makes the last group grow: whoever read the end goes on doing so. */
  private watchGrowth(): void {
    const last = this.log.lastElementChild;
    if (last === this.growing || !this.resized) return;
    if (this.growing) this.resized.unobserve(this.growing);
    if (last) this.resized.observe(last);
    this.growing = last;
  }

  protected override updated(changed: PropertyValues<this>): void {
    const first = this.chat.lines[0]?.n ?? 0;
    if (first < this.firstBefore && !this.pinned) this.log.scrollTop += this.log.scrollHeight - this.heightBefore;
    if (this.pinned) this.toEnd();
    this.watchGrowth();
    if ((changed.has("connection") || changed.has("session")) && this.connection) void this.reconnected();
    if (changed.has("chat")) this.tellSeen();
    if (changed.has("session") && this.open) this.fit();
  }

  private begin(client: LiveClient): void {
    this.outbox?.close();
    this.outboxKey = client;
    this.outbox = new Outbox(client, this.session, this.side, () => this.requestUpdate());
    this.unwatch();
    this.uploads = uploadsOf(client, this.session);
    this.unwatch = this.uploads.watch(() => this.requestUpdate());
    this.text = shelf.get(this.typedKey);
    Object.assign(this, { pinned: true, unseen: 0, toldSeen: 0, healed: 0, full: "", failed: false });
  }

  /** What the server has numbered meanwhile is known before anything is sent again. */
  private async reconnected(): Promise<void> {
    const { outbox } = this;
    this.toldSeen = 0;
    await this.ask(0);
    outbox?.resume();
  }

  private get typedKey(): string {
    return `typed:${this.session}`;
  }

  /** What is written and not sent yet: for this session alone, and still there when the pop-up opens again. */
  private write(text: string): void {
    this.text = this.field.value = text;
    shelf.put(this.typedKey, text);
    this.fit();
  }

  private chatChanged(before: Chat): void {
    this.outbox?.settle();
    const [theirs, known] = [lastOfTheirs(this.chat.lines, this.side), lastOfTheirs(before.lines, this.side)];
    if (theirs > known && known > 0 && !this.pinned) this.unseen += 1;
    const gap = gapBefore(this.chat.lines);
    if (gap > 0 && gap !== this.healed) {
      this.healed = gap;
      void this.ask(gap);
    }
    this.watchTyping();
  }

  /** The indicator fades by itself when nothing more comes. */
  private watchTyping(): void {
    window.clearTimeout(this.typingTimer);
    const left = this.typingLeft();
    if (left > 0) this.typingTimer = window.setTimeout(() => this.requestUpdate(), left + 20);
  }

  private typingLeft(): number {
    const at = this.chat.typingAt[otherSide(this.side)];
    return at ? at + TYPING_SHOWN_MS - (this.client?.store.now() ?? Date.now()) : 0;
  }

  private async ask(before: number): Promise<void> {
    try {
      await this.client?.request({ t: "history", session: this.session, before, limit: PAGE });
      this.failed = false;
    } catch {
      this.failed = before === 0 && this.chat.lines.length === 0;
    }
  }

  private readonly older = async (): Promise<void> => {
    this.loadingOlder = true;
    this.pinned = false;
    await this.ask(this.chat.lines[0]?.n ?? 0);
    this.loadingOlder = false;
  };

  private readonly tellSeen = (): void => {
    const n = lastOfTheirs(this.chat.lines, this.side);
    const seen = Math.max(this.toldSeen, this.chat.seen[this.side]);
    if (!this.open || n <= seen || !this.pinned || document.visibilityState !== "visible" || !this.client) return;
    this.toldSeen = n;
    this.client.request({ t: "delivered", session: this.session, n }).catch(() => (this.toldSeen = 0));
  };

  private toEnd(): void {
    this.log.scrollTop = this.log.scrollHeight;
  }

  /** Only who scrolls up leaves the end: what grows there, or the room that gets less, does not. */
  private readonly scrolled = (): void => {
    const { scrollTop, scrollHeight, clientHeight } = this.log;
    this.pinned = scrollHeight - scrollTop - clientHeight < NEAR_END_PX || (this.pinned && scrollTop >= this.topBefore);
    this.topBefore = scrollTop;
    if (!this.pinned) return;
    this.unseen = 0;
    this.tellSeen();
  };

  private readonly jump = (): void => {
    this.pinned = true;
    this.unseen = 0;
    this.toEnd();
    this.tellSeen();
  };

  private readonly typed = (): void => {
    this.write(this.field.value);
    const now = performance.now();
    if (!this.text.trim() || now - this.typedAt < TYPING_EVERY_MS) return;
    this.typedAt = now;
    this.client?.send({ t: "typing", session: this.session });
  };

  private fit(): void {
    this.field.style.height = "auto";
    this.field.style.height = `${Math.min(this.field.scrollHeight + 2, 160)}px`;
  }

  private readonly pressed = (event: KeyboardEvent): void => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    this.say();
  };

  /** Puts words where one writes, as a saved reply does. */
  insert(text: string): void {
    this.write(this.text.trim() ? `${this.text.trimEnd()} ${text}` : text);
    this.field.focus();
  }

  private readonly attached = (event: Event): void => {
    const input = event.target as HTMLInputElement;
    this.attach(input.files);
    input.value = "";
  };

  private attach(files: FileList | null | undefined): void {
    const fits = [...(files ?? [])].map((file) => this.uploads?.add(file, "") ?? false);
    this.full = fits.includes(false) ? "file.too_many" : "";
  }

  private readonly dropped = (event: DragEvent): void => {
    if (!this.takesFiles || !event.dataTransfer?.files.length) return;
    event.preventDefault();
    this.attach(event.dataTransfer.files);
  };

  private readonly pasted = (event: ClipboardEvent): void => {
    if (!this.takesFiles || !event.clipboardData?.files.length) return;
    event.preventDefault();
    this.attach(event.clipboardData.files);
  };

  private get takesFiles(): boolean {
    return this.open && (this.client?.store.state.welcome?.rules.file_max_bytes ?? 0) > 0;
  }

  private readonly say = (): void => {
    const text = this.text.trim();
    if (!text || this.left < 0 || !this.open) return;
    this.full = this.outbox?.say(text) ? "" : "chat.too_much_waiting";
    if (this.full) return;
    this.write("");
    this.typedAt = 0;
    this.jump();
    this.field.focus();
  };

  /** Characters that still fit; the server counts code points. */
  private get left(): number {
    return MAX_TEXT - (this.text.length > COUNTER_FROM ? [...this.text.trim()].length : 0);
  }

  private dayOf(at: number): string {
    return new Intl.DateTimeFormat(this.language, { dateStyle: "full" }).format(at);
  }

  protected override render(): TemplateResult {
    const groups = grouped(this.chat, this.outbox?.drafts ?? [], this.side, (at) => this.dayOf(at));
    return html`
      <div class="log" part="log" tabindex="0" role="group" aria-label=${this.t("chat.label", { partner: this.partner })} @scroll=${this.scrolled}
        @dragover=${(event: DragEvent) => this.takesFiles && event.preventDefault()} @drop=${this.dropped}>
        ${this.chat.more ? this.renderOlder() : nothing}
        ${this.failed ? html`<p class="note">${this.t("chat.history_failed")}
          <button class="link" @click=${() => this.ask(0)}>${this.t("again")}</button></p>` : nothing}
        ${groups.length === 0 ? this.renderEmpty() : nothing}
        ${repeat(groups, (group) => group.key, (group) => this.renderGroup(group))}
      </div>
      <p class="typing" aria-hidden="true">${this.typingLeft() > 0 ? this.renderTyping() : nothing}</p>
      ${this.unseen > 0 ? html`<button class="pill" part="new-messages" @click=${this.jump}>${icon("down")}${this.t("chat.new", { n: this.unseen })}</button>` : nothing}
      <p class="said" role="status" aria-live="polite">${this.spoken()}</p>
      <div class="uploads">${this.uploads?.list.map((upload) => this.renderUpload(upload))}</div>
      ${this.open ? this.renderComposer() : nothing}`;
  }

  /** What a screen reader hears: the last message of the other side. */
  private spoken(): string {
    const last = this.chat.lines.at(-1);
    if (!last || last.side === this.side) return "";
    const text = last.unsaid ? this.t("message.unsaid") : [last.file?.name, last.text].filter(Boolean).join(" ");
    return this.t("chat.spoken", { partner: this.partner, text: text.slice(0, 300) });
  }

  private renderOlder(): TemplateResult {
    return html`<button class="button quiet small older" ?disabled=${this.loadingOlder} @click=${this.older}>${this.t("chat.older")}</button>`;
  }

  private renderEmpty(): TemplateResult | typeof nothing {
    if (!this.open || this.failed) return nothing;
    return html`<p class="empty">${icon("chat")}<span>${this.t("chat.empty", { partner: this.partner })}</span></p>`;
  }

  private renderTyping(): TemplateResult {
    return html`<span class="dots"><i></i><i></i><i></i></span>${this.t("chat.typing", { partner: this.partner })}`;
  }

  private renderGroup(group: Group): TemplateResult {
    return html`
      ${group.newDay ? html`<p class="day">${this.dayOf(group.at)}</p>` : nothing}
      <div class="group ${group.mine ? "mine" : "theirs"}">
        <span class="said">${group.mine ? this.t("chat.you") : this.partner}</span>
        ${repeat(group.bubbles, (bubble) => bubble.key, (bubble) => this.renderBubble(bubble, group.mine))}
        ${this.renderFoot(group)}
      </div>`;
  }

  private renderBubble(bubble: Bubble, mine: boolean): TemplateResult {
    return html`
      <openline-message exportparts="message, menu, edit, unsay, editor" .client=${this.client} .language=${this.language} .theme=${this.theme}
        .session=${this.session} .bubble=${bubble} .mine=${mine} .open=${this.open}></openline-message>
      ${bubble.tick === "refused" ? this.renderRefused(bubble) : nothing}`;
  }

  private renderRefused(bubble: Bubble): TemplateResult {
    const op = bubble.key.slice(bubble.key.indexOf(":") + 1);
    return html`<p class="refused" role="alert">${icon("warning")}${this.t(bubble.refused === "chat_full" ? "chat.full" : "chat.refused")}
      <button class="link" @click=${() => this.outbox?.again(op)}>${this.t("again")}</button>
      <button class="link" @click=${() => this.outbox?.discard(op)}>${this.t("chat.discard")}</button></p>`;
  }

  /** Time and tick once for a group: those of its last message. */
  private renderFoot(group: Group): TemplateResult {
    const last = group.bubbles.at(-1)!;
    const time = new Date(last.at).toISOString();
    return html`<span class="foot"><time datetime=${time}>${timeOfDay(last.at, this.language)}</time>${last.tick ? this.renderTick(last.tick) : nothing}</span>`;
  }

  private renderTick(tick: Tick): TemplateResult {
    const words = this.t(`tick.${tick}`);
    const shape = { sending: "clock", sent: "check", delivered: "checks", refused: "warning" } as const;
    return html`<span class="tick ${tick}" part="tick" data-tick=${tick} role="img" aria-label=${words} title=${words}>${icon(shape[tick])}</span>`;
  }

  private renderAttach(): TemplateResult {
    const types = chooses(this.client?.store.state.welcome?.rules.file_types ?? []);
    return html`<label class="button quiet icon attach" title=${this.t("file.attach")}>${icon("clip")}<span class="said">${this.t("file.attach")}</span>
      <input class="said" type="file" part="attach" multiple accept=${types} @change=${this.attached}></label>`;
  }

  private renderUpload(upload: Upload): TemplateResult {
    const { key, file, sent, problem } = upload;
    return html`<div class="upload" part="upload" role=${problem ? "alert" : "status"}>${icon(problem ? "warning" : "clip")}
      <span class="grow"><span dir="auto">${file.name}</span>
        ${problem ? html`<br><b>${refusal(translate(this.language), problem)}</b>` : html`<progress max="1" .value=${sent} aria-label=${this.t("file.sending", { name: file.name })}></progress>`}</span>
      ${problem && !FINAL.has(problem) ? html`<button class="button quiet small" @click=${() => this.uploads?.again(key)}>${this.t("again")}</button>` : nothing}
      <button class="button quiet icon" aria-label=${this.t("file.cancel", { name: file.name })} @click=${() => this.uploads?.discard(key)}>${icon("close")}</button></div>`;
  }

  private renderComposer(): TemplateResult {
    const left = this.left;
    const counter = left <= MAX_TEXT - COUNTER_FROM;
    return html`
      ${this.full ? html`<p class="refused full" role="alert">${icon("warning")}<span>${this.t(this.full)}</span></p>` : nothing}
      <form class="composer" @submit=${(event: Event) => { event.preventDefault(); this.say(); }}>
        <textarea class="field" part="composer" rows="1" dir="auto" enterkeyhint="send" autocomplete="off" .value=${this.text}
          aria-label=${this.t("chat.write", { partner: this.partner })} placeholder=${this.t("chat.placeholder")}
          aria-invalid=${left < 0 ? "true" : "false"} @input=${this.typed} @keydown=${this.pressed} @paste=${this.pasted}></textarea>
        ${this.takesFiles ? this.renderAttach() : nothing}
        ${counter ? html`<span class="counter ${left < 0 ? "over" : ""}" role="status">${left < 0 ? this.t("chat.over", { n: -left }) : this.t("chat.left", { n: left })}</span>` : nothing}
        <button class="button main icon" part="send" type="submit" aria-label=${this.t("chat.send")} title=${this.t("chat.send")}
          ?disabled=${!this.text.trim() || left < 0}>${icon("send")}</button>
      </form>`;
  }
}

define("openline-chat", OpenlineChat);
