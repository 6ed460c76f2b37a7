import { css, html, nothing, type TemplateResult } from "lit";
import { property, query, state } from "lit/decorators.js";
import { define } from "../ui/element";
import { icon } from "../ui/icons";
import { newOp } from "../core";
import { type Bubble, MAX_TEXT } from "./chat_log";
import { pieces } from "./links";
import { AskingPart } from "./part";
import "./shared_file";

/**
 * One message: its words with links, its file, whether it was changed or taken back; one's own can be, while the session goes on.
 *
 * Parts: `message`, `menu`, `edit`, `unsay`, `editor`.
 */
export class OpenlineMessage extends AskingPart {
  static override styles = [...AskingPart.styles, css`
    :host { display: flex; align-items: center; gap: 2px; max-inline-size: 100%; }
    :host([mine]) { flex-direction: row-reverse; }
    .whole { display: grid; gap: 4px; min-inline-size: 0; justify-items: start; }
    :host([mine]) .whole { justify-items: end; }
    .bubble {
      padding: 8px 13px; border-radius: 18px; background: color-mix(in oklab, var(--_text) 7%, transparent); color: var(--_text); white-space: pre-wrap;
      overflow-wrap: anywhere; max-inline-size: 100%; animation: arrive 0.22s var(--_ease); border-end-start-radius: 5px;
    }
    :host([mine]) .bubble { background: var(--_accent); color: var(--_on-accent); border-end-start-radius: 18px; border-end-end-radius: 5px; }
    :host([mine]) .bubble.sending { opacity: 0.72; }
    :host([mine]) .bubble.refused { background: transparent; color: var(--_text); box-shadow: inset 0 0 0 1.5px var(--_danger); }
    .bubble.unsaid { background: transparent; color: var(--_muted); box-shadow: inset 0 0 0 1px var(--_edge-strong); font-style: italic; }
    :host([mine]) .bubble.unsaid { background: transparent; color: var(--_muted); }
    .bubble a { color: inherit; text-decoration: underline; text-underline-offset: 2px; }
    .edited { font-size: 0.75em; color: var(--_muted); padding-inline: 4px; }
    @keyframes arrive { from { opacity: 0; transform: translateY(6px); } }
    .more { opacity: 0; inline-size: 44px; min-block-size: 44px; margin-block: -6px; }
    .more svg { inline-size: 18px; block-size: 18px; }
    :host(:hover) .more, .more:focus-visible, .more[aria-expanded="true"] { opacity: 1; }
    @media (hover: none) { .more { opacity: 0.65; } }
    .menu { display: flex; flex-wrap: wrap; gap: 4px; }
    .edit { display: grid; gap: 6px; inline-size: min(30rem, 76vw); }
    textarea { resize: vertical; min-block-size: 64px; }
    .bad { color: var(--_danger); font-size: 0.84em; }
  `];

  @property({ attribute: false }) session = "";
  @property({ attribute: false }) bubble: Bubble | null = null;
  @property({ type: Boolean, reflect: true }) mine = false;
  /** It may be changed and taken back. */
  @property({ attribute: false }) open = false;

  @state() private menu = false;
  @state() private editing = false;
  @query("textarea") private readonly field!: HTMLTextAreaElement | null;

  protected override render(): TemplateResult | typeof nothing {
    const { bubble } = this;
    if (!bubble) return nothing;
    if (this.editing) return this.renderEditor(bubble);
    return html`<div class="whole">
        ${bubble.file ? html`<openline-file .client=${this.client} .language=${this.language} .theme=${this.theme} .session=${this.session} .file=${bubble.file}></openline-file>` : nothing}
        ${this.renderWords(bubble)}
        ${bubble.edited && !bubble.unsaid ? html`<span class="edited">${this.t("message.edited")}</span>` : nothing}
        ${this.menu ? this.renderMenu(bubble) : nothing}
        ${this.trouble()}
      </div>
      ${this.mayChange(bubble) ? html`<button class="button quiet icon more" part="menu" aria-label=${this.t("message.more")} aria-expanded=${this.menu} @click=${this.toggle}>${icon("more")}</button>` : nothing}`;
  }

