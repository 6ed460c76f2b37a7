import { html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { property, state } from "lit/decorators.js";
import { repeat } from "lit/directives/repeat.js";
import { type Command, FreshnessController, type Hall, SliceController, WatchController } from "../core";
import { define, PoolElement } from "../ui/element";
import { icon } from "../ui/icons";
import { mark } from "../ui/lights";
import type { CardGesture, OpenlineCard } from "./card";
import "./card";
import { categoriesBelow, directoryInterest, type Filter, filtered, freeCount, trail } from "./directory_filter";
import { directoryStyles } from "./directory_styles";
import "./panel";
import type { OpenlinePanel } from "./panel";
import "./ticket_bar";
import { InView } from "./in_view";

const SKELETONS = 6;

/** All experts of the pool with their lights: search, filter, connect, join, switch, or "first who is free". */
export class OpenlineDirectory extends PoolElement {
  static override styles = [...PoolElement.styles, ...directoryStyles];

  /** Show the heading with the pool's name. */
  @property({ type: Boolean }) heading = false;

  @state() private filter: Filter = { words: "", category: "", freeOnly: false };
  @state() private choosing = false;
  @state() private chosen: readonly string[] = [];
  @state() private visible: ReadonlySet<string> = new Set();
  @state() private opened = "";

  private readonly list = new SliceController(this, this.clients, (hall) => filtered(hall, this.filter).join("\n"), "");
  private readonly free = new SliceController(this, this.clients, freeCount, 0);
  private readonly profiles = new SliceController(this, this.clients, (hall) => hall.profiles, new Map() as Hall["profiles"]);
  private readonly ready = new SliceController(this, this.clients, (hall) => hall.ready, false);
  private readonly phase = new SliceController(this, this.clients, (hall) => hall.connection.phase, "idle");
  private readonly welcome = new SliceController(this, this.clients, (hall) => hall.welcome, null);
  private readonly ticket = new SliceController(this, this.clients, (hall) => hall.ticket !== null, false);
  private readonly fresh = new FreshnessController(this, this.clients);
  private readonly interest = new WatchController(this.clients);
  private readonly inView = new InView((visible) => { this.visible = visible; });

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.inView.stop();
  }

  protected override willUpdate(_changed: PropertyValues): void {
    this.interest.set(directoryInterest(this.profiles.value.size, this.visible, this.filter.freeOnly));
  }

  protected override updated(): void {
    this.inView.follow(this.renderRoot.querySelectorAll("li[data-expert]"));
  }

  protected override render(): TemplateResult {
    const welcome = this.welcome.value;
    return html`
      <section class="directory" aria-label=${this.t("list.title")}>
        ${this.heading ? html`<h1>${welcome?.pool_name || this.t("list.title")}</h1>` : nothing}
        ${this.tools()}
        ${this.fresh.value === "stale" ? html`<div class="callout warning" role="status">${icon("offline")}<div><strong>${this.t("unsure.title")}</strong> ${this.t("unsure.guest")}</div></div>` : nothing}
        ${this.content()}
      </section>
      ${this.choosing ? this.choice() : nothing}
      <openline-panel .server=${this.server} .pool=${this.pool} .token=${this.token} .theme=${this.theme} .expert=${this.opened}
        lang=${this.language} @openline-closed=${this.refocus}></openline-panel>
      <openline-ticket-bar .server=${this.server} .pool=${this.pool} .token=${this.token} .theme=${this.theme} lang=${this.language}
        ?hidden=${this.choosing}></openline-ticket-bar>`;
  }

  private tools(): TemplateResult {
    const chip = (label: unknown, pressed: boolean, press: () => void) =>
      html`<button class="chip" aria-pressed=${pressed} @click=${press}>${label}</button>`;
    const category = (one: string, pressed: boolean, otherwise: string) =>
      chip(one.split("/").at(-1), pressed, () => this.narrow({ category: pressed ? otherwise : one }));
    const above = trail(this.filter.category);
    const below = categoriesBelow(this.profiles.value.values(), this.filter.category);
    return html`
      <div class="tools">
        <label class="search">${icon("search")}
          <input class="field" type="search" autocomplete="off" placeholder=${this.t("list.search")} aria-label=${this.t("list.search")}
            .value=${this.filter.words} @input=${(event: InputEvent) => this.narrow({ words: (event.target as HTMLInputElement).value })}></label>
        <div class="chips" role="group" aria-label=${this.t("list.categories")}>
          ${chip(html`${mark("free")}${this.t("list.free")}`, this.filter.freeOnly, () => this.narrow({ freeOnly: !this.filter.freeOnly }))}
          ${this.ticket.value ? nothing : chip(html`${icon("checks")}${this.t("list.select")}`, this.choosing, () => this.toggleChoosing())}
          ${above.length + below.length > 0 ? html`<span class="bar"></span>` : nothing}
          ${above.map((one, at) => category(one, true, above[at - 1] ?? ""))}
          ${below.map((one) => category(one, false, ""))}
        </div>
      </div>`;
  }

  private content(): TemplateResult {
    if (this.phase.value === "stopped" && !this.ready.value) return this.stopped();
    if (!this.ready.value) return this.skeleton();
    const ids = this.list.value === "" ? [] : this.list.value.split("\n");
    if (this.profiles.value.size === 0) return this.empty(this.t("list.emptyTitle"), this.t("list.emptyText"));
    if (ids.length === 0) return this.nothingFound();
    return html`
      <p class="count" role="status">${this.t("list.count", { n: ids.length })}
        ${this.free.value < 0 || this.fresh.value === "stale" ? nothing : html`<span class="free">${mark("free")}${this.t("list.freeCount", { n: this.free.value })}</span>`}</p>
      <ul class="grid">${repeat(ids, (id) => id, (id) => this.item(id))}</ul>`;
  }

  private item(id: string): TemplateResult {
    return html`
      <li data-expert=${id}>
        <openline-card .client=${this.client} .expert=${id} .language=${this.language} .theme=${this.theme} ?stale=${this.fresh.value === "stale"}
          .chosen=${this.choosing ? this.chosen.includes(id) : undefined}
          @gesture=${(event: CustomEvent<CardGesture>) => this.onGesture(id, event.detail)}></openline-card>
      </li>`;
  }

  private skeleton(): TemplateResult {
    return html`
      <p class="said" role="status">${this.t("loading.title")}</p>
      <ul class="grid" aria-hidden="true">${Array.from({ length: SKELETONS }, () => html`
        <li class="ghost card"><div class="row"><span class="skeleton round"></span><span class="skeleton text"></span></div><span class="skeleton text short"></span><span class="skeleton text"></span></li>`)}</ul>`;
  }

  private stopped(): TemplateResult {
    return html`<div class="empty" role="alert">${icon("offline")}<h2>${this.t("list.error")}</h2><p>${this.t("stopped.text")}</p>
      <button class="button outline" @click=${() => this.client?.again()}>${icon("refresh")}${this.t("stopped.again")}</button></div>`;
  }

  private nothingFound(): TemplateResult {
    const onlyFree = this.filter.freeOnly && this.filter.words === "" && this.filter.category === "";
    return this.empty(this.t("list.noneTitle"), this.t(onlyFree ? "list.noneFree" : "list.noneText"),
      html`<button class="button outline" @click=${() => this.narrow({ words: "", category: "", freeOnly: false })}>${this.t("list.clear")}</button>`);
  }

  private empty(title: string, text: string, action: TemplateResult | typeof nothing = nothing): TemplateResult {
    return html`<div class="empty" role="status">${icon("people")}<h2>${title}</h2><p>${text}</p>${action}</div>`;
  }

  private choice(): TemplateResult {
    const most = this.welcome.value?.rules.lines_per_ticket ?? 1;
    return html`
      <div class="choice" role="region" aria-label=${this.t("list.select")}>
        <p><strong>${this.t("list.selected", { n: this.chosen.length })}</strong><span>${this.t("list.selectHint", { n: most })}</span></p>
        <button class="button quiet" @click=${() => this.toggleChoosing()}>${this.t("do.cancel")}</button>
        <button class="button main" ?disabled=${this.chosen.length === 0} @click=${() => this.joinChosen()}>${this.t("list.joinFirst")}</button>
      </div>`;
  }

  private narrow(part: Partial<Filter>): void {
    this.filter = { ...this.filter, ...part };
  }

  private toggleChoosing(): void {
    this.choosing = !this.choosing;
    this.chosen = [];
  }

  private onGesture(expert: string, gesture: CardGesture): void {
    if (gesture.do === "choose") this.choose(expert);
    else this.openWith(expert, command(expert, gesture));
  }

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
  private readonly refocus = (): void => {
    const focused = this.shadowRoot?.activeElement;
    if (!focused || focused.localName === "openline-panel") this.renderRoot.querySelector<OpenlineCard>(`li[data-expert="${CSS.escape(this.opened)}"] openline-card`)?.focus();
  };

  /** The panel shows what comes of it: a place, a call, a refusal, or the way to sign in. */
  private openWith(expert: string, what: Command | null): void {
    this.opened = expert;
    void this.updateComplete.then(() => {
      const panel = this.renderRoot.querySelector<OpenlinePanel>("section + openline-panel, .choice + openline-panel");
      panel?.show(what);
    });
  }
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
