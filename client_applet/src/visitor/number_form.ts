import { css, html, nothing, type TemplateResult } from "lit";
import { property, state } from "lit/decorators.js";
import type { AnswersOn, NumberPage } from "../generated/wire";
import { dayOf, timeOfDay } from "../i18n";
import { define } from "../ui/element";
import { icon } from "../ui/icons";
import { VisitForm } from "./visit_form";

type Way = NumberPage["ways"][number];

/** How long a call to confirm a number is looked after, between two looks, in milliseconds. */
const LOOK_MS = 1_500;

/**
 * One's own telephone number: typed, confirmed where the pool asks for it (by typing a code that a call says or that
 * came as a text, or by pressing the keys of one on the phone that rings), changed, taken away.
 *
 * Slot: what needs a number that can be called; it is there once there is one. With `staff` an expert also says where
 * sessions by telephone reach them. Parts: `number`, `region`, `submit`, `code`, `known`, `change`, `forget`.
 */
export class OpenlineNumber extends VisitForm {
  static override styles = [...VisitForm.styles, css`
    :host { display: grid; gap: 14px; }
    .typed { display: grid; grid-template-columns: minmax(0, 2fr) minmax(0, 3fr); gap: 8px; align-items: start; }
    .typed label:only-child { grid-column: 1 / -1; }
    .known { display: flex; flex-wrap: wrap; align-items: center; gap: 4px 12px; padding: 8px 14px; border-radius: var(--_radius-small); background: var(--_sunken); }
    .known > svg { inline-size: 1.3em; block-size: 1.3em; color: var(--_muted); flex: none; }
    .known.usable > svg { color: var(--_free); }
    .known > div { flex: 1 1 10rem; }
    .known .tools { display: flex; margin-inline-start: auto; }
    .known strong { unicode-bidi: isolate; }
    .keys { font-size: 2em; font-weight: 700; letter-spacing: 0.18em; font-variant-numeric: tabular-nums; unicode-bidi: isolate; }
    .code { font-size: 1.3em; letter-spacing: 0.3em; font-variant-numeric: tabular-nums; max-inline-size: 12rem; }
    fieldset { border: 0; margin: 0; padding: 0; display: grid; gap: 4px; accent-color: var(--_accent); }
    legend { padding: 0; font-weight: 600; }
    .option { display: flex; align-items: center; gap: 10px; min-block-size: 44px; cursor: pointer; }
    .skeleton { block-size: 56px; }
  `];

  @property({ type: Boolean }) staff = false;

  @state() private known: NumberPage | null = null;
  @state() private editing = false;
  /** A text with a code is waited for. */
  @state() private texted = false;
  /** What to press on the telephone that rings. */
  @state() private keys = "";
  @state() private number = "";
  @state() private region = "";
  @state() private code = "";
  private asked = false;
  private looking = 0;

  protected override willUpdate(): void {
    if (this.client && !this.asked) void this.look();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    window.clearTimeout(this.looking);
    this.asked = false;
  }

  private async look(): Promise<void> {
    this.asked = true;
    const known = await this.client!.request({ t: "my_number" }).catch(() => null);
    this.known = known ?? this.known;
    this.region ||= this.known?.region || this.guessed();
    if (this.known && this.known.call !== "calling") this.keys = "";
    else if (this.isConnected) this.looking = window.setTimeout(() => void this.look(), LOOK_MS);
  }

  /** The country of the browser's language, where the pool calls it; else the first that it does. */
  private guessed(): string {
    const regions = this.known?.regions ?? [];
    const own = new Intl.Locale(navigator.language).maximize().region ?? "";
    return regions.includes(own) ? own : (regions[0] ?? "");
  }

  protected override render(): TemplateResult {
    const { known } = this;
    if (!known) return html`<div class="skeleton" aria-hidden="true"></div>`;
    if (known.regions.length === 0) return html`<p class="hint">${this.t("phone.none")}</p>`;
    if (known.shown === "" || this.editing) return this.renderForm(known);
    return html`${this.trouble()}${this.renderKnown(known)}
      ${known.usable ? html`${this.staff ? this.renderWhere(known) : nothing}<slot></slot>` : this.renderConfirm(known)}`;
  }

  private renderForm(known: NumberPage): TemplateResult {
    const names = new Intl.DisplayNames(this.language, { type: "region" });
    const country = (region: string) => html`<option value=${region} ?selected=${region === this.region}>${names.of(region) ?? region}</option>`;
    return html`<form novalidate @submit=${this.set}>
      <p class="hint">${this.t(this.staff ? "phone.staff_text" : "phone.text")}</p>${this.trouble()}
      <div class="typed">
        ${known.regions.length > 1 ? this.line("region", "phone.region", () => html`<select class="field" part="region"
          @change=${(event: Event) => { this.region = (event.target as HTMLSelectElement).value; }}>${known.regions.map(country)}</select>`) : nothing}
        ${this.line("number", "phone.number", (invalid) => html`<input class="field" type="tel" part="number" autocomplete="tel" inputmode="tel" maxlength="40" dir="ltr"
          .value=${this.number} aria-invalid=${invalid} aria-required="true" @input=${(event: InputEvent) => { this.number = (event.target as HTMLInputElement).value; }}>`)}
      </div>
      <div class="buttons">${this.submit("phone.go")}
        ${this.editing ? html`<button class="button quiet" type="button" @click=${() => { this.editing = false; }}>${this.t("do.cancel")}</button>` : nothing}</div>
    </form>`;
  }

