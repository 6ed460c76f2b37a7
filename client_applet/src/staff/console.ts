import { html, nothing, type TemplateResult } from "lit";
import { state } from "lit/decorators.js";
import { ClockController, FreshnessController, openOffer, SliceController, WatchController } from "../core";
import { EMPTY } from "../core/state";
import type { Light, MyStatus, Notice, Offer, Session, Status } from "../generated/wire";
import { clock, type Values } from "../i18n";
import { staffEn, type StaffKey } from "../i18n/staff.en";
import { define, PoolElement } from "../ui/element";
import { icon } from "../ui/icons";
import { forgetBill, keptBill } from "../call/kept_bill";
import "../call/session";
import { Bell } from "./bell";
import { Commands } from "./commands";
import { consoleStyles } from "./console_styles";
import "./line_view";
import { Met } from "./met";
import "./offer_card";
import { refusalWords, staffWords } from "./part";
import "./status_bar";
import { declaredStatus, wasMissed } from "./waiters";
import "../visitor/number_form";

/**
 * The expert's console: status, line, offer, session, wrap-up. Everything it shows comes from the server, so a reload
 * changes nothing.
 */
export class OpenlineConsole extends PoolElement {
  static override styles = [...PoolElement.styles, consoleStyles];

  /** An offer was accepted by a click on this page: its audio may start by itself. */
  @state() private accepted = false;

  private readonly welcome = new SliceController(this, this.clients, (hall) => hall.welcome, null);
  private readonly status = new SliceController(this, this.clients, (hall) => hall.myStatus, null);
  private readonly lights = new SliceController(this, this.clients, (hall) => hall.lights, EMPTY.lights);
  private readonly queues = new SliceController(this, this.clients, (hall) => hall.queues, EMPTY.queues);
  private readonly profiles = new SliceController(this, this.clients, (hall) => hall.profiles, EMPTY.profiles);
  private readonly offer = new SliceController(this, this.clients, openOffer, null);
  private readonly session = new SliceController(this, this.clients, (hall) => hall.session, null);
  private readonly notices = new SliceController(this, this.clients, (hall) => hall.notices, EMPTY.notices);
  private readonly connection = new SliceController(this, this.clients, (hall) => hall.connection.phase, "idle");
  private readonly fresh = new FreshnessController(this, this.clients);
  private readonly interest = new WatchController(this.clients);
  private readonly commands = new Commands(this, () => this.client);
  private readonly bell = new Bell(this);
  private readonly met = new Met(this, () => this.client);

  constructor() {
    super();
    this.as = "expert";
    new ClockController(this, 250, () => this.ringing !== null);
    new ClockController(this, 1000);
  }

  private get me(): string {
    const welcome = this.welcome.value;
    return welcome?.role === "expert" ? welcome.member : "";
  }

  private get light(): Light | undefined {
    return this.lights.value.get(this.me);
  }

  /** What I declared; before the server has told it, what the light lets on. */
  private get declared(): MyStatus | null {
    return this.status.value?.expert === this.me ? this.status.value : null;
  }

  /** The user who holds a ticket of my line. */
  private userOf(ticket: string): string {
    return this.queues.value.get(this.me)?.waiters.find((waiter) => waiter.ticket === ticket)?.user ?? "";
  }

  private get ringing(): Offer | null {
    const offer = this.offer.value;
    return offer?.side === "expert" ? offer : null;
  }

  private w(key: StaffKey, values?: Values): string {
    return staffWords(this.language)(key, values);
  }

  protected override willUpdate(): void {
    const me = this.me;
    this.interest.set(me ? { experts: [me], lines: [me] } : {});
  }

  protected override updated(): void {
    const offer = this.ringing;
    const name = offer?.partner || this.w("nameless");
    if (this.welcome.value?.rules.prepaid) void import("../meter");
    this.bell.look(offer?.mine ? null : offer, {
      tab: this.w("offer.tab", { name }), title: this.w("offer.notice", { name }), text: this.w("offer.notice_text"),
    });
  }

