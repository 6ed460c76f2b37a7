import { css, html, nothing, type TemplateResult } from "lit";
import { property, state } from "lit/decorators.js";
import type { Session, TransferOffer } from "../generated/wire";
import { translate } from "../i18n";
import { define } from "../ui/element";
import { icon } from "../ui/icons";
import { refusal } from "../ui/words";
import { codeOf, newOp, rateOf } from "../core";
import { SessionPart } from "./part";

/** A transfer that is proposed: the user says yes or no and sees what it costs there; the expert can take it back. Parts: `transfer`, `yes`, `no`. */
export class OpenlineTransfer extends SessionPart {
  static override styles = [...SessionPart.styles, css`
    :host { display: block; padding: 10px 16px; border-block-end: 1px solid var(--_edge); }
    .callout > div { display: grid; gap: 8px; flex: 1; }
    .buttons { display: flex; flex-wrap: wrap; gap: 8px; }
    .bad { color: var(--_danger); font-size: 0.9em; }
  `];

  @property({ attribute: false }) session: Session | null = null;

  @state() private running = false;
  @state() private problem = "";

  protected override render(): TemplateResult | typeof nothing {
    const { session } = this;
    const offer = session?.transfer;
    if (!session || !offer) return nothing;
    return html`<div class="callout" part="transfer" role=${session.side === "user" ? "alertdialog" : "status"} aria-label=${this.t("transfer.propose")}>${icon("forward")}
      <div>${session.side === "user" ? this.renderAsked(session, offer) : this.renderWaiting(offer)}
        ${this.problem ? html`<p class="bad" role="alert">${refusal(translate(this.language), this.problem)}</p>` : nothing}</div></div>`;
  }

  private renderAsked(session: Session, offer: TransferOffer): TemplateResult {
    const { name, expert, shut } = offer;
    const yes = html`<button class="button main" part="yes" ?disabled=${this.running || shut !== ""} @click=${() => this.answer(session, true)}>${this.t("transfer.yes", { name })}</button>`;
    const hall = this.client?.store.state;
    const costs = hall !== undefined && rateOf(hall, expert, session.mode) > 0;
    return html`<strong>${this.t("transfer.asked", { partner: session.partner, name })}</strong>
      <span>${shut ? this.t("transfer.shut", { name }) : this.t("transfer.asked_text")}</span>
      ${costs ? html`<openline-quote .client=${this.client} .language=${this.language} .theme=${this.theme} .expert=${expert} .mode=${session.mode}>${yes}</openline-quote>` : nothing}
      <div class="buttons">${costs ? nothing : yes}
        <button class="button outline" part="no" ?disabled=${this.running} @click=${() => this.answer(session, false)}>${this.t("transfer.no")}</button></div>`;
  }

  private renderWaiting({ name }: TransferOffer): TemplateResult {
    return html`<span>${this.t("transfer.waiting", { name })}</span>
      <div class="buttons"><button class="button quiet small" part="no" ?disabled=${this.running} @click=${this.takeBack}>${this.t("transfer.back")}</button></div>`;
  }

  private answer(session: Session, yes: boolean): Promise<void> {
    return this.ask(() => this.client!.request({ t: "answer_transfer", session: session.session, yes }, newOp()));
  }

  private readonly takeBack = (): Promise<void> =>
    this.ask(() => this.client!.request({ t: "propose_transfer", session: this.session!.session, expert: "" }, newOp()));

  private async ask(work: () => Promise<unknown>): Promise<void> {
    if (this.running || !this.client) return;
    this.running = true;
    this.problem = "";
    try {
      await work();
    } catch (error) {
      this.problem = codeOf(error);
    }
    this.running = false;
  }
}

define("openline-transfer", OpenlineTransfer);

declare global {
  interface HTMLElementTagNameMap {
    "openline-transfer": OpenlineTransfer;
  }
}
