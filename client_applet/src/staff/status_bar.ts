import { css, html, nothing, type TemplateResult } from "lit";
import { property, query, state } from "lit/decorators.js";
import type { Light, Status } from "../generated/wire";
import { clock, comingTime } from "../i18n";
import type { StaffKey } from "../i18n/staff.en";
import { define } from "../ui/element";
import { icon } from "../ui/icons";
import { mark } from "../ui/lights";
import { StaffPart } from "./part";

const STATUSES: readonly Status[] = ["online", "away", "offline"];
const SHAPE = { online: "free", away: "away", offline: "offline" } as const;
const OPEN_MINUTES = [15, 30, 60, 120, 240] as const;
const PRESETS: readonly StaffKey[] = ["status.break", "status.lunch", "status.meeting", "status.today"];

/** The status toggle, and what visitors see now. Events: `declare` (detail: status and reason), `open-for` (detail: minutes). */
export class OpenlineStatus extends StaffPart {
  static override styles = [...StaffPart.styles, css`
    :host { display: flex; flex-wrap: wrap; align-items: center; gap: 8px 18px; }
    .toggle { display: inline-flex; padding: 3px; border-radius: 99px; background: var(--_sunken); border: 1px solid var(--_edge); }
    .toggle button {
      display: inline-flex; align-items: center; gap: 7px; min-block-size: 44px; padding: 4px 16px; border: 0; border-radius: 99px; background: transparent;
      color: var(--_muted); font: inherit; font-weight: 600; font-size: 0.94em; cursor: pointer; transition: background 0.15s, color 0.15s;
    }
    .toggle button[aria-checked="true"] { background: var(--_raised); color: var(--_text); box-shadow: var(--_shadow), 0 0 0 1px var(--_edge-strong); }
    .toggle button:focus-visible { border-radius: 99px; }
    .both { display: grid; gap: 2px; }
    .seen { display: inline-flex; flex-wrap: wrap; align-items: center; gap: 4px 8px; font-size: 0.92em; color: var(--_muted); }
    .seen b { display: inline-flex; align-items: center; gap: 6px; color: var(--_text); font-weight: 650; }
    .seen > span > svg { inline-size: 1.1em; block-size: 1.1em; vertical-align: -0.15em; margin-inline-end: 4px; }
    .seen .field { inline-size: auto; min-block-size: 40px; padding-block: 2px; }
    dialog { border: 0; border-radius: var(--_radius); padding: 22px; inline-size: min(26rem, calc(100vw - 32px)); background: var(--_raised); color: var(--_text); box-shadow: var(--_shadow-high); font: inherit; }
    dialog::backdrop { background: rgb(10 12 20 / 45%); }
    h2 { font-size: 1.1em; margin-block-end: 14px; }
    .presets { display: flex; flex-wrap: wrap; gap: 8px; margin-block-end: 12px; }
    .buttons { display: flex; justify-content: flex-end; flex-wrap: wrap; gap: 8px; margin-block-start: 16px; }
  `];

  @property({ attribute: false }) light: Light | undefined = undefined;
  @property({ attribute: false }) declared: Status = "online";
  @property({ attribute: false }) busy = false;
  /** The end of "available now for", 0 without. */
  @property({ attribute: false }) openUntil = 0;
  /** The page's view is not confirmed. */
  @property({ attribute: false }) unsure = false;

  @state() private reason = "";
  @query("dialog") private dialog!: HTMLDialogElement;

  private choose(status: Status): void {
    if (status === "away") {
      this.reason = this.light?.indicator === "away" && this.light.reason !== "missed" ? this.light.reason : "";
      this.dialog.showModal();
    } else this.declare(status, "");
  }

  private declare(status: Status, reason: string): void {
    this.dispatchEvent(new CustomEvent("declare", { detail: { status, reason } }));
  }

  private readonly setAway = (event: Event): void => {
    event.preventDefault();
    this.dialog.close();
    this.declare("away", this.reason.trim());
  };

