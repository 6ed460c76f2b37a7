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
import { networkChanges } from "./network";
import { SessionPart } from "./part";
import { preflightStyles } from "./preflight_styles";
import {
  firstSaid, isOpen, isTrouble, microphoneStands, moneyStands, moneyTrial, type Standing, stands, TITLE, type Trials, UNTRIED, wayRefused, wayStands,
} from "./readiness";
import { pause, tryMicrophone, tryRelay, tryWay } from "./trial";

/** How long what was tried says something of what will be: a place that comes near, and an expert's shift. */
const HOLDS_MS = 10 * 60_000;
const SHIFT_MS = 8 * 3_600_000;
/** A way that is good is found well within this; a second try begins then beside the first, for one failure may be chance. */
const SECOND_MS = 2_000;
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
  private unwatch: () => void = () => {};
  private begun = false;
  /** Of the checks of the way only the last one counts. */
  private checks = 0;

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.unsubscribe();
    this.unwatch();
    this.begun = false;
  }

  protected override updated(changed: PropertyValues<this>): void {
    if (!this.client) return;
    if (!this.begun) this.begin();
    else if (changed.has("expert") || changed.has("rate")) this.beginAnew(changed.get("rate") ?? this.rate);
  }

  private begin(): void {
    this.begun = true;
    const kept = this.kept();
    if (kept) this.trials = kept;
    else void this.tryAll();
    this.watchMoney();
    this.unwatch = networkChanges(() => void this.checkWay());
  }

  /** Another line has come near, or this place costs something else than before: what was found for that says nothing of this. */
  private beginAnew(before: number): void {
    if (before > 0 !== this.rate > 0) void this.checkWay();
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
    const check = (this.checks += 1);
    this.note({ way: "checking" });
    const needed = this.rate > 0 || (client.store.state.welcome?.rules.recording ?? false);
    const said = wayRefused(await this.tries(client), needed);
    // Calls without the media server go from browser to browser.
    const way = said === "none" ? await tryRelay(client) : said;
    if (check === this.checks) this.note({ way });
  }

  /** Who asks too often is let wait. */
  private async tries(client: LiveClient): Promise<string> {
    const first = tryWay(client);
    const early = await Promise.race([first, pause(SECOND_MS).then(() => "")]);
    if (early !== "" && !isOpen(early)) return early;
    if (early === "rate_limited") await pause(LIMIT_MS);
    return this.isConnected ? firstSaid([first, tryWay(client)]) : "failed";
  }

  private watchMoney(): void {
    const { client } = this;
    this.unsubscribe();
    if (this.rate === 0) this.note({ money: "none" });
    if (!client || this.rate === 0) return;
    this.unsubscribe = client.store.subscribe((hall) => hall.wallet?.balance, () => void this.checkMoney());
    void this.checkMoney();
  }

  private async checkMoney(): Promise<void> {
    const { expert, rate } = this;
    if (this.trials.money === "none") this.note({ money: "checking" });
    const quote = await this.client?.request({ t: "quote", expert, mode: "audio" }).catch(() => null);
    if (quote && expert === this.expert && rate === this.rate) this.note({ money: moneyTrial(quote, rate) });
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
