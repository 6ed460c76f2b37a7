import { html, nothing, svg, type TemplateResult } from "lit";
import { until } from "lit/directives/until.js";
import type { Offer, Session } from "../generated/wire";
import { dearer, type KnownTicket } from "../core";
import { type Key, en } from "../i18n/en";
import { avatar } from "../ui/avatar";
import { icon } from "../ui/icons";
import { perMinute } from "./panel_money";
import type { PanelView } from "./panel_view";
import { nameOf } from "./situation";
import { othersFree } from "./free_list";

const RING = 2 * Math.PI * 44;

/** "Are you there?" with the time that is left to answer. */
export function readyCheck(view: PanelView, offer: Offer): TemplateResult {
  const { t, hall, now, actions } = view;
  const left = Math.max(0, offer.ready_until - now);
  const whole = (hall.welcome?.rules.ready_s ?? 20) * 1000;
  const seconds = Math.ceil(left / 1000);
  const more = hall.ticket ? dearer(hall.ticket) : 0;
  const share = Math.min(1, left / whole);
  return html`
    <div class="center" role="alertdialog" aria-label=${t("offer.title", { name: nameOf(hall, offer.expert) })}>
      <svg class="ring" viewBox="0 0 100 100" role="timer" aria-label=${t("offer.left", { n: seconds })}>
        ${svg`<circle class="track" cx="50" cy="50" r="44"/>
        <circle class="left" cx="50" cy="50" r="44" stroke-dasharray=${RING} stroke-dashoffset=${RING * (1 - share)}/>
        <text x="50" y="52" text-anchor="middle" dominant-baseline="middle">${seconds}</text>`}
      </svg>
      <h3>${t("offer.title", { name: nameOf(hall, offer.expert) })}</h3>
      ${more > 0 ? html`<p part="dearer"><strong>${t("offer.dearer", { price: perMinute(view, more) })}</strong></p>` : nothing}
      <p>${t("offer.text")}</p>
    </div>
    <div class="actions">
      <button class="button main wide tall" autofocus ?disabled=${actions.running !== ""} @click=${() => actions.run({ t: "accept", offer: offer.offer })}>
        ${actions.running === "accept" ? html`<span class="spinner"></span>` : icon("check")}${t("do.ready")}</button>
      <button class="button quiet wide" ?disabled=${actions.running !== ""} @click=${() => actions.run({ t: "decline", offer: offer.offer, reason: "" })}>${t("do.notReady")}</button>
    </div>`;
}

/** This side has accepted; it rings at the other. */
export function calling(view: PanelView, offer: Offer): TemplateResult {
  const { t, hall, actions, client } = view;
  const name = nameOf(hall, offer.expert);
  return html`
    <div class="center calling">
      ${avatar(name, hall.profiles.get(offer.expert)?.photo, client.server)}
      <h3>${offer.theirs ? t("offer.both") : t("offer.calling", { name })}</h3>
      <p>${t("offer.callingText", { name })}</p>
    </div>
    <div class="actions">
      <button class="button danger-quiet wide" ?disabled=${actions.running !== ""} @click=${() => actions.run({ t: "leave", expert: "" })}>${icon("hangUp")}${t("offer.cancel")}</button>
    </div>`;
}

/** The session, also after its end: a component of its own, loaded when it is needed. */
export function session(view: PanelView, now: Session): TemplateResult {
  const element = import("../call/session").then(
    () => html`<openline-session .server=${view.client.server} .pool=${view.client.pool} lang=${view.language} .autostart=${now.mode === "audio"}
      @openline-session-closed=${view.close}></openline-session>`,
  );
  return html`${until(sessionElement(element, now.session), html`<div class="center"><span class="spinner"></span><p>${view.t("session.loading")}</p></div>`)}`;
}

/** One promise per session, so that rendering again does not begin again. */
const elements = new Map<string, Promise<TemplateResult>>();
function sessionElement(element: Promise<TemplateResult>, id: string): Promise<TemplateResult> {
  const known = elements.get(id);
  if (known) return known;
  elements.clear();
  elements.set(id, element);
  return element;
}

/** The place has ended and the person was not asked: why, and what next. */
export function over(view: PanelView, ticket: KnownTicket): TemplateResult {
  const { t, hall, client } = view;
  const key = `over.${ticket.reason}`;
  const name = ticket.places.map((place) => nameOf(hall, place.expert)).join(", ");
  // What is no code was written by the operator who ended it.
  const isCode = /^[a-z_]+$/.test(ticket.reason);
  return html`
    <div class="say">
      <h3>${t("over.title")}</h3>
      <p>${t(key in en ? (key as Key) : isCode ? "over.other" : "over.operator", { name })}</p>
      ${isCode ? nothing : html`<p class="quote">${t("away.reason", { reason: ticket.reason })}</p>`}
    </div>
    ${othersFree(view, [], false)}
    <div class="actions"><button class="button outline wide" @click=${() => client.store.dismissLastTicket()}>${t("do.done")}</button></div>`;
}
