import { css, html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { property, state } from "lit/decorators.js";
import type { FoundExpert, SavedReply, Session } from "../generated/wire";
import { define } from "../ui/element";
import { icon } from "../ui/icons";
import { mark, marks } from "../ui/lights";
import { codeOf, type LiveClient, newOp } from "../core";
import { AskingPart } from "./part";

const COLLEAGUES_MAX = 50;
type Tool = "" | "replies" | "note" | "transfer";

/**
 * What an expert has at hand in a session: saved replies, a note to oneself about the user, handing over to a colleague.
 *
 * Fires `reply-chosen` (detail: its text). Parts: `tool-replies`, `tool-note`, `tool-transfer`, `sheet`.
 */
export class OpenlineExpertTools extends AskingPart {
  static override styles = [...AskingPart.styles, marks, css`
    :host { display: grid; grid-template-columns: minmax(0, 1fr); gap: 6px; padding: 0 12px 12px; flex: none; }
    .bar { display: flex; flex-wrap: wrap; gap: 2px; }
    .bar .button[aria-expanded="true"] { background: var(--_hover); color: var(--_text); }
    form .bar { gap: 4px 12px; align-items: center; }
    .sheet { display: grid; grid-template-columns: minmax(0, 1fr); gap: 10px; padding: 12px; border-radius: var(--_radius-small); background: var(--_sunken); max-block-size: 16rem; overflow: auto; }
    ul { list-style: none; padding: 0; display: grid; grid-template-columns: minmax(0, 1fr); gap: 4px; }
    li { display: flex; align-items: center; gap: 4px; }
    li .button:first-child { flex: 1; justify-content: flex-start; text-align: start; min-inline-size: 0; }
    li .text { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; min-inline-size: 0; }
    li .text b { color: var(--_text); margin-inline-end: 0.4em; }
    li .text:has(b) { font-weight: 450; }
    form, label { display: grid; gap: 6px; }
    label span { font-weight: 600; font-size: 0.9em; }
    textarea { min-block-size: 72px; resize: vertical; }
    .bad { color: var(--_danger); font-size: 0.9em; }
    .skeleton { block-size: 44px; }
  `];

  @property({ attribute: false }) session: Session | null = null;

  @state() private tool: Tool = "";
  @state() private replies: readonly SavedReply[] | null = null;
  @state() private colleagues: readonly FoundExpert[] | null = null;
  @state() private adding = false;
  @state() private note: string | null = null;
  @state() private kept = false;
  private noteOf = "";

  protected override willUpdate(): void {
    const user = this.session?.user ?? "";
    if (user !== this.noteOf) Object.assign(this, { noteOf: user, note: null, kept: false, tool: "" });
    if (this.over && this.tool !== "note") this.tool = "";
  }

  /** Then there is time for the note, and nothing to say or to hand over any more. */
  private get over(): boolean {
    return this.session?.state === "ended";
  }

  /** What has just opened or come is seen whole, also where the session scrolls. */
  protected override updated(changed: PropertyValues): void {
    if (["tool", "replies", "colleagues", "note", "adding"].some((name) => changed.has(name))) {
      this.renderRoot.querySelector(".sheet")?.scrollIntoView({ block: "nearest" });
    }
  }

  protected override render(): TemplateResult | typeof nothing {
    if (!this.session || (this.over && this.session.live_at === 0)) return nothing;
    const button = (tool: Tool & string, shape: "chat" | "person" | "forward", words: string) => html`
      <button class="button quiet small" part=${`tool-${tool}`} aria-expanded=${this.tool === tool} @click=${() => this.choose(tool)}>${icon(shape)}${words}</button>`;
    return html`<div class="bar" role="group" aria-label=${this.t("tools.label")} @keydown=${this.keys}>
        ${this.over ? nothing : button("replies", "chat", this.t("replies.title"))}${button("note", "person", this.t("note.title"))}
        ${this.over || this.session.transfer ? nothing : button("transfer", "forward", this.t("transfer.propose"))}</div>
      ${this.tool === "" ? nothing : html`<div class="sheet" part="sheet" @keydown=${this.keys}>${this.renderTool(this.session)}${this.trouble()}</div>`}`;
  }

  private renderTool(session: Session): TemplateResult {
    if (this.tool === "replies") return this.renderReplies();
    return this.tool === "note" ? this.renderNote(session) : this.renderColleagues(session);
  }

  private renderReplies(): TemplateResult {
    if (this.adding) return this.renderNewReply();
    const one = (reply: SavedReply) => html`<li>
      <button class="button quiet small" @click=${() => this.use(reply)}><span class="text" dir="auto"><b>${reply.title}</b> ${reply.text}</span></button>
      <button class="button quiet icon" aria-label=${this.t("replies.drop", { name: reply.title })} ?disabled=${this.running} @click=${() => this.drop(reply)}>${icon("close")}</button></li>`;
    return html`${this.replies?.length === 0 ? html`<p class="muted">${this.t("replies.empty")}</p>` : html`<ul>${this.replies?.map(one) ?? nothing}</ul>`}
      <button class="button outline small" part="new-reply" @click=${() => { this.adding = true; }}>${icon("plus")}${this.t("replies.new")}</button>`;
  }

  private renderNewReply(): TemplateResult {
    return html`<form @submit=${this.keepReply}>
      <label><span>${this.t("replies.name")}</span><input class="field" name="title" maxlength="100" dir="auto" required></label>
      <label><span>${this.t("replies.text")}</span><textarea class="field" name="text" maxlength="2000" dir="auto" required></textarea></label>
      <div class="bar"><button class="button main small" type="submit" ?disabled=${this.running}>${this.t("replies.keep")}</button>
        <button class="button quiet small" type="button" @click=${() => { this.adding = false; }}>${this.t("message.cancel")}</button></div></form>`;
  }

  private renderNote(session: Session): TemplateResult {
    return html`<form @submit=${this.keepNote}>
      <label><span>${this.t("note.text", { partner: session.partner })}</span>
        <textarea class="field" name="text" part="note" maxlength="4000" dir="auto" .value=${this.note ?? ""} ?disabled=${this.note === null} @input=${() => { this.kept = false; }}></textarea></label>
      <div class="bar"><button class="button main small" type="submit" ?disabled=${this.running || this.note === null}>${this.t("note.keep")}</button>
        ${this.kept ? html`<span class="muted" role="status">${this.t("note.kept")}</span>` : nothing}</div></form>`;
  }

  private renderColleagues(session: Session): TemplateResult {
    if (!this.colleagues) return html`<div class="skeleton" aria-hidden="true"></div>`;
    const there = this.colleagues.filter(({ profile, light }) =>
      profile.expert !== session.expert && profile.modes.includes(session.mode) && light.indicator !== "offline" && light.indicator !== "closed");
    if (there.length === 0) return html`<p class="muted">${this.t("transfer.none")}</p>`;
    return html`<p>${this.t("transfer.choose")}</p><ul>${there.map(({ profile, light }) => html`<li>
      <button class="button outline small" ?disabled=${this.running} @click=${() => this.propose(session, profile.expert)}>${mark(light.indicator)}<span class="text" dir="auto">${profile.name}</span></button></li>`)}</ul>`;
  }

  private readonly keys = (event: KeyboardEvent): void => {
    if (event.key !== "Escape") return;
    event.preventDefault(); // or the browser closes a dialog around it
    event.stopPropagation();
    this.renderRoot.querySelector<HTMLElement>(`[part="tool-${this.tool}"]`)?.focus();
    this.tool = "";
  };

  private choose(tool: Tool): void {
    this.tool = this.tool === tool ? "" : tool;
    this.adding = false;
    this.problem = "";
    if (this.tool === "replies" && this.replies === null) void this.loadReplies();
    if (this.tool === "note" && this.note === null) void this.loadNote();
    if (this.tool === "transfer") void this.loadColleagues();
  }

  /** Waits for nothing else that is asked: who goes on to another tool before one has come gets both. */
  private async load(work: (client: LiveClient) => Promise<void>): Promise<void> {
    try {
      if (this.client) await work(this.client);
    } catch (error) {
      this.problem = codeOf(error);
    }
  }

  private loadReplies(): Promise<void> {
    return this.load(async (client) => { this.replies = (await client.request({ t: "replies" })).replies; });
  }

  /** Those who would come soonest first, as of now. */
  private loadColleagues(): Promise<void> {
    this.colleagues = null;
    return this.load(async (client) => { this.colleagues = (await client.request({ t: "find", sort: "wait", limit: COLLEAGUES_MAX })).experts; });
  }

  private loadNote(): Promise<void> {
    const user = this.noteOf;
    return this.load(async (client) => {
      const { text } = await client.request({ t: "note_on", user });
      if (user === this.noteOf) this.note ??= text; // by now the next one may sit there, or words that are just kept
    });
  }

  private use(reply: SavedReply): void {
    this.tool = "";
    this.dispatchEvent(new CustomEvent("reply-chosen", { detail: reply.text }));
  }

  private async drop({ reply }: SavedReply): Promise<void> {
    if (await this.ask((client) => client.request({ t: "drop_reply", reply }, newOp()))) await this.loadReplies();
  }

  private readonly keepReply = async (event: Event): Promise<void> => {
    event.preventDefault();
    const data = new FormData(event.target as HTMLFormElement);
    const [title, text] = [String(data.get("title")).trim(), String(data.get("text")).trim()];
    if (title === "" || text === "") return;
    if (!(await this.ask((client) => client.request({ t: "keep_reply", reply: "", title, text }, newOp())))) return;
    this.adding = false;
    await this.loadReplies();
  };

  private readonly keepNote = async (event: Event): Promise<void> => {
    event.preventDefault();
    const text = String(new FormData(event.target as HTMLFormElement).get("text")).trim();
    const user = this.noteOf;
    this.note = text;
    const kept = await this.ask((client) => client.request({ t: "keep_note", user, text }, newOp()));
    if (user === this.noteOf) this.kept = kept;
  };

  private async propose(session: Session, expert: string): Promise<void> {
    if (await this.ask((client) => client.request({ t: "propose_transfer", session: session.session, expert }, newOp()))) this.tool = "";
  }
}

define("openline-expert-tools", OpenlineExpertTools);

declare global {
  interface HTMLElementTagNameMap {
    "openline-expert-tools": OpenlineExpertTools;
  }
}
