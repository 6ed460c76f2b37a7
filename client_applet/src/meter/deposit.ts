import { html, nothing, type TemplateResult } from "lit";
import { property, state } from "lit/decorators.js";
import { codeOf, newOp } from "../core";
import type { Mode, Quoted } from "../generated/wire";
import { direction, translate } from "../i18n";
import { amountText, parseAmount } from "../i18n/amounts";
import { define } from "../ui/element";
import { icon } from "../ui/icons";
import { refusal } from "../ui/words";
import { depositStyles } from "./deposit_styles";
import { MoneyPart } from "./part";
import { PayWindow, payUrl } from "./pay_window";

type Stage = "choose" | "sending" | "waiting" | "came";
/** After these nobody knows whether the server has decided: the next try is the same operation. */
const UNDECIDED: readonly string[] = ["no_answer", "connection_lost", "stopped"];

/**
 * Putting money on one's balance: choose an amount, pay in a window of the card processor, see here that it has come.
 *
 * Fires `deposit-closed`. Parts: `amount`, `own`, `pay`, `waiting`, `link`, `came`, `done`, `cancel`.
 */
export class OpenlineDeposit extends MoneyPart {
  static override styles = [...MoneyPart.styles, depositStyles];

  /** Whom one wants to talk to: what is offered comes with the quote. */
  @property({ attribute: false }) expert = "";
  @property({ attribute: false }) mode: Mode = "chat";
  /** The session that runs meanwhile goes on longer with the money. */
  @property({ type: Boolean }) during = false;
  /** Where one signs in; an account is needed. */
  @property({ attribute: false }) signIn = "";

  @state() private offered: Quoted | null = null;
  @state() private stage: Stage = "choose";
  /** An amount that is offered, or "own". */
  @state() private chosen: number | "own" | null = null;
  @state() private own = "";
  @state() private wrong: "" | "choose" | "bad" = "";
  @state() private problem = "";
  @state() private url = "";
  @state() private blocked = false;
  @state() private arrived = 0;
  private op = newOp();
  private opFor = 0;
  private begun = false;
  /** What was there before; null while nobody has told it. */
  private had: number | null = null;

  constructor() {
    super();
    this.follow((hall) => hall.wallet, () => this.look());
    this.follow((hall) => hall.welcome?.member, () => void this.ask());
  }

  override connectedCallback(): void {
    super.connectedCallback();
    void this.ask();
  }

  private async ask(): Promise<void> {
    this.problem = "";
    try {
      this.offered = await this.client!.request({ t: "quote", expert: this.expert, mode: this.mode });
      this.chosen ??= this.offered.deposits[0] ?? null;
      this.had = this.offered.balance + (this.client!.store.state.wallet?.held ?? 0);
      this.begin();
    } catch (error) {
      this.problem = codeOf(error);
    }
  }

  /** The button that led here is gone: the keyboard goes on with the amount. */
  private begin(): void {
    if (this.begun) return;
    this.begun = true;
    void this.updateComplete.then(() => this.renderRoot.querySelector<HTMLElement>("input:checked")?.focus());
  }

  private get total(): number | null {
    const wallet = this.client?.store.state.wallet;
    return wallet ? wallet.balance + wallet.held : null;
  }

  /** More money than before is the payment; less is what a session has cost. */
  private look(): void {
    const more = (this.total ?? 0) - (this.had ?? this.total ?? 0);
    this.had = this.total;
    if (more > 0 && (this.stage === "waiting" || this.stage === "came")) {
      this.arrived += more;
      this.stage = "came";
      this.attend();
    }
    this.requestUpdate();
  }

  private attend(): void {
    void this.updateComplete.then(() => this.renderRoot.querySelector<HTMLElement>("[data-attend]")?.focus());
  }

  private get amount(): number | null {
    return this.chosen === "own" ? parseAmount(this.own, this.offered!.currency, this.language) : this.chosen;
  }

  private readonly go = (event: Event): void => {
    event.preventDefault();
    if (this.stage === "sending" || !this.client || !this.offered) return;
    const { amount } = this;
    this.problem = "";
    this.wrong = this.chosen === null ? "choose" : amount === null || amount < 1 ? "bad" : "";
    if (this.wrong !== "" || amount === null) return this.correct();
    void this.pay(amount, PayWindow.open(this.t("deposit.opening"), this.language, direction(this.language)));
  };

  private correct(): void {
    void this.updateComplete.then(() => this.renderRoot.querySelector<HTMLElement>(this.wrong === "bad" ? "[part=own]" : "input")?.focus());
  }

  private async pay(amount: number, page: PayWindow): Promise<void> {
    if (amount !== this.opFor) this.op = newOp();
    this.opFor = amount;
    this.stage = "sending";
    this.arrived = 0;
    try {
      const { url } = await this.client!.request({ t: "deposit", amount, back: this.during ? "session" : "panel" }, this.op);
      this.opFor = 0;
      this.lead(payUrl(url), page);
    } catch (error) {
      page.close();
      this.stage = "choose";
      this.problem = codeOf(error);
      if (!UNDECIDED.includes(this.problem)) this.opFor = 0;
    }
  }

  private lead(url: string, page: PayWindow): void {
    this.url = url;
    this.blocked = url !== "" && !page.go(url);
    this.stage = url === "" ? "choose" : "waiting";
    if (url === "") {
      page.close();
      this.problem = "processor_unavailable";
    }
    this.attend();
  }

  private readonly close = (): void => {
    this.dispatchEvent(new CustomEvent("deposit-closed", { bubbles: true, composed: true }));
  };

