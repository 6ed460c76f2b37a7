import { css, html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { property, query, state } from "lit/decorators.js";
import type { Status } from "../generated/wire";
import type { Values } from "../i18n";
import type { StaffKey } from "../i18n/staff.en";
import { define } from "../ui/element";
import { icon } from "../ui/icons";
import { type Action, type Choice, commandOf, MAX_REASON } from "./actions";
import { refusalWords, StaffPart } from "./part";

const STATUSES: readonly Status[] = ["online", "away", "offline"];
const PLACES = ["head", "tail"] as const;

/**
 * Asks for a reason and a confirmation. Open while `action` is set.
 *
 * Events: `confirm` (detail: the command), `close`.
 */
export class OpenlineAction extends StaffPart {
  static override styles = [...StaffPart.styles, css`
    dialog { border: 0; border-radius: var(--_radius); padding: 22px; inline-size: min(29rem, calc(100vw - 32px)); background: var(--_raised); color: var(--_text); box-shadow: var(--_shadow-high); font: inherit; }
    dialog::backdrop { background: rgb(10 12 20 / 45%); }
    form { display: grid; gap: 14px; }
    h2 { font-size: 1.14em; overflow-wrap: anywhere; }
    label, fieldset { display: grid; gap: 5px; font-size: 0.92em; font-weight: 600; border: 0; margin: 0; padding: 0; min-inline-size: 0; }
    legend { padding: 0; margin-block-end: 5px; }
    .field { font-weight: 400; }
    .chips { display: flex; flex-wrap: wrap; gap: 8px; }
    .buttons { display: flex; flex-wrap: wrap; justify-content: flex-end; gap: 8px; }
  `];

  @property({ attribute: false }) action: Action | null = null;
  /** Where a ticket may go: id and name, in the order to show. */
  @property({ attribute: false }) experts: readonly { expert: string; name: string }[] = [];
  @property({ attribute: false }) busy = false;
  @property({ attribute: false }) problem = "";

  @state() private choice: Choice = { reason: "", expert: "", to: "tail", status: "online" };
  @query("dialog") private dialog!: HTMLDialogElement;

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (!changed.has("action") || !this.action) return;
    this.choice = { reason: "", expert: "", to: "tail", status: this.action.kind === "force" ? this.action.status : "online" };
  }

  protected override updated(changed: PropertyValues<this>): void {
    if (!changed.has("action")) return;
    if (this.action && !this.dialog.open) this.dialog.showModal();
    if (!this.action && this.dialog.open) this.dialog.close();
  }

  private set(part: Partial<Choice>): void {
    this.choice = { ...this.choice, ...part };
  }

  private readonly confirm = (event: Event): void => {
    event.preventDefault();
    const command = this.action && commandOf(this.action, this.choice);
    if (command && !this.busy) this.dispatchEvent(new CustomEvent("confirm", { detail: command }));
  };

  private readonly closed = (): void => {
    this.dispatchEvent(new CustomEvent("close"));
  };

  protected override render(): TemplateResult {
    return html`<dialog aria-labelledby="title" @close=${this.closed}>${this.action ? this.renderForm(this.action) : nothing}</dialog>`;
  }

  private renderForm(action: Action): TemplateResult {
    const names: Values = { name: action.name, partner: action.kind === "end" ? action.partner : "" };
    const danger = action.kind === "remove" || action.kind === "end";
    return html`<form @submit=${this.confirm}>
      <h2 id="title" dir="auto">${this.t(`act.${action.kind}`, names)}</h2>
      ${action.kind === "move" ? this.renderMove(action.from) : html`<p class="muted">${this.t(`act.${action.kind}_text` as StaffKey, names)}</p>`}
      ${action.kind === "force" ? this.renderStatus() : nothing}
      <label>${this.t("act.reason")}<input class="field" part="reason" required autofocus maxlength=${MAX_REASON} dir="auto" placeholder=${this.t("act.reason_hint")}
        .value=${this.choice.reason} @input=${(event: Event) => this.set({ reason: (event.target as HTMLInputElement).value })}></label>
      ${this.problem ? html`<p class="callout error" part="problem" role="alert">${icon("warning")}<span>${refusalWords(this.language, this.problem)}</span></p>` : nothing}
      <div class="buttons"><button class="button" type="button" @click=${() => this.dialog.close()}>${this.t("cancel")}</button>
        <button class="button ${danger ? "danger" : "main"}" part="confirm" aria-busy=${this.busy} ?disabled=${this.busy || !commandOf(action, this.choice)}>${this.t(`act.confirm_${action.kind}`)}</button></div>
    </form>`;
  }

  private renderMove(from: string): TemplateResult {
    return html`
      <label>${this.t("act.move_to")}<select class="field" part="target" required .value=${this.choice.expert}
        @change=${(event: Event) => this.set({ expert: (event.target as HTMLSelectElement).value })}>
        <option value="">${this.t("act.choose")}</option>
        ${this.experts.map((one) => html`<option value=${one.expert} ?selected=${one.expert === this.choice.expert}>${one.name}${one.expert === from ? " ●" : ""}</option>`)}</select></label>
      <fieldset><legend>${this.t("act.where")}</legend><div class="chips">${PLACES.map((place) => html`
        <button type="button" class="chip" part="to-${place}" aria-pressed=${this.choice.to === place} @click=${() => this.set({ to: place })}>${icon(place === "head" ? "up" : "down")}${this.t(`act.${place}`)}</button>`)}</div></fieldset>`;
  }

  private renderStatus(): TemplateResult {
    return html`<div class="chips">${STATUSES.map((status) => html`
      <button type="button" class="chip" part="to-${status}" aria-pressed=${this.choice.status === status} @click=${() => this.set({ status })}>${this.t(`status.${status}`)}</button>`)}</div>`;
  }
}

define("openline-action", OpenlineAction);
