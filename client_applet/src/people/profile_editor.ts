import { html, nothing, type TemplateResult } from "lit";
import { state } from "lit/decorators.js";
import { RefusedError } from "../core";
import { languageName } from "../i18n";
import type { Mode } from "../generated/wire";
import { avatar } from "../ui/avatar";
import { define } from "../ui/element";
import { icon } from "../ui/icons";
import { week, type Window, windowText } from "../ui/hours";
import "./feedback_list";
import "./hours_editor";
import type { Country, Hours } from "./hours_editor";
import { MoneyPage } from "./money_page";

interface Profile extends Hours {
  expert: string;
  name: string;
  headline: string;
  biography: string;
  categories: string[];
  languages: string[];
  modes: Mode[];
  started_on: string;
  rate: number;
  mode_rates: Partial<Record<Mode, number>>;
  email: string;
  photo: string;
}

interface Told {
  profile: Profile;
  currency: string;
  prepaid: boolean;
  /** The pool's tree; empty: experts name their own. */
  categories: string[];
}

interface Preview {
  always: boolean;
  windows: Window[];
  problem: string;
}

const MODES: readonly Mode[] = ["chat", "audio", "phone"];
const RATE_MAX = 10_000_000;
const PHOTO_MAX = 8 * 1024 * 1024;
const PREVIEW_MS = 400;

/** An expert's own profile and hours; an operator comes with `?expert=`. */
export class OpenlineProfileEditor extends MoneyPage {
  @state() private profile: Profile | null = null;
  @state() private prepaid = false;
  @state() private tree: readonly string[] = [];
  @state() private countries: readonly Country[] = [];
  @state() private preview: Preview | null = null;
  @state() private biography = "";
  @state() private missing = false;
  @state() private changed = false;
  private previewTimer = 0;

  constructor() {
    super();
    this.as = new URLSearchParams(location.search).has("expert") ? "operator" : "expert";
  }

  override connectedCallback(): void {
    super.connectedCallback();
    void this.load();
    addEventListener("beforeunload", this.leaving);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    removeEventListener("beforeunload", this.leaving);
  }

  private readonly leaving = (event: BeforeUnloadEvent): void => {
    if (this.changed) event.preventDefault();
  };

  /** Whose profile: the one that the address names, else one's own. */
  private async load(): Promise<void> {
    const ok = await this.run("load", async () => {
      const named = new URLSearchParams(location.search).get("expert");
      const expert = named ?? (await this.api.get<{ subject: string }>("account?role=expert")).subject;
      this.take(await this.api.get<Told>(`experts/${encodeURIComponent(expert)}/profile`));
      this.countries = (await this.api.get<{ countries: Country[] }>("/v1/holidays")).countries;
    });
    if (!ok && !this.profile) this.missing = true;
    else this.look();
  }

  private take(told: Told): void {
    this.profile = told.profile;
    this.currency = told.currency;
    this.prepaid = told.prepaid;
    this.show("rate", told.profile.rate);
    for (const mode of MODES) this.show(`rate-${mode}`, told.profile.mode_rates[mode] ?? null);
    this.tree = told.categories;
    this.changed = false;
  }

  private set(part: Partial<Profile>): void {
    this.profile = { ...this.profile!, ...part };
    this.changed = true;
  }

  private path(more: string): string {
    return `experts/${encodeURIComponent(this.profile!.expert)}/${more}`;
  }

  private async save(): Promise<void> {
    const { expert: _expert, photo: _photo, rate: _rate, mode_rates: _rates, email, ...own } = this.profile!;
    const rates = this.as === "operator" ? this.rates() : {};
    if (!rates) return;
    const fields = this.as === "operator" ? { ...own, ...rates, email } : own;
    await this.run("save", async () => this.take(await this.api.send<Told>("PUT", this.path("profile"), fields)), this.w("saved_live"));
  }

  /** What a minute costs, as typed; null where it can't be understood. */
  private rates(): Pick<Profile, "rate" | "mode_rates"> | null {
    const bounds = { least: 0, most: RATE_MAX };
    const rate = this.amount("rate", bounds);
    const others = MODES.filter((mode) => this.textOf(`rate-${mode}`) !== "").map((mode) => [mode, this.amount(`rate-${mode}`, bounds)] as const);
    if (rate === null || others.some(([, one]) => one === null)) return null;
    return { rate, mode_rates: Object.fromEntries(others) };
  }

  /** The coming week as the server reads the hours, a moment after the last change. */
  private look(): void {
    clearTimeout(this.previewTimer);
    this.previewTimer = setTimeout(() => void this.lookNow(), PREVIEW_MS) as unknown as number;
  }

  private async lookNow(): Promise<void> {
    const { hours, exceptions, holidays, timezone } = this.profile!;
    this.preview = await this.api.send<Preview>("POST", this.path("hours-preview"), { hours, exceptions, holidays, timezone }).catch(() => null);
  }

