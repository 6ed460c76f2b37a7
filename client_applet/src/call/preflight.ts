import { html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { property, state } from "lit/decorators.js";
import type { LiveClient } from "../core";
import { translate } from "../i18n";
import type { CallKey } from "../i18n/call.en";
import { define } from "../ui/element";
import { icon, type IconName } from "../ui/icons";
import { shelf } from "../ui/shelf";
import { refusal } from "../ui/words";
import { isMicrophoneAllowed } from "./microphone";
import { SessionPart } from "./part";
import { preflightStyles } from "./preflight_styles";
import {
  isTrouble, microphoneStands, moneyStands, moneyTrial, type Standing, stands, TITLE, type Trials, UNTRIED, wayRefused, wayStands,
} from "./readiness";
import { pause, tryMicrophone, tryRelay, tryWay } from "./trial";

/** How long what was tried says something of what will be: a place that comes near, and an expert's shift. */
const HOLDS_MS = 10 * 60_000;
const SHIFT_MS = 8 * 3_600_000;
const TRIES = 2;
const SOON_MS = 1_000;
/** The server takes two tests at once and then one in half a minute. */
const LIMIT_MS = 31_000;

/**
 * What a call will need, tried before it is one's turn: microphone, the way of the sound, the balance. It holds nobody up.
 *
 * With `shift` for an expert: a quiet line, and nothing where it was good within the last hours.
 * Parts: `preflight`, `test-microphone`, `check-again`. `data-ready` says how all of it stands.
 */
export class OpenlinePreflight extends SessionPart {
  static override styles = [...SessionPart.styles, preflightStyles];

  /** Whom the call will be with; "" for an expert's own check. */
  @property({ attribute: false }) expert = "";
  /** The rate that the place has kept, minor units a minute. */
  @property({ attribute: false }) rate = 0;
  @property({ type: Boolean }) shift = false;

  @state() private trials: Trials = UNTRIED;
  private unsubscribe: () => void = () => {};
  private begun = false;

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.unsubscribe();
    this.begun = false;
  }

  protected override updated(_changed: PropertyValues<this>): void {
    if (this.begun || !this.client) return;
    this.begun = true;
    const kept = this.kept();
    if (kept) this.trials = kept;
    else void this.tryAll();
    this.watchMoney();
  }

  private get shelfKey(): string {
    return `preflight:${this.client?.pool}:${this.shift ? "shift" : this.expert}`;
  }

  private kept(): Trials | null {
    const [at = "", ...rest] = shelf.get(this.shelfKey).split(" ");
    const [microphone, way] = rest;
    if (!microphone || !way || Date.now() - Number(at) > (this.shift ? SHIFT_MS : HOLDS_MS)) return null;
    return { ...UNTRIED, microphone: microphone as Trials["microphone"], way };
  }

  private note(part: Partial<Trials>): void {
    this.trials = { ...this.trials, ...part };
    const { microphone, way } = this.trials;
    const good = microphoneStands(microphone) === "good" && wayStands(way) === "good";
    shelf.put(this.shelfKey, good ? `${Date.now()} ${microphone} ${way}` : "");
  }

  private readonly tryAll = async (): Promise<void> => {
    void this.checkWay();
    if (await isMicrophoneAllowed()) await this.checkMicrophone();
  };

  private readonly checkMicrophone = async (): Promise<void> => {
    this.note({ microphone: "asking" });
    this.note({ microphone: await tryMicrophone((level) => this.showLevel(level)) });
  };

  private async checkWay(): Promise<void> {
    const { client } = this;
    if (!client) return;
    this.note({ way: "checking" });
    const needed = this.rate > 0 || (client.store.state.welcome?.rules.recording ?? false);
    const way = wayRefused(await this.tries(client), needed);
    // Calls without the media server go from browser to browser.
    this.note({ way: way === "none" ? await tryRelay(client) : way });
  }

  /** One failure may be chance, two are not; who asks too often is let wait. */
  private async tries(client: LiveClient): Promise<string> {
    let said = "failed";
    for (let n = 0; n < TRIES && this.isConnected; n += 1) {
      said = await tryWay(client);
      if (said !== "failed" && said !== "rate_limited") return said;
      if (n < TRIES - 1) await pause(said === "failed" ? SOON_MS : LIMIT_MS);
    }
    return said === "rate_limited" ? "failed" : said;
  }

  private watchMoney(): void {
    const { client } = this;
    if (!client || this.rate === 0) return;
    this.unsubscribe();
    this.unsubscribe = client.store.subscribe((hall) => hall.wallet?.balance, () => void this.checkMoney());
    void this.checkMoney();
  }

  private async checkMoney(): Promise<void> {
    if (this.trials.money === "none") this.note({ money: "checking" });
    const quote = await this.client?.request({ t: "quote", expert: this.expert, mode: "audio" }).catch(() => null);
    if (quote) this.note({ money: moneyTrial(quote, this.rate) });
  }

  private showLevel(level: number): void {
    if (this.trials.microphone === "asking") this.note({ microphone: "listening" });
    this.renderRoot.querySelector<HTMLElement>(".level")?.style.setProperty("--level", level.toFixed(2));
  }

  protected override render(): TemplateResult | typeof nothing {
    const all = stands(this.trials);
    if (this.shift && all === "good") return html`<p class="line" part="preflight" data-ready="good">${icon("check")}${this.t("pre.ready_shift")}</p>`;
    return html`<section class="list ${all}" part="preflight" data-ready=${all} aria-label=${this.t("pre.title")}>
        <h4>${icon(all === "good" ? "check" : all === "bad" ? "warning" : "clock")}<span role="status">${this.t(TITLE[all])}</span></h4>
        <ul>${this.renderMicrophone()}${this.renderWay()}${this.renderMoney()}</ul>
      </section>`;
  }

  private row(stand: Standing, shape: IconName, name: CallKey, words: string, more: TemplateResult | typeof nothing = nothing): TemplateResult {
    return html`<li class=${stand} data-stands=${stand}><span class="sign">${icon(stand === "good" ? "check" : stand === "bad" ? "warning" : shape)}</span>
      <div class="words"><strong>${this.t(name)}</strong><span class="muted">${words}</span></div>${more}</li>`;
  }

  private renderMicrophone(): TemplateResult {
    const { microphone } = this.trials;
    const stand = microphoneStands(microphone);
    const listening = microphone === "listening" || microphone === "asking";
    const level = listening ? html`<span class="level" aria-hidden="true"><i></i></span>` : nothing;
    const test = stand === "good" || listening ? level : html`<button class="button outline small" part="test-microphone" @click=${this.checkMicrophone}>${icon("mic")}${this.t("pre.mic_test")}</button>`;
    return this.row(stand, "mic", "pre.mic", this.microphoneWords(), test);
  }

  private microphoneWords(): string {
    const { microphone } = this.trials;
    if (isTrouble(microphone)) return `${this.t(`mic.${microphone}`)}. ${this.t(`pre.${microphone}`)}`;
    if (microphone === "untested") return this.t("pre.mic_untested");
    if (microphone === "unmeasured") return this.t("pre.mic_on");
    if (microphone === "ok" || microphone === "quiet") return this.t(`pre.mic_${microphone}`);
    return this.t("pre.mic_listening");
  }

  private renderWay(): TemplateResult | typeof nothing {
    const { way } = this.trials;
    if (way === "none") return nothing;
    const stand = wayStands(way);
    const words = way === "checking" || way === "ok" || way === "failed" ? this.t(`pre.way_${way}`) : refusal(translate(this.language), way);
    const again = html`<button class="button outline small" part="check-again" @click=${() => this.checkWay()}>${icon("refresh")}${this.t("pre.again")}</button>`;
    return this.row(stand, "audio", "pre.way", words, stand === "bad" ? again : nothing);
  }

  private renderMoney(): TemplateResult | typeof nothing {
    const { money } = this.trials;
    return money === "none" ? nothing : this.row(moneyStands(money), "card", "pre.money", this.t(`pre.money_${money}`));
  }
}

define("openline-preflight", OpenlinePreflight);

declare global {
  interface HTMLElementTagNameMap {
    "openline-preflight": OpenlinePreflight;
  }
}
