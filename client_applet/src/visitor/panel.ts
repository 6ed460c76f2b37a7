import { html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { property, query, state } from "lit/decorators.js";
import { forgetBill } from "../call/kept_bill";
import { ClockController, type Command, FreshnessController, type Hall, SliceController, wanted, WatchController } from "../core";
import { translate } from "../i18n";
import { Announcer } from "../ui/announcer";
import { avatar } from "../ui/avatar";
import { define, PoolElement } from "../ui/element";
import { icon } from "../ui/icons";
import { mark } from "../ui/lights";
import type { Mode } from "../generated/wire";
import { Actions } from "./actions";
import { Alerts } from "./alerts";
import { FreeOthers } from "./free_others";
import { panelClosed, panelOpened } from "./open_panels";
import { panelStyles } from "./panel_styles";
import { body, type PanelView } from "./panel_body";
import { fetchAbout } from "./panel_about";
import { asKept, costs, fetchMoney } from "./panel_money";
import { placeSpoken } from "./spoken";
import { standing, standingStyles } from "./standing";
import { nameOf, shown, type Situation, situation, subject, wantsOthers } from "./situation";

/**
 * The line of one expert: a dialog (`show()`), or, with `window`, a page of its own.
 *
 * Says what the situation is and offers the best next step. Parts: `dialog`, `body`. Fires `openline-closed`.
 */
export class OpenlinePanel extends PoolElement {
  static override styles = [...PoolElement.styles, standingStyles, ...panelStyles];

  /** The expert's id. */
  @property() expert = "";
  /** Not a dialog but a part of the page. */
  @property({ type: Boolean, reflect: true, attribute: "window" }) asWindow = false;

  /** Something in here had the focus before this update. */
  private focused = false;
  /** The dialog says only later that it was closed; it may be open again by then. */
  private closing: "" | "yes" | "not_any_more" = "";
  @state() private opened = false;
  @state() private mode: Mode | "" = "";
  /** The mode that came with a command, for when another expert comes with it. */
  private preset: Mode | "" = "";
  @state() private asking: PanelView["asking"] = "";
  @state() private considered: Command | null = null;
  @query("dialog") private readonly dialog!: HTMLDialogElement | null;

  private readonly hall = new SliceController(this, this.clients, (hall): Hall | null => hall, null);
  private readonly fresh = new FreshnessController(this, this.clients);
  private readonly interest = new WatchController(this.clients);
  private readonly actions = new Actions(this, this.clients, (command) => this.consider(command));
  private readonly announcer = new Announcer(this);
  private readonly alerts = new Alerts(this, this.clients);
  private readonly others = new FreeOthers(this, this.clients);

  constructor() {
    super();
    new ClockController(this, 1000, () => this.visible);
  }

  /** Opens the dialog and, where a command is given, sends it and shows what comes of it; what it costs is seen before. */
  show(command: Command | null = null): void {
    this.closing &&= "not_any_more";
    this.opened = true;
    fetchAbout();
    if (command && !this.consider(command) && !this.byPhone(command)) void this.actions.run(command);
    if (navigator.userActivation?.isActive) this.alerts.prepare();
    void this.updateComplete.then(() => {
      if (this.dialog && !this.dialog.open) this.dialog.showModal();
      panelOpened(this);
    });
  }

  /** Closes the dialog. The place in line stays. */
  hide(): void {
    if (this.dialog?.open) this.closing = "yes";
    this.dialog?.close();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.closed();
  }

  private get visible(): boolean {
    return this.opened || this.asWindow;
  }

  override willUpdate(changed: PropertyValues): void {
    // What had it and is disabled while its command runs loses it to the page.
    const lost = this.focused && this.dialog?.open === true && document.activeElement === document.body;
    this.focused = lost || this.shadowRoot?.activeElement != null;
    if (changed.has("expert")) {
      this.actions.clear();
      this.asking = "";
      this.mode = this.preset;
      if (this.considered && this.hall.value && !wanted(this.hall.value, this.considered).experts.includes(this.expert)) this.considered = null;
    }
    this.preset = "";
    const hall = this.hall.value;
    const now = hall && situation(hall, this.expert);
    this.others.want(this.visible && now !== null && wantsOthers(now));
    this.interest.set(this.visible ? { first: true, experts: [...this.about(now), ...this.others.list.map((one) => one.profile.expert)] } : {});
  }

  protected override updated(): void {
    const hall = this.hall.value;
    // The button that was pressed may be gone with the situation: the focus stays in the panel, before what is new.
    if (this.focused && this.visible && this.shadowRoot?.activeElement == null) this.renderRoot.querySelector<HTMLElement>(".body")?.focus({ preventScroll: true });
    if (this.asWindow && !this.opened) {
      this.opened = true;
      fetchAbout();
      panelOpened(this);
    }
    if (this.visible && hall?.welcome?.rules.prepaid) fetchMoney();
    if (hall && this.visible) this.announcer.say(placeSpoken(translate(this.language), hall, this.now));
  }

  protected override render(): TemplateResult | typeof nothing {
    if (!this.visible) return nothing;
    const name = this.hall.value ? nameOf(this.hall.value, this.expert) : this.expert;
    if (this.asWindow) return html`<section class="sheet own" part="dialog" aria-label=${this.t("panel.label", { name })}>${this.content()}</section>`;
    return html`
      <dialog class="sheet" part="dialog" aria-label=${this.t("panel.label", { name })} @close=${this.onClose} @click=${this.backdrop}>
        ${this.content()}
      </dialog>`;
  }

  private content(): TemplateResult {
    const view = this.view();
    return html`
      ${view?.situation.kind === "session" ? this.slimHeader() : this.header(view ? subject(view.situation, this.expert) : this.expert)}
      <div class="body" part="body" tabindex="-1">
        ${this.fresh.value === "stale" ? this.unsure() : nothing}
        ${view ? body(view) : nothing}
      </div>
      ${this.announcer.region()}`;
  }

  /** A session says by itself with whom it is. */
  private slimHeader(): TemplateResult | typeof nothing {
    return this.asWindow ? nothing : html`<header class="slim">${this.closeButton()}</header>`;
  }

  private closeButton(): TemplateResult {
    return html`<button class="button quiet icon" aria-label=${this.t("do.close")} @click=${() => this.hide()}>${icon("close")}</button>`;
  }

  private header(expert: string): TemplateResult {
    const profile = this.hall.value?.profiles.get(expert);
    const name = profile?.name || expert;
    const state = shown(this.hall.value?.lights.get(expert), this.fresh.value, this.hall.value?.ready ?? false);
    return html`
      <header>
        ${avatar(name, profile?.photo, this.client?.server)}
        <div class="who">
          <h2>${name}</h2>
          ${profile?.headline ? html`<p class="headline" dir="auto">${profile.headline}</p>` : nothing}
          <p class="state">${mark(state === "unknown" ? "unsure" : state)} ${state === "unknown" ? this.t("unknown.title") : this.t(`light.${state}`)}</p>
        </div>
        ${this.asWindow ? nothing : html`
          <div class="tools">
            ${this.client ? html`<a class="button quiet icon" href=${this.ownPage()} target="_blank" rel="opener"
              aria-label=${this.t("do.window")} title=${this.t("do.window")} @click=${this.openWindow}>${icon("window")}</a>` : nothing}
            ${this.closeButton()}
          </div>`}
        ${profile ? standing(translate(this.language), this.language, asKept(profile, this.hall.value?.ticket ?? null), this.hall.value?.welcome?.rules ?? null, this.now) : nothing}
      </header>`;
  }

  private ownPage(): string {
    const page = new URL(`/p/${encodeURIComponent(this.pool)}`, this.client?.server);
    page.search = new URLSearchParams({ view: "panel", expert: this.expert }).toString();
    return page.href;
  }

  private readonly openWindow = (event: MouseEvent): void => {
    const opened = window.open(this.ownPage(), `openline-${this.pool}-${this.expert}`, "popup,width=460,height=780");
    if (!opened) return; // The browser would not: the link opens a tab.
    event.preventDefault();
    this.hide();
  };

  private unsure(): TemplateResult {
    const text = this.hall.value?.ticket ? "unsure.text" : "unsure.guest";
    return html`<div class="callout warning" role="status">${icon("offline")}<div><strong>${this.t("unsure.title")}</strong><br>${this.t(text)}</div></div>`;
  }

  /** Whose lights matter here: this expert's, and of those in whose lines one stands. */
  private about(now: Situation | null): string[] {
    return [this.expert, ...(now?.kind === "in_line" || now?.kind === "over" ? now.ticket.places.map((place) => place.expert) : [])];
  }

  /** Takes a command over that costs something, until that has been seen. Returns whether it did. */
  private consider(command: Command): boolean {
    const hall = this.hall.value;
    if (!hall || hall.role !== "user" || !costs(hall, command)) return false;
    const { experts, mode } = wanted(hall, command);
    // The panel of this expert shows it anyway, beside the button that does it; not while it says how the last time ended.
    const { kind } = situation(hall, this.expert);
    const here = experts.length === 1 && experts[0] === this.expert && kind !== "over" && kind !== "session";
    this.considered = here ? null : command;
    if (here) this.mode = this.preset = mode;
    return true;
  }

  /** Where the telephone is to ring, the number is shown before, or asked for. Returns whether it is. */
  private byPhone(command: Command): boolean {
    const hall = this.hall.value;
    if (hall?.role !== "user" || command.t === "switch" || wanted(hall, command).mode !== "phone") return false;
    this.mode = this.preset = "phone";
    return true;
  }

  private readonly deposited = (): void => {
    this.asking = "";
    if (this.actions.problem === "balance_too_low") this.actions.clear();
  };

  private readonly billSeen = (): void => {
    if (this.client) forgetBill(this.client);
    this.requestUpdate();
  };

  private view(): PanelView | null {
    const hall = this.hall.value;
    const client = this.client;
    if (!hall || !client) return null;
    const modes = hall.profiles.get(this.expert)?.modes ?? [];
    return {
      t: translate(this.language), language: this.language, now: this.now, hall, expert: this.expert, theme: this.theme, free: this.others.list,
      situation: situation(hall, this.expert), actions: this.actions, client, asking: this.asking, alerts: this.alerts,
      mode: this.mode || (modes[0] ?? "chat"), modes,
      choose: (mode) => { this.mode = mode; },
      ask: (what) => { this.asking = what; },
      considered: this.considered, start: (command, name) => { if (!this.consider(command)) void this.actions.run(command, name); }, consider: (command) => { this.considered = command; }, deposited: this.deposited, billSeen: this.billSeen,
      close: () => this.hide(),
    };
  }

  private readonly onClose = (): void => {
    const { closing } = this;
    this.closing = "";
    if (closing !== "not_any_more") this.closed();
  };

  private readonly closed = (): void => {
    if (!this.opened) return;
    this.opened = false;
    this.asking = "";
    this.considered = null;
    this.actions.clear();
    panelClosed(this);
    this.dispatchEvent(new CustomEvent("openline-closed"));
  };

  /** A click beside the sheet closes it; a click that ends outside after a selection inside does not. */
  private readonly backdrop = (event: MouseEvent): void => {
    if (event.target !== this.dialog || !this.dialog) return;
    const box = this.dialog.getBoundingClientRect();
    const inside = event.clientX >= box.left && event.clientX <= box.right && event.clientY >= box.top && event.clientY <= box.bottom;
    if (!inside && (event.clientX !== 0 || event.clientY !== 0)) this.hide();
  };
}

define("openline-panel", OpenlinePanel);

declare global {
  interface HTMLElementTagNameMap {
    "openline-panel": OpenlinePanel;
  }
}
