import { css, html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { property, state } from "lit/decorators.js";
import type { Recording } from "../generated/wire";
import type { CallKey } from "../i18n/call.en";
import { define } from "../ui/element";
import { icon } from "../ui/icons";
import { SessionPart } from "./part";

/** Whether a session is recorded: only while both allow it, said as long as it lasts, stopped by either. */
export class OpenlineRecording extends SessionPart {
  static override styles = [...SessionPart.styles, css`
    :host { display: block; flex: none; border-block-end: 1px solid var(--_edge); background: var(--_sunken); font-size: 0.92em; }
    .row { display: flex; flex-wrap: wrap; align-items: center; justify-content: space-between; gap: 4px 12px; padding: 4px 16px; min-block-size: 44px; }
    .row.asked { padding-block: 10px; background: color-mix(in oklab, var(--_accent) 9%, var(--_surface)); }
    .asked .words { flex-basis: 15rem; }
    .row.on { background: color-mix(in oklab, var(--_danger) 9%, var(--_surface)); }
    .words { display: flex; align-items: center; gap: 10px; flex: 1 1 8rem; min-inline-size: 0; }
    .words svg { inline-size: 20px; block-size: 20px; flex: none; color: var(--_accent); }
    .dot { inline-size: 11px; block-size: 11px; border-radius: 50%; flex: none; border: 2px solid var(--_muted); }
    .on .dot { border: 0; background: var(--_danger); animation: breathe 1.6s ease-in-out infinite; }
    .on strong { color: var(--_danger); }
    .buttons { display: flex; flex-wrap: wrap; gap: 8px; }
    .row > .button, .buttons { margin-inline-start: auto; }
    @keyframes breathe { 50% { opacity: 0.35; } }
    @media (prefers-reduced-motion: reduce) { .on .dot { animation: none; } }
    @media (forced-colors: active) { .on .dot { background: Highlight; } }
  `];

  @property({ attribute: false }) session = "";
  @property({ attribute: false }) recording: Recording = "off";
  @property({ attribute: false }) partner = "";

  @state() private running = false;
  @state() private failed = false;
  @state() private said = "";
  /** This side has just ended it or taken its wish back. */
  private mine = false;

  protected override willUpdate(changed: PropertyValues<this>): void {
    const before = changed.get("recording");
    if (!changed.has("recording") || before === undefined) return;
    this.said = this.news(before);
    this.mine = this.failed = false;
  }

  /** What has changed, for those who don't see it; what is there now says the rest. */
  private news(before: Recording): string {
    if (this.recording === "on") return this.t("rec.on");
    if (this.recording !== "off") return "";
    if (before === "on") return this.t("rec.ended");
    return before === "wanted" && !this.mine ? this.t("rec.refused", { partner: this.partner }) : "";
  }

  private record(on: boolean): void {
    this.running = true;
    this.mine = !on;
    void this.client?.request({ t: "record", session: this.session, on }).then(
      () => { this.failed = false; }, () => { this.failed = true; },
    ).finally(() => { this.running = false; });
  }

  protected override render(): TemplateResult {
    return html`<div class="row ${this.recording}" part="recording" data-recording=${this.recording}>${this.renderState()}</div>
      <p class="said" role="status">${this.said}</p>`;
  }

  private renderState(): TemplateResult {
    switch (this.recording) {
      case "off": return html`${this.words("rec.off", false)}${this.button("rec.ask", true, "quiet")}`;
      case "wanted": return html`${this.words("rec.wanted", false)}${this.button("rec.take_back", false, "quiet")}`;
      case "on": return html`${this.words("rec.on", true)}${this.button("rec.stop", false, "outline")}`;
      case "asked": return html`<div class="words" role="alert">${icon("mic")}<div><strong>${this.t("rec.asked", { partner: this.partner })}</strong>
          <div class="muted">${this.t("rec.asked_text")}</div>${this.problem()}</div></div>
        <div class="buttons">${this.button("rec.refuse", false, "outline")}${this.button("rec.allow", true, "main")}</div>`;
    }
  }

  /** A refusal or an end stays to be read until something else happens. */
  private words(key: CallKey, strong: boolean): TemplateResult {
    const text = this.recording === "off" && this.said ? this.said : this.t(key, { partner: this.partner });
    return html`<div class="words"><i class="dot"></i><div>${strong ? html`<strong>${text}</strong>` : html`<span class="muted">${text}</span>`}${this.problem()}</div></div>`;
  }

  private problem(): TemplateResult | typeof nothing {
    return this.failed ? html`<div role="alert">${this.t("rec.failed")}</div>` : nothing;
  }

  private button(key: CallKey, on: boolean, kind: string): TemplateResult {
    return html`<button class="button ${kind} small" part=${on ? "record" : "record-not"} ?disabled=${this.running} aria-busy=${this.running}
      @click=${() => this.record(on)}>${this.t(key)}</button>`;
  }
}

define("openline-recording", OpenlineRecording);

declare global {
  interface HTMLElementTagNameMap {
    "openline-recording": OpenlineRecording;
  }
}
