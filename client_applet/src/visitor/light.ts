import { css, html, type TemplateResult } from "lit";
import { property } from "lit/decorators.js";
import { FreshnessController, openOffer, SliceController, WatchController } from "../core";
import { comingTime } from "../i18n";
import { mark, marks } from "../ui/lights";
import { define, PoolElement } from "../ui/element";
import { OpenPanels } from "./open_panels";
import "./panel";
import type { OpenlinePanel } from "./panel";
import { shown } from "./situation";

/**
 * The light of one expert on any page: shape, colour and words, and the button that opens the line.
 *
 * Slot: another label than the expert's name. Parts: `button`, `mark`, `label`, `state`.
 */
export class OpenlineLight extends PoolElement {
  static override styles = [...PoolElement.styles, marks, css`
    :host { display: inline-block; max-inline-size: 100%; }
    .light {
      display: inline-flex; align-items: center; gap: 0.6em; min-block-size: 44px; max-inline-size: 100%; padding: 0.4em 1em;
      border: 1px solid var(--_edge-strong); border-radius: 99px; background: var(--_surface); color: var(--_text);
      font: inherit; line-height: 1.2; text-align: start; cursor: pointer; box-shadow: var(--_shadow);
      transition: border-color 0.15s, background 0.15s;
    }
    .light:hover { border-color: var(--_text); }
    .light:focus-visible { border-radius: 99px; }
    .label { font-weight: 650; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
    .state { color: var(--_muted); white-space: nowrap; }
  `];

  /** The expert's id. */
  @property() expert = "";

  private readonly light = new SliceController(this, this.clients, (hall) => hall.lights.get(this.expert), undefined);
  private readonly profile = new SliceController(this, this.clients, (hall) => hall.profiles.get(this.expert), undefined);
  private readonly ready = new SliceController(this, this.clients, (hall) => hall.ready, false);
  private readonly offer = new SliceController(this, this.clients, openOffer, null, () => this.attend());
  private readonly fresh = new FreshnessController(this, this.clients);
  private readonly interest = new WatchController(this.clients);
  private readonly attention = new OpenPanels(() => this.panel);

  override willUpdate(): void {
    this.interest.set({ experts: [this.expert] });
  }

  protected override render(): TemplateResult {
    const state = shown(this.light.value, this.fresh.value, this.ready.value);
    const words = this.words(state);
    const name = this.profile.value?.name || this.expert;
    return html`
      <button class="light" part="button" aria-haspopup="dialog" @click=${this.open}>
        ${mark(state === "unknown" ? "unsure" : state)}
        <span class="label" part="label"><slot>${name}</slot></span>
        <span class="state" part="state">${words}</span>
      </button>
      <openline-panel .server=${this.server} .pool=${this.pool} .token=${this.token} .theme=${this.theme}
        .expert=${this.expert} lang=${this.language}></openline-panel>`;
  }

  private words(state: ReturnType<typeof shown>): string {
    if (state === "unknown") return this.t("unknown.title");
    const light = this.light.value;
    const parts = [this.t(`light.${state}`)];
    if (state === "closed" && light?.until) parts.push(this.t("light.opens", { time: comingTime(light.until, this.now, this.language) }));
    else if (light && light.waiting > 0 && state !== "unsure") parts.push(this.t("light.waiting", { n: light.waiting }));
    return parts.join(" · ");
  }

  private get panel(): OpenlinePanel | null {
    return this.renderRoot?.querySelector("openline-panel") ?? null;
  }

  private readonly open = (): void => {
    this.panel?.show();
  };

  /** An offer of this expert opens the panel, unless one is open already. */
  private attend(): void {
    const offer = this.offer.value;
    if (offer?.side === "user" && offer.expert === this.expert) this.attention.open(offer.offer);
  }
}

define("openline-light", OpenlineLight);

declare global {
  interface HTMLElementTagNameMap {
    "openline-light": OpenlineLight;
  }
}
