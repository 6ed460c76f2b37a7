import { css, html, type TemplateResult } from "lit";
import { property } from "lit/decorators.js";
import { define } from "../ui/element";
import { icon } from "../ui/icons";
import { VisitForm } from "./visit_form";
import "./number_form";

/** "Call me when it is my turn": for whoever stands in line by telephone. Parts: `call-me`, `stay`, `dearer`, `agree`. */
export class OpenlineCallMe extends VisitForm {
  static override styles = [...VisitForm.styles, css`
    .callout > div { display: grid; gap: 8px; flex: 1; justify-items: start; }
  `];

  /** The telephone will ring at the turn. */
  @property({ type: Boolean }) on = false;
  /** The most that a minute costs where one stands, minor units: whoever wants to be called agrees to it. */
  @property({ attribute: false }) rate = 0;
  /** That in words, where one has not agreed to it yet; "" else. */
  @property({ attribute: false }) dearer = "";

  protected override render(): TemplateResult {
    if (!this.on) return this.renderOff();
    return this.dearer ? this.renderDearer() : this.renderOn();
  }

  /** An operator's move: no telephone rings for a price that was never shown. */
  private renderDearer(): TemplateResult {
    return html`${this.trouble()}<div class="callout warning" part="dearer" role="alert">${icon("warning")}<div><strong>${this.t("callme.dearer", { price: this.dearer })}</strong>
      <span>${this.t("callme.dearer_text")}</span>
      <div class="buttons"><button class="button main small" part="agree" ?disabled=${this.running} @click=${() => this.set(true)}>${icon("phone")}${this.t("callme.agree")}</button>
        <button class="button quiet small" part="stay" ?disabled=${this.running} @click=${() => this.set(false)}>${this.t("callme.off")}</button></div></div></div>`;
  }

  private renderOn(): TemplateResult {
    return html`${this.trouble()}<div class="callout good" role="status">${icon("phone")}<div><strong>${this.t("callme.on", { name: this.name })}</strong>
      <span>${this.t("callme.on_text")}</span>
      <button class="button quiet small" part="stay" ?disabled=${this.running} @click=${() => this.set(false)}>${this.t("callme.off")}</button></div></div>`;
  }

  private renderOff(): TemplateResult {
    return html`${this.trouble()}<openline-number .client=${this.client} .language=${this.language} .theme=${this.theme}>
      <button class="button outline wide" part="call-me" ?disabled=${this.running} aria-busy=${this.running} @click=${() => this.set(true)}>
        ${icon("phone")}${this.t("callme.do")}</button></openline-number>`;
  }

  private set(on: boolean): Promise<boolean> {
    return this.send({ t: "call_me", on, rate: on ? this.rate : -1 });
  }
}

define("openline-call-me", OpenlineCallMe);

declare global {
  interface HTMLElementTagNameMap {
    "openline-call-me": OpenlineCallMe;
  }
}
