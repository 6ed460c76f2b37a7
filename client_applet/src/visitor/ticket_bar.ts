import { css, html, nothing, type TemplateResult } from "lit";
import { forgetBill } from "../call/kept_bill";
import { ClockController, dearer, type Hall, type LiveClient, LAST_MS, leftMs, meterOf, openOffer, placeForecast, position, shownMs, SliceController, WatchController } from "../core";
import { clock, isoDuration, translate } from "../i18n";
import { Announcer } from "../ui/announcer";
import { define, PoolElement } from "../ui/element";
import { icon } from "../ui/icons";
import { wait } from "../ui/words";
import { anyPanelOpen, OpenPanels } from "./open_panels";
import "./panel";
import type { OpenlinePanel } from "./panel";
import { notices } from "./notices";
import { billToSee, fetchMoney } from "./panel_money";
import { nameOf } from "./situation";
import { placeSpoken } from "./spoken";

interface Standing {
  expert: string;
  words: string;
  detail: string;
  since: number;
  urgent: boolean;
}

/** The own place, at the bottom of whatever page this is; nothing while there is none. It also opens the panel when it is one's turn. */
export class OpenlineTicketBar extends PoolElement {
  static override styles = [...PoolElement.styles, css`
    :host { position: fixed; inset-inline: 0; inset-block-end: 0; z-index: 2147483000; pointer-events: none; display: block; }
    .bar {
      pointer-events: auto; display: flex; align-items: center; gap: 12px; inline-size: min(620px, 100% - 24px); margin: 0 auto calc(14px + env(safe-area-inset-bottom));
      padding: 8px 8px 8px 18px; border-radius: 20px; background: light-dark(#17192b, #2a2e3a); color: #fff; box-shadow: var(--_shadow-high); animation: come 0.35s var(--_ease);
    }
    :host(:dir(rtl)) .bar { padding: 8px 18px 8px 8px; }
    .callout { pointer-events: auto; inline-size: min(620px, 100% - 24px); box-sizing: border-box; margin: 0 auto 10px; background: var(--_raised); border: 1px solid var(--_edge); box-shadow: var(--_shadow-high); align-items: center; }
    .callout:last-of-type { margin-block-end: calc(14px + env(safe-area-inset-bottom)); }
    .callout > div, .callout > openline-bill { flex: 1; min-inline-size: 0; }
    .bar.urgent { background: var(--_accent); color: var(--_on-accent); }
    @keyframes come { from { transform: translateY(120%); } }
    .text { flex: 1; min-inline-size: 0; display: grid; line-height: 1.3; }
    .text > * { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
    .text span { font-size: 0.88em; opacity: 0.85; }
    time { font-weight: 600; font-size: 0.95em; }
    .button { background: rgb(255 255 255 / 16%); color: inherit; }
    .button:hover { background: rgb(255 255 255 / 26%); }
    .bar :focus-visible { outline-color: currentcolor; }
    openline-panel { pointer-events: auto; }
  `];

  private readonly hall = new SliceController(this, this.clients, (hall): Hall | null => hall, null, () => this.attend());
  /** With whom one stood last: an open panel says how that ended. */
  private last = "";
  private readonly interest = new WatchController(this.clients);
  private readonly announcer = new Announcer(this);
  private readonly attention = new OpenPanels(() => this.panel);

  constructor() {
    super();
    new ClockController(this);
  }

  /** The page may show others than those in whose lines one stands. */
  protected override willUpdate(): void {
    const hall = this.hall.value;
    const session = hall?.session?.state === "ended" ? null : hall?.session;
    const experts = [...(hall?.ticket?.places.map((place) => place.expert) ?? []), ...(session?.side === "user" ? [session.expert] : [])];
    this.interest.set(experts.length > 0 ? { experts, first: true } : {});
  }

  protected override updated(): void {
    const hall = this.hall.value;
    if (hall?.welcome?.rules.prepaid && this.renderRoot.querySelector("openline-bill")) fetchMoney();
    if (hall) this.announcer.say(anyPanelOpen() ? "" : placeSpoken(translate(this.language), hall, this.now));
  }

