import { css, html, nothing, svg, type PropertyValues, type TemplateResult } from "lit";
import { property, state } from "lit/decorators.js";
import type { Offer, UserHistory } from "../generated/wire";
import { clock } from "../i18n";
import { avatar } from "../ui/avatar";
import { define } from "../ui/element";
import { icon } from "../ui/icons";
import { isShortcut, shortcutName } from "../ui/shortcut";
import { StaffPart } from "./part";

const ACCEPT = "A";
const DECLINE = "X"; // Alt+D is the address bar in most browsers
const RING = 2 * Math.PI * 44;

/**
 * The offer, big: who, how, how long they waited, how long there is to answer.
 *
 * Events: `accept` and `decline` (detail: the reason). Alt+A and Alt+X do the same outside of fields.
 */
export class OpenlineOfferCard extends StaffPart {
  static override styles = [...StaffPart.styles, css`
    :host { display: block; }
    .offer {
      display: grid; justify-items: center; gap: 14px; padding: 26px 22px; text-align: center; border-radius: var(--_radius);
      background: var(--_raised); border: 2px solid var(--_accent); box-shadow: var(--_shadow-high); animation: rise 0.3s var(--_ease);
    }
    @keyframes rise { from { opacity: 0; transform: translateY(10px) scale(0.985); } }
    .ring-box { position: relative; inline-size: 116px; block-size: 116px; display: grid; place-items: center; --_avatar: 84px; }
    .ring-box svg.ring { position: absolute; inset: 0; transform: rotate(-90deg); }
    .ring circle { fill: none; stroke-width: 5; stroke-linecap: round; }
    .track { stroke: var(--_edge); }
    .left { stroke: var(--_accent); transition: stroke-dashoffset 0.25s linear; }
    .late .left { stroke: var(--_busy); }
    h2 { font-size: 1.35em; line-height: 1.25; }
    .facts { display: flex; flex-wrap: wrap; justify-content: center; gap: 4px 16px; color: var(--_muted); }
    .facts span { display: inline-flex; align-items: center; gap: 6px; }
    .facts svg { inline-size: 18px; block-size: 18px; }
    .buttons { display: flex; flex-wrap: wrap; gap: 10px; justify-content: center; inline-size: 100%; }
    .buttons .button { flex: 1 1 9rem; min-block-size: 54px; font-size: 1.04em; }
    kbd { font: inherit; font-size: 0.74em; font-weight: 600; padding: 0 6px; border-radius: 5px; border: 1px solid currentcolor; opacity: 0.75; }
    @media (hover: none) { kbd { display: none; } }
    .reason { inline-size: 100%; }
    .hint { font-size: 0.86em; }
  `];

  @property({ attribute: false }) offer!: Offer;
  /** Milliseconds that an offer rings in this pool. */
  @property({ attribute: false }) ringMs = 30_000;
  @property({ attribute: false }) busy = false;
  /** What the two had to do before, as soon as it is known. */
  @property({ attribute: false }) met: UserHistory | null = null;

  @state() private reason = "";

  override connectedCallback(): void {
    super.connectedCallback();
    document.addEventListener("keydown", this.pressed);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    document.removeEventListener("keydown", this.pressed);
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has("offer") && changed.get("offer")?.offer !== this.offer.offer) this.reason = "";
  }

  private get partner(): string {
    return this.offer.partner || this.t("nameless");
  }

  private readonly pressed = (event: KeyboardEvent): void => {
    if (this.busy || this.offer.mine) return;
    const step = isShortcut(event, ACCEPT) ? this.accept : isShortcut(event, DECLINE) ? this.decline : null;
    if (!step) return;
    event.preventDefault();
    step();
  };

  private readonly accept = (): void => {
    this.dispatchEvent(new CustomEvent("accept"));
  };

  private readonly decline = (): void => {
    this.dispatchEvent(new CustomEvent("decline", { detail: this.reason.trim() }));
  };

  protected override render(): TemplateResult {
    const { mode, joined_at } = this.offer;
    const partner = this.partner;
    const left = Math.max(0, this.offer.ring_until - this.now);
    return html`<section class="offer" part="offer" role="alertdialog" aria-label=${this.t("offer.title", { name: partner })}>
      <div class="ring-box ${left < 8_000 ? "late" : ""}">${this.renderRing(left)}${avatar(partner)}</div>
      <h2 dir="auto">${this.t("offer.title", { name: partner })}</h2>
      <p class="facts"><span>${icon(mode)}${this.t(`mode.${mode}`)}</span>
        <span class="tabular">${icon("clock")}${this.t("offer.waited", { time: clock(this.now - joined_at) })}</span>
        ${this.met ? html`<span part="met">${icon("people")}${this.metWords(this.met)}</span>` : nothing}</p>
      ${this.offer.by_phone ? html`<p class="hint" part="by-phone" role="status">${this.t(this.offer.theirs ? "offer.picked_up" : "offer.by_phone", { name: partner })}</p>` : nothing}
      ${this.offer.mine ? html`<p role="status"><span class="spinner"></span> ${this.t("offer.accepted", { name: partner })}</p>` : this.renderAnswer()}
    </section>`;
  }

  private metWords({ met, met_at }: UserHistory): string {
    if (met === 0) return this.t("met.none");
    return this.t("met.times", { n: met, date: new Intl.DateTimeFormat(this.language, { day: "numeric", month: "long" }).format(met_at) });
  }

  private renderRing(left: number): TemplateResult {
    const share = Math.min(1, left / Math.max(1, this.ringMs));
    return html`<svg class="ring" viewBox="0 0 100 100" part="countdown" role="timer" aria-label=${this.t("offer.left", { n: Math.ceil(left / 1000) })}>
      ${svg`<circle class="track" cx="50" cy="50" r="44"/><circle class="left" cx="50" cy="50" r="44" stroke-dasharray=${RING} stroke-dashoffset=${RING * (1 - share)}/>`}</svg>`;
  }

  private renderAnswer(): TemplateResult | typeof nothing {
    return html`
      <div class="buttons">
        <button class="button main" part="accept" aria-keyshortcuts="Alt+${ACCEPT}" ?disabled=${this.busy} @click=${this.accept}>${icon("check")}${this.t("offer.accept")}<kbd>${shortcutName(ACCEPT)}</kbd></button>
        <button class="button" part="decline" aria-keyshortcuts="Alt+${DECLINE}" ?disabled=${this.busy} @click=${this.decline}>${icon("close")}${this.t("offer.decline")}<kbd>${shortcutName(DECLINE)}</kbd></button>
      </div>
      <input class="field reason" part="decline-reason" maxlength="200" dir="auto" aria-label=${this.t("offer.reason")} placeholder=${this.t("offer.reason")}
        .value=${this.reason} @input=${(event: Event) => (this.reason = (event.target as HTMLInputElement).value)}>
      <p class="muted hint">${this.t("offer.missed_hint", { name: this.partner })}</p>`;
  }
}

define("openline-offer-card", OpenlineOfferCard);