  protected override render(): TemplateResult {
    return html`<section aria-label=${this.t("deposit.do")}>
      <div role="status">${this.stage === "waiting" ? this.renderWaiting() : this.stage === "came" ? this.renderCame() : nothing}</div>
      ${this.stage === "choose" || this.stage === "sending" ? this.renderForm() : nothing}</section>`;
  }

  private renderForm(): TemplateResult {
    const offered = this.offered;
    if (!offered) return this.problem === "" ? html`<div class="skeleton" aria-hidden="true"></div>` : html`${this.renderTrouble()}${this.renderClose()}`;
    if (offered.deposits.length === 0) return html`<p>${refusal(translate(this.language), "no_deposits")}</p>${this.renderClose()}`;
    const busy = this.stage === "sending";
    const { amount } = this;
    const label = amount !== null && amount > 0 ? this.t("deposit.go", { amount: this.money(amount, offered.currency) }) : this.t("deposit.go_plain");
    return html`<form novalidate @submit=${this.go}>
      ${this.renderAmounts(offered)}
      ${this.chosen === "own" ? this.renderOwn(offered) : nothing}
      ${this.wrong === "choose" ? html`<p class="bad" role="alert">${this.t("deposit.choose")}</p>` : nothing}
      ${this.renderTrouble()}
      <p class="hint">${this.t("deposit.hint")}</p>
      <div class="buttons"><button class="button main" type="submit" part="pay" ?disabled=${busy} aria-busy=${busy}>
        ${busy ? html`<span class="spinner"></span>` : icon("card")}${label}</button>
        <button class="button quiet" type="button" part="cancel" @click=${this.close}>${this.t("deposit.cancel")}</button></div></form>`;
  }

  private renderAmounts(offered: Quoted): TemplateResult {
    const option = (value: number | "own", label: string) => html`
      <label class="option"><input type="radio" name="amount" part="amount" value=${value} .checked=${this.chosen === value} @change=${() => this.choose(value)}>
        <span>${label}</span></label>`;
    return html`<fieldset><legend>${this.t("deposit.amount")}</legend>
      ${offered.deposits.map((amount) => option(amount, this.money(amount, offered.currency)))}${option("own", this.t("deposit.other"))}</fieldset>`;
  }

  private choose(value: number | "own"): void {
    this.chosen = value;
    this.wrong = "";
    if (value === "own") void this.updateComplete.then(() => this.renderRoot.querySelector<HTMLElement>("[part=own]")?.focus());
  }

  private renderOwn({ currency, deposits }: Quoted): TemplateResult {
    const bad = this.wrong === "bad";
    const example = amountText(deposits.at(-1) ?? 1000, currency, this.language);
    return html`<label class="own"><span>${this.t("deposit.own", { currency })}</span>
      <input class="field" part="own" type="text" inputmode="decimal" autocomplete="off" maxlength="20" dir="ltr" placeholder=${example}
        .value=${this.own} aria-invalid=${bad} @input=${(event: InputEvent) => this.type((event.target as HTMLInputElement).value)}>
      ${bad ? html`<span class="bad" role="alert">${this.t("deposit.bad", { example })}</span>` : nothing}</label>`;
  }

  private type(text: string): void {
    this.own = text;
    this.wrong = "";
  }

  private renderTrouble(): TemplateResult | typeof nothing {
    if (this.problem === "") return nothing;
    if (this.problem === "no_account" || this.problem === "not_signed_in") return this.renderNoAccount();
    return html`<div class="callout error" role="alert">${icon("warning")}<div>${refusal(translate(this.language), this.problem)}</div></div>`;
  }

  private renderNoAccount(): TemplateResult {
    return html`<div class="callout warning" role="alert">${icon("person")}<div>${this.t("deposit.account")}
      ${this.signIn === "" ? nothing : html`<br><a class="button outline small" part="sign-in" href=${this.signIn} target="_blank" rel="noopener"
        @click=${() => this.dispatchEvent(new CustomEvent("sign-in-wanted", { bubbles: true, composed: true }))}>${this.t("deposit.sign_in")}</a>`}</div></div>`;
  }

  private renderClose(): TemplateResult {
    return html`<div class="buttons"><button class="button quiet" part="cancel" @click=${this.close}>${this.t("deposit.close")}</button></div>`;
  }

  private renderWaiting(): TemplateResult {
    return html`<div part="waiting" tabindex="-1" data-attend><h4><span class="spinner"></span>${this.t("deposit.waiting")}</h4>
      <p class="hint">${this.t(this.blocked ? "deposit.blocked" : "deposit.waiting_text")}</p>
      <div class="buttons"><a class="button ${this.blocked ? "main" : "outline"}" part="link" href=${this.url} target="_blank" rel="noopener noreferrer">${icon("window")}${this.t("deposit.link")}</a>
        <button class="button quiet" part="cancel" @click=${this.close}>${this.t("deposit.close")}</button></div></div>`;
  }

  private renderCame(): TemplateResult {
    const currency = this.client?.store.state.wallet?.currency ?? this.offered!.currency;
    return html`<div class="callout good" part="came" tabindex="-1" data-attend>${icon("check")}<div>
      <strong>${this.t("deposit.came", { amount: this.money(this.arrived, currency) })}</strong><br>
      ${this.during ? this.t("deposit.came_call") : this.t("deposit.came_text", { balance: this.money(this.total ?? 0, currency) })}</div></div>
      <div class="buttons"><button class="button main" part="done" @click=${this.close}>${this.t("deposit.done")}</button></div>`;
  }
}

define("openline-deposit", OpenlineDeposit);

declare global {
  interface HTMLElementTagNameMap {
    "openline-deposit": OpenlineDeposit;
  }
}
