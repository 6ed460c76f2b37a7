import { css, html, nothing, type TemplateResult } from "lit";
import { property, state } from "lit/decorators.js";
import type { Mode } from "../generated/wire";
import { define } from "../ui/element";
import { icon } from "../ui/icons";
import { shelf } from "../ui/shelf";
import { VisitForm } from "./visit_form";

const STARS = [1, 2, 3, 4, 5];
const TEXT_MAX = 2000;

/**
 * After a session: one to five stars, words, and whether the chat's words may help others. Asks once.
 *
 * Parts: `feedback`, `stars`, `text`, `teach`, `submit`, `skip`, `thanks`. Fires `feedback-over` when it was given or put away.
 */
export class OpenlineFeedback extends VisitForm {
  static override styles = [...(Array.isArray(VisitForm.styles) ? VisitForm.styles : [VisitForm.styles]), css`
    fieldset { border: 0; padding: 0; margin: 0; }
    legend { padding: 0; font-size: 1.04em; margin-block-end: 4px; }
    .stars { display: flex; gap: 2px; margin-inline-start: -8px; }
    .stars label { position: relative; display: grid; place-items: center; inline-size: 48px; block-size: 48px; cursor: pointer; }
    .stars input { position: absolute; inset: 0; margin: 0; inline-size: 100%; block-size: 100%; opacity: 0; cursor: pointer; }
    .stars svg { inline-size: 32px; block-size: 32px; color: var(--_edge-strong); transition: color 0.1s; stroke-width: 1.4; }
    .stars label.on svg { color: var(--_star); fill: currentcolor; }
    .stars input:focus-visible + span { outline: 3px solid var(--_accent); outline-offset: 1px; border-radius: 8px; }
    .stars span { display: grid; }
    textarea.field { min-block-size: 76px; }
    .teach { display: flex; gap: 10px; align-items: flex-start; font-size: 0.92em; min-block-size: 44px; cursor: pointer; }
    .teach input { inline-size: 20px; block-size: 20px; flex: none; margin: 2px 0 0; accent-color: var(--_accent); }
  `];

  @property({ attribute: false }) session = "";
  @property({ attribute: false }) mode: Mode = "chat";

  @state() private stars = 0;
  @state() private text = "";
  @state() private teach = false;
  @state() private thanked = false;
  @state() private missing = false;

  override connectedCallback(): void {
    super.connectedCallback();
    this.text = shelf.get(`feedback:${this.session}`);
  }

  protected override render(): TemplateResult {
    if (this.thanked) return html`<div class="callout good" part="thanks" role="status">${icon("check")}<div>${this.t("rate.thanks")}</div></div>`;
    return html`
      <form part="feedback" novalidate @submit=${this.go}>
        <fieldset part="stars" role="radiogroup" aria-required="true" aria-labelledby="title"><legend id="title">${this.t("rate.title", { name: this.name })}</legend>
          <div class="stars">${STARS.map((n) => html`<label class=${n <= this.stars ? "on" : ""}>
            <input type="radio" name="stars" value=${n} aria-label=${this.t("rate.star", { n })} .checked=${n === this.stars} @change=${() => this.choose(n)}><span>${icon("star")}</span></label>`)}</div>
          ${this.missing ? html`<p class="bad" role="alert">${this.t("rate.choose")}</p>` : nothing}
        </fieldset>
        ${this.stars > 0 ? this.renderMore() : nothing}
        ${this.trouble()}
        <div class="buttons">${this.submit("rate.submit")}
          <button class="button quiet" type="button" part="skip" @click=${this.skip}>${this.t("rate.skip")}</button></div>
      </form>`;
  }

  private renderMore(): TemplateResult {
    return html`
      ${this.line("text", "rate.text", (invalid) => html`<textarea class="field" name="text" part="text" maxlength=${TEXT_MAX} dir="auto" aria-invalid=${invalid} .value=${this.text}
        @input=${(event: InputEvent) => this.type((event.target as HTMLTextAreaElement).value)}></textarea>`)}
      <p class="hint">${this.t("rate.hint")}</p>
      ${this.mode === "chat" ? html`<label class="teach"><input type="checkbox" part="teach" .checked=${this.teach}
        @change=${(event: Event) => { this.teach = (event.target as HTMLInputElement).checked; }}><span>${this.t("rate.teach")}</span></label>` : nothing}`;
  }

  private choose(stars: number): void {
    this.stars = stars;
    this.missing = false;
  }

  private type(text: string): void {
    this.text = text;
    shelf.put(`feedback:${this.session}`, text);
  }

  private readonly go = async (event: Event): Promise<void> => {
    event.preventDefault();
    this.missing = this.stars === 0;
    if (this.missing) return this.renderRoot.querySelector<HTMLElement>("[part=stars] input")?.focus();
    const done = await this.send({
      t: "give_feedback", session: this.session, stars: this.stars, text: this.text.trim().replaceAll("\0", ""), may_teach: this.mode === "chat" && this.teach,
    });
    if (!done) return;
    markGiven(this.session);
    shelf.put(`feedback:${this.session}`, "");
    this.thanked = true;
    this.dispatchEvent(new CustomEvent("feedback-over", { detail: "given" }));
  };

  private readonly skip = (): void => {
    markGiven(this.session);
    this.dispatchEvent(new CustomEvent("feedback-over", { detail: "skipped" }));
  };
}

define("openline-feedback", OpenlineFeedback);

/** Asked for once: given, or put away. */
function markGiven(session: string): void {
  shelf.put(`asked:${session}`, "1");
}

declare global {
  interface HTMLElementTagNameMap {
    "openline-feedback": OpenlineFeedback;
  }
}
