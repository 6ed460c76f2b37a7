import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { property, state } from "lit/decorators.js";
import { type Answer, codeOf, type Command, type LiveClient, newOp } from "../core";
import { type Language, translate, type Values } from "../i18n";
import type { VisitKey } from "../i18n/visit.en";
import { controls } from "../ui/controls";
import { icon } from "../ui/icons";
import { tokens } from "../ui/tokens";
import { refusal } from "../ui/words";
import { visitWords } from "./visit_words";

/** Which field a refusal is about; of the others the form itself speaks. */
const FIELD_OF: Readonly<Record<string, string>> = { bad_email: "email", no_email: "email", empty_text: "text", bad_number: "number",
  region_not_called: "number", number_refused: "number", number_taken: "number", bad_code: "code", code_expired: "code" };
/** As the wire takes an address. */
const ADDRESS = /^[^\0-\x20\x7f@]{1,64}@[^\0-\x20\x7f@]{1,250}$/;

/** A form for visitors: one request, its refusals beside the fields, and a state when it is done. */
export class VisitForm extends LitElement {
  static override styles = [tokens, controls, css`
    :host { display: block; }
    form { display: grid; gap: 14px; }
    label.line { display: grid; gap: 5px; }
    label.line > span:first-child, legend { font-weight: 600; font-size: 0.94em; }
    textarea.field { min-block-size: 110px; resize: vertical; line-height: 1.45; }
    .field[aria-invalid="true"] { border-color: var(--_danger); }
    .bad { color: var(--_danger); font-size: 0.88em; }
    .hint { color: var(--_muted); font-size: 0.9em; text-wrap: pretty; }
    .buttons { display: flex; flex-wrap: wrap; gap: 8px; }
    .buttons .main { flex: 1 1 auto; }
  `];

  @property({ attribute: false }) client: LiveClient | null = null;
  @property({ attribute: false }) expert = "";
  @property({ attribute: false }) name = "";
  @property({ attribute: false }) language: Language = "en";
  @property({ reflect: true }) theme = "";

  @state() protected running = false;
  @state() protected problem = "";
  private op = newOp();
  private about = "";

  protected t(key: VisitKey, values?: Values): string {
    return visitWords(this.language)(key, values);
  }

  /** Sends once: the same again after an answer that was lost is the same operation. Resolves to whether it was done. */
  protected async send(command: Command): Promise<boolean> {
    return (await this.ask(command)) !== null;
  }

  /** As `send`; resolves to the answer, null when it was not done. */
  protected async ask<M extends Command>(command: M): Promise<Answer<M> | null> {
    if (!this.client || this.running) return null;
    const about = JSON.stringify(command);
    if (about !== this.about) this.op = newOp();
    this.about = about;
    this.running = true;
    this.problem = "";
    try {
      const answer = await this.client.request(command, this.op);
      this.about = "";
      return answer;
    } catch (error) {
      this.problem = codeOf(error);
      // The server has decided: the next try is another operation.
      if (!["no_answer", "connection_lost", "stopped"].includes(this.problem)) this.about = "";
      return null;
    } finally {
      this.running = false;
      void this.updateComplete.then(() => this.renderRoot.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus());
    }
  }

  /** What is missing before anything is sent: the code of a refusal, or "". */
  protected checked(email: string | null, text: string | null): string {
    if (text !== null && text.trim() === "") return "empty_text";
    if (email === null) return "";
    return email.trim() === "" ? "no_email" : ADDRESS.test(email.trim()) ? "" : "bad_email";
  }

  protected refuse(problem: string): void {
    this.problem = problem;
    void this.updateComplete.then(() => this.renderRoot.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus());
  }

  /** What went wrong and belongs to no field. */
  protected trouble(): TemplateResult | typeof nothing {
    if (this.problem === "" || this.problem in FIELD_OF) return nothing;
    return html`<div class="callout error" role="alert">${icon("warning")}<div>${refusal(translate(this.language), this.problem)}</div></div>`;
  }

  /** A labelled field. */
  protected line(name: string, label: VisitKey, control: (invalid: boolean) => TemplateResult): TemplateResult {
    const invalid = FIELD_OF[this.problem] === name;
    return html`<label class="line"><span>${this.t(label)}</span>${control(invalid)}
      ${invalid ? html`<span class="bad" role="alert">${refusal(translate(this.language), this.problem)}</span>` : nothing}</label>`;
  }

  protected email(value: string, changed: (value: string) => void): TemplateResult {
    return this.line("email", "field.email", (invalid) => html`
      <input class="field" type="email" name="email" part="email" autocomplete="email" inputmode="email" maxlength="254" dir="ltr" .value=${value} aria-invalid=${invalid}
        aria-required="true" @input=${(event: InputEvent) => changed((event.target as HTMLInputElement).value)}>`);
  }

  protected submit(label: VisitKey): TemplateResult {
    return html`<button class="button main" type="submit" part="submit" ?disabled=${this.running} aria-busy=${this.running}>
      ${this.running ? html`<span class="spinner"></span>` : nothing}${this.t(label)}</button>`;
  }
}
