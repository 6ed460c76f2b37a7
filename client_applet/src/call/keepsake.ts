import { css, html, nothing, type TemplateResult } from "lit";
import { property, state } from "lit/decorators.js";
import type { Session } from "../generated/wire";
import { define } from "../ui/element";
import { icon } from "../ui/icons";
import { newOp } from "../core";
import { fetched, save } from "./files";
import { AskingPart } from "./part";

/** What one may keep of an ended session: the transcript by mail or as a file, and the recording. `bare` has no edge. Parts: `mail`, `download`, `recording`. */
export class OpenlineKeepsake extends AskingPart {
  static override styles = [...AskingPart.styles, css`
    .row { display: flex; flex-wrap: wrap; gap: 4px 8px; align-items: center; padding: 6px 8px; border-block-start: 1px solid var(--_edge); }
    :host([bare]) .row { margin-inline: -0.7em; padding: 0; border: 0; }
    .said-so, .bad { font-size: 0.9em; flex-basis: 100%; padding-inline: 8px; }
    .bad { color: var(--_danger); }
  `];

  @property({ attribute: false }) session: Pick<Session, "session"> | null = null;
  /** What it is about, where several stand on a page. */
  @property({ attribute: false }) label = "";
  /** Something was said. */
  @property({ attribute: false }) spoken = false;
  /** It was recorded. */
  @property({ attribute: false }) recorded = false;

  @state() private mailed = false;

  protected override render(): TemplateResult | typeof nothing {
    if (!this.session || !(this.spoken || this.recorded)) return nothing;
    return html`<div class="row" role="group" aria-label=${this.label || this.t("keep.title")}>
      ${this.spoken ? html`
        <button class="button quiet small" part="mail" ?disabled=${this.running || this.mailed} @click=${this.mail}>${icon("mail")}${this.t("keep.mail")}</button>
        <button class="button quiet small" part="download" ?disabled=${this.running} @click=${() => this.fetch("transcript")}>${icon("down")}${this.t("keep.download")}</button>` : nothing}
      ${this.recorded ? html`<button class="button quiet small" part="recording" ?disabled=${this.running} @click=${() => this.fetch("recording")}>${icon("down")}${this.t("keep.recording")}</button>` : nothing}
      ${this.mailed ? html`<p class="said-so" role="status">${this.t("keep.mailed")}</p>` : nothing}${this.problem === "no_email" ? html`<p class="bad" role="alert">${this.t("keep.no_address")}</p>` : this.trouble()}</div>`;
  }

  private readonly mail = async (): Promise<void> => {
    this.mailed = await this.ask((client) => client.request({ t: "transcript_of", session: this.session!.session, by: "mail" }, newOp()));
  };

  private async fetch(what: "transcript" | "recording"): Promise<void> {
    const { session } = this.session!;
    await this.ask(async (client) => {
      const place = what === "recording" ? await client.request({ t: "recording_of", session })
        : await client.request({ t: "transcript_of", session, by: "download" }, newOp());
      if (place.t !== "fetch") return;
      const address = URL.createObjectURL(await fetched(client, place, this.language));
      save(address, `${session}.${what === "recording" ? "ogg" : "txt"}`);
      window.setTimeout(() => URL.revokeObjectURL(address), 60_000);
    });
  }
}

define("openline-keepsake", OpenlineKeepsake);

declare global {
  interface HTMLElementTagNameMap {
    "openline-keepsake": OpenlineKeepsake;
  }
}
