import { css, html, nothing, type TemplateResult } from "lit";
import { property, state } from "lit/decorators.js";
import type { Session, TransferOffer } from "../generated/wire";
import type { OpenlineQuote } from "../meter/quote";
import { define } from "../ui/element";
import { icon } from "../ui/icons";
import { newOp } from "../core";
import { AskingPart } from "./part";

/** A transfer that is proposed: the user says yes or no and sees what it costs there; the expert can take it back. Fires `deposit-wanted`. Parts: `transfer`, `yes`, `no`. */
export class OpenlineTransfer extends AskingPart {
  static override styles = [...AskingPart.styles, css`
    :host { display: block; padding: 10px 16px; border-block-end: 1px solid var(--_edge); }
    .callout > div { display: grid; gap: 8px; flex: 1; }
    .buttons { display: flex; flex-wrap: wrap; gap: 8px; }
    .bad { color: var(--_danger); font-size: 0.9em; }
  `];

  @property({ attribute: false }) session: Session | null = null;
  /** The deposit is before the eyes already. */
  @property({ type: Boolean }) depositing = false;
  /** How often the price has to be looked at anew: it was another than the one shown. */
  @state() private looks = 0;

  protected override render(): TemplateResult | typeof nothing {
    const { session } = this;
    const offer = session?.transfer;
    if (!session || !offer) return nothing;
    return html`<div class="callout" part="transfer" role=${session.side === "user" ? "alert" : "status"}>${icon("forward")}
      <div>${session.side === "user" ? this.renderAsked(session, offer) : this.renderWaiting(offer)}${this.trouble()}</div></div>`;
  }

  private renderAsked(session: Session, offer: TransferOffer): TemplateResult {
    const { name, expert, shut } = offer;
    const yes = html`<button class="button main" part="yes" ?disabled=${this.running || shut !== ""} @click=${() => this.answer(session, expert)}>${this.t("transfer.yes", { name })}</button>`;
    // The page may never have seen this colleague: the server is asked what a minute costs.
    const costs = this.client?.store.state.welcome?.rules.prepaid ?? false;
    return html`<strong>${this.t("transfer.asked", { partner: session.partner, name })}</strong>
      <span>${shut ? this.t("transfer.shut", { name }) : this.t("transfer.asked_text")}</span>
      ${costs ? html`<openline-quote .client=${this.client} .language=${this.language} .theme=${this.theme} .expert=${expert} .mode=${session.mode} .news=${this.looks}
        ?depositing=${this.depositing}>${yes}</openline-quote>` : nothing}
      <div class="buttons">${costs ? nothing : yes}
        <button class="button outline" part="no" ?disabled=${this.running} @click=${() => this.answer(session, "")}>${this.t("transfer.no")}</button></div>`;
  }

  private renderWaiting({ name }: TransferOffer): TemplateResult {
    return html`<span>${this.t("transfer.waiting", { name })}</span>
      <div class="buttons"><button class="button quiet small" part="no" ?disabled=${this.running} @click=${this.takeBack}>${this.t("transfer.back")}</button></div>`;
  }

  /** Yes to this colleague, who was shown here; "" is no. */
  private async answer({ session }: Session, expert: string): Promise<void> {
    const rate = this.renderRoot.querySelector<OpenlineQuote>("openline-quote")?.shown ?? 0;
    const done = await this.ask((client) => client.request({ t: "answer_transfer", session, yes: expert !== "", expert, rate }, newOp()));
    if (!done && expert) this.looks += 1;
  }

  private readonly takeBack = (): Promise<boolean> =>
    this.ask((client) => client.request({ t: "propose_transfer", session: this.session!.session, expert: "" }, newOp()));
}

define("openline-transfer", OpenlineTransfer);

declare global {
  interface HTMLElementTagNameMap {
    "openline-transfer": OpenlineTransfer;
  }
}
