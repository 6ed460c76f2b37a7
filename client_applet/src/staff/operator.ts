import { html, nothing, type TemplateResult } from "lit";
import { state } from "lit/decorators.js";
import { repeat } from "lit/directives/repeat.js";
import { ClockController, type Command, FreshnessController, SliceController, WatchController } from "../core";
import { EMPTY } from "../core/state";
import type { Waiter } from "../generated/wire";
import { clock, type Values } from "../i18n";
import type { StaffKey } from "../i18n/staff.en";
import { avatar } from "../ui/avatar";
import { define, PoolElement } from "../ui/element";
import { icon } from "../ui/icons";
import { mark, marks } from "../ui/lights";
import "./action_dialog";
import type { Action } from "./actions";
import { Commands } from "./commands";
import "./line_view";
import { operatorStyles } from "./operator_styles";
import { staffWords } from "./part";
import { filtered, type Only, type Row, rowsOf, type Sort, sorted, type Summary, summary } from "./rows";
import { declaredStatus } from "./waiters";

const ONLY: readonly Only[] = ["all", "waiting", "free", "live"];
const SORTS: readonly Sort[] = ["state", "name", "waiting", "longest"];
/** A busy pool changes hundreds of times a second; nobody reads faster than this. */
const FRAME_MS = 100;

/** The operator's room: every expert and line of the pool, live, and what an operator may do about them. */
export class OpenlineOperator extends PoolElement {
  static override styles = [...PoolElement.styles, marks, operatorStyles];

  @state() private text = "";
  @state() private only: Only = "all";
  @state() private sort: Sort = "state";
  @state() private expanded: ReadonlySet<string> = new Set();
  @state() private action: Action | null = null;

  private readonly welcome = new SliceController(this, this.clients, (hall) => hall.welcome, null);
  private readonly ready = new SliceController(this, this.clients, (hall) => hall.ready, false);
  private readonly connection = new SliceController(this, this.clients, (hall) => hall.connection.phase, "idle");
  private readonly fresh = new FreshnessController(this, this.clients);
  private readonly interest = new WatchController(this.clients);
  private readonly commands = new Commands(this, () => this.client);
  private drawnAt = 0;

  constructor() {
    super();
    this.as = "operator";
    new SliceController(this, this.clients, (hall) => hall.lights, EMPTY.lights);
    new SliceController(this, this.clients, (hall) => hall.queues, EMPTY.queues);
    new SliceController(this, this.clients, (hall) => hall.sessions, EMPTY.sessions);
    new ClockController(this, 1000);
  }

  private w(key: StaffKey, values?: Values): string {
    return staffWords(this.language)(key, values);
  }

  private get hall() {
    return this.client?.store.state ?? EMPTY;
  }

  protected override async scheduleUpdate(): Promise<void> {
    const early = this.drawnAt + FRAME_MS - performance.now();
    if (early > 0) await new Promise((resolve) => setTimeout(resolve, early));
    this.drawnAt = performance.now();
    await super.scheduleUpdate();
  }

  protected override willUpdate(): void {
    const role = this.welcome.value?.role;
    if (role === "operator") this.interest.set({ all: true, lines: [...this.hall.lights.keys()].sort() });
    else this.interest.set(role ? {} : { all: true });
  }

  private toggle(expert: string): void {
    const next = new Set(this.expanded);
    if (!next.delete(expert)) next.add(expert);
    this.expanded = next;
  }

  private readonly confirm = async (event: CustomEvent<Command>): Promise<void> => {
    if (await this.commands.run(event.detail, "action")) this.action = null;
  };

  private begin(action: Action): void {
    this.commands.clear();
    this.action = action;
  }

  protected override render(): TemplateResult {
    const welcome = this.welcome.value;
    if (this.connection.value === "stopped") return this.renderWhole("offline", this.w("stopped"), "", true);
    if (!welcome || (welcome.role === "operator" && !this.ready.value)) return html`<div class="whole"><span class="spinner"></span><p>${this.w("loading")}</p></div>`;
    if (welcome.role !== "operator") return this.renderWhole("person", this.w("signin.operator"), this.w("signin.text"), false);
    return this.renderRoom(welcome.pool_name || welcome.pool);
  }

