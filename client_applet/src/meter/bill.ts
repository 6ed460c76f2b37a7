import { css, html, nothing, type TemplateResult } from "lit";
import { property, state } from "lit/decorators.js";
import { codeOf } from "../core";
import type { Bill, Side } from "../generated/wire";
import { clock, isoDuration } from "../i18n";
import type { MeterKey } from "../i18n/meter.en";
import { define } from "../ui/element";
import { icon } from "../ui/icons";
import { MoneyPart } from "./part";

/** The bill comes by itself; so long is waited before it is asked for, and between askings. */
const ASK_MS = [1_500, 2_000, 4_000, 8_000, 16_000] as const;
/** Where nobody was told to wait for: it is not there, or not this person's. */
const HOPELESS: readonly string[] = ["no_such_session", "not_allowed", "not_signed_in"];

/** What a session came to, for this side of it. Parts: `bill`, `bill-amount`, `bill-balance`, `account`, `receipt`. */
export class OpenlineBill extends MoneyPart {
  static override styles = [...MoneyPart.styles, css`
    :host { display: block; }
    .bill { display: grid; gap: 8px; }
    dl { display: flex; flex-wrap: wrap; gap: 8px 26px; }
    dt { font-size: 0.78em; color: var(--_muted); }
    dd { font-weight: 640; font-variant-numeric: tabular-nums; white-space: nowrap; }
    .rule { font-weight: 600; }
    .links { display: flex; flex-wrap: wrap; gap: 0 16px; font-size: 0.9em; }
    .links a { display: inline-flex; align-items: center; min-block-size: 44px; color: var(--_text); text-underline-offset: 3px; }
    .waiting { display: flex; align-items: center; gap: 8px; color: var(--_muted); }
  `];

  @property({ attribute: false }) session = "";
  @property({ attribute: false }) side: Side = "user";
  /** It stands alone: with whom the session was is said, too. */
  @property({ type: Boolean }) alone = false;

  @state() private hopeless = false;
  private tries = 0;
  private timer = 0;

  constructor() {
    super();
    this.follow((hall) => hall.bills);
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.tries = 0;
    this.later();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearTimeout(this.timer);
  }

  private get bill(): Bill | undefined {
    return this.client?.store.state.bills.get(this.session);
  }

  private later(): void {
    const wait = ASK_MS[this.tries];
    this.tries += 1;
    if (wait === undefined) this.hopeless = true;
    else this.timer = setTimeout(() => void this.ask(), wait) as unknown as number;
  }

  private async ask(): Promise<void> {
    if (this.bill || !this.client) return;
    try {
      await this.client.request({ t: "bill_of", session: this.session });
    } catch (error) {
      if (HOPELESS.includes(codeOf(error))) this.hopeless = true;
      else this.later();
    }
  }

  protected override render(): TemplateResult {
    const { bill } = this;
    return html`<section aria-label=${this.t("bill.label")} part="bill" data-outcome=${bill?.outcome ?? nothing}><div role="status">${
      bill ? this.renderBill(bill) : this.hopeless ? html`<p class="waiting">${icon("info")}${this.t("bill.failed")}</p>`
        : html`<p class="waiting"><span class="spinner"></span>${this.t("bill.waiting")}</p>`}</div>${this.renderLinks(bill)}</section>`;
  }

  private renderBill(bill: Bill): TemplateResult {
    const time: [MeterKey, unknown, string] = ["bill.time", html`<time datetime=${isoDuration(bill.ms)}>${clock(bill.ms)}</time>`, "bill-time"];
    const balance: [MeterKey, unknown, string] = [bill.side === "user" ? "bill.balance" : "bill.owed", this.money(bill.balance, bill.currency), "bill-balance"];
    const rows = [time, ...(bill.outcome === "charged" ? this.charged(bill) : []), balance];
    return html`<div class="bill">${this.alone ? html`<strong>${this.t("bill.label")} · <bdi>${bill.partner}</bdi></strong>` : nothing}${this.rule(bill)}
      <dl>${rows.map(([key, value, part]) => html`<div><dt>${this.t(key)}</dt><dd part=${part}>${value}</dd></div>`)}</dl></div>`;
  }

  private charged(bill: Bill): [MeterKey, string, string][] {
    const money = (minor: number) => this.money(minor, bill.currency);
    const amount: [MeterKey, string, string] = ["bill.amount", money(bill.amount), "bill-amount"];
    const rate: [MeterKey, string, string] = ["bill.rate", this.t("rate", { price: money(bill.rate) }), "bill-rate"];
    if (bill.side === "user") return [rate, amount];
    return [rate, amount, ["bill.fee", money(bill.fee), "bill-fee"], ["bill.credit", money(bill.credit), "bill-credit"]];
  }

  private rule({ outcome, ms }: Bill): TemplateResult | typeof nothing {
    if (outcome === "charged") return nothing;
    const key: MeterKey = outcome === "short" ? (ms === 0 ? "bill.never" : "bill.short") : outcome === "free" ? "bill.gratis" : "bill.unpaid";
    return html`<p class="rule" part="bill-rule">${this.t(key)}</p>`;
  }

  private renderLinks(bill: Bill | undefined): TemplateResult | typeof nothing {
    if (!this.client || (!bill && !this.hopeless)) return nothing;
    const { server, pool } = this.client;
    const account = new URL(`/p/${encodeURIComponent(pool)}/account?role=${this.side}`, server);
    const receipt = new URL(`/v1/pools/${encodeURIComponent(pool)}/sessions/${encodeURIComponent(this.session)}/receipt.json`, server);
    return html`<p class="links"><a part="account" href=${account.href} target="_blank" rel="noopener">${this.t("bill.account")}</a>
      ${bill ? html`<a part="receipt" href=${receipt.href} target="_blank" rel="noopener">${this.t("bill.receipt")}</a>` : nothing}</p>`;
  }
}

define("openline-bill", OpenlineBill);

declare global {
  interface HTMLElementTagNameMap {
    "openline-bill": OpenlineBill;
  }
}