  protected override render(): TemplateResult {
    if (this.missing) {
      return this.renderWhole("person", this.w("profile.none"), this.problem ? this.refusalWords(this.problem) : "",
        html`<a class="button main" href=${this.signInUrl(this.as)}>${this.w("sign_in")}</a>`);
    }
    const profile = this.profile;
    if (!profile) return this.renderLoading();
    const pool = `/p/${encodeURIComponent(this.pool)}`;
    return html`
      <header><h1 dir="auto">${profile.name}</h1><nav>
        <a class="button quiet small" href="${pool}/${this.as}">${this.w(`nav.${this.as}`)}</a>
        <a class="button quiet small" href="${pool}/x/${encodeURIComponent(profile.expert)}" target="_blank" rel="noopener">${icon("window")}${this.w("profile.see")}</a>
        ${this.prepaid && this.as === "expert" ? html`<a class="button quiet small" href="${pool}/expert/earnings">${this.w("nav.earnings")}</a>` : nothing}
        <a class="button quiet small" href="${pool}/account?role=${this.as}">${this.w("nav.account")}</a></nav></header>
      ${this.renderSaid()}
      ${this.renderPhoto(profile)}${this.renderWho(profile)}${this.renderBiography(profile)}${this.renderOffer(profile)}${this.renderHours(profile)}
      <openline-feedback-list .pool=${this.pool} .as=${this.as} .theme=${this.theme} lang=${this.language} .expert=${profile.expert}></openline-feedback-list>
      <div class="bar">${this.changed ? html`<span class="muted">${this.w("profile.unsaved")}</span>` : nothing}${this.button("save", this.w("save"), () => void this.save(), "main", "check")}</div>`;
  }

  private renderPhoto(profile: Profile): TemplateResult {
    const send = (event: Event) => {
      const input = event.target as HTMLInputElement;
      const file = input.files?.[0];
      input.value = "";
      if (file) void this.upload(file);
    };
    const remove = () => this.run("photo", async () => {
      await this.api.send("DELETE", this.path("photo"));
      this.profile = { ...this.profile!, photo: "" };
    }, this.w("saved_live"));
    return html`<section class="card" aria-labelledby="photo"><h2 id="photo">${this.w("profile.photo")}</h2>
      <div class="photo">${avatar(profile.name, profile.photo)}<div class="buttons">
        <label class="button outline" tabindex="-1">${this.isRunning("photo") ? html`<span class="spinner"></span>` : icon("up")}${this.w("profile.upload")}
          <input class="said" type="file" part="photo" accept="image/png,image/jpeg,image/webp,image/avif" @change=${send}></label>
        ${profile.photo ? this.button("remove-photo", this.w("profile.remove_photo"), remove, "quiet") : nothing}</div>
        <p class="muted small">${this.w("profile.photo_hint")}</p></div></section>`;
  }

  private async upload(file: File): Promise<void> {
    await this.run("photo", async () => {
      if (file.size > PHOTO_MAX) throw new RefusedError("photo_too_large", "");
      const { photo } = await this.api.upload<{ photo: string }>(this.path("photo"), file);
      this.profile = { ...this.profile!, photo };
    }, this.w("saved_live"));
  }

  private renderWho(profile: Profile): TemplateResult {
    return html`<section class="card" aria-labelledby="who"><h2 id="who">${this.w("profile.who")}</h2><div class="two">
      ${this.field(this.w("name"), profile.name, (name) => this.set({ name }), { max: 100, part: "name" })}
      ${this.field(this.w("profile.since"), profile.started_on, (started_on) => this.set({ started_on }), { type: "date", part: "started-on" })}</div>
      ${this.field(this.w("profile.headline"), profile.headline, (headline) => this.set({ headline }), { max: 200, hint: this.w("profile.headline_hint"), part: "headline" })}
      ${this.field(this.w("profile.email"), profile.email, (email) => this.set({ email }), { type: "email", max: 254, hint: this.w("profile.email_hint"), part: "email", fixed: this.as !== "operator" })}</section>`;
  }

  private renderBiography(profile: Profile): TemplateResult {
    const look = () => this.run("biography", async () => {
      this.biography = (await this.api.send<{ html: string }>("POST", this.path("biography-preview"), { text: profile.biography })).html;
    });
    return html`<section class="card" aria-labelledby="bio"><h2 id="bio">${this.w("profile.biography")}</h2><p class="muted">${this.w("profile.biography_hint")}</p>
      ${this.field(this.w("profile.biography"), profile.biography, (biography) => this.set({ biography }), { lines: 8, part: "biography" })}
      <div class="buttons">${this.button("biography", this.w("profile.preview"), look)}</div>
      ${this.biography ? html`<div class="prose callout" dir="auto" .innerHTML=${this.biography}></div>` : nothing}</section>`;
  }