  private async declare(status: Status, reason: string): Promise<void> {
    if (await this.commands.run({ t: "declare", status, reason })) this.forgetNotice("missed_offer");
  }

  private readonly goAway = async (): Promise<void> => {
    await this.declare("away", "");
    if (!this.commands.problem) await this.commands.run({ t: "finish_wrap_up" });
  };

  private forgetNotice(code: string): void {
    for (const notice of this.notices.value) if (notice.code === code) this.client?.store.dismissNotice(notice.code, notice.at);
  }

  private readonly accept = (): void => {
    const offer = this.ringing;
    if (!offer) return;
    this.accepted = true;
    this.client?.store.dismissSession();
    void this.commands.run({ t: "accept", offer: offer.offer });
  };

  private readonly decline = (event: CustomEvent<string>): void => {
    const offer = this.ringing;
    if (offer) void this.commands.run({ t: "decline", offer: offer.offer, reason: event.detail });
  };

  protected override render(): TemplateResult {
    const welcome = this.welcome.value;
    if (this.connection.value === "stopped") return this.renderMessage("offline", this.w("stopped"), "", true);
    if (!welcome) return html`<div class="whole"><span class="spinner"></span><p>${this.w("loading")}</p></div>`;
    if (!this.me) return this.renderMessage("person", this.w("signin.expert"), this.w("signin.text"), false);
    const offer = this.ringing;
    return html`<p class="said" role="alert">${offer ? this.w("offer.title", { name: offer.partner || this.w("nameless") }) : ""}</p>
      ${this.renderTop(welcome.name || this.profiles.value.get(this.me)?.name || this.me)}${this.renderNotices()}
      <main><section class="stage" part="stage">${this.renderStage()}</section>
        <div class="side">${this.renderReadiness()}${this.renderLine()}${this.renderPhone()}</div></main>`;
  }

  private renderMessage(shape: "offline" | "person", title: string, text: string, again: boolean): TemplateResult {
    return html`<div class="whole">${icon(shape)}<h1>${title}</h1><p class="muted">${text}</p>
      ${again ? html`<button class="button main" @click=${() => this.client?.again()}>${this.w("again")}</button>` : nothing}</div>`;
  }

  private renderTop(name: string): TemplateResult {
    return html`<header>
      <h1 dir="auto">${name}</h1>
      <openline-status .language=${this.language} .theme=${this.theme} .now=${this.now} .light=${this.light}
        .declared=${this.declared?.declared ?? declaredStatus(this.light)} .busy=${this.commands.isRunning("declare") || this.commands.isRunning("open_for")} .openUntil=${this.declared?.open_until ?? 0} .unsure=${this.fresh.value !== "fresh"}
        @open-for=${(event: CustomEvent<number>) => this.commands.run({ t: "open_for", minutes: event.detail })}
        @declare=${(event: CustomEvent<{ status: Status; reason: string }>) => this.declare(event.detail.status, event.detail.reason)}></openline-status>
      <span class="tools">${this.renderTools()}</span>
    </header>`;
  }

  /** A quiet line, once a shift: whether this expert would be heard. */
  private renderReadiness(): TemplateResult | typeof nothing {
    const talks = this.profiles.value.get(this.me)?.modes.includes("audio") ?? false;
    if (!talks || this.declared?.declared !== "online" || this.session.value?.state === "live") return nothing;
    void import("../call/preflight");
    return html`<openline-preflight shift .client=${this.client} .language=${this.language} .theme=${this.theme}></openline-preflight>`;
  }

