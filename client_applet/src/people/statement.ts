import { html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { property, state } from "lit/decorators.js";
import { clock } from "../i18n";
import { peopleEn, type PeopleKey } from "../i18n/people.en";
import { define } from "../ui/element";
import { icon } from "../ui/icons";
import type { Line, Statement } from "./money_data";
import { MoneyPage } from "./money_page";

const EACH = 20;

/** Every movement on one account, newest first, with the balance after it; and all of them as a file. */
export class OpenlineStatement extends MoneyPage {
  /** Of the account, below the pool. */
  @property({ attribute: false }) path = "statement";
  /** What its address asks beside the page: `role=user`. */
  @property({ attribute: false }) asks = "";
  /** Whether receipts of sessions may be read by whoever looks. */
  @property({ type: Boolean }) receipts = true;
  @state() private lines: readonly Line[] = [];
  @state() private more = false;
  @state() private read = false;

  protected override updated(changed: PropertyValues<this>): void {
    if (changed.has("path") && this.pool) void this.load();
  }

  /** Reads the newest page again; resolves to its lines. */
  async load(): Promise<readonly Line[]> {
    await this.loadNext(() => this.fetch(0));
    return this.lines;
  }

  private async fetch(before: number): Promise<void> {
    const told = await this.api.get<Statement>(`${this.path}?${this.asks}&limit=${EACH}${before ? `&before=${before}` : ""}`);
    this.currency = told.currency;
    this.lines = before ? [...this.lines, ...told.items] : told.items;
    this.more = told.more;
    this.read = true;
  }

  protected override render(): TemplateResult {
    const file = `${this.path}.csv?${this.asks}&language=${this.language}`;
    return html`<section class="card" aria-labelledby="statement" aria-busy=${this.isRunning("load")}>
      <div class="row"><h2 id="statement" class="grow">${this.w("statement.title")}</h2>
        ${this.lines.length > 0 ? html`<a class="button quiet small" part="csv" href=${this.api.url(file)} download>${icon("down")}${this.w("statement.csv")}</a>` : nothing}</div>
      ${this.renderSaid()}
      ${this.lines.length > 0 ? this.renderTable() : html`<p class="muted">${this.w(this.read ? "statement.none" : "loading")}</p>`}
      ${this.more ? html`<div class="buttons">${this.button("load", this.w("more"), () => void this.loadNext(() => this.fetch(this.lines.at(-1)!.id)))}</div>` : nothing}</section>`;
  }

  private renderTable(): TemplateResult {
    return html`<table class="statement" part="statement"><thead><tr><th scope="col">${this.w("statement.what")}</th>
      <th scope="col" class="end">${this.w("statement.amount")}</th><th scope="col" class="end wide">${this.w("statement.balance")}</th></tr></thead>
      <tbody>${this.lines.map((line) => this.renderLine(line))}</tbody></table>`;
  }

  private renderLine(line: Line): TemplateResult {
    return html`<tr data-line=${line.id} data-kind=${line.kind}><th scope="row"><span>${this.kind(line.kind)}${line.partner ? html` · <bdi>${line.partner}</bdi>` : nothing}</span>
        <span class="muted small"><time datetime=${new Date(line.at).toISOString()}>${this.when(line.at)}</time>${this.renderDetails(line)}</span></th>
      <td class="end tabular ${line.amount > 0 ? "plus" : ""}">${this.signed(line.amount)}</td>
      <td class="end tabular wide muted">${this.money(line.balance)}</td></tr>`;
  }

  private renderDetails(line: Line): TemplateResult | typeof nothing {
    if (!line.session) return line.reference ? html` · <bdi>${line.reference}</bdi>` : nothing;
    const lasted = this.w("statement.lasted", { time: clock(line.seconds * 1000), price: this.money(line.rate) });
    const split = line.fee > 0 ? html` · ${this.w("statement.split", { gross: this.money(line.gross), fee: this.money(line.fee) })}` : nothing;
    const receipt = this.receipts
      ? html` · <a part="receipt" href=${this.api.url(`sessions/${encodeURIComponent(line.session)}/receipt.json`)} download>${this.w("statement.receipt")}</a>` : nothing;
    return html` · ${lasted}${split}${receipt}`;
  }

  private kind(kind: string): string {
    const key = `statement.${kind}`;
    return key in peopleEn ? this.w(key as PeopleKey) : kind;
  }
}

define("openline-statement", OpenlineStatement);

declare global {
  interface HTMLElementTagNameMap {
    "openline-statement": OpenlineStatement;
  }
}
