import { html, nothing, type TemplateResult } from "lit";
import { state } from "lit/decorators.js";
import "../call/keepsake";
import { clock, isoDuration } from "../i18n";
import { define } from "../ui/element";
import type { EarlierPage, EarlierSession } from "./people_data";
import { MoneyPage } from "./money_page";

/** One's own sessions that are over, newest first, with what is kept of each. */
export class OpenlineEarlier extends MoneyPage {
  @state() private sessions: readonly EarlierSession[] = [];
  @state() private next = "";
  @state() private read = false;

  override connectedCallback(): void {
    super.connectedCallback();
    void this.loadNext(() => this.fetch(""));
  }

  private async fetch(before: string): Promise<void> {
    const told = await this.api.get<EarlierPage>(`account/sessions?role=${this.as}${before ? `&before=${encodeURIComponent(before)}` : ""}`);
    this.currency = told.currency || this.currency;
    this.sessions = before ? [...this.sessions, ...told.sessions] : told.sessions;
    this.next = told.next;
    this.read = true;
  }

  protected override render(): TemplateResult {
    return html`<section class="card" aria-labelledby="earlier" aria-busy=${this.isRunning("load")}>
      <h2 id="earlier">${this.w("earlier.title")}</h2>
      ${this.renderSaid()}
      ${this.sessions.length > 0 ? html`<ul class="list" part="earlier">${this.sessions.map((one) => this.renderOne(one))}</ul>`
        : html`<p class="muted">${this.w(this.read ? "earlier.none" : "loading")}</p>`}
      ${this.next ? html`<div class="buttons">${this.button("load", this.w("more"), () => void this.loadNext(() => this.fetch(this.next)))}</div>` : nothing}</section>`;
  }

  private renderOne(one: EarlierSession): TemplateResult {
    const [name, time] = [one.partner || this.w("earlier.nameless"), this.when(one.at)];
    const { recording } = one;
    return html`<li class="names" data-session=${one.session}><strong><bdi>${name}</bdi></strong>
        <span class="muted small"><time datetime=${new Date(one.at).toISOString()}>${time}</time> · ${this.w(`mode.${one.mode}`)} · ${this.renderLength(one)}${this.renderRest(one)}</span>
        ${recording ? html`<span class="small" part="kept">${this.w(`earlier.${recording.state}`, { time: this.when(recording.erase_at) })}</span>` : nothing}
      <openline-keepsake bare .client=${this.client} .language=${this.language} .theme=${this.theme} .session=${one} .label=${this.w("earlier.keep", { name, time })}
        .spoken=${one.transcript} .recorded=${recording?.state === "ready"}></openline-keepsake></li>`;
  }

  private renderLength({ seconds }: EarlierSession): TemplateResult | string {
    const ms = seconds * 1000;
    return ms > 0 ? html`<time datetime=${isoDuration(ms)}>${this.w("earlier.lasted", { time: clock(ms) })}</time>` : this.w("earlier.never");
  }

  private renderRest({ amount, went_to }: EarlierSession): TemplateResult {
    const came = this.as === "expert" ? "earlier.earned" : "earlier.cost";
    return html`${amount > 0 ? html` · ${this.w(came, { amount: this.money(amount) })}` : nothing}${went_to ? html` · ${this.w("earlier.went_on", { name: went_to })}` : nothing}`;
  }
}

define("openline-earlier", OpenlineEarlier);

declare global {
  interface HTMLElementTagNameMap {
    "openline-earlier": OpenlineEarlier;
  }
}
