import { html, nothing, type TemplateResult } from "lit";
import { state } from "lit/decorators.js";
import { codeOf } from "../core";
import { define } from "../ui/element";
import "./bank_account";
import type { Statement } from "./money_data";
import { MoneyPage } from "./money_page";
import "./statement";

/** What an expert has earned and is owed, where it is paid to, and every movement. */
export class OpenlineEarnings extends MoneyPage {
  @state() private account: Statement | null = null;
  @state() private missing = "";

  constructor() {
    super();
    this.as = "expert";
  }

  override connectedCallback(): void {
    super.connectedCallback();
    void this.load();
  }

  private async load(): Promise<void> {
    try {
      this.account = await this.api.get<Statement>("statement?role=expert&limit=1");
      this.currency = this.account.currency;
    } catch (error) {
      this.missing = codeOf(error);
    }
  }

  protected override render(): TemplateResult {
    if (this.missing) {
      const signIn = this.missing === "not_signed_in";
      return this.renderWhole("person", this.w(signIn ? "earnings.none" : "earnings.not_here"), signIn ? "" : this.refusalWords(this.missing),
        signIn ? html`<a class="button main" href=${this.signInUrl("expert")}>${this.w("sign_in")}</a>` : nothing);
    }
    const account = this.account;
    if (!account) return this.renderLoading();
    const pool = `/p/${encodeURIComponent(this.pool)}`;
    return html`
      <header><h1>${this.w("earnings.title")}</h1><nav>
        <a class="button quiet small" href="${pool}/expert">${this.w("nav.expert")}</a>
        <a class="button quiet small" href="${pool}/expert/profile">${this.w("nav.profile")}</a>
        <a class="button quiet small" href="${pool}/account?role=expert">${this.w("nav.account")}</a></nav></header>
      <section class="card" aria-labelledby="owed"><h2 id="owed">${this.w("earnings.owed")}</h2>
        <div class="figures">${this.renderFigure(this.w("earnings.owed_now"), account.balance, "owed")}</div>
        <p class="muted small">${this.w("earnings.owed_text")}</p></section>
      <openline-bank-account .pool=${this.pool} .theme=${this.theme} lang=${this.language} .whose=${"expert"}></openline-bank-account>
      <openline-statement .pool=${this.pool} .theme=${this.theme} lang=${this.language} .asks=${"role=expert"}></openline-statement>`;
  }
}

define("openline-earnings", OpenlineEarnings);

declare global {
  interface HTMLElementTagNameMap {
    "openline-earnings": OpenlineEarnings;
  }
}
