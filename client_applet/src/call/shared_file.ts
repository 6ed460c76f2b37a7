import { css, html, nothing, type TemplateResult } from "lit";
import { property, state } from "lit/decorators.js";
import type { SharedFile } from "../generated/wire";
import { translate } from "../i18n";
import { define } from "../ui/element";
import { icon } from "../ui/icons";
import { refusal } from "../ui/words";
import { codeOf } from "../core";
import { addressOf, save, sizeOf } from "./files";
import { SessionPart } from "./part";

const HIGHEST_PX = 260;

/** A file in a chat: a picture is shown, anything else can be saved. Parts: `file`, `picture`, `save`. */
export class OpenlineFile extends SessionPart {
  static override styles = [...SessionPart.styles, css`
    :host { display: block; max-inline-size: 100%; }
    .frame { max-inline-size: 100%; min-inline-size: 44px; min-block-size: 44px; }
    .frame > * { display: block; inline-size: 100%; block-size: 100%; border-radius: 12px; }
    .picture { padding: 0; border: 0; background: var(--_sunken); overflow: hidden; cursor: zoom-in; }
    .picture img { display: block; inline-size: 100%; block-size: 100%; object-fit: contain; }
    .file { display: inline-flex; align-items: center; gap: 10px; min-block-size: 44px; padding: 6px 12px; border: 1px solid var(--_edge-strong); border-radius: 12px; background: var(--_surface); color: var(--_text); font: inherit; text-align: start; cursor: pointer; max-inline-size: 100%; }
    .file svg { inline-size: 20px; block-size: 20px; flex: none; }
    .file span { min-inline-size: 0; overflow-wrap: anywhere; }
    .problem { color: var(--_danger); font-size: 0.84em; }
    dialog { border: 0; padding: 0; background: transparent; max-inline-size: 96vw; max-block-size: 96dvh; }
    dialog::backdrop { background: rgb(0 0 0 / 80%); }
    dialog img { display: block; max-inline-size: 96vw; max-block-size: 96dvh; object-fit: contain; }
    dialog button { position: absolute; inset-block-start: 8px; inset-inline-end: 8px; background: rgb(0 0 0 / 60%); color: #fff; }
  `];

  @property({ attribute: false }) session = "";
  @property({ attribute: false }) file: SharedFile | null = null;

  @state() private address = "";
  @state() private problem = "";
  private shown = "";

  protected override willUpdate(): void {
    if (this.file && this.client && this.shown !== this.file.file) {
      this.shown = this.file.file;
      this.address = this.problem = "";
      if (this.isPicture) void this.load();
    }
  }

  /** As large as the picture will be, before it comes: then nothing moves. */
  protected override updated(): void {
    const frame = this.renderRoot.querySelector<HTMLElement>(".frame");
    if (!frame || !this.file) return;
    const { width, height } = this.file;
    frame.style.aspectRatio = `${width} / ${height}`;
    frame.style.inlineSize = `${Math.min(width, (HIGHEST_PX * width) / height)}px`;
  }

  private get isPicture(): boolean {
    return (this.file?.width ?? 0) > 0;
  }

  private async load(): Promise<string> {
    this.problem = "";
    try {
      this.address = await addressOf(this.client!, this.session, this.file!);
    } catch (error) {
      this.problem = codeOf(error);
    }
    return this.address;
  }

  protected override render(): TemplateResult | typeof nothing {
    if (!this.file) return nothing;
    return html`${this.isPicture && this.problem === "" ? this.renderPicture(this.file) : this.renderFile(this.file)}
      ${this.problem ? html`<p class="problem" role="alert">${refusal(translate(this.language), this.problem)}</p>` : nothing}`;
  }

  private renderPicture(file: SharedFile): TemplateResult {
    if (this.address === "") return html`<div class="frame"><div class="skeleton" role="img" aria-label=${file.name}></div></div>`;
    return html`<div class="frame"><button class="picture" part="picture" aria-label=${this.t("file.open", { name: file.name })} @click=${this.enlarge}>
        <img src=${this.address} alt=${file.name}></button></div>
      <dialog aria-label=${file.name} @click=${(event: Event) => (event.currentTarget as HTMLDialogElement).close()}><img src=${this.address} alt=${file.name}>
        <button class="button icon" aria-label=${this.t("file.close")}>${icon("close")}</button></dialog>`;
  }

  private renderFile(file: SharedFile): TemplateResult {
    return html`<button class="file" part="file" aria-label=${this.t("file.save", { name: file.name })} @click=${this.keep}>${icon("down")}
      <span dir="auto">${file.name} <span class="muted">${sizeOf(file.size, this.language)}</span></span></button>`;
  }

  private readonly enlarge = (): void => {
    this.renderRoot.querySelector("dialog")?.showModal();
  };

  private readonly keep = async (): Promise<void> => {
    const address = this.address || (await this.load());
    if (address !== "" && this.file) save(address, this.file.name);
  };
}

define("openline-file", OpenlineFile);

declare global {
  interface HTMLElementTagNameMap {
    "openline-file": OpenlineFile;
  }
}
