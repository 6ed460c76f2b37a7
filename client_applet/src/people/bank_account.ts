import { html, nothing, type TemplateResult } from "lit";
import { property, query, state } from "lit/decorators.js";
import { ago } from "../i18n";
import { define } from "../ui/element";
import { icon } from "../ui/icons";
import type { BankAccount } from "./money_data";
import { MoneyPage } from "./money_page";

type Whose = "expert" | "operator";

/** Where an expert is paid to, or (`whose` operator) which account the pool pays from. Its number is shown masked. Event: `changed`. */
export class OpenlineBankAccount extends MoneyPage {
  @property({ attribute: false }) whose: Whose = "expert";
  @state() private bank: BankAccount | null = null;
  @state() private editing = false;
  @state() private holder = "";
  @state() private iban = "";
  @query("dialog") private dialog!: HTMLDialogElement;

  override connectedCallback(): void {
    super.connectedCallback();
    void this.run("load", async () => this.take(await this.api.get<BankAccount>(this.path)));
  }

  private get path(): string {
    return `bank-account?role=${this.whose}`;
  }

  private take(bank: BankAccount): void {
    this.bank = bank;
    this.editing = bank.iban === "";
    this.holder = bank.name;
    this.iban = "";
    this.dispatchEvent(new CustomEvent("changed", { detail: bank.iban !== "" }));
  }

  private async save(event: Event): Promise<void> {
    event.preventDefault();
    this.wrong = {};
    if (this.iban.trim() === "") this.refuse("iban", this.w("refused.bad_iban"));
    if (this.holder.trim() === "") this.refuse("holder", this.w("bank.bad_holder"));
    if (Object.keys(this.wrong).length > 0) return;
    const input = { name: this.holder.trim(), iban: this.iban.trim() };
    const saved = await this.run("bank", async () => this.take(await this.api.send<BankAccount>("PUT", this.path, input)), this.w(this.whose === "expert" ? "bank.saved" : "saved"));
    if (saved || !["bad_iban", "malformed"].includes(this.problem)) return;
    if (this.problem === "bad_iban") this.refuse("iban", this.w("refused.bad_iban"));
    else this.refuse("holder", this.w("bank.bad_holder"));
    this.problem = "";
  }

  private async forget(event: Event): Promise<void> {
    event.preventDefault();
    await this.run("forget", async () => this.take(await this.api.send<BankAccount>("DELETE", this.path)), this.w("bank.removed"));
    this.dialog?.close();
  }

  protected override render(): TemplateResult {
    const bank = this.bank;
    return html`<section class="card" aria-labelledby="bank"><h2 id="bank">${this.w(`bank.${this.whose}`)}</h2>
      <p class="muted">${this.w(`bank.${this.whose}_text`)}</p>
      ${this.renderSaid()}
      ${bank && bank.iban !== "" ? this.renderKnown(bank) : nothing}
      ${bank && this.editing ? this.renderForm(bank.iban !== "") : nothing}
      <dialog aria-labelledby="bank-forget"><form @submit=${(event: Event) => void this.forget(event)}><h2 id="bank-forget">${this.w("bank.remove_title")}</h2>
        <p>${this.w(`bank.${this.whose}_remove`)}</p><div class="buttons"><button type="button" class="button" @click=${() => this.dialog.close()}>${this.w("cancel")}</button>
          <button class="button danger" part="bank-remove-now" ?disabled=${this.isRunning("forget")}>${this.w("remove")}</button></div></form></dialog></section>`;
  }

  private renderKnown(bank: BankAccount): TemplateResult {
    return html`<div class="row"><span class="names grow" part="bank"><strong><bdi>${bank.name}</bdi></strong><span class="muted tabular"><bdi>${bank.iban}</bdi></span>
        <span class="muted small">${this.w("bank.changed", { time: ago(bank.changed_at, Date.now(), this.language) })}</span></span>
      ${this.editing ? nothing : html`<button class="button quiet small" part="bank-edit" @click=${() => (this.editing = true)}>${this.w("bank.change")}</button>
        <button class="button danger-quiet small" part="bank-remove" @click=${() => this.dialog.showModal()}>${this.w("remove")}</button>`}</div>`;
  }

  private renderForm(known: boolean): TemplateResult {
    return html`<form class="stack" novalidate @submit=${(event: Event) => void this.save(event)}><div class="two">
      ${this.field(this.w("bank.holder"), this.holder, (holder) => (this.holder = holder), { max: 70, auto: "name", part: "holder", error: this.wrong["holder"] ?? "" })}
      ${this.field(this.w("bank.iban"), this.iban, (iban) => (this.iban = iban), { max: 42, part: "iban", hint: this.w("bank.iban_hint"), error: this.wrong["iban"] ?? "" })}</div>
      ${this.whose === "expert" ? html`<div class="callout">${icon("info")}<div>${this.w("bank.note")}</div></div>` : nothing}
      <div class="buttons"><button class="button main" part="bank-save" ?disabled=${this.isRunning("bank")}>${this.w("save")}</button>
        ${known ? html`<button type="button" class="button" @click=${() => (this.editing = false)}>${this.w("cancel")}</button>` : nothing}</div></form>`;
  }
}

define("openline-bank-account", OpenlineBankAccount);

declare global {
  interface HTMLElementTagNameMap {
    "openline-bank-account": OpenlineBankAccount;
  }
}
