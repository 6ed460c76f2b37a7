import { html, nothing, type TemplateResult } from "lit";
import { query, state } from "lit/decorators.js";
import { ago } from "../i18n";
import { define } from "../ui/element";
import { icon } from "../ui/icons";
import "./bank_account";
import type { Batch, Owed } from "./money_data";
import { MoneyPage } from "./money_page";

type Asking = { what: "make" } | { what: "paid" | "cancel"; batch: Batch };

/** What experts are owed, and the batches in which it is paid: made, sent to the bank as a file, marked as paid. */
export class OpenlinePayouts extends MoneyPage {
  @state() private owed: readonly Owed[] | null = null;
  @state() private names: ReadonlyMap<string, string> = new Map();
  @state() private batches: readonly Batch[] = [];
  @state() private more = false;
  @state() private left: ReadonlySet<string> = new Set();
  @state() private asking: Asking = { what: "make" };
  @state() private opened: Batch | null = null;
  /** Whether it is known which account the pool pays from. */
  @state() private payer = false;
  @query("dialog") private dialog!: HTMLDialogElement;

  override connectedCallback(): void {
    super.connectedCallback();
    void this.run("load", async () => {
      const { experts } = await this.api.get<{ experts: { expert: string; name: string }[] }>("experts");
      this.names = new Map(experts.map((one) => [one.expert, one.name]));
      await this.read();
    });
  }

  private async read(): Promise<void> {
    const told = await this.api.get<{ currency: string; owed: Owed[] }>("owed");
    this.currency = told.currency;
    this.owed = told.owed;
    await this.readBatches(0);
  }

  private async readBatches(before: number): Promise<void> {
    const told = await this.api.get<{ batches: Batch[]; more: boolean }>(`payouts${before ? `?before=${before}` : ""}`);
    this.batches = before ? [...this.batches, ...told.batches] : told.batches;
    this.more = told.more;
  }

  /** Who would be in a batch made now. */
  private get payable(): readonly Owed[] {
    return (this.owed ?? []).filter((one) => !this.barred(one) && !this.left.has(one.expert));
  }

  private barred(one: Owed): boolean {
    return one.flags.includes("no_details") || one.flags.includes("in_batch");
  }

  private ask(asking: Asking): void {
    this.asking = asking;
    this.dialog.showModal();
  }

  private async go(event: Event): Promise<void> {
    event.preventDefault();
    const asking = this.asking;
    await this.run("go", async () => {
      const [path, input] = asking.what === "make" ? ["payouts", { experts: this.payable.map((one) => one.expert) }] as const
        : [`payouts/${encodeURIComponent(asking.batch.batch)}/${asking.what}`, {}] as const;
      await this.api.send("POST", path, { op: this.op(path, input), ...input });
      this.did(path);
      this.opened = null;
      await this.read();
    }, this.w(`payouts.${asking.what}_done`));
    this.dialog?.close();
  }

  protected override render(): TemplateResult {
    if (!this.owed) return this.problem ? this.renderSaid() : this.renderLoading();
    return html`${this.renderSaid()}${this.renderOwed(this.owed)}
      <openline-bank-account .pool=${this.pool} .theme=${this.theme} lang=${this.language} .whose=${"operator"} @changed=${(event: CustomEvent<boolean>) => (this.payer = event.detail)}></openline-bank-account>
      ${this.renderBatches()}${this.renderAsking()}`;
  }

  private renderOwed(owed: readonly Owed[]): TemplateResult {
    const payable = this.payable;
    return html`<section class="card" aria-labelledby="owed"><h2 id="owed">${this.w("payouts.owed")}</h2>
      <p class="muted">${this.w(owed.length > 0 ? "payouts.owed_text" : "payouts.nobody")}</p>
      <ul class="list">${owed.map((one) => this.renderOne(one))}</ul>
      ${owed.length > 0 && payable.length === 0 ? html`<p class="muted small">${this.w("payouts.none")}</p>` : nothing}
      ${payable.length > 0 ? html`<div class="buttons"><button class="button main" part="make" @click=${() => this.ask({ what: "make" })}>
        ${this.w("payouts.make", { n: payable.length, amount: this.money(sum(payable)) })}</button></div>` : nothing}</section>`;
  }

  private renderOne(one: Owed): TemplateResult {
    const take = (event: Event) => {
      const left = new Set(this.left);
      if ((event.target as HTMLInputElement).checked) left.delete(one.expert);
      else left.add(one.expert);
      this.left = left;
    };
    return html`<li class="row" data-expert=${one.expert}><label class="check grow"><input type="checkbox" ?disabled=${this.barred(one)} .checked=${!this.barred(one) && !this.left.has(one.expert)} @change=${take}>
        <span class="names"><strong><bdi>${this.name(one.expert)}</bdi></strong>
          ${one.iban ? html`<span class="muted small"><bdi>${one.holder}</bdi> · <bdi class="tabular">${one.iban}</bdi></span>` : nothing}</span></label>
      ${one.flags.map((flag) => html`<span class="badge ${flag === "in_batch" ? "" : "bad"}">${this.w(`payouts.${flag}`)}</span>`)}
      <strong class="tabular">${this.money(one.amount)}</strong></li>`;
  }

