import { html, nothing, type TemplateResult } from "lit";
import { state } from "lit/decorators.js";
import { parseAmount } from "../i18n/amounts";
import { define } from "../ui/element";
import { icon } from "../ui/icons";
import { MoneyPage } from "./money_page";

interface MoneyOptions {
  currency: string;
  prepaid: boolean;
  fee_bps: number;
  free_minutes: number;
  minimum_minutes: number;
  free_calls: number;
  deposits: number[];
  deposit_max: number;
}

const DEPOSITS = [0, 1, 2, 3, 4, 5] as const;
const LARGEST = 10 ** 9;
const COUNTS = { free_minutes: [0, 60], minimum_minutes: [1, 60], free_calls: [1, 1000] } as const;
type Count = keyof typeof COUNTS;

/** What a pool charges: whether at all, the fee, what is free, and which deposits are offered. */
export class OpenlineMoneyOptions extends MoneyPage {
  @state() private options: MoneyOptions | null = null;
  @state() private prepaid = false;

  override connectedCallback(): void {
    super.connectedCallback();
    void this.run("load", async () => this.take(await this.api.get<MoneyOptions>("options")));
  }

  private take(options: MoneyOptions): void {
    this.options = options;
    this.currency = options.currency;
    this.prepaid = options.prepaid;
    this.type("fee", new Intl.NumberFormat(`${this.language}-u-nu-latn`, { maximumFractionDigits: 2 }).format(options.fee_bps / 100));
    for (const name of Object.keys(COUNTS) as Count[]) this.type(name, String(options[name]));
    for (const place of DEPOSITS) this.show(`deposit-${place}`, options.deposits[place] ?? null);
    this.show("deposit-max", options.deposit_max);
  }

  private async save(event: Event): Promise<void> {
    event.preventDefault();
    const chosen = this.chosen();
    if (chosen) await this.run("options", async () => this.take(await this.api.send<MoneyOptions>("PUT", "options", chosen)), this.w("saved"));
  }

  /** What was typed; null, with the reasons at the fields, where something can't be. */
  private chosen(): Partial<MoneyOptions> | null {
    this.wrong = {};
    const most = this.amount("deposit-max", { least: 1, most: LARGEST });
    const deposits = DEPOSITS.map((place) => `deposit-${place}`).filter((name) => this.textOf(name) !== "")
      .map((name) => this.amount(name, { least: 1, most: most ?? LARGEST }));
    const counts = Object.fromEntries((Object.keys(COUNTS) as Count[]).map((name) => [name, this.count(name)]));
    const fee_bps = this.percent();
    if (deposits.length === 0) this.refuse("deposit-0", this.w("moneyOptions.no_deposit"));
    if (Object.values(this.wrong).some(Boolean)) return null;
    return { prepaid: this.prepaid, fee_bps: fee_bps!, ...counts, deposits: deposits as number[], deposit_max: most! };
  }

  private count(name: Count): number | null {
    const [least, most] = COUNTS[name];
    const text = this.textOf(name);
    const count = /^\d{1,4}$/.test(text) ? Number(text) : -1;
    return count >= least && count <= most ? count : this.refuse(name, this.w("moneyOptions.between", { least: String(least), most: String(most) }));
  }

  /** Hundredths of a per cent: as many digits as most currencies have. */
  private percent(): number | null {
    const points = parseAmount(this.textOf("fee").replace(/\s*[%٪]$/, ""), "EUR", this.language);
    return points !== null && points <= 10_000 ? points : this.refuse("fee", this.w("moneyOptions.bad_fee"));
  }

  protected override render(): TemplateResult {
    const options = this.options;
    if (!options) return this.problem ? this.renderSaid() : this.renderLoading();
    return html`${this.renderSaid()}<form class="card stack" novalidate @submit=${(event: Event) => void this.save(event)}>
      <label class="check"><input type="checkbox" part="prepaid" .checked=${this.prepaid} @change=${(event: Event) => (this.prepaid = (event.target as HTMLInputElement).checked)}>${this.w("moneyOptions.prepaid")}</label>
      <p class="muted small">${this.w("moneyOptions.prepaid_text")}</p>
      ${this.prepaid !== options.prepaid ? html`<div class="callout warning">${icon("info")}<div>${this.w(this.prepaid ? "moneyOptions.turning_on" : "moneyOptions.turning_off")}</div></div>` : nothing}
      <div class="pairs">${this.amountField("fee", this.w("moneyOptions.fee"), { hint: this.w("moneyOptions.fee_hint") })}
        ${this.amountField("free_minutes", this.w("moneyOptions.free_minutes"), { hint: this.w("moneyOptions.free_minutes_hint") })}
        ${this.amountField("minimum_minutes", this.w("moneyOptions.minimum"), { hint: this.w("moneyOptions.minimum_hint") })}
        ${this.amountField("free_calls", this.w("moneyOptions.free_calls"), { hint: this.w("moneyOptions.free_calls_hint") })}</div>
      <fieldset><legend>${this.w("moneyOptions.deposits", { currency: options.currency })}</legend>
        <div class="amounts">${DEPOSITS.map((place) => this.amountField(`deposit-${place}`, this.w("moneyOptions.deposit", { n: place + 1 })))}</div></fieldset>
      <div class="pairs">${this.amountField("deposit-max", this.w("moneyOptions.deposit_max"))}</div>
      <p class="muted small">${this.w("moneyOptions.later")}</p>
      <div class="buttons"><button class="button main" part="options" ?disabled=${this.isRunning("options")}>${this.w("save")}</button></div></form>`;
  }
}

define("openline-money-options", OpenlineMoneyOptions);

declare global {
  interface HTMLElementTagNameMap {
    "openline-money-options": OpenlineMoneyOptions;
  }
}
