import { html, nothing, type TemplateResult } from "lit";
import { property, query, state } from "lit/decorators.js";
import { codeOf, RefusedError } from "../core";
import { define } from "../ui/element";
import { icon } from "../ui/icons";
import type { PeopleKey } from "../i18n/people.en";
import { payUrl } from "../meter/pay_window";
import { brandName, type Line, type WalletData } from "./money_data";
import { MoneyPage } from "./money_page";
import "./reload_settings";
import "./statement";
import type { OpenlineStatement } from "./statement";

/** How often, and how long, to look whether a payment has arrived. */
const LOOK_MS = 2000;
const LOOKS = 60;
const RECENT_MS = 15 * 60_000;

/** A user's money: balance, deposit, saved card, refund, statement. Nothing where the pool charges nothing. */
export class OpenlineWallet extends MoneyPage {
  /** Whether this person has an account: a mere visitor's money would be lost with the browser's cookie. */
  @property({ attribute: false }) known = true;
  @state() private wallet: WalletData | null = null;
  @state() private chosen = 0;
  @state() private keep = false;
  @state() private paying: "" | "confirming" | "arrived" | "late" | "cancelled" = "";
  @state() private returning: number | null = null;
  @query("dialog") private dialog!: HTMLDialogElement;
  @query("openline-statement") private statement!: OpenlineStatement | null;
  private looking = 0;

  override connectedCallback(): void {
    super.connectedCallback();
    void this.begin();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearTimeout(this.looking);
  }

  private async begin(): Promise<void> {
    if (!(await this.read())) return;
    this.chosen = this.wallet!.deposits[0] ?? 0;
    const back = new URLSearchParams(location.search).get("deposit");
    if (back === "cancelled") this.paying = "cancelled";
    else if (back !== null) this.awaitPayment();
  }

  /** Whether there is a wallet to show. */
  private async read(): Promise<boolean> {
    try {
      const wallet = await this.api.get<WalletData>("wallet");
      if (this.wallet || wallet.prepaid || wallet.balance + wallet.held > 0) this.take(wallet);
    } catch (error) {
      this.problem = codeOf(error);
    }
    return this.wallet !== null;
  }

  private take(wallet: WalletData): void {
    this.wallet = wallet;
    this.currency = wallet.currency;
  }

  // ------------------------------------------------------------ a payment under way

  private get memory(): string {
    return `openline.paying.${this.pool}`;
  }

  /** This tab kept the last line before the payment; in another one, a deposit of these minutes is the one. */
  private awaitPayment(): void {
    this.paying = "confirming";
    const last = Number(sessionStorage.getItem(this.memory) ?? -1);
    const since = Date.now() - RECENT_MS;
    this.look((line) => line.kind === "deposit" && (last >= 0 ? line.id > last : line.at > since), LOOKS);
  }

  private look(isIt: (line: Line) => boolean, left: number): void {
    this.looking = setTimeout(() => void this.lookNow(isIt, left), left === LOOKS ? 0 : LOOK_MS) as unknown as number;
  }

  private async lookNow(isIt: (line: Line) => boolean, left: number): Promise<void> {
    const arrived = (await this.statement?.load())?.some(isIt) ?? false;
    await this.read();
    if (arrived) this.finishPayment();
    else if (left > 0) this.look(isIt, left - 1);
    else this.paying = "late";
  }

  private finishPayment(): void {
    this.paying = "arrived";
    sessionStorage.removeItem(this.memory);
    history.replaceState(null, "", location.pathname);
  }

  private async pay(event: Event): Promise<void> {
    event.preventDefault();
    const least = Math.min(...this.wallet!.deposits);
    const amount = this.chosen || this.amount("deposit-amount", { least, most: this.wallet!.deposit_max });
    if (amount === null) return;
    const input = { amount, back: "account", keep_card: this.keep };
    await this.run("deposit", async () => {
      const { url } = await this.api.send<{ url: string }>("POST", "deposits", { op: this.op("deposit", input), ...input });
      const page = payUrl(url);
      if (!page) throw new RefusedError("processor_unavailable");
      const lines = await this.statement?.load();
      sessionStorage.setItem(this.memory, String(lines?.[0]?.id ?? 0));
      this.did("deposit");
      location.assign(page);
    });
  }

  // ------------------------------------------------------------ money back

  private askToReturn(event: Event): void {
    event.preventDefault();
    this.returning = this.amount("refund-amount", { least: 1, most: this.wallet!.refundable });
    if (this.returning !== null) this.dialog.showModal();
  }

  private async giveBack(event: Event): Promise<void> {
    event.preventDefault();
    const input = { amount: this.returning! };
    await this.run("refund", async () => {
      await this.api.send("POST", "refunds", { op: this.op("refund", input), ...input });
      this.did("refund");
      this.show("refund-amount", null);
      await this.read();
      await this.statement?.load();
    }, this.w("wallet.refund_begun"));
    this.dialog?.close();
  }

  // ------------------------------------------------------------ what is shown

