import { html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { property } from "lit/decorators.js";
import { joinForecast, type KnownTicket, type LiveClient, placeForecast, position } from "../core";
import type { Light, Mode, Profile } from "../generated/wire";
import { comingTime, type Language, languageName, translate } from "../i18n";
import { avatar } from "../ui/avatar";
import { controls } from "../ui/controls";
import { define } from "../ui/element";
import { icon } from "../ui/icons";
import { mark, marks } from "../ui/lights";
import { tokens } from "../ui/tokens";
import { wait } from "../ui/words";
import { cardStyles } from "./card_styles";
import { shown } from "./situation";

/** What a person asked of a card. */
export type CardGesture = { do: "open" | "switch" | "choose" } | { do: "connect" | "join"; mode: Mode };

/** One expert in the directory. It hears of its own light alone. Fires `gesture` with a CardGesture. */
export class OpenlineCard extends LitElement {
  static override styles = [tokens, controls, marks, ...cardStyles];

  @property({ attribute: false }) client: LiveClient | null = null;
  @property({ attribute: false }) expert = "";
  @property({ attribute: false }) language: Language = "en";
  @property({ reflect: true }) theme = "";
  @property({ type: Boolean }) stale = false;
  /** Several are being chosen: whether this one is. Undefined: not choosing. */
  @property({ attribute: false }) chosen: boolean | undefined = undefined;
  @property({ type: Boolean }) full = false;

  private stops: (() => void)[] = [];

  override connectedCallback(): void {
    super.connectedCallback();
    this.listen();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.unlisten();
  }

  protected override willUpdate(changed: PropertyValues): void {
    if ((changed.has("client") || changed.has("expert")) && this.hasUpdated) this.listen();
  }

  override focus(): void {
    this.renderRoot.querySelector<HTMLElement>("button.name")?.focus();
  }

  private listen(): void {
    this.unlisten();
    const store = this.client?.store;
    if (!store) return;
    const again = () => this.requestUpdate();
    this.stops = [
      store.subscribe((hall) => hall.lights.get(this.expert), again),
      store.subscribe((hall) => hall.profiles.get(this.expert), again),
      store.subscribe((hall) => hall.forecasts.get(this.expert), again),
      store.subscribe((hall) => hall.ticket, again),
    ];
  }

  private unlisten(): void {
    for (const stop of this.stops) stop();
    this.stops = [];
  }

  protected override render(): TemplateResult | typeof nothing {
    const hall = this.client?.store.state;
    const profile = hall?.profiles.get(this.expert);
    if (!hall || !profile) return nothing;
    const light = hall.lights.get(this.expert);
    return html`
      <article class="card-box ${this.chosen ? "chosen" : ""}" part="card">
        <div class="top">
          ${avatar(profile.name, profile.photo, this.client?.server)}
          <div class="who">
            <h3><button class="name" aria-haspopup="dialog" @click=${() => this.gesture({ do: this.chosen === undefined ? "open" : "choose" })}>${profile.name}</button></h3>
            <p class="headline">${profile.headline}</p>
          </div>
          ${this.chosen === undefined ? nothing : this.box(profile.name)}
        </div>
        ${this.state(light)}
        <div class="foot">
          ${this.tags(profile)}
          ${this.chosen === undefined ? this.buttons(profile, light, hall.ticket) : nothing}
        </div>
      </article>`;
  }

  private t(...args: Parameters<ReturnType<typeof translate>>): string {
    return translate(this.language)(...args);
  }

  private state(light: Light | undefined): TemplateResult {
    const state = shown(light, this.stale ? "stale" : "fresh", light !== undefined);
    const what = state === "unknown" ? "loading" : state;
    const hall = this.client!.store.state;
    const now = this.client!.store.now();
    const own = hall.ticket?.places.find((place) => place.expert === this.expert);
    const told = hall.forecasts.get(this.expert);
    const forecast = own ? placeForecast(hall, own) : joinForecast(hall, this.expert);
    const parts: string[] = [];
    if (light && what !== "unsure") {
      if (light.indicator === "closed" && light.until) parts.push(this.t("light.opens", { time: comingTime(light.until, now, this.language) }));
      if (light.waiting > 0) parts.push(this.t("light.waiting", { n: light.waiting }));
      if (forecast && told && light.indicator !== "free") parts.push(wait(translate(this.language), forecast, now - told.at));
    }
    return html`
      <p class="light"><span class="what ${what}">${mark(what)}${this.t(`light.${what}`)}</span>
        ${parts.length > 0 ? html`<span class="more">${parts.join(" · ")}</span>` : nothing}</p>`;
  }

  private tags(profile: Profile): TemplateResult | typeof nothing {
    if (profile.languages.length === 0) return nothing;
    const names = profile.languages.map((code) => languageName(code, this.language));
    return html`<p class="tags"><span class="said">${this.t("list.speaks", { languages: names.join(", ") })}</span>
      ${profile.languages.slice(0, 4).map((code, at) => html`<span class="tag" title=${names[at] ?? code} aria-hidden="true">${code.toUpperCase()}</span>`)}</p>`;
  }

  private buttons(profile: Profile, light: Light | undefined, ticket: KnownTicket | null): TemplateResult {
    const own = ticket?.places.find((place) => place.expert === this.expert);
    if (own) return html`<div class="buttons">${this.button("main", "check", this.t("line.placeIs", { n: position(own) }), profile, { do: "open" })}</div>`;
    const indicator = light?.indicator ?? "offline";
    if (indicator === "offline" || indicator === "closed" || this.full) {
      return html`<div class="buttons">${this.button("quiet", "info", this.t("do.open"), profile, { do: "open" })}</div>`;
    }
    if (ticket) return html`<div class="buttons">${this.button("outline", "switch", this.t(indicator === "free" ? "do.switchNow" : "do.switch"), profile, { do: "switch" })}</div>`;
    if (indicator !== "free") {
      return html`<div class="buttons">${this.button("outline", "plus", this.t("do.join"), profile, { do: "join", mode: profile.modes[0] ?? "chat" })}</div>`;
    }
    const modes: Mode[] = profile.modes.length > 0 ? profile.modes : ["chat"];
    return html`<div class="buttons">${modes.map((mode, at) =>
      this.button(at === 0 ? "main" : "outline", mode, this.t(modes.length > 1 ? `mode.${mode}` : "do.connect"), profile, { do: "connect", mode }))}</div>`;
  }

  private button(kind: string, name: Parameters<typeof icon>[0], label: string, profile: Profile, gesture: CardGesture): TemplateResult {
    return html`<button class="button small ${kind}" aria-label="${label}: ${profile.name}" @click=${() => this.gesture(gesture)}>${icon(name)}${label}</button>`;
  }

  private box(name: string): TemplateResult {
    return html`<label class="box"><input type="checkbox" aria-label=${this.t("list.choose", { name })} .checked=${this.chosen ?? false}
      @change=${() => this.gesture({ do: "choose" })}><span>${icon("check")}</span></label>`;
  }

  private gesture(detail: CardGesture): void {
    this.dispatchEvent(new CustomEvent<CardGesture>("gesture", { detail }));
  }
}

define("openline-card", OpenlineCard);

declare global {
  interface HTMLElementTagNameMap {
    "openline-card": OpenlineCard;
  }
}
