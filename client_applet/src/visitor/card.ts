import { html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { property } from "lit/decorators.js";
import { type Hall, joinForecast, type LiveClient, placeForecast, position, STALE_AFTER_MS, standsStill } from "../core";
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
import { closesSoon } from "./outlook";
import type { Told } from "./search";
import { shown } from "./situation";
import { standing, standingStyles } from "./standing";
import { marked, whyLine } from "./why";

/** With whom this user is in session now; "" for nobody. */
const withWhom = ({ session }: Hall): string => (session?.side === "user" && session.state !== "ended" ? session.expert : "");

/** What a person asked of a card. */
export type CardGesture = { do: "open" | "switch" | "choose" } | { do: "connect" | "join"; mode: Mode };

/** One expert in the directory. It hears of its own light alone. Fires `gesture` with a CardGesture. */
export class OpenlineCard extends LitElement {
  static override styles = [tokens, controls, marks, standingStyles, ...cardStyles];

  @property({ attribute: false }) client: LiveClient | null = null;
  @property({ attribute: false }) expert = "";
  /** What the search told of this expert: why, and the light until it is followed. */
  @property({ attribute: false }) told: Told | null = null;
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
      store.subscribe((hall) => withWhom(hall), again),
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
    const light = hall.lights.get(this.expert) ?? this.lately;
    const why = this.told?.why ?? [];
    const words = why.map((one) => one.word);
    return html`
      <article class="card-box ${this.chosen ? "chosen" : ""}" part="card">
        <div class="top">
          ${avatar(profile.name, profile.photo, this.client?.server)}
          <div class="who">
            <h3><button class="name" aria-haspopup="dialog" @click=${() => this.gesture({ do: this.chosen === undefined ? "open" : "choose" })}><bdi>${marked(profile.name, words)}</bdi></button></h3>
            <p class="headline" dir="auto">${marked(profile.headline, words)}</p>
          </div>
          ${this.chosen === undefined ? nothing : this.box(profile.name)}
        </div>
        ${standing(translate(this.language), this.language, profile, hall.welcome?.rules ?? null, this.client!.store.now())}
        ${why.length > 0 ? whyLine(translate(this.language), this.language, why) : nothing}
        ${this.state(light)}
        <div class="foot">
          ${this.tags(profile)}
          ${this.chosen === undefined ? this.buttons(profile, light, hall) : nothing}
        </div>
      </article>`;
  }

  /** The light that came with the answer, for the moment until the page follows it: as old as any light may be, and no older. */
  private get lately(): Light | undefined {
    return this.told && this.client!.store.now() - this.told.at < STALE_AFTER_MS ? this.told.light : undefined;
  }

  private t(...args: Parameters<ReturnType<typeof translate>>): string {
    return translate(this.language)(...args);
  }

  private state(light: Light | undefined): TemplateResult {
    const state = shown(light, this.stale ? "stale" : "fresh", light !== undefined);
    const what = state === "unknown" ? "loading" : state;
    const hall = this.client!.store.state;
    if (withWhom(hall) === this.expert) return html`<p class="light"><span class="what busy">${mark("busy")}${this.t("light.with_you")}</span></p>`;
    const now = this.client!.store.now();
    const own = hall.ticket?.places.find((place) => place.expert === this.expert);
    const live = own ? placeForecast(hall, own) : joinForecast(hall, this.expert);
    const forecast = live ?? (this.lately && this.told!.wait.p50 >= 0 ? this.told!.wait : null);
    const at = live ? (hall.forecasts.get(this.expert)?.at ?? now) : (this.told?.at ?? now);
    const parts: string[] = [];
    if (light && what !== "unsure") {
      if (light.indicator === "closed" && light.until) parts.push(this.t("light.opens", { time: comingTime(light.until, now, this.language) }));
      if (light.waiting > 0) parts.push(this.t("light.waiting", { n: light.waiting }));
      if (closesSoon(light, now)) parts.push(this.t("light.closes", { time: comingTime(light.closes, now, this.language) }));
      if (forecast && light.indicator !== "free" && !standsStill(light)) parts.push(wait(translate(this.language), forecast, now - at));
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

  private buttons(profile: Profile, light: Light | undefined, hall: Hall): TemplateResult {
    const { ticket } = hall;
    const own = ticket?.places.find((place) => place.expert === this.expert);
    if (own) return html`<div class="buttons">${this.button("main", "check", this.t("line.placeIs", { n: position(own) }), profile, { do: "open" })}</div>`;
    const indicator = light?.indicator ?? "offline";
    if (indicator === "offline" || indicator === "closed" || this.full || withWhom(hall)) {
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
