import { html, nothing, svg, type TemplateResult } from "lit";
import { property, state } from "lit/decorators.js";
import { ClockController, clockState, type ClockState, leftMs, ranMs, SHORT_MS, shownMs, waitsFor } from "../core";
import { cost, fee } from "../core/price";
import type { Meter, Session } from "../generated/wire";
import { clock, isoDuration } from "../i18n";
import type { MeterKey } from "../i18n/meter.en";
import { define } from "../ui/element";
import { icon, type IconName } from "../ui/icons";
import { speak } from "../ui/speech";
import { meterStyles } from "./meter_styles";
import { MoneyPart } from "./part";
import { percent, span } from "./words";

const RING = 2 * Math.PI * 26;
const ICONS: Record<ClockState, IconName> = { before: "clock", running: "clock", frozen: "pause", last: "warning", over: "check" };
/** Less than this is the way of a message and not a deposit. */
const LONGER_MS = 1000;

/**
 * The clock of a session that costs something: a ring that drains, figures that count down, what it has come to so far.
 *
 * Fires `deposit-wanted`. Parts: `ring`, `left`, `clock-state`, `sum`, `deposit`. `data-clock` says how the clock stands.
 */
export class OpenlineMeter extends MoneyPart {
  static override styles = [...MoneyPart.styles, meterStyles];

  @property({ attribute: false }) meter!: Meter;
  @property({ attribute: false }) session!: Session;
  /** Our own connection to the server holds. */
  @property({ type: Boolean }) online = false;
  /** The deposit is before the eyes already. */
  @property({ type: Boolean }) depositing = false;

  @state() private polite = "";
  @state() private urgent = "";
  private shown: { state: ClockState; whole: number } | null = null;

  constructor() {
    super();
    new ClockController(this, 250, () => this.online && this.meter.running_since > 0);
  }

  /** Server time; while the connection is gone, that of its last sign: what happened since, nobody here knows. */
  private get now(): number {
    const { store } = this.client!;
    return this.online ? store.now() : Math.min(store.now(), store.state.lastFrameAt);
  }

  private get left(): number {
    return leftMs(this.meter, this.now, this.session.cap_until);
  }

  private get standing(): ClockState {
    return clockState(this.meter, this.left, this.session.state === "ended");
  }

  protected override willUpdate(): void {
    super.willUpdate();
    if (!this.client) return;
    const now = { state: this.standing, whole: ranMs(this.meter, this.now) + this.left };
    if (this.shown) this.announce(this.shown, now);
    else if (now.state === "last") this.warn();
    this.shown = now;
  }

  /** Said once, when it changes: a clock that speaks every second helps nobody. */
  private announce(before: { state: ClockState; whole: number }, now: { state: ClockState; whole: number }): void {
    if (now.state === "last" && before.state !== "last") this.warn();
    if (now.state !== "last") this.urgent = "";
    if (now.state === "frozen" && before.state !== "frozen") this.polite = this.frozenWords();
    else if (before.state === "frozen" && now.state !== "frozen") this.polite = this.t("meter.goes_on");
    else if (before.state !== "before" && now.whole > before.whole + LONGER_MS) this.polite = this.t("meter.longer", { time: this.time(this.left) });
  }

  private warn(): void {
    this.urgent = this.t(this.session.side === "user" ? "meter.last_user" : "meter.last_expert");
    // Who talks may not look.
    if (this.session.mode !== "chat") speak(this.urgent, this.language);
  }

  protected override render(): TemplateResult | typeof nothing {
    if (!this.client) return nothing;
    const state = this.standing;
    const left = this.left;
    return html`<div class="meter ${state} ${this.online ? "" : "unsure"}" part="meter" role="group" aria-label=${this.t("meter.label")} data-clock=${state}>
        ${this.renderRing(state, left)}
        <div class="figures"><span class="label" id="label">${this.t("meter.left")}</span>
          <time class="left" part="left" role="timer" aria-labelledby="label" datetime=${isoDuration(shownMs(left))}>${clock(shownMs(left))}</time></div>
        <div class="words"><span class="stands" part="clock-state">${this.standingWords(state, left)}</span>${this.renderSum()}</div>
        ${this.session.side === "user" ? this.renderMore(state) : nothing}
      </div>
      <p class="said" role="status">${this.polite}</p><p class="said" role="alert">${this.urgent}</p>`;
  }

  /** Decoration of the figures beside it. It changes its shape, too, in the last minute and while it stands still. */
  private renderRing(state: ClockState, left: number): TemplateResult {
    const whole = ranMs(this.meter, this.now) + left;
    const share = whole > 0 ? Math.min(1, left / whole) : 0;
    return html`<span class="dial" aria-hidden="true"><svg class="ring" part="ring" viewBox="0 0 64 64" data-share=${share.toFixed(3)}>
        ${svg`<circle class="track" cx="32" cy="32" r="26"/>
        <circle class="rest" cx="32" cy="32" r="26" stroke-dasharray=${RING} stroke-dashoffset=${RING * (1 - share)}/>`}</svg>
        ${icon(ICONS[state])}</span>`;
  }

  private standingWords(state: ClockState, left: number): string {
    if (!this.online) return this.t("meter.unsure");
    if (state === "frozen") return this.frozenWords();
    if (state === "before") return this.t("meter.before");
    if (state === "last") return this.t(left > 0 ? "meter.last" : "meter.zero");
    return this.running();
  }

  private running(): string {
    const ran = ranMs(this.meter, this.now);
    if (ran < this.meter.free_ms) return this.t("meter.free", { time: this.time(this.meter.free_ms) });
    return ran <= SHORT_MS ? this.t("meter.short") : this.rate;
  }

  private frozenWords(): string {
    const who = waitsFor(this.meter, this.session.side);
    const key: MeterKey = who === "me" ? "meter.me" : who === "them" ? "meter.them" : "meter.both";
    return this.t(key, { partner: this.session.partner });
  }

  private get rate(): string {
    return this.t("rate", { price: this.money(this.meter.rate, this.meter.currency) });
  }

  private renderSum(): TemplateResult | typeof nothing {
    const { rate, free_ms, fee_bps, currency } = this.meter;
    const amount = cost(rate, free_ms, ranMs(this.meter, this.now));
    if (this.session.side === "user") return html`<span class="sum" part="sum">${this.t("meter.spent", { amount: this.money(amount, currency) })}</span>`;
    const earned = this.t("meter.earned", { amount: this.money(amount - fee(amount, fee_bps), currency) });
    const after = fee_bps > 0 ? this.t("meter.fee", { fee: percent(fee_bps, this.language) }) : "";
    return html`<span class="sum" part="sum"><strong>${earned}</strong> ${after}</span>`;
  }

  private renderMore(state: ClockState): TemplateResult | typeof nothing {
    if (state === "over" || this.depositing) return nothing;
    return html`<button class="button ${state === "last" ? "main" : "outline"} small more" part="deposit" @click=${this.deposit}>${icon("plus")}${this.t("meter.more")}</button>`;
  }

  private readonly deposit = (): void => {
    this.dispatchEvent(new CustomEvent("deposit-wanted", { bubbles: true, composed: true }));
  };

  private time(ms: number): string {
    return span((key, values) => this.t(key, values), Math.ceil(ms / 1000));
  }
}

define("openline-meter", OpenlineMeter);

declare global {
  interface HTMLElementTagNameMap {
    "openline-meter": OpenlineMeter;
  }
}
