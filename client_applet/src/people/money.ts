import { html, nothing, type TemplateResult } from "lit";
import { state } from "lit/decorators.js";
import { ago } from "../i18n";
import { define } from "../ui/element";
import "./money_options";
import type { Totals } from "./money_data";
import { MoneyPage } from "./money_page";
import "./payouts";
import "./person_money";

const TABS = ["totals", "payouts", "person", "options"] as const;
type Tab = (typeof TABS)[number];
const SUMS = ["wallets", "open_holds", "owed", "deposits", "refunds", "chargebacks", "payouts"] as const;
const BALANCES = ["fees", "processor", "world"] as const;

/** The operator's page about money: sums, payouts, one person's account, what the pool charges. */
export class OpenlineMoney extends MoneyPage {
  @state() private tab: Tab = "totals";
  @state() private allowed: boolean | null = null;
  @state() private totals: Totals | null = null;

  constructor() {
    super();
    this.as = "operator";
  }

  override connectedCallback(): void {
    super.connectedCallback();
    const named = TABS.find((tab) => tab === location.hash.slice(1));
    void this.api.get("account?role=operator").then(() => {
      this.allowed = true;
      this.open(named ?? "totals");
    }, () => (this.allowed = false));
  }

  private open(tab: Tab): void {
    this.tab = tab;
    this.problem = this.done = "";
    history.replaceState(null, "", `#${tab}`);
    if (tab === "totals") void this.run("load", () => this.read());
  }

  private async read(): Promise<void> {
    const totals = await this.api.get<Totals>("money");
    this.currency = totals.currency;
    this.totals = totals;
  }

  private readonly step = (event: KeyboardEvent): void => {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!by) return;
    const next = TABS[(TABS.indexOf(this.tab) + (this.dir === "rtl" ? -by : by) + TABS.length) % TABS.length]!;
    this.open(next);
    void this.updateComplete.then(() => this.renderRoot.querySelector<HTMLElement>(`#tab-${next}`)?.focus());
  };

  protected override render(): TemplateResult {
    if (this.allowed === null) return this.renderLoading();
    if (!this.allowed) {
      return this.renderWhole("person", this.w("people.none"), "", html`<a class="button main" href=${this.signInUrl("operator")}>${this.w("sign_in")}</a>`);
    }
    const pool = `/p/${encodeURIComponent(this.pool)}`;
    return html`
      <header><h1>${this.w("money.title")}</h1><nav>
        <a class="button quiet small" href="${pool}/operator">${this.w("nav.operator")}</a><a class="button quiet small" href="${pool}/operator/people">${this.w("people.title")}</a></nav></header>
      <div class="tabs" role="tablist" aria-label=${this.w("money.title")} @keydown=${this.step}>${TABS.map((tab) => html`<button class="chip" role="tab" part="tab-${tab}" id="tab-${tab}" aria-selected=${tab === this.tab} tabindex=${tab === this.tab ? 0 : -1} aria-controls="panel" @click=${() => this.open(tab)}>${this.w(`money.tab_${tab}`)}</button>`)}</div>
      ${this.renderSaid()}
      <div id="panel" role="tabpanel" aria-labelledby="tab-${this.tab}" aria-busy=${this.isRunning("load")}>${this.renderTab()}</div>`;
  }

  private renderTab(): TemplateResult {
    switch (this.tab) {
      case "totals": return this.renderTotals();
      case "payouts": return html`<openline-payouts .pool=${this.pool} .theme=${this.theme} lang=${this.language}></openline-payouts>`;
      case "person": return html`<openline-person-money .pool=${this.pool} .theme=${this.theme} lang=${this.language}></openline-person-money>`;
      case "options": return html`<openline-money-options .pool=${this.pool} .theme=${this.theme} lang=${this.language}></openline-money-options>`;
    }
  }

  private renderTotals(): TemplateResult {
    const totals = this.totals;
    if (!totals) return this.problem ? html`` : this.renderLoading();
    return html`<section class="card" aria-labelledby="sums"><h2 id="sums">${this.w("money.sums")}</h2><p class="muted">${this.w("money.sums_text")}</p>
        <table class="statement" part="sums"><tbody>${SUMS.map((name) => this.renderSum(name, totals[name].amount, totals[name].count))}${BALANCES.map((name) => this.renderSum(name, totals[name]))}</tbody></table></section>
      ${totals.frozen.length > 0 ? this.renderFrozen(totals) : nothing}`;
  }

  private renderSum(name: (typeof SUMS)[number] | (typeof BALANCES)[number], amount: number, count?: number): TemplateResult {
    return html`<tr data-sum=${name}><th scope="row"><span>${this.w(`money.${name}`)}</span><span class="muted small">${this.w(`money.${name}_text`)}</span></th>
      <td class="end tabular muted">${count === undefined ? nothing : new Intl.NumberFormat(this.language).format(count)}</td><td class="end tabular">${this.money(amount)}</td></tr>`;
  }

  private renderFrozen(totals: Totals): TemplateResult {
    return html`<section class="card" aria-labelledby="frozen"><h2 id="frozen">${this.w("money.frozen")}</h2><ul class="list">${totals.frozen.map((one) => html`<li class="row" data-user=${one.user}>
      <span class="names grow"><strong><bdi>${one.user}</bdi></strong><span class="muted small">${ago(one.at, Date.now(), this.language)} · <bdi>${one.reason}</bdi></span></span>
      <span class="tabular">${this.money(one.balance)}</span>
      <a class="button quiet small" href="?wallet=${encodeURIComponent(one.user)}#person">${this.w("person.open")}</a></li>`)}</ul></section>`;
  }
}

define("openline-money", OpenlineMoney);

declare global {
  interface HTMLElementTagNameMap {
    "openline-money": OpenlineMoney;
  }
}