  protected override render(): TemplateResult {
    const standing = this.standing();
    if (standing) this.last = standing.expert;
    const hall = this.hall.value;
    return html`
      ${hall && this.client && !anyPanelOpen() ? notices(translate(this.language), this.client, hall.notices.slice(-3)) : nothing}
      ${hall && this.client && !anyPanelOpen() ? this.bill(hall, this.client) : nothing}
      ${standing && hall && !anyPanelOpen() ? this.bar(standing) : nothing}
      <openline-panel .server=${this.server} .pool=${this.pool} .token=${this.token} .theme=${this.theme} lang=${this.language}
        .expert=${this.last} @openline-closed=${() => this.requestUpdate()}></openline-panel>
      ${this.announcer.region()}`;
  }

  private bill(hall: Hall, client: LiveClient): TemplateResult | typeof nothing {
    const billSeen = () => {
      forgetBill(client);
      this.requestUpdate();
    };
    return billToSee({ client, hall, language: this.language, theme: this.theme, t: translate(this.language), billSeen });
  }

  private bar(standing: Standing): TemplateResult {
    return html`
      <div class="bar ${standing.urgent ? "urgent" : ""}" part="bar">
        <div class="text"><strong>${standing.words}</strong><span>${standing.detail}</span></div>
        ${standing.since > 0 ? html`<time datetime=${isoDuration(this.now - standing.since)}>${clock(this.now - standing.since)}</time>` : nothing}
        <button class="button small" @click=${() => this.panel?.show()}>${this.t("do.open")}${icon("up")}</button>
      </div>`;
  }

  private standing(): Standing | null {
    const hall = this.hall.value;
    if (!hall) return null;
    const { session, ticket } = hall;
    if (session?.side === "user" && session.state !== "ended") {
      const words = this.t("bar.session", { name: nameOf(hall, session.expert) });
      const meter = meterOf(hall, session.session);
      if (meter) return this.paying(session.expert, words, leftMs(meter, this.now, session.cap_until), meter.running_since > 0);
      return { expert: session.expert, words, detail: this.t(`mode.${session.mode}`), since: session.live_at, urgent: false };
    }
    const offer = openOffer(hall);
    if (session?.side === "user" && !offer && !ticket) {
      return { expert: session.expert, words: nameOf(hall, session.expert), detail: this.t("bar.ended"), since: 0, urgent: false };
    }
    if (offer?.side === "user") {
      const words = this.t(offer.mine ? "bar.calling" : "bar.ready", { name: nameOf(hall, offer.expert) });
      return { expert: offer.expert, words, detail: "", since: 0, urgent: !offer.mine };
    }
    const place = ticket?.places.toSorted((a, b) => position(a) - position(b))[0];
    if (!ticket || !place) return null;
    const many = ticket.places.length > 1;
    const forecast = placeForecast(hall, place);
    const words = many ? this.t("bar.several", { n: ticket.places.length }) : this.t("bar.line", { name: nameOf(hall, place.expert) });
    if (ticket.call_me && dearer(ticket) > 0) return { expert: place.expert, words, detail: this.t("bar.agree"), since: ticket.joined_at, urgent: true };
    const detail = `${this.t("line.placeIs", { n: position(place) })} · ${wait(translate(this.language), forecast, forecast ? this.now - forecast.at : 0)}`;
    return { expert: place.expert, words, detail, since: ticket.joined_at, urgent: false };
  }

  /** In a session that costs something the time that is left counts, and its last minute is worth a look. */
  private paying(expert: string, words: string, left: number, runs: boolean): Standing {
    const last = runs && left <= LAST_MS;
    const detail = `${last ? `${this.t("bar.last")} · ` : ""}${this.t("bar.left", { time: clock(shownMs(left)) })}`;
    return { expert, words, detail, since: 0, urgent: last };
  }

  private get panel(): OpenlinePanel | null {
    return this.renderRoot?.querySelector("openline-panel") ?? null;
  }

  private attend(): void {
    const offer = this.hall.value && openOffer(this.hall.value);
    if (offer?.side === "user") void this.updateComplete.then(() => this.attention.open(offer.offer));
  }
}

define("openline-ticket-bar", OpenlineTicketBar);

declare global {
  interface HTMLElementTagNameMap {
    "openline-ticket-bar": OpenlineTicketBar;
  }
}