  private renderTools(): TemplateResult {
    const sound = this.w(this.bell.muted ? "sound.off" : "sound.on");
    const permission = this.bell.permission;
    const pool = `/p/${encodeURIComponent(this.pool)}`;
    return html`
      <a class="button quiet small" href="${pool}/expert/profile">${icon("person")}${this.w("nav.profile")}</a>
      ${this.welcome.value?.rules.prepaid ? html`<a class="button quiet small" href="${pool}/expert/earnings">${icon("card")}${this.w("nav.earnings")}</a>` : nothing}
      <a class="button quiet small" href="${pool}/account?role=expert">${icon("settings")}${this.w("nav.account")}</a>
      <button class="button quiet small" part="sound" aria-pressed=${!this.bell.muted} @click=${() => this.bell.toggle()}>${icon("bell")}<span class=${this.bell.muted ? "struck" : ""}>${sound}</span></button>
      ${permission === "default" ? html`<button class="button quiet small" part="notify" @click=${() => this.bell.ask()}>${icon("info")}${this.w("notify.ask")}</button>` : nothing}
      ${permission === "denied" ? html`<span class="muted small-text">${this.w("notify.blocked")}</span>` : nothing}`;
  }

  private renderNotices(): TemplateResult {
    const others = this.notices.value.filter((notice) => notice.code !== "missed_offer");
    return html`<div class="notices">
      ${this.fresh.value === "stale" ? html`<p class="callout warning" role="alert">${icon("offline")}${this.w("offline")}</p>` : nothing}
      ${wasMissed(this.light) ? this.renderMissed() : nothing}
      ${this.commands.problem ? this.renderProblem(this.commands.problem) : nothing}
      ${others.map((notice) => this.renderNotice(notice))}
    </div>`;
  }

  private renderMissed(): TemplateResult {
    return html`<div class="callout warning" part="missed" role="alert">${icon("moon")}<span class="grow"><strong>${this.w("missed.title")}</strong> ${this.w("missed.text")}</span>
      <button class="button main small" part="back" ?disabled=${this.commands.isRunning("declare")} @click=${() => this.declare("online", "")}>${this.w("missed.back")}</button></div>`;
  }

  private renderProblem(code: string): TemplateResult {
    return html`<div class="callout error" part="problem" role="alert">${icon("warning")}<span class="grow">${refusalWords(this.language, code)}</span>
      <button class="button quiet icon" aria-label=${this.w("dismiss")} @click=${() => this.commands.clear()}>${icon("close")}</button></div>`;
  }

  private renderNotice(notice: Notice): TemplateResult {
    const key = `notice.${notice.code}`;
    const words = this.w(key in staffEn ? (key as StaffKey) : "notice.other", { code: notice.code, detail: notice.detail });
    return html`<div class="callout" role="status">${icon("info")}<span class="grow" dir="auto">${words}</span>
      <button class="button quiet icon" aria-label=${this.w("dismiss")} @click=${() => this.client?.store.dismissNotice(notice.code, notice.at)}>${icon("close")}</button></div>`;
  }

  /** An offer before all, then the session with its wrap-up, then how things stand. */
  private renderStage(): TemplateResult {
    const offer = this.ringing;
    const session = this.session.value;
    if (offer) return this.renderOffer(offer);
    const wrapUp = this.light?.indicator === "wrap-up" ? this.renderWrapUp(this.light) : nothing;
    if (session?.side === "expert") return html`${wrapUp}${this.renderSession(session)}`;
    return html`${wrapUp === nothing ? this.renderIdle() : wrapUp}${this.renderBill()}`;
  }

  /** What the last session came to, for whoever was not here when it ended. */
  private renderBill(): TemplateResult | typeof nothing {
    const session = this.client ? keptBill(this.client) : "";
    if (session === "") return nothing;
    return html`<div class="bill card" part="last-bill"><openline-bill alone class="grow" .client=${this.client} .language=${this.language} .theme=${this.theme} .session=${session}
      .side=${"expert"}></openline-bill><button class="button quiet icon" aria-label=${this.w("dismiss")} @click=${this.billSeen}>${icon("close")}</button></div>`;
  }

  private readonly billSeen = (): void => {
    if (this.client) forgetBill(this.client);
    this.requestUpdate();
  };