  protected override render(): TemplateResult | typeof nothing {
    const wallet = this.wallet;
    if (!wallet) return this.problem ? this.renderSaid() : nothing;
    return html`${this.renderSaid()}
      <section class="card" aria-labelledby="wallet" id="money"><h2 id="wallet">${this.w("wallet.title")}</h2>
        ${this.renderPayment()}${wallet.frozen ? html`<div class="callout error" part="frozen">${icon("warning")}<div>${this.w("wallet.frozen")}</div></div>` : nothing}
        <div class="figures">${this.renderFigure(this.w("wallet.balance"), wallet.balance, "balance")}
          ${wallet.held > 0 ? html`<div class="figure lesser"><span class="muted">${this.w("wallet.held")}</span><strong class="tabular" part="held">${this.money(wallet.held)}</strong></div>` : nothing}</div>
        ${wallet.frozen ? nothing : wallet.deposits.length > 0 ? this.renderDeposit(wallet) : html`<p class="muted">${this.w(this.whyNot(wallet))}</p>`}</section>
      <openline-reload-settings .pool=${this.pool} .theme=${this.theme} lang=${this.language} .wallet=${wallet} @changed=${() => void this.read()}></openline-reload-settings>
      ${!wallet.frozen && (wallet.refundable > 0 || wallet.refunding) ? this.renderRefund(wallet) : nothing}
      <openline-statement .pool=${this.pool} .theme=${this.theme} lang=${this.language} .asks=${"role=user"}></openline-statement>`;
  }

  private whyNot({ prepaid }: WalletData): PeopleKey {
    return !prepaid ? "wallet.over" : this.known ? "refused.no_deposits" : "wallet.unknown";
  }

  private renderPayment(): TemplateResult | typeof nothing {
    const kinds = { confirming: ["", "clock"], arrived: ["good", "check"], late: ["warning", "info"], cancelled: ["", "info"] } as const;
    if (this.paying === "") return nothing;
    const [kind, shape] = kinds[this.paying];
    return html`<div class="callout ${kind}" part="payment" role="status">${icon(shape)}<div>${this.w(`wallet.${this.paying}`)}</div></div>`;
  }

  private renderDeposit(wallet: WalletData): TemplateResult {
    const choose = (amount: number) => (this.chosen = amount);
    return html`<form class="stack" part="deposit-form" novalidate @submit=${(event: Event) => void this.pay(event)}>
      <fieldset><legend>${this.w("wallet.deposit")}</legend><div class="buttons" role="radiogroup" aria-label=${this.w("wallet.deposit")}>
        ${wallet.deposits.map((amount) => this.renderChoice(String(amount), this.money(amount), this.chosen === amount, () => choose(amount)))}
        ${this.renderChoice("other", this.w("wallet.other"), this.chosen === 0, () => choose(0))}</div></fieldset>
      ${this.chosen === 0 ? this.amountField("deposit-amount", this.w("wallet.amount", { currency: this.currency }), { hint: this.w("money.bounds", { least: this.money(Math.min(...wallet.deposits)), most: this.money(wallet.deposit_max) }) }) : nothing}
      <label class="check"><input type="checkbox" part="keep-card" .checked=${this.keep} @change=${(event: Event) => (this.keep = (event.target as HTMLInputElement).checked)}>${this.w("wallet.keep")}</label>
      <div class="buttons"><button class="button main" part="deposit" ?disabled=${this.isRunning("deposit")} aria-busy=${this.isRunning("deposit")}>
        ${this.isRunning("deposit") ? html`<span class="spinner"></span>` : icon("plus")}${this.w("wallet.pay")}</button></div>
      <p class="muted small">${this.w("wallet.pay_text")}</p></form>`;
  }

  private renderChoice(value: string, label: string, checked: boolean, choose: () => void): TemplateResult {
    return html`<label class="choice"><input type="radio" name="amount" value=${value} part="choice-${value}" .checked=${checked} @change=${choose}><span class="chip tabular">${label}</span></label>`;
  }

  private renderRefund(wallet: WalletData): TemplateResult {
    if (wallet.refunding) {
      return html`<section class="card" aria-labelledby="refund-title"><h2 id="refund-title">${this.w("wallet.refund")}</h2><p class="muted" part="refunding">${this.w("wallet.refunding")}</p></section>`;
    }
    return html`<section class="card" aria-labelledby="refund-title"><h2 id="refund-title">${this.w("wallet.refund")}</h2>
      <p class="muted">${this.w("wallet.refund_text", { amount: this.money(wallet.refundable) })}</p>
      <form class="stack" novalidate @submit=${this.askToReturn}>${this.amountField("refund-amount", this.w("wallet.amount", { currency: this.currency }))}
        <div class="buttons"><button class="button outline" part="refund">${this.w("wallet.refund_ask")}</button>
          <button type="button" class="button quiet" part="refund-all" @click=${() => this.show("refund-amount", wallet.refundable)}>${this.w("wallet.refund_all")}</button></div></form>
      <dialog aria-labelledby="refund-sure"><form @submit=${(event: Event) => void this.giveBack(event)}>
        <h2 id="refund-sure">${this.w("wallet.refund_sure", { amount: this.money(this.returning ?? 0) })}</h2>
        <p>${wallet.card ? this.w("wallet.refund_card", { card: `${brandName(wallet.card.brand)} ${wallet.card.last4}` }) : this.w("wallet.refund_cards")} ${this.w("wallet.refund_days")}</p>
        <div class="buttons"><button type="button" class="button" @click=${() => this.dialog.close()}>${this.w("cancel")}</button>
          <button class="button main" part="refund-now" ?disabled=${this.isRunning("refund")}>${this.w("wallet.refund_ask")}</button></div></form></dialog></section>`;
  }
}

define("openline-wallet", OpenlineWallet);

declare global {
  interface HTMLElementTagNameMap {
    "openline-wallet": OpenlineWallet;
  }
}
