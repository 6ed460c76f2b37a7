import { css, html, type TemplateResult } from "lit";
import { property } from "lit/decorators.js";
import { define } from "../ui/element";
import { icon } from "../ui/icons";
import { VisitForm } from "./visit_form";
import "./number_form";

/** "Call me when it is my turn": for whoever stands in line by telephone. Parts: `call-me`, `stay`. */
export class OpenlineCallMe extends VisitForm {
  static override styles = [...VisitForm.styles, css`
    .callout > div { display: grid; gap: 8px; flex: 1; justify-items: start; }
  `];

  /** The telephone will ring at the turn. */
  @property({ type: Boolean }) on = false;

  protected override render(): TemplateResult {
    return this.on ? this.renderOn() : this.renderOff();
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
    return this.send({ t: "call_me", on });
  }
}

define("openline-call-me", OpenlineCallMe);

declare global {
  interface HTMLElementTagNameMap {
    "openline-call-me": OpenlineCallMe;
  }
}
