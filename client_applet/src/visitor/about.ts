import { css, html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { property, state } from "lit/decorators.js";
import type { LiveClient } from "../core";
import type { AboutExpert, Indicator, Role } from "../generated/wire";
import { comingTime, dayOf, type Language, timeOfDay, type Values } from "../i18n";
import type { VisitKey } from "../i18n/visit.en";
import { controls } from "../ui/controls";
import { define } from "../ui/element";
import { icon } from "../ui/icons";
import { shelf } from "../ui/shelf";
import { tokens } from "../ui/tokens";
import { type Day, isElsewhere, week, type Window, windowText } from "../ui/hours";
import "./letter_form";
import { visitWords } from "./visit_words";
import "./wish_form";

/** A further step that is offered where the expert can't talk now. */
export type Step = "tell" | "write";

const STEPS = { tell: { icon: "bell", words: "tell.do" }, write: { icon: "mail", words: "write.do" } } as const;

/**
 * What there is about an expert beside the light: further steps with their forms, hours, earlier sessions, the profile page.
 *
 * Slot: what stands between the steps and the rest. Parts: `step-tell`, `step-write`, `hours`, `day`, `met`, `profile`.
 */
export class OpenlineAbout extends LitElement {
  static override styles = [tokens, controls, css`
    :host { display: grid; gap: 16px; }
    .steps { display: flex; flex-wrap: wrap; gap: 8px; }
    .steps .button { flex: 1 1 auto; }
    .sheet { padding: 16px; border-radius: var(--_radius-small); background: var(--_sunken); display: grid; gap: 12px; }
    .sheet h4 { font-size: 1.04em; }
    details, .always { border-block-start: 1px solid var(--_edge); padding-block-start: 6px; }
    .grow { flex: 1; }
    summary, .always { display: flex; align-items: center; gap: 8px; min-block-size: 44px; list-style: none; }
    summary { cursor: pointer; }
    summary::-webkit-details-marker { display: none; }
    summary svg, .always svg { inline-size: 1.15em; block-size: 1.15em; color: var(--_muted); flex: none; }
    summary > svg:last-child { transition: rotate 0.15s; }
    details[open] > summary > svg:last-child { rotate: 180deg; }
    summary strong { font-weight: 620; }
    .days { display: grid; gap: 2px; padding-block: 2px 8px; }
    .days li { display: flex; justify-content: space-between; gap: 16px; padding: 4px 0; font-size: 0.94em; }
    .days li.today { font-weight: 650; }
    .days .name::first-letter { text-transform: uppercase; }
    .days .spans { text-align: end; display: grid; font-variant-numeric: tabular-nums; }
    .zone, .failed { color: var(--_muted); font-size: 0.88em; }
    .met { display: flex; gap: 8px; align-items: center; font-size: 0.94em; }
    .met svg, .profile svg { inline-size: 1.15em; block-size: 1.15em; color: var(--_muted); flex: none; }
    .profile { display: inline-flex; align-items: center; gap: 8px; min-block-size: 44px; color: var(--_text); font-weight: 600; text-underline-offset: 3px; }
    .profile span { color: var(--_muted); font-weight: 450; }
    .skeleton { block-size: 20px; inline-size: 60%; }
  `];

  @property({ attribute: false }) client: LiveClient | null = null;
  @property({ attribute: false }) expert = "";
  @property({ attribute: false }) name = "";
  @property({ attribute: false }) language: Language = "en";
  @property({ reflect: true }) theme = "";
  /** How often there was news of this expert. */
  @property({ attribute: false }) news = 0;
  @property({ attribute: false }) asker: Role = "guest";
  @property({ attribute: false }) indicator: Indicator = "offline";
  @property({ attribute: false, hasChanged: (now: readonly Step[], old?: readonly Step[]) => now.join() !== old?.join() }) steps: readonly Step[] = [];
  /** The first step is the best one here. */
  @property({ type: Boolean }) leading = false;
  /** Changes every minute, and with it what "today" and "now" are. */
  @property({ attribute: false }) minute = 0;

  @state() private told: AboutExpert | null = null;
  @state() private failed = false;
  @state() private open: Step | "" = "";
  /** A message has just gone out. */
  @state() private sent = false;
  private asked = "";

  protected override willUpdate(changed: PropertyValues): void {
    if (changed.has("expert")) {
      this.told = null;
      this.sent = false;
      this.open = this.kept();
    }
    const key = `${this.expert} ${this.asker} ${this.news}`;
    if (this.client && this.expert !== "" && key !== this.asked) void this.ask(this.client, key);
  }

  /** A form with words in it was open before the page was loaded again. */
  private kept(): Step | "" {
    return shelf.get(`letter:${this.client?.pool}:${this.expert}`) !== "" ? "write" : "";
  }

  private async ask(client: LiveClient, key: string): Promise<void> {
    this.asked = key;
    this.failed = false;
    const told = await client.request({ t: "about", expert: this.expert }).catch(() => null);
    if (key !== this.asked) return;
    if (told) this.told = told;
    this.failed = told === null;
  }

  private t(key: VisitKey, values?: Values): string {
    return visitWords(this.language)(key, values);
  }

  protected override render(): TemplateResult {
    return html`${this.renderSteps()}<slot></slot>${this.told ? this.renderTold(this.told) : this.renderWaiting()}`;
  }

  private renderSteps(): TemplateResult | typeof nothing {
    if (this.steps.length === 0) return nothing;
    const wished = this.wished;
    if (this.open !== "" && this.steps.includes(this.open)) return this.renderForm(this.open);
    const button = (step: Step, at: number) => html`
      <button class="button ${this.leading && at === 0 ? "main" : "outline"}" part="step-${step}" @click=${() => this.go(step)}>${icon(STEPS[step].icon)}${this.t(STEPS[step].words)}</button>`;
    return html`${this.sent ? html`<div class="callout good" part="sent" role="status">${icon("check")}<div><strong>${this.t("write.done", { name: this.name })}</strong><br>${this.t("write.doneText")}</div></div>` : nothing}
      ${wished ? this.renderWish() : nothing}
      <div class="steps">${this.steps.filter((step) => step !== "tell" || !wished).map(button)}</div>`;
  }

  private get wished(): boolean {
    return this.steps.includes("tell") && (this.told?.told_when_free === true || shelf.get(`wish:${this.client?.pool}:${this.expert}`) !== "");
  }

  private go(step: Step): void {
    this.open = step;
    this.sent = false;
    void this.updateComplete.then(async () => {
      const form = this.renderRoot.querySelector<LitElement>("openline-letter, openline-wish");
      await form?.updateComplete;
      form?.renderRoot.querySelector<HTMLElement>("textarea, input, button")?.focus();
    });
  }

  private renderForm(step: Step): TemplateResult {
    return html`<section class="sheet" aria-label=${this.t(STEPS[step].words)}><h4>${this.t(STEPS[step].words)}</h4>
      ${step === "tell" ? this.renderWish() : html`
        <openline-letter .client=${this.client} .expert=${this.expert} .name=${this.name} .language=${this.language} .theme=${this.theme}
          ?member=${this.asker === "user"} @form-closed=${this.closeForm} @letter-sent=${this.onSent}></openline-letter>`}</section>`;
  }

  private renderWish(): TemplateResult {
    return html`<openline-wish .client=${this.client} .expert=${this.expert} .name=${this.name} .language=${this.language} .theme=${this.theme}
      ?member=${this.asker === "user"} ?asked=${this.told?.told_when_free === true} @form-closed=${this.closeForm}></openline-wish>`;
  }

  private readonly closeForm = (): void => {
    const step = this.open;
    this.open = "";
    if (this.told?.told_when_free) this.asked = "";
    this.requestUpdate();
    void this.updateComplete.then(() => (this.renderRoot.querySelector<HTMLElement>(`[part="step-${step || "tell"}"]`) ?? this.renderRoot.querySelector<HTMLElement>(".steps button"))?.focus());
  };

  private readonly onSent = (): void => {
    this.sent = true;
    this.closeForm();
  };

  private renderWaiting(): TemplateResult {
    if (!this.failed) return html`<div class="skeleton" aria-hidden="true"></div>`;
    return html`<p class="failed">${this.t("hours.failed")} <button class="button quiet small" @click=${() => { this.asked = ""; this.requestUpdate(); }}>${this.t("hours.again")}</button></p>`;
  }

  private renderTold(told: AboutExpert): TemplateResult {
    const now = this.client!.store.now();
    return html`
      ${this.renderHours(told, now)}
      ${told.met > 0 ? html`<p class="met" part="met">${icon("people")}<span>${this.met(told, now)}</span></p>` : nothing}
      <a class="profile" part="profile" href=${new URL(told.page, this.client!.server).href} target="_blank" rel="noopener">${icon("person")}${this.t("profile.link")}
        ${told.ratings > 0 ? html`<span>${this.t("profile.count", { n: told.ratings })}</span>` : nothing}</a>`;
  }

  private met(told: AboutExpert, now: number): string {
    const key = told.met === 1 ? "met.once" : told.met === 2 ? "met.twice" : "met.times";
    return this.t(key, { name: this.name, n: told.met, day: dayOf(told.met_at, now, this.language) });
  }

  private renderHours(told: AboutExpert, now: number): TemplateResult {
    if (told.always) return html`<p class="always" part="hours">${icon("calendar")}<strong>${this.t("hours.title")}</strong> <span class="muted">${this.t("hours.always")}</span></p>`;
    const days = week(told.windows, now, this.language);
    const today = days[0]!;
    return html`
      <details part="hours" ?open=${this.indicator === "closed"}>
        <summary>${icon("calendar")}<span class="grow"><strong>${this.t("hours.title")}</strong> <span class="muted">${this.summary(told.windows, today, now)}</span></span>${icon("chevron")}</summary>
        <ul class="days">${days.map((day) => html`
          <li class=${day.at === 0 ? "today" : ""} part="day"><span class="name">${day.name}</span><span class="spans">${this.spans(day, now).map((span) => html`<span>${span}</span>`)}</span></li>`)}</ul>
        ${isElsewhere(told.timezone, now) ? html`<p class="zone" part="zone">${this.t("hours.zone", { name: this.name, time: timeOfDay(now, this.language, told.timezone), zone: told.timezone })}</p>` : nothing}
      </details>`;
  }

  /** Today's hours; where today has none left, when the next ones begin. */
  private summary(windows: readonly Window[], today: Day, now: number): string {
    const next = windows.find(([from]) => from > now);
    if (today.windows.length === 0 && next) return this.t("hours.opens", { time: comingTime(next[0], now, this.language) });
    return `${today.name}: ${this.spans(today, now).join(", ")}`;
  }

  private spans(day: Day, now: number): string[] {
    if (day.windows.length === 0) return [this.t("hours.closed")];
    return day.windows.map((window) => windowText(window, now, this.language, (time) => this.t("hours.until", { time })));
  }
}

define("openline-about", OpenlineAbout);

declare global {
  interface HTMLElementTagNameMap {
    "openline-about": OpenlineAbout;
  }
}