  private renderOffer(offer: Offer): TemplateResult {
    return html`<openline-offer-card .language=${this.language} .theme=${this.theme} .now=${this.now} .offer=${offer}
      .met=${this.met.of(this.userOf(offer.ticket))}
      .ringMs=${(this.welcome.value?.rules.ring_s ?? 30) * 1000} .busy=${this.commands.isRunning("accept") || this.commands.isRunning("decline")}
      @accept=${this.accept} @decline=${this.decline}></openline-offer-card>`;
  }

  private renderSession(session: Session): TemplateResult {
    return html`<openline-session class="card" .server=${this.server} .pool=${this.pool} .token=${this.token} .as=${this.as} .theme=${this.theme} lang=${this.language}
      .autostart=${this.accepted && session.state !== "ended"}></openline-session>`;
  }

  private renderWrapUp(light: Light): TemplateResult {
    const waiting = (this.queues.value.get(this.me)?.waiters.length ?? 0) > 0;
    const busy = this.commands.isRunning("finish_wrap_up") || this.commands.isRunning("declare");
    return html`<div class="wrap card" part="wrap-up">
      <time class="countdown tabular" role="timer">${clock(light.until - this.now)}</time>
      <div class="grow"><strong>${this.w("wrap.title")}</strong><p class="muted">${this.w(waiting ? "wrap.text" : "wrap.text_nobody")}</p></div>
      <div class="buttons"><button class="button main" part="ready" ?disabled=${busy} @click=${() => this.commands.run({ t: "finish_wrap_up" })}>${icon("check")}${this.w("wrap.ready")}</button>
        <button class="button outline" part="wrap-away" ?disabled=${busy} @click=${this.goAway}>${icon("moon")}${this.w("wrap.away")}</button></div></div>`;
  }

  private renderIdle(): TemplateResult {
    if (!this.light) return html`<div class="idle card"><span class="spinner"></span><p class="muted">${this.w("loading")}</p></div>`;
    const { indicator } = this.light;
    const kind = indicator === "away" || indicator === "offline" || indicator === "closed" ? indicator : "free";
    const shape = { free: "check", away: "moon", offline: "offline", closed: "clock" } as const;
    return html`<div class="idle card ${kind}">${icon(shape[kind])}<h2>${this.w(`idle.${kind}`)}</h2><p class="muted">${this.w(`idle.${kind}_text`)}</p>
      ${kind === "offline" || (kind === "away" && !wasMissed(this.light)) ? html`<button class="button main" part="go-online" ?disabled=${this.commands.isRunning("declare")} @click=${() => this.declare("online", "")}>${this.w("idle.go_online")}</button>` : nothing}</div>`;
  }

  /** Where sessions by telephone reach this expert, for who offers them. */
  private renderPhone(): TemplateResult | typeof nothing {
    const offers = this.profiles.value.get(this.me)?.modes.includes("phone") ?? false;
    if (!offers || !this.welcome.value?.rules.phone_regions.length) return nothing;
    return html`<details class="line card" part="phone"><summary>${icon("phone")}${this.w("phone.title")}${icon("chevron")}</summary>
      <openline-number staff .client=${this.client} .language=${this.language} .theme=${this.theme}></openline-number></details>`;
  }

  private renderLine(): TemplateResult {
    const waiters = this.queues.value.get(this.me)?.waiters ?? [];
    return html`<aside class="line card" part="line" aria-label=${this.w("line.title")}>
      <h2>${this.w("line.title")} <span class="muted">${this.w("line.count", { n: waiters.length })}</span></h2>
      ${waiters.length === 0
        ? html`<div class="empty">${icon("people")}<strong>${this.w("line.empty")}</strong><p class="muted">${this.w("line.empty_text")}</p></div>`
        : html`<openline-waiters .language=${this.language} .theme=${this.theme} .now=${this.now} .waiters=${waiters}></openline-waiters>`}
    </aside>`;
  }
}

define("openline-console", OpenlineConsole);

declare global {
  interface HTMLElementTagNameMap {
    "openline-console": OpenlineConsole;
  }
}