  private renderOffer(profile: Profile): TemplateResult {
    const flip = <T,>(all: readonly T[], one: T): T[] => (all.includes(one) ? all.filter((other) => other !== one) : [...all, one]);
    const words = (text: string) => text.split(",").map((one) => one.trim()).filter(Boolean);
    return html`<section class="card" aria-labelledby="offer"><h2 id="offer">${this.w("profile.offer")}</h2>
      ${this.tree.length > 0
          ? html`<fieldset><legend>${this.w("profile.categories")}</legend><div class="buttons">${this.tree.map((one) => html`<button type="button" class="chip" aria-pressed=${profile.categories.includes(one)} @click=${() => this.set({ categories: flip(profile.categories, one) })}>${one.replaceAll("/", " › ")}</button>`)}</div></fieldset>`
          : this.field(this.w("profile.categories_own"), profile.categories.join(", "), (text) => this.set({ categories: words(text) }), { max: 1300 })}
      ${this.field(this.w("profile.languages"), profile.languages.join(", "), (text) => this.set({ languages: words(text) }), {
        hint: profile.languages.map((one) => languageName(one, this.language)).join(", "), part: "languages" })}
      <fieldset><legend>${this.w("profile.modes")}</legend><div class="buttons">${MODES.map((mode) => html`<button type="button" class="chip" aria-pressed=${profile.modes.includes(mode)}
        @click=${() => this.set({ modes: flip(profile.modes, mode) })}>${icon(mode)}${this.w(`mode.${mode}`)}</button>`)}</div></fieldset>
    </section>${this.renderRates(profile)}`;
  }

  private renderRates(profile: Profile): TemplateResult | typeof nothing {
    if (this.as !== "operator") return this.prepaid ? html`<section class="card" aria-labelledby="rates"><h2 id="rates">${this.w("profile.rates")}</h2>${this.renderOwnRates(profile)}</section>` : nothing;
    const touch = () => (this.changed = true);
    return html`<section class="card" aria-labelledby="rates" @input=${touch}><h2 id="rates">${this.w("profile.rates")}</h2>
      <p class="muted">${this.w(this.prepaid ? "profile.rate_note" : "profile.rate_free_pool")}</p>
      ${this.amountField("rate", this.w("profile.rate", { currency: this.currency }))}
      <div class="two">${MODES.map((mode) => this.amountField(`rate-${mode}`, this.w("profile.rate_mode", { mode: this.w(`mode.${mode}`) }), { hint: this.w("profile.rate_as_above") }))}</div></section>`;
  }

  private renderOwnRates({ modes, rate, mode_rates }: Profile): TemplateResult {
    const words = (minor: number) => (minor ? this.w("money.per_minute", { price: this.money(minor) }) : this.w("profile.free"));
    return html`<p class="muted">${this.w("profile.rates_are")}</p><dl class="preview">${modes.map((mode) => html`<dt>${this.w(`mode.${mode}`)}</dt><dd class="tabular">${words(mode_rates[mode] ?? rate)}</dd>`)}</dl>`;
  }

  private renderHours(profile: Profile): TemplateResult {
    const { hours, exceptions, holidays, timezone } = profile;
    const change = (event: CustomEvent<Hours>) => {
      this.set(event.detail);
      this.look();
    };
    return html`<section class="card" aria-labelledby="hours"><h2 id="hours">${this.w("hours.title")}</h2>
      <openline-hours-editor .language=${this.language} .theme=${this.theme} .countries=${this.countries} .hours=${{ hours, exceptions, holidays, timezone }} @hours=${change}></openline-hours-editor>
      <div aria-live="polite"><strong>${this.w("hours.preview")}</strong>${this.renderPreview(timezone)}</div></section>`;
  }

  private renderPreview(zone: string): TemplateResult {
    const preview = this.preview;
    if (!preview) return html`<p class="muted">${this.w("loading")}</p>`;
    if (preview.problem) return html`<div class="callout error">${icon("warning")}<span dir="auto">${preview.problem}</span></div>`;
    if (preview.always) return html`<p class="muted">${this.w("hours.always")}</p>`;
    const now = Date.now();
    const until = (time: string) => this.w("hours.until", { time });
    const words = (windows: readonly Window[]) => windows.map((one) => windowText(one, now, this.language, until, zone)).join(", ");
    return html`<dl class="preview">${week(preview.windows, now, this.language, zone).map((day) => html`<dt>${day.name}</dt><dd class="tabular">${words(day.windows) || this.w("hours.closed")}</dd>`)}</dl>`;
  }
}

define("openline-profile-editor", OpenlineProfileEditor);

declare global {
  interface HTMLElementTagNameMap {
    "openline-profile-editor": OpenlineProfileEditor;
  }
}