  /** Arrow keys move between the three, as in any group of radio buttons. */
  private readonly pressed = (event: KeyboardEvent): void => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const buttons = [...this.renderRoot.querySelectorAll<HTMLButtonElement>("[role=radio]")];
    const sign = this.matches(":dir(rtl)") ? -step : step;
    const at = buttons.indexOf(event.target as HTMLButtonElement);
    buttons[(at + sign + buttons.length) % buttons.length]?.focus();
  };

  protected override render(): TemplateResult {
    return html`
      <div class="toggle" role="radiogroup" aria-label=${this.t("status.label")} @keydown=${this.pressed}>
        ${STATUSES.map((status) => this.renderChoice(status))}</div>
      ${this.light ? html`<span class="both">${this.renderSet()}${this.renderSeen(this.light)}</span>` : nothing}
      <dialog aria-labelledby="away-title"><form @submit=${this.setAway}>
        <h2 id="away-title">${this.t("status.away_title")}</h2>
        <div class="presets">${PRESETS.map((key) => this.renderPreset(this.t(key)))}</div>
        <input class="field" maxlength="200" dir="auto" part="away-reason" aria-label=${this.t("status.reason")} placeholder=${this.t("status.reason")}
          .value=${this.reason} @input=${(event: Event) => (this.reason = (event.target as HTMLInputElement).value)}>
        <div class="buttons"><button class="button" type="button" @click=${() => this.dialog.close()}>${this.t("cancel")}</button>
          <button class="button main" part="set-away">${this.t("status.set_away")}</button></div>
      </form></dialog>`;
  }

  private renderChoice(status: Status): TemplateResult {
    const chosen = status === this.declared;
    return html`<button role="radio" part="status-${status}" aria-checked=${chosen} tabindex=${chosen ? "0" : "-1"} ?disabled=${this.busy}
      @click=${() => this.choose(status)}>${mark(SHAPE[status])}${this.t(`status.${status}`)}</button>`;
  }

  private renderPreset(words: string): TemplateResult {
    return html`<button class="chip" type="button" aria-pressed=${this.reason === words} @click=${() => (this.reason = words)}>${words}</button>`;
  }

  private renderSet(): TemplateResult {
    return html`<span class="seen" part="set" data-declared=${this.declared}>${this.t("status.set")}
      <b>${mark(SHAPE[this.declared])}${this.t(`status.${this.declared}`)}</b></span>`;
  }

  private renderSeen(light: Light): TemplateResult {
    const reason = light.reason && light.reason !== "missed" ? ` · ${light.reason}` : "";
    return html`<span class="seen" part="seen" data-indicator=${light.indicator}>${this.t("status.seen")}
      <b>${mark(this.unsure ? "unsure" : light.indicator)}${this.t(`light.${light.indicator}`)}<span dir="auto">${reason}</span></b>
      <time class="tabular">${this.t("status.since", { time: clock(this.now - light.since) })}</time>
      ${light.indicator === "closed" ? html`<span>${icon("clock")}${this.closedNote(light)}</span>` : nothing}
      ${this.renderOpening(light)}</span>`;
  }

  /** Outside the weekly hours: available all the same, for a while. */
  private renderOpening(light: Light): TemplateResult | typeof nothing {
    const openFor = (minutes: number) => this.dispatchEvent(new CustomEvent("open-for", { detail: minutes }));
    if (this.openUntil > this.now) {
      return html`<span>${this.t("status.open_until", { time: comingTime(this.openUntil, this.now, this.language) })}</span>
        <button class="button quiet small" part="open-end" ?disabled=${this.busy} @click=${() => openFor(0)}>${this.t("status.open_end")}</button>`;
    }
    if (light.indicator !== "closed") return light.closes > this.now ? html`<span>${this.t("status.closes", { time: comingTime(light.closes, this.now, this.language) })}</span>` : nothing;
    const chosen = (event: Event) => {
      const select = event.target as HTMLSelectElement;
      if (select.value) openFor(Number(select.value));
      select.value = "";
    };
    return html`<select class="field" part="open-for" aria-label=${this.t("status.open_title")} ?disabled=${this.busy} @change=${chosen}>
      <option value="" selected>${this.t("status.open_for")}</option>
      ${OPEN_MINUTES.map((n) => html`<option value=${n}>${this.t("status.minutes", { n })}</option>`)}</select>`;
  }

  private closedNote(light: Light): string {
    if (!light.until) return this.t("status.closed_note_open");
    return this.t("status.closed_note", { time: comingTime(light.until, this.now, this.language) });
  }
}

define("openline-status", OpenlineStatus);
