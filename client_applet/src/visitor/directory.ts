import { html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { property, state } from "lit/decorators.js";
import { type Command, FreshnessController, type Hall, SliceController, WatchController } from "../core";
import { translate } from "../i18n";
import { define, PoolElement } from "../ui/element";
import { icon } from "../ui/icons";
import { refusal, whyStopped } from "../ui/words";
import { signInPage } from "./actions";
import type { CardGesture, OpenlineCard } from "./card";
import "./card";
import { list } from "./directory_list";
import { again, LastMet } from "./last_met";
import { directoryStyles } from "./directory_styles";
import { tools } from "./directory_tools";
import { InView } from "./in_view";
import "./panel";
import type { OpenlinePanel } from "./panel";
import { ANYBODY, fromSearch, narrows, type Question, toSearch } from "./question";
import { Search } from "./search";
import "./ticket_bar";

const SKELETONS = 6;
const SETTLE_MS = 150;

/** The experts of the pool: a question, categories and filters; connect, join, switch, or "first who is free". */
export class OpenlineDirectory extends PoolElement {
  static override styles = [...PoolElement.styles, ...directoryStyles];

  /** Show the heading with the pool's name. */
  @property({ type: Boolean }) heading = false;
  /** The question and the open expert stand in the page's address, so that "back" works. */
  @property({ type: Boolean }) routed = false;

  @state() private question: Question = ANYBODY;
  @state() private choosing = false;
  @state() private chosen: readonly string[] = [];
  @state() private near: ReadonlySet<string> = new Set();
  @state() private opened = "";

  private readonly lastMet = new LastMet(this, this.clients);
  private readonly search = new Search(this, this.clients);
  private readonly profiles = new SliceController(this, this.clients, (hall) => hall.profiles, new Map() as Hall["profiles"]);
  private readonly phase = new SliceController(this, this.clients, (hall) => hall.connection.phase, "idle");
  private readonly welcome = new SliceController(this, this.clients, (hall) => hall.welcome, null);
  private readonly ticket = new SliceController(this, this.clients, (hall) => hall.ticket !== null, false);
  private readonly fresh = new FreshnessController(this, this.clients);
  private readonly interest = new WatchController(this.clients);
  private readonly nearGroups = new InView({ name: "data-group", margin: 1200, settleMs: 0 }, (near) => { this.near = near; });
  private readonly seenCards = new InView({ name: "data-expert", margin: 300, settleMs: SETTLE_MS }, (seen) => this.interest.set({ experts: [...seen].sort() }));
  private readonly end = new InView({ name: "data-end", margin: 1200, settleMs: 0 }, (seen) => { if (seen.size > 0) void this.search.next(); });

  override connectedCallback(): void {
    super.connectedCallback();
    if (!this.routed) return;
    addEventListener("popstate", this.fromAddress);
    this.fromAddress();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    removeEventListener("popstate", this.fromAddress);
    for (const looking of [this.nearGroups, this.seenCards, this.end]) looking.stop();
  }

  protected override updated(): void {
    this.nearGroups.follow(this.renderRoot.querySelectorAll("ul[data-group]"));
    this.seenCards.follow(this.renderRoot.querySelectorAll("li[data-expert]"));
    // An end that is still before the eyes after a page came is looked at anew.
    const end = this.search.asking ? [] : this.renderRoot.querySelectorAll("[data-end]");
    this.end.follow(end);
  }

  protected override willUpdate(_changed: PropertyValues): void {
    if (this.ticket.value && this.choosing) this.toggleChoosing();
  }

  protected override render(): TemplateResult {
    return html`
      <section class="directory" aria-label=${this.t("list.title")}>
        ${this.heading ? this.top() : nothing}
        ${tools({
          t: translate(this.language), language: this.language, question: this.question, rules: this.welcome.value?.rules ?? null,
          profiles: this.profiles.value, choosing: this.ticket.value ? null : this.choosing, ask: this.ask, toggleChoosing: this.toggleChoosing,
        })}
        ${this.fresh.value === "stale" ? html`<div class="callout warning" role="status">${icon("offline")}<div><strong>${this.t("unsure.title")}</strong> ${this.t("unsure.guest")}</div></div>` : nothing}
        ${this.content()}
      </section>
      ${this.choosing ? this.choice() : nothing}
      <openline-panel .server=${this.server} .pool=${this.pool} .token=${this.token} .theme=${this.theme} .expert=${this.opened}
        lang=${this.language} @openline-closed=${this.closed}></openline-panel>
      <openline-ticket-bar .server=${this.server} .pool=${this.pool} .token=${this.token} .theme=${this.theme} lang=${this.language}
        ?hidden=${this.choosing}></openline-ticket-bar>`;
  }

  /** The pool's name, and the way to one's account or to sign in. */
  private top(): TemplateResult {
    const { role, pool_name } = this.welcome.value ?? { role: null, pool_name: "" };
    const at = role === "user" ? `/p/${encodeURIComponent(this.pool)}/account?role=user` : signInPage("", this.pool, this.language);
    return html`<header class="top"><h1><bdi>${pool_name || this.t("list.title")}</bdi></h1>
      ${role ? html`<a class="button quiet" part="account" href=${at}>${icon("person")}${this.t(role === "user" ? "list.account" : "sign.link")}</a>` : nothing}</header>`;
  }

  private content(): TemplateResult {
    const { found, total, toldAt, problem, halted, asking } = this.search;
    if (toldAt === 0 && this.phase.value === "stopped") return this.failed(this.t(whyStopped(this.client?.store.state.connection.closeCode ?? 0)), () => this.client?.again());
    if (problem !== "" && !halted) return this.failed(refusal(translate(this.language), problem), () => this.search.again());
    if (toldAt === 0) return this.skeleton();
    if (total === 0 && !narrows(this.question)) return this.empty(this.t("list.emptyTitle"), this.t("list.emptyText"));
    if (total === 0) return this.nothingFound();
    // Whoever left the pool since is gone from the hall.
    const here = found.filter((one) => this.profiles.value.has(one.profile.expert));
    return html`
      ${this.renderAgain()}
      <p class="count" role="status" aria-busy=${asking}>${this.t("list.count", { n: total - (found.length - here.length) })}</p>
      <div class="list" ?data-waiting=${asking}>
        ${list({
          client: this.client, language: this.language, theme: this.theme, label: this.t("list.title"), found: here, near: this.near,
          stale: this.fresh.value === "stale", chosen: this.choosing ? this.chosen : null, gesture: this.onGesture,
        })}
      </div>
      ${halted ? html`<div class="callout error" role="alert">${icon("warning")}<div>${refusal(translate(this.language), problem)}</div></div>` : nothing}
      ${this.search.more ? html`<button class="button outline more" data-end="end" ?disabled=${asking} @click=${() => this.search.next(true)}>
        ${asking ? html`<span class="spinner"></span>` : icon("down")}${this.t("list.more")}</button>` : nothing}`;
  }

  /** Whom one has met last comes first, as long as one asks for nobody else. */
  private renderAgain(): TemplateResult | typeof nothing {
    const { met } = this.lastMet;
    const hall = this.client?.store.state;
    if (!met || !hall?.profiles.has(met.expert) || narrows(this.question) || this.choosing || this.ticket.value) return nothing;
    return again({ hall, t: translate(this.language), language: this.language, server: this.client?.server ?? "", now: this.now }, met, () => this.openWith(met.expert, null));
  }

  private skeleton(): TemplateResult {
    return html`
      <p class="said" role="status">${this.t("loading.title")}</p>
      <ul class="grid" aria-hidden="true">${Array.from({ length: SKELETONS }, () => html`
        <li class="ghost card"><div class="row"><span class="skeleton round"></span><span class="skeleton text"></span></div><span class="skeleton text short"></span><span class="skeleton text"></span></li>`)}</ul>`;
  }

  private failed(why: string, again: () => void): TemplateResult {
    return html`<div class="empty" role="alert">${icon("offline")}<h2>${this.t("list.error")}</h2><p>${why}</p>
      <button class="button outline" @click=${again}>${icon("refresh")}${this.t("stopped.again")}</button></div>`;
  }

  private nothingFound(): TemplateResult {
    const onlyFree = this.question.freeOnly && !narrows({ ...this.question, freeOnly: false });
    return this.empty(this.t("list.noneTitle"), this.t(onlyFree ? "list.noneFree" : "list.noneText"),
      html`<button class="button outline" @click=${() => this.ask({ ...ANYBODY, sort: this.question.sort })}>${this.t("list.clear")}</button>`);
  }

  private empty(title: string, text: string, action: TemplateResult | typeof nothing = nothing): TemplateResult {
    return html`<div class="empty" role="status">${icon("people")}<h2>${title}</h2><p>${text}</p>${action}</div>`;
  }

  private choice(): TemplateResult {
    const most = this.welcome.value?.rules.lines_per_ticket ?? 1;
    return html`
      <div class="choice" role="region" aria-label=${this.t("list.select")}>
        <p><strong>${this.t("list.selected", { n: this.chosen.length })}</strong><span>${this.t("list.selectHint", { n: most })}</span></p>
        <button class="button quiet" @click=${this.toggleChoosing}>${this.t("do.cancel")}</button>
        <button class="button main" ?disabled=${this.chosen.length === 0} @click=${() => this.joinChosen()}>${this.t("list.joinFirst")}</button>
      </div>`;
  }

  private readonly ask = (part: Partial<Question>, typing = false): void => {
    this.question = { ...this.question, ...part };
    this.search.ask(this.question, typing);
    this.toAddress(typing);
  };

  private readonly toggleChoosing = (): void => {
    this.choosing = !this.choosing;
    this.chosen = [];
  };

  private readonly onGesture = (expert: string, gesture: CardGesture): void => {
    if (gesture.do === "choose") this.choose(expert);
    else this.openWith(expert, command(expert, gesture));
  };

  private choose(expert: string): void {
    const most = this.welcome.value?.rules.lines_per_ticket ?? 1;
    const without = this.chosen.filter((one) => one !== expert);
    this.chosen = without.length < this.chosen.length ? without : [...this.chosen, expert].slice(-most);
  }

  private joinChosen(): void {
    const experts = [...this.chosen];
    this.toggleChoosing();
    this.openWith(experts[0]!, { t: "join", experts, mode: "chat" });
  }

  /** The button that opened the panel may be another one by now: the focus goes to the card then, and is never lost. */
  private readonly closed = (): void => {
    const focused = this.shadowRoot?.activeElement;
    if (!focused || focused.localName === "openline-panel") this.renderRoot.querySelector<OpenlineCard>(`li[data-expert="${CSS.escape(this.opened)}"] openline-card`)?.focus();
    if (this.routed && fromSearch(location.search).expert === this.opened) history.replaceState(null, "", this.address(""));
  };

  private get panel(): OpenlinePanel | null {
    return this.renderRoot?.querySelector<OpenlinePanel>("section + openline-panel, .choice + openline-panel") ?? null;
  }

  /** The panel shows what comes of it: a place, a call, a refusal, or the way to sign in. */
  private openWith(expert: string, what: Command | null): void {
    this.opened = expert;
    // Only a look at somebody is a place to come back to; what one did is not done again.
    if (this.routed && what === null && fromSearch(location.search).expert !== expert) history.pushState(null, "", this.address(expert));
    void this.updateComplete.then(() => this.panel?.show(what));
  }

  private address(expert: string): string {
    return location.pathname + toSearch(this.question, expert, location.search);
  }

  private toAddress(replace: boolean): void {
    if (!this.routed) return;
    const next = this.address(fromSearch(location.search).expert);
    if (next === location.pathname + location.search) return;
    if (replace) history.replaceState(null, "", next);
    else history.pushState(null, "", next);
  }

  /** The address says what is shown: at the start, and whenever somebody goes back or forward. */
  private readonly fromAddress = (): void => {
    const { question, expert } = fromSearch(location.search);
    this.question = question;
    this.search.ask(question);
    if (expert !== "") this.openWith(expert, null);
    else if (this.opened !== "") this.panel?.hide();
  };
}

function command(expert: string, gesture: CardGesture): Command | null {
  switch (gesture.do) {
    case "connect": return { t: "connect", expert, mode: gesture.mode };
    case "join": return { t: "join", experts: [expert], mode: gesture.mode };
    case "switch": return { t: "switch", expert, leaving: "" };
    default: return null;
  }
}

define("openline-directory", OpenlineDirectory);

declare global {
  interface HTMLElementTagNameMap {
    "openline-directory": OpenlineDirectory;
  }
}