  private renderWords(bubble: Bubble): TemplateResult | typeof nothing {
    if (bubble.unsaid) return html`<p class="bubble unsaid" part="message" data-tick="unsaid">${this.t("message.unsaid")}</p>`;
    if (bubble.text === "") return nothing;
    return html`<p class="bubble ${bubble.tick}" part="message" data-tick=${bubble.tick} dir="auto">${pieces(bubble.text).map((piece) =>
      piece.href ? html`<a dir="ltr" href=${piece.href} target="_blank" rel="noopener noreferrer nofollow">${piece.text}</a>${piece.host ? html` <bdi>(${piece.host})</bdi>` : nothing}` : piece.text)}</p>`;
  }

  private mayChange(bubble: Bubble): boolean {
    return this.open && this.mine && bubble.n > 0 && !bubble.unsaid;
  }

  private renderMenu(bubble: Bubble): TemplateResult {
    return html`<div class="menu" role="group" aria-label=${this.t("message.more")} @keydown=${this.keys}>
      ${bubble.text === "" ? nothing : html`<button class="button outline small" part="edit" ?disabled=${this.running} @click=${this.edit}>${this.t("message.edit")}</button>`}
      <button class="button danger-quiet small" part="unsay" ?disabled=${this.running} @click=${this.unsay}>${this.t("message.unsay")}</button></div>`;
  }

  private renderEditor(bubble: Bubble): TemplateResult {
    return html`<form class="edit" @submit=${this.change}>
      <textarea class="field" part="editor" dir="auto" maxlength=${MAX_TEXT * 2} aria-label=${this.t("message.edit")} .value=${bubble.text} @keydown=${this.keys}></textarea>
      ${this.trouble()}
      <div class="menu"><button class="button main small" type="submit" ?disabled=${this.running}>${this.t("message.keep")}</button>
        <button class="button quiet small" type="button" @click=${this.cancel}>${this.t("message.cancel")}</button></div></form>`;
  }

  private readonly toggle = async (): Promise<void> => {
    this.menu = !this.menu;
    this.problem = "";
    await this.updateComplete;
    if (this.menu) this.scrollIntoView({ block: "nearest" });
  };

  private readonly keys = (event: KeyboardEvent): void => {
    if (event.key === "Escape") {
      event.preventDefault(); // or the browser closes the dialog that the session is in
      event.stopPropagation();
      void this.cancel();
    } else if (event.key === "Enter" && !event.shiftKey && !event.isComposing && this.editing) {
      event.preventDefault();
      void this.change(event);
    }
  };

  private readonly edit = async (): Promise<void> => {
    this.editing = true;
    this.menu = false;
    await this.updateComplete;
    this.field?.focus();
    this.scrollIntoView({ block: "nearest" });
    this.field?.setSelectionRange(this.field.value.length, this.field.value.length);
  };

  /** What was done by its menu goes back to it, for who goes by the keys. */
  private readonly cancel = async (): Promise<void> => {
    this.editing = this.menu = false;
    this.problem = "";
    await this.updateComplete;
    this.renderRoot.querySelector<HTMLElement>(".more")?.focus();
  };

  private readonly change = async (event: Event): Promise<void> => {
    event.preventDefault();
    const text = this.field?.value.trim() ?? "";
    const { bubble, session } = this;
    if (text === "" || !bubble) return;
    if ([...text].length > MAX_TEXT) {
      this.problem = "too_long"; // known here: the server counts such frames, and hangs up on a page that goes on
      return;
    }
    if (text === bubble.text || (await this.ask((client) => client.request({ t: "edit", session, n: bubble.n, text }, newOp())))) await this.cancel();
  };

  private readonly unsay = async (): Promise<void> => {
    const { bubble, session } = this;
    if (bubble && (await this.ask((client) => client.request({ t: "unsay", session, n: bubble.n }, newOp())))) await this.cancel();
  };
}

define("openline-message", OpenlineMessage);

declare global {
  interface HTMLElementTagNameMap {
    "openline-message": OpenlineMessage;
  }
}
