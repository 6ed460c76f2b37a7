import { html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { property, state } from "lit/decorators.js";
import type { Language, Values } from "../i18n";
import type { PeopleKey } from "../i18n/people.en";
import { controls } from "../ui/controls";
import { define } from "../ui/element";
import { icon } from "../ui/icons";
import { tokens } from "../ui/tokens";
import { composeExceptions, type Exception, parseExceptions } from "./exceptions_text";
import { composeWeek, type Day, DAYS, EMPTY_WEEK, parseWeek, type Span, type Week } from "./hours_text";
import { peopleWords } from "./page";
import { peopleStyles } from "./styles";

export interface Hours {
  hours: string;
  exceptions: string;
  holidays: string;
  timezone: string;
}

export interface Country {
  code: string;
  name: string;
  subdivisions: { code: string; name: string }[];
}

const NINE_TO_FIVE: Span = { start: "09:00", end: "17:00" };
const MONDAY = Date.UTC(2024, 0, 1);

/** Weekly hours, exceptions, holidays and the zone they are in. Event: `hours` (detail: Hours). */
export class OpenlineHoursEditor extends LitElement {
  static override styles = [tokens, controls, peopleStyles];

  @property({ attribute: false }) hours: Hours = { hours: "", exceptions: "", holidays: "", timezone: "UTC" };
  @property({ attribute: false }) countries: readonly Country[] = [];
  @property({ attribute: false }) language: Language = "en";
  @property({ reflect: true }) theme = "";
  @state() private week: Week | null = EMPTY_WEEK;
  @state() private exceptions: readonly Exception[] | null = [];

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (!changed.has("hours")) return;
    if (this.week === null || composeWeek(this.week) !== this.hours.hours) this.week = parseWeek(this.hours.hours);
    if (this.exceptions === null || composeExceptions(this.exceptions) !== this.hours.exceptions) this.exceptions = parseExceptions(this.hours.exceptions);
  }

  private w(key: PeopleKey, values?: Values): string {
    return peopleWords(this.language)(key, values);
  }

  private tell(part: Partial<Hours>): void {
    this.dispatchEvent(new CustomEvent<Hours>("hours", { detail: { ...this.hours, ...part } }));
  }

  private setWeek(week: Week): void {
    this.week = week;
    this.tell({ hours: composeWeek(week) });
  }

  private setDay(day: Day, spans: readonly Span[]): void {
    this.setWeek({ ...(this.week ?? EMPTY_WEEK), [day]: spans });
  }

  private setExceptions(exceptions: readonly Exception[]): void {
    this.exceptions = exceptions;
    this.tell({ exceptions: composeExceptions(exceptions) });
  }

  protected override render(): TemplateResult {
    const always = this.hours.hours.trim() === "";
    return html`
      <label class="labelled"><span>${this.w("hours.zone")}</span><select class="field" part="timezone" @change=${(event: Event) => this.tell({ timezone: (event.target as HTMLSelectElement).value })}>
        ${zones(this.hours.timezone).map((zone) => html`<option value=${zone} ?selected=${zone === this.hours.timezone}>${zone.replaceAll("_", " ")}</option>`)}</select></label>
      <fieldset><legend>${this.w("hours.weekly")}</legend>
        <label class="check"><input type="checkbox" part="always" .checked=${always} @change=${(event: Event) => this.always((event.target as HTMLInputElement).checked)}>${this.w("hours.always")}</label>
        ${always ? nothing : this.week ? DAYS.map((day, at) => this.renderDay(day, at)) : this.renderText()}</fieldset>
      <fieldset><legend>${this.w("hours.exceptions")}</legend>
        ${this.exceptions ? this.renderExceptions(this.exceptions) : this.renderExceptionsText()}</fieldset>
      ${this.renderHolidays()}`;
  }

  private always(yes: boolean): void {
    const workday = [NINE_TO_FIVE];
    this.setWeek(yes ? EMPTY_WEEK : { ...EMPTY_WEEK, mon: workday, tue: workday, wed: workday, thu: workday, fri: workday });
  }

  private dayName(at: number): string {
    return new Intl.DateTimeFormat(this.language, { weekday: "long", timeZone: "UTC" }).format(MONDAY + at * 86_400_000);
  }

  private renderDay(day: Day, at: number): TemplateResult {
    const spans = this.week![day];
    const name = this.dayName(at);
    const put = (index: number, part: Partial<Span>) => this.setDay(day, spans.map((span, n) => (n === index ? { ...span, ...part } : span)));
    return html`<div class="day" part="day-${day}"><strong>${name}</strong><div class="spans">
      ${spans.length === 0 ? html`<span class="muted">${this.w("hours.closed")}</span>` : nothing}
      ${spans.map((span, index) => html`<span class="span">
        <input class="field tabular" type="time" aria-label=${this.w("hours.from", { day: name })} .value=${span.start} @change=${(event: Event) => put(index, { start: (event.target as HTMLInputElement).value || span.start })}>
        <span aria-hidden="true">–</span>
        <input class="field tabular" type="time" aria-label=${this.w("hours.to", { day: name })} .value=${span.end === "24:00" ? "00:00" : span.end} @change=${(event: Event) => put(index, { end: endOf((event.target as HTMLInputElement).value || span.end) })}>
        ${this.isLast ? nothing : html`<button type="button" class="button quiet icon" aria-label=${this.w("hours.remove", { day: name })} @click=${() => this.setDay(day, spans.filter((_, n) => n !== index))}>${icon("close")}</button>`}</span>`)}
      <button type="button" class="button quiet small" aria-label=${this.w("hours.add", { day: name })} @click=${() => this.setDay(day, [...spans, spans.length ? { start: "18:00", end: "20:00" } : NINE_TO_FIVE])}>${icon("plus")}</button>
      ${at === 0 && spans.length > 0 ? html`<button type="button" class="button quiet small" @click=${() => this.copyMonday()}>${this.w("hours.copy")}</button>` : nothing}
    </div></div>`;
  }

  /** A week without any hours would read as "always": the last span stays. */
  private get isLast(): boolean {
    return DAYS.reduce((count, day) => count + this.week![day].length, 0) === 1;
  }

  private copyMonday(): void {
    const { mon } = this.week!;
    this.setWeek({ ...this.week!, tue: mon, wed: mon, thu: mon, fri: mon });
  }

  private renderText(): TemplateResult {
    return html`<input class="field" part="hours-text" dir="ltr" maxlength="1000" aria-label=${this.w("hours.weekly")} .value=${this.hours.hours}
      @input=${(event: Event) => this.tell({ hours: (event.target as HTMLInputElement).value })}>`;
  }

  private renderExceptionsText(): TemplateResult {
    return html`<input class="field" dir="ltr" maxlength="4000" aria-label=${this.w("hours.exceptions")} .value=${this.hours.exceptions}
      @input=${(event: Event) => this.tell({ exceptions: (event.target as HTMLInputElement).value })}>`;
  }

  private renderExceptions(all: readonly Exception[]): TemplateResult {
    const put = (index: number, part: Partial<Exception>) => this.setExceptions(all.map((one, n) => (n === index ? { ...one, ...part } : one)));
    const day = (one: Exception, index: number, part: "from" | "to", label: string) => html`<input class="field" type="date" aria-label=${label} .value=${one[part]}
      @change=${(event: Event) => put(index, { [part]: (event.target as HTMLInputElement).value || one[part] })}>`;
    return html`
      ${all.map((one, index) => html`<div class="spans" part="exception"><span class="span">${day(one, index, "from", this.w("hours.first_day"))}<span aria-hidden="true">–</span>${day(one, index, "to", this.w("hours.last_day"))}</span>
        <input class="field grow" dir="ltr" aria-label=${this.w("hours.ranges")} placeholder=${this.w("hours.closed_whole")} .value=${one.ranges} @change=${(event: Event) => put(index, { ranges: (event.target as HTMLInputElement).value.trim() })}>
        <button type="button" class="button quiet icon" aria-label=${this.w("hours.remove_exception")} @click=${() => this.setExceptions(all.filter((_, n) => n !== index))}>${icon("close")}</button></div>`)}
      <div><button type="button" class="button quiet small" part="add-exception" @click=${() => this.setExceptions([...all, { from: today(), to: today(), ranges: "" }])}>${icon("plus")}${this.w("hours.add_exception")}</button></div>`;
  }

  private renderHolidays(): TemplateResult {
    const [country = "", part = ""] = this.hours.holidays.split(/-(.*)/s);
    const known = this.countries.find((one) => one.code === country);
    const pick = (event: Event) => this.tell({ holidays: (event.target as HTMLSelectElement).value });
    const pickPart = (event: Event) => {
      const value = (event.target as HTMLSelectElement).value;
      this.tell({ holidays: value ? `${country}-${value}` : country });
    };
    return html`<div class="two"><label class="labelled"><span>${this.w("hours.holidays")}</span><select class="field" part="holidays" @change=${pick}>
        <option value="" ?selected=${country === ""}>${this.w("hours.no_holidays")}</option>
        ${this.countries.map((one) => html`<option value=${one.code} ?selected=${one.code === country}>${regionName(one, this.language)}</option>`)}</select></label>
      ${known && known.subdivisions.length > 0 ? html`<label class="labelled"><span>${this.w("hours.region")}</span><select class="field" part="region" @change=${pickPart}>
        <option value="" ?selected=${part === ""}>${this.w("hours.whole_country")}</option>
        ${known.subdivisions.map((one) => html`<option value=${one.code} ?selected=${one.code === part}>${one.name}</option>`)}</select></label>` : nothing}</div>`;
  }
}

/** Midnight at the end of a day is 24:00 in the text. */
function endOf(value: string): string {
  return value === "00:00" ? "24:00" : value;
}

function today(): string {
  return new Date().toLocaleDateString("en-CA");
}

function zones(current: string): readonly string[] {
  const known = Intl.supportedValuesOf("timeZone");
  return [...new Set([current, "UTC", ...known])].sort();
}

function regionName(country: Country, language: Language): string {
  try {
    return new Intl.DisplayNames(language, { type: "region" }).of(country.code) ?? country.name;
  } catch {
    return country.name;
  }
}

define("openline-hours-editor", OpenlineHoursEditor);
