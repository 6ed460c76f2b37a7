import { css, html, nothing, type TemplateResult } from "lit";
import { property, state } from "lit/decorators.js";
import type { Mode, Quoted } from "../generated/wire";
import { translate } from "../i18n";
import { define } from "../ui/element";
import { icon } from "../ui/icons";
import { refusal } from "../ui/words";
import { MoneyPart } from "./part";
import { span } from "./words";

/**
 * How long one's balance lasts with an expert, before one connects: asked of the server, again whenever the balance changes.
 *
 * Slot: the way to connect or join; it gives way to the deposit where the balance is too low.
 * Fires `deposit-wanted`. Parts: `quote`, `enough`, `low`, `deposit`.
 */
export class OpenlineQuote extends MoneyPart {
  static override styles = [...MoneyPart.styles, css`
    :host { display: grid; gap: 12px; }
    .quote { display: flex; flex-wrap: wrap; gap: 2px 12px; align-items: center; padding: 10px 14px; border-radius: var(--_radius-small); background: var(--_sunken); }
    .quote > svg { inline-size: 1.4em; block-size: 1.4em; color: var(--_free); }
    .quote > svg { flex: none; }
    .quote > div { flex: 1 1 11rem; }
    .quote strong { font-size: 1.06em; }
    .quote .muted { font-size: 0.88em; }
    .quote .button { margin-inline-start: auto; }
    .callout .button { margin-block-start: 10px; }
    .skeleton { block-size: 60px; }
  `];

  @property({ attribute: false }) expert = "";
  @property({ attribute: false }) mode: Mode = "chat";
  /** The rate that the place in line has kept; 0 where one does not stand there. */
  @property({ attribute: false }) locked = 0;
  /** The deposit is before the eyes already. */
  @property({ type: Boolean }) depositing = false;
  /** How often there was news of this expert. */
  @property({ attribute: false }) news = 0;

  @state() private told: Quoted | null = null;
  @state() private failed = false;
  private asked = "";

  constructor() {
    super();
    this.follow((hall) => hall.wallet);
    this.follow((hall) => hall.welcome);
  }

  protected override willUpdate(): void {
    super.willUpdate();
    const hall = this.client?.store.state;
    if (!hall) return;
    const { wallet, welcome } = hall;
    const key = JSON.stringify([this.expert, this.mode, this.news, welcome?.now, welcome?.member, wallet?.balance, wallet?.frozen]);
    if (key !== this.asked) void this.ask(key);
  }

  private async ask(key: string): Promise<void> {
    const { expert, mode } = this;
    this.asked = key;
    this.failed = false;
    if (this.told && (this.told.expert !== expert || this.told.mode !== mode)) this.told = null;
    const told = await this.client!.request({ t: "quote", expert, mode }).catch(() => null);
    if (key !== this.asked) return;
    this.told = told ?? this.told;
    this.failed = told === null;
  }

  private readonly again = (): void => {
    this.asked = "";
    this.requestUpdate();
  };

  private readonly deposit = (): void => {
    this.dispatchEvent(new CustomEvent("deposit-wanted", { bubbles: true, composed: true }));
  };

  protected override render(): TemplateResult {
    return html`<div role="status" part="quote">${this.words()}</div>${this.mayGo ? html`<slot></slot>` : nothing}`;
  }

  /** What a minute costs as it stands before the eyes; 0 where nothing does. */
  get shown(): number {
    return this.told?.rate ?? 0;
  }

  /** Where nobody knows, the server decides. */
  private get mayGo(): boolean {
    return !this.frozen && (this.told === null || this.told.enough || this.told.rate === 0);
  }

  private get frozen(): boolean {
    return this.client?.store.state.wallet?.frozen ?? false;
  }

  private words(): TemplateResult | typeof nothing {
    if (this.frozen) return html`<div class="callout warning">${icon("warning")}<div>${refusal(translate(this.language), "wallet_frozen")}</div></div>`;
    if (this.failed) return this.renderFailed();
    if (!this.told) return html`<div class="skeleton" aria-hidden="true"></div><span class="said">${this.t("quote.loading")}</span>`;
    if (this.told.rate === 0) return nothing;
    return this.told.enough || this.keptOther(this.told) ? this.enough(this.told) : this.low(this.told);
  }

  /** The place has kept another rate than that of whoever joins now: how long the balance lasts is not what was told. */
  private keptOther(told: Quoted): boolean {
    return this.locked > 0 && this.locked !== told.rate;
  }

  private renderFailed(): TemplateResult {
    return html`<p class="muted">${this.t("quote.failed")} <button class="button quiet small" @click=${this.again}>${this.t("quote.again")}</button></p>`;
  }

  private enough(told: Quoted): TemplateResult {
    const balance = this.t("quote.balance", { balance: this.money(told.balance, told.currency) });
    const kept = this.keptOther(told);
    return html`<div class="quote" part="enough">${icon("clock")}
      <div><strong>${kept ? balance : this.t("quote.enough", { time: this.time(told.enough_s) })}</strong>
        <div class="muted">${kept ? this.t("quote.locked", { price: this.money(this.locked, told.currency) }) : `${balance} · ${this.rate(told)}`}</div>
        ${told.free_s > 0 ? html`<div class="muted">${this.t("quote.free", { time: this.time(told.free_s) })}</div>` : nothing}</div>
      ${told.deposits.length > 0 && !this.depositing ? html`<button class="button quiet small" part="deposit" @click=${this.deposit}>${icon("plus")}${this.t("meter.more")}</button>` : nothing}
    </div>`;
  }

  private low(told: Quoted): TemplateResult {
    const values = { balance: this.money(told.balance, told.currency), rate: this.rate(told), time: this.time(told.minimum_s) };
    return html`<div class="callout warning" part="low">${icon("card")}<div><strong>${this.t("quote.low")}</strong><br>${this.t("quote.low_text", values)}
      ${this.depositing ? nothing : told.deposits.length > 0
        ? html`<br><button class="button main" part="deposit" @click=${this.deposit}>${icon("plus")}${this.t("deposit.do")}</button>`
        : html`<br>${refusal(translate(this.language), "no_deposits")}`}</div></div>`;
  }

  private rate(told: Quoted): string {
    return this.t("rate", { price: this.money(told.rate, told.currency) });
  }

  private time(seconds: number): string {
    return span((key, values) => this.t(key, values), seconds);
  }
}

define("openline-quote", OpenlineQuote);

declare global {
  interface HTMLElementTagNameMap {
    "openline-quote": OpenlineQuote;
  }
}