  private renderBatches(): TemplateResult {
    return html`<section class="card" aria-labelledby="batches"><h2 id="batches">${this.w("payouts.batches")}</h2>
      ${this.batches.length === 0 ? html`<p class="muted">${this.w("payouts.no_batches")}</p>` : nothing}
      <ul class="list">${this.batches.map((one) => this.renderBatch(one))}</ul>
      ${this.more ? html`<div class="buttons">${this.button("more", this.w("more"), () => void this.run("more", () => this.readBatches(this.batches.at(-1)!.made_at)))}</div>` : nothing}</section>`;
  }

  private renderBatch(one: Batch): TemplateResult {
    const open = this.opened?.batch === one.batch;
    const kind = { open: "", paid: "good", cancelled: "bad" }[one.state];
    return html`<li class="stack" data-batch=${one.batch}><div class="row"><span class="names grow"><strong>${this.w("payouts.batch", { n: one.count, amount: this.money(one.amount) })}</strong>
          <span class="muted small">${this.w("payouts.made", { time: ago(one.made_at, Date.now(), this.language) })} · <bdi>${one.batch}</bdi></span></span>
        <span class="badge ${kind}">${this.w(`payouts.state_${one.state}`)}</span>
        <button class="button quiet small" aria-expanded=${open} part="batch-open" @click=${() => void this.look(one)}>${this.w("payouts.details")}</button></div>
      ${open ? this.renderLines(this.opened!) : nothing}
      ${one.state === "open" ? this.renderDoing(one) : nothing}</li>`;
  }

  private renderLines(batch: Batch): TemplateResult {
    return html`<ul class="list inner">${batch.lines.map((line) => html`<li class="row"><span class="names grow"><bdi>${this.name(line.expert)}</bdi>
      <span class="muted small"><bdi>${line.holder}</bdi> · <bdi class="tabular">${line.iban}</bdi></span></span><span class="tabular">${this.money(line.amount)}</span></li>`)}</ul>`;
  }

  private renderDoing(one: Batch): TemplateResult {
    const file = (kind: string) => this.api.url(`payouts/${encodeURIComponent(one.batch)}/${kind}`);
    return html`<div class="buttons">
      <a class="button outline small" part="csv" href=${file("file.csv")} download>${icon("down")}${this.w("payouts.csv")}</a>
      ${one.sepa && this.payer ? html`<a class="button outline small" part="sepa" href=${file("file.xml")} download>${icon("down")}${this.w("payouts.sepa")}</a>` : nothing}
      <button class="button outline small" part="paid" @click=${() => this.ask({ what: "paid", batch: one })}>${icon("check")}${this.w("payouts.paid")}</button>
      <button class="button danger-quiet small" part="cancel" @click=${() => this.ask({ what: "cancel", batch: one })}>${this.w("payouts.cancel")}</button></div>
      ${one.sepa && !this.payer ? html`<p class="muted small">${this.w("payouts.no_payer")}</p>` : nothing}`;
  }

  private async look(one: Batch): Promise<void> {
    if (this.opened?.batch === one.batch) this.opened = null;
    else await this.run("look", async () => void (this.opened = await this.api.get<Batch>(`payouts/${encodeURIComponent(one.batch)}`)));
  }

  private renderAsking(): TemplateResult {
    const asking = this.asking;
    const values = asking.what === "make" ? { n: this.payable.length, amount: this.money(sum(this.payable)) } : { n: asking.batch.count, amount: this.money(asking.batch.amount) };
    const fresh = asking.what === "make" && this.payable.some((one) => one.flags.includes("details_changed"));
    return html`<dialog aria-labelledby="payout-sure"><form @submit=${(event: Event) => void this.go(event)}>
      <h2 id="payout-sure">${this.w(`payouts.${asking.what}_title`, values)}</h2><p>${this.w(`payouts.${asking.what}_text`)}</p>
      ${fresh ? html`<div class="callout warning">${icon("warning")}<div>${this.w("payouts.fresh")}</div></div>` : nothing}
      <div class="buttons"><button type="button" class="button" @click=${() => this.dialog.close()}>${this.w("payouts.back")}</button>
        <button class="button ${asking.what === "cancel" ? "danger" : "main"}" part="go" ?disabled=${this.isRunning("go")}>${this.w(`payouts.${asking.what}_now`)}</button></div></form></dialog>`;
  }

  private name(expert: string): string {
    return this.names.get(expert) ?? expert;
  }
}

function sum(those: readonly Owed[]): number {
  return those.reduce((all, one) => all + one.amount, 0);
}

define("openline-payouts", OpenlinePayouts);

declare global {
  interface HTMLElementTagNameMap {
    "openline-payouts": OpenlinePayouts;
  }
}