  private renderWhole(shape: "offline" | "person", title: string, text: string, again: boolean): TemplateResult {
    return html`<div class="whole">${icon(shape)}<h1>${title}</h1><p class="muted">${text}</p>
      ${again ? html`<button class="button main" @click=${() => this.client?.again()}>${this.w("again")}</button>` : nothing}</div>`;
  }

  private renderRoom(pool: string): TemplateResult {
    const all = rowsOf(this.hall);
    const shown = sorted(filtered(all, { text: this.text, only: this.only }), this.sort, this.language);
    return html`
      <header><h1>${this.w("op.title")} <span class="muted" dir="auto">${pool}</span></h1>
        <nav><a class="button quiet small" href="/p/${encodeURIComponent(this.pool)}/operator/people">${icon("people")}${this.w("nav.people")}</a>
          <a class="button quiet small" href="/p/${encodeURIComponent(this.pool)}/operator/money">${icon("card")}${this.w("nav.money")}</a>
          <a class="button quiet small" href="/p/${encodeURIComponent(this.pool)}/account?role=operator">${icon("settings")}${this.w("nav.account")}</a></nav></header>
      ${this.fresh.value === "stale" ? html`<p class="callout warning" role="alert">${icon("offline")}${this.w("offline")}</p>` : nothing}
      ${this.renderTiles(summary(all))}
      ${this.renderFilters(shown.length)}
      ${shown.length === 0 ? this.renderNothing(all.length === 0) : this.renderTable(shown)}
      <openline-action .language=${this.language} .theme=${this.theme} .action=${this.action} .busy=${this.commands.isRunning("action")} .problem=${this.commands.problem}
        .experts=${this.action?.kind === "move" ? sorted(all, "name", this.language) : []} @confirm=${this.confirm} @close=${() => (this.action = null)}></openline-action>`;
  }

  private renderTiles(sum: Summary): TemplateResult {
    const longest = sum.longestSince ? clock(this.now - sum.longestSince) : "–";
    const number = new Intl.NumberFormat(this.language);
    const tile = (part: string, key: StaffKey, value: string, note = "") =>
      html`<div class="tile card" part="tile-${part}"><span class="muted">${this.w(key)}</span><b class="tabular">${value}</b><span class="muted small">${note}</span></div>`;
    return html`<div class="tiles">
      ${tile("free", "op.free", number.format(sum.free), this.w("op.of", { n: sum.experts }))}
      ${tile("waiting", "op.waiting", number.format(sum.waiting))}
      ${tile("longest", "op.longest", longest)}
      ${tile("live", "op.live", number.format(sum.live))}</div>`;
  }

  private renderFilters(shown: number): TemplateResult {
    const words: Record<Only, StaffKey> = { all: "op.all", waiting: "op.only_waiting", free: "op.only_free", live: "op.only_live" };
    return html`<div class="filters" role="search">
      <label class="search"><span class="said">${this.w("op.search")}</span>${icon("search")}<input class="field" type="search" part="search" placeholder=${this.w("op.search")}
        .value=${this.text} @input=${(event: Event) => (this.text = (event.target as HTMLInputElement).value)}></label>
      <div class="chips">${ONLY.map((only) => html`<button class="chip" part="only-${only}" aria-pressed=${this.only === only} @click=${() => (this.only = only)}>${this.w(words[only])}</button>`)}</div>
      <label class="sort"><span>${this.w("op.sort")}</span><select class="field" part="sort" @change=${(event: Event) => (this.sort = (event.target as HTMLSelectElement).value as Sort)}>
        ${SORTS.map((sort) => html`<option value=${sort} ?selected=${sort === this.sort}>${this.w(`op.sort_${sort}`)}</option>`)}</select></label>
      <span class="muted small shown" role="status">${this.w("op.shown", { n: shown })}</span></div>`;
  }

  private renderNothing(none: boolean): TemplateResult {
    return html`<div class="whole short">${icon(none ? "people" : "search")}<h2>${this.w(none ? "op.empty" : "op.none")}</h2>
      ${none ? html`<p class="muted">${this.w("op.empty_text")}</p>` : html`<button class="button outline" @click=${() => { this.text = ""; this.only = "all"; }}>${this.w("op.clear")}</button>`}</div>`;
  }

