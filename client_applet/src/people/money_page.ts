import { html, type TemplateResult } from "lit";
import { state } from "lit/decorators.js";
import { newOp } from "../core";
import { money } from "../i18n";
import { amountText, parseAmount } from "../i18n/amounts";
import { type Field, PeoplePage } from "./page";

export interface Bounds {
  least: number;
  most: number;
}

/** A page on which amounts are shown and typed. What was typed stays until it has been understood. */
export abstract class MoneyPage extends PeoplePage {
  @state() protected currency = "EUR";
  @state() private typed: Readonly<Record<string, string>> = {};
  @state() protected wrong: Readonly<Record<string, string>> = {};
  private readonly ops = new Map<string, { input: string; op: string }>();

  protected money(minor: number): string {
    return money(minor, this.currency, this.language);
  }

  /** With its sign, also when it came in. */
  protected signed(minor: number): string {
    return money(minor, this.currency, this.language, "exceptZero");
  }

  /** A day and a time of it. */
  protected when(at: number): string {
    return new Intl.DateTimeFormat(this.language, { dateStyle: "medium", timeStyle: "short" }).format(at);
  }

  /** A field for an amount; its text is kept under `name`. */
  protected amountField(name: string, label: string, more: Field = {}): TemplateResult {
    const change = (text: string) => {
      this.type(name, text);
      this.wrong = { ...this.wrong, [name]: "" };
    };
    return this.field(label, this.typed[name] ?? "", change, { part: name, max: 30, digits: true, error: this.wrong[name] ?? "", ...more });
  }

  /** Writes an amount into its field; null empties it. */
  protected show(name: string, minor: number | null): void {
    this.type(name, minor === null ? "" : amountText(minor, this.currency, this.language));
  }

  protected type(name: string, text: string): void {
    this.typed = { ...this.typed, [name]: text };
  }

  protected textOf(name: string): string {
    return (this.typed[name] ?? "").trim();
  }

  /** The amount in a field, in minor units; null, with the reason at the field, where it is none or out of bounds. */
  protected amount(name: string, { least, most }: Bounds): number | null {
    const minor = parseAmount(this.typed[name] ?? "", this.currency, this.language);
    if (minor === null) return this.refuse(name, this.w("money.unclear", { example: amountText(12_345, this.currency, this.language) }));
    if (minor < least || minor > most) return this.refuse(name, this.w("money.bounds", { least: this.money(least), most: this.money(most) }));
    return minor;
  }

  /** Says at a field why it can't stay so, and leads there. */
  protected refuse(name: string, words: string): null {
    this.wrong = { ...this.wrong, [name]: words };
    void this.updateComplete.then(() => this.renderRoot.querySelector<HTMLElement>(`[part~="${name}"]`)?.focus());
    return null;
  }

  /** The operation id for sending `input`: the same again until it was done, a new one for another input. */
  protected op(name: string, input: unknown): string {
    const text = JSON.stringify(input);
    const known = this.ops.get(name);
    if (known?.input === text) return known.op;
    const op = newOp();
    this.ops.set(name, { input: text, op });
    return op;
  }

  /** It was done: the same input again would be another wish. */
  protected did(name: string): void {
    this.ops.delete(name);
  }

  protected renderFigure(label: string, minor: number, part: string): TemplateResult {
    return html`<div class="figure"><span class="muted">${label}</span><strong class="tabular" part=${part}>${this.money(minor)}</strong></div>`;
  }
}