  private renderKnown(known: NumberPage): TemplateResult {
    const words = !known.usable ? "phone.unconfirmed" : this.staff ? "phone.yours" : "phone.we_call";
    const missed = known.missed_at > 0 ? html`<div class="callout warning" part="missed">${icon("warning")}<div>${this.t("phone.missed", { time: this.when(known.missed_at) })}</div></div>` : nothing;
    return html`${missed}<div class="known ${known.usable ? "usable" : ""}" part="known">${icon("phone")}
      <div><strong dir="ltr">${known.shown}</strong><div class="muted">${this.t(words)}</div></div>
      <span class="tools"><button class="button quiet small" part="change" @click=${this.edit}>${this.t("phone.change")}</button>
        <button class="button quiet small" part="forget" ?disabled=${this.running} @click=${this.forget}>${this.t("phone.forget")}</button></span></div>`;
  }

  private when(at: number): string {
    return `${dayOf(at, Date.now(), this.language)}, ${timeOfDay(at, this.language)}`;
  }

  private renderConfirm(known: NumberPage): TemplateResult {
    if (this.keys) return this.renderKeys();
    const said = known.spoken && (known.call === "calling" || known.call === "told");
    const waits = said || this.texted;
    const way = (one: Way) => html`<button class="button ${waits ? "quiet" : "main"}" type="button" part="by-${one}" ?disabled=${this.running} @click=${() => this.tell(one)}>
      ${icon(one === "call" ? "phone" : "chat")}${this.t(one === "call" ? "phone.by_call" : "phone.by_text")}</button>`;
    const ways = html`<div class="buttons">${known.ways.map(way)}</div>`;
    if (!waits) return html`${this.renderCall(known)}<p class="hint">${this.t("phone.confirm")}</p>${ways}`;
    return html`<form novalidate @submit=${this.confirm}>
      <p class="hint" role="status">${this.t(this.texted ? "phone.texted" : "phone.spoken")}</p>
      ${this.line("code", "phone.code", (invalid) => html`<input class="field code" part="code" inputmode="numeric" autocomplete="one-time-code" maxlength="8" dir="ltr"
        .value=${this.code} aria-invalid=${invalid} aria-required="true" @input=${(event: InputEvent) => { this.code = (event.target as HTMLInputElement).value; }}>`)}
      <div class="buttons">${this.submit("phone.confirm_go")}</div></form>
      <p class="hint">${this.t("phone.again")}</p>${ways}`;
  }

  private renderKeys(): TemplateResult {
    return html`<div class="callout" part="keys" role="status">${icon("phone")}<div>${this.t("phone.calling")}<br><span class="keys" dir="ltr">${this.keys}</span></div></div>`;
  }

  /** How the last call ended that was to confirm the number; while it rings, that its keys were told to a page that is gone. */
  private renderCall(known: NumberPage): TemplateResult | typeof nothing {
    const { call } = known;
    if (call === "" || call === "told" || call === "confirmed") return nothing;
    const words = call === "calling" ? "phone.keys_gone" : (`phone.call_${call}` as const);
    return html`<div class="callout warning" part="call" role="alert">${icon("warning")}<div>${this.t(words)}</div></div>`;
  }

  private renderWhere(known: NumberPage): TemplateResult {
    const choice = (where: AnswersOn) => html`<label class="option"><input type="radio" name="where" .checked=${known.answers_on === where} ?disabled=${this.running}
      @change=${() => this.answerOn(where)}><span>${this.t(where === "phone" ? "phone.on_phone" : "phone.on_browser")}</span></label>`;
    return html`<fieldset><legend>${this.t("phone.where")}</legend>${choice("browser")}${choice("phone")}</fieldset>`;
  }

  private readonly edit = (): void => {
    this.number = this.known?.shown ?? "";
    this.editing = true;
  };

  private readonly set = async (event: Event): Promise<void> => {
    event.preventDefault();
    const number = this.number.trim();
    if (number === "") return this.refuse("bad_number");
    const known = await this.ask({ t: "set_number", number, region: this.region, language: this.language });
    if (!known) return;
    this.known = known;
    this.editing = this.texted = false;
  };

  private async tell(by: Way): Promise<void> {
    const answer = await this.ask({ t: "verify_number", by, language: this.language });
    if (!answer) return;
    this.known = answer;
    this.keys = answer.keys;
    this.texted = by === "text";
    this.code = "";
    window.clearTimeout(this.looking);
    if (by === "call") this.looking = window.setTimeout(() => void this.look(), LOOK_MS);
    await this.updateComplete;
    this.renderRoot.querySelector<HTMLElement>(".code")?.focus();
  }

  private readonly confirm = async (event: Event): Promise<void> => {
    event.preventDefault();
    const code = this.code.replace(/\D/g, "");
    if (code.length < 4) return this.refuse("bad_code");
    const known = await this.ask({ t: "confirm_number", code });
    if (!known) return;
    this.known = known;
    this.texted = false;
  };

  private readonly forget = async (): Promise<void> => {
    const known = await this.ask({ t: "forget_number" });
    if (!known) return;
    this.known = known;
    this.number = "";
    this.texted = false;
  };

  private async answerOn(where: AnswersOn): Promise<void> {
    this.known = (await this.ask({ t: "answer_on", where })) ?? this.known;
  }
}

define("openline-number", OpenlineNumber);

declare global {
  interface HTMLElementTagNameMap {
    "openline-number": OpenlineNumber;
  }
}
