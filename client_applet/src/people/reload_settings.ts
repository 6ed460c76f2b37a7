import { html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { property, query, state } from "lit/decorators.js";
import { define } from "../ui/element";
import { icon } from "../ui/icons";
import { brandName, type Card, type WalletData } from "./money_data";
import { MoneyPage } from "./money_page";

/** The card that is kept, and whether it may pay by itself when the balance runs low. Event: `changed`. */
export class OpenlineReloadSettings extends MoneyPage {
  @property({ attribute: false }) wallet!: WalletData;
  @state() private on = false;
  @query("dialog") private dialog!: HTMLDialogElement;
  private shown = "";

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (!changed.has("wallet")) return;
    const { currency, reload } = this.wallet;
    this.currency = currency;
    const told = JSON.stringify(reload);
    if (told === this.shown) return; // what was typed meanwhile stays
    this.shown = told;
    this.on = reload.on;
    this.show("threshold", reload.threshold || this.wallet.deposits[0] || 0);
    this.show("reload-amount", reload.amount || this.wallet.deposits[0] || 0);
  }

  private async save(event: Event): Promise<void> {
    event.preventDefault();
    const { deposits, deposit_max: most } = this.wallet;
    const threshold = this.amount("threshold", { least: 1, most });
    const amount = this.amount("reload-amount", { least: Math.min(...deposits, most), most });
    if (threshold === null || amount === null) return;
    await this.run("reload", async () => {
      await this.api.send("PUT", "reload", { on: this.on, threshold, amount });
      this.tellChanged();
    }, this.w("saved"));
  }

  private async forget(event: Event): Promise<void> {
    event.preventDefault();
    await this.run("forget", async () => {
      await this.api.send("DELETE", "card");
      this.tellChanged();
    }, this.w("wallet.card_removed"));
    this.dialog?.close();
  }

  private tellChanged(): void {
    this.dispatchEvent(new CustomEvent("changed"));
  }

  protected override render(): TemplateResult {
    const { card, reload } = this.wallet;
    return html`<section class="card" aria-labelledby="card"><h2 id="card">${this.w("wallet.card")}</h2>
      ${this.renderSaid()}
      ${card ? this.renderCard(card) : html`<p class="muted">${this.w("wallet.no_card")}</p>`}
      ${reload.failures > 0 ? html`<div class="callout warning">${icon("warning")}<div>${this.w("wallet.reload_failed")}</div></div>` : nothing}
      ${card ? this.renderReload() : nothing}</section>`;
  }

  private renderCard(card: Card): TemplateResult {
    return html`<div class="row"><span class="names grow" part="card"><strong class="tabular"><bdi>${brandName(card.brand)}</bdi> <bdi>•••• ${card.last4}</bdi></strong>
        <span class="muted small">${this.w("wallet.expires", { date: card.exp })}</span></span>
      <button class="button danger-quiet small" part="forget" @click=${() => this.dialog.showModal()}>${this.w("wallet.card_remove")}</button></div>
      <dialog aria-labelledby="forget"><form @submit=${(event: Event) => void this.forget(event)}>
        <h2 id="forget">${this.w("wallet.card_remove_title")}</h2><p>${this.w("wallet.card_remove_text")}</p>
        <div class="buttons"><button type="button" class="button" @click=${() => this.dialog.close()}>${this.w("cancel")}</button>
          <button class="button danger" part="forget-now" ?disabled=${this.isRunning("forget")}>${this.w("wallet.card_remove")}</button></div></form></dialog>`;
  }

  private renderReload(): TemplateResult {
    return html`<form class="stack" novalidate @submit=${(event: Event) => void this.save(event)}>
      <label class="check"><input type="checkbox" part="reload-on" .checked=${this.on} @change=${(event: Event) => (this.on = (event.target as HTMLInputElement).checked)}>${this.w("wallet.reload")}</label>
      ${this.on ? html`<div class="two">${this.amountField("threshold", this.w("wallet.threshold"))}${this.amountField("reload-amount", this.w("wallet.reload_amount"))}</div>
        <p class="muted small">${this.w("wallet.reload_text")}</p>` : nothing}
      <div class="buttons"><button class="button outline" part="reload" ?disabled=${this.isRunning("reload")}>${this.w("save")}</button></div></form>`;
  }
}

define("openline-reload-settings", OpenlineReloadSettings);

declare global {
  interface HTMLElementTagNameMap {
    "openline-reload-settings": OpenlineReloadSettings;
  }
}