  private renderTable(rows: readonly Row[]): TemplateResult {
    return html`<div class="table card" role="table" aria-label=${this.w("op.title")}>
      <div class="row head" role="row">${(["op.expert", "op.state", "op.session", "op.line", "op.actions"] as const).map((key) => html`<span role="columnheader">${this.w(key)}</span>`)}</div>
      ${repeat(rows, (row) => row.expert, (row) => this.renderRow(row))}</div>`;
  }

  private renderRow(row: Row): TemplateResult {
    const open = this.expanded.has(row.expert);
    return html`<div class="block" role="rowgroup" data-expert=${row.expert} data-indicator=${row.indicator} part="row">
      <div class="row" role="row">
        <span class="expert" role="cell">${avatar(row.name, row.photo, this.client?.server ?? "")}<span class="names"><strong dir="auto">${row.name}</strong><span class="muted small" dir="auto">${row.headline || row.expert}</span></span></span>
        <span class="state" role="cell">${mark(this.fresh.value === "stale" ? "unsure" : row.indicator)}<span>${this.w(`light.${row.indicator}`)}${row.reason ? html`<span class="muted small"> · <span dir="auto">${row.reason}</span></span>` : nothing}</span>
          <time class="muted tabular small">${clock(this.now - row.since)}</time></span>
        <span class="session" role="cell">${this.renderSession(row)}</span>
        <span class="line" role="cell">${this.renderLineCell(row, open)}</span>
        <span class="acts" role="cell">${this.renderActions(row)}</span>
      </div>
      ${open ? this.renderWaiters(row) : nothing}
    </div>`;
  }

  private renderSession(row: Row): TemplateResult {
    const { session } = row;
    if (!session) return html`<span class="muted none">–</span>`;
    const time = session.live_at ? clock(this.now - session.live_at) : this.w("op.session_connecting");
    return html`${icon(session.mode)}<span class="with" dir="auto">${session.name || this.w("nameless")}</span><time class="tabular small">${time}</time>`;
  }

  private renderLineCell(row: Row, open: boolean): TemplateResult {
    const label = this.w(open ? "op.collapse" : "op.expand", { name: row.name });
    return html`<button class="button quiet small expand" part="expand" aria-expanded=${open} title=${label} @click=${() => this.toggle(row.expert)}>
      ${icon("people")}<span class="said">${label}</span><b class="tabular">${row.waiting}</b>${row.longestSince ? html`<time class="tabular small">${clock(this.now - row.longestSince)}</time>` : nothing}<span class="turn">${icon("forward")}</span></button>`;
  }

  private renderActions(row: Row): TemplateResult {
    const { expert, name, session } = row;
    const status = declaredStatus(row) === "online" ? "away" : "online";
    return html`
      <button class="button quiet small" part="force" @click=${() => this.begin({ kind: "force", expert, name, status })}>${this.w("op.status")}</button>
      ${session ? html`<button class="button danger-quiet small" part="end-session" @click=${() => this.begin({ kind: "end", session: session.session, name, partner: session.name || this.w("nameless") })}>${this.w("op.end")}</button>` : nothing}`;
  }

  private renderWaiters(row: Row): TemplateResult {
    if (row.waiters.length === 0) return html`<div role="row"><p class="muted detail" role="cell">${this.w("op.line_empty")}</p></div>`;
    return html`<div role="row"><div class="detail" role="cell"><openline-waiters .language=${this.language} .theme=${this.theme} .now=${this.now} .waiters=${row.waiters}
      .actions=${(waiter: Waiter) => this.renderWaiterActions(waiter, row.expert)}></openline-waiters></div></div>`;
  }

  private renderWaiterActions(waiter: Waiter, from: string): TemplateResult {
    const { ticket } = waiter;
    const name = waiter.name || this.w("nameless");
    return html`<button class="button quiet small" part="move" @click=${() => this.begin({ kind: "move", ticket, name, from })}>${icon("switch")}${this.w("op.move")}</button>
      <button class="button danger-quiet small" part="remove" @click=${() => this.begin({ kind: "remove", ticket, name })}>${this.w("op.remove")}</button>`;
  }
}

define("openline-operator", OpenlineOperator);

declare global {
  interface HTMLElementTagNameMap {
    "openline-operator": OpenlineOperator;
  }
}
