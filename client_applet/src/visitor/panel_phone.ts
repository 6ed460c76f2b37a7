import { html, nothing, type TemplateResult } from "lit";
import { dearer, type KnownTicket } from "../core";
import type { Mode, Offer } from "../generated/wire";
import { icon } from "../ui/icons";
import { perMinute } from "./panel_money";
import type { PanelView } from "./panel_view";
import { nameOf } from "./situation";

/** What leads to a session by telephone, once there is a number that can be called; anything else as it is. */
export function numbered(view: PanelView, mode: Mode, go: TemplateResult): TemplateResult {
  const { hall, client, language, theme } = view;
  if (mode !== "phone" || hall.role !== "user") return go;
  return html`<openline-number .client=${client} .language=${language} .theme=${theme}>${go}</openline-number>`;
}

/** "Call me when it is my turn", for a place that is for a session by telephone. */
export function callMe(view: PanelView, ticket: KnownTicket, expert: string): TemplateResult | typeof nothing {
  const { hall, client, language, theme } = view;
  if (ticket.mode !== "phone") return nothing;
  const rate = Math.max(0, ...ticket.places.map((place) => place.rate));
  return html`<openline-call-me .client=${client} .language=${language} .theme=${theme} .name=${nameOf(hall, expert)} .on=${ticket.call_me}
    .rate=${rate} .dearer=${perMinute(view, dearer(ticket))}></openline-call-me>`;
}

/** It is the user's turn, and their telephone rings: picking it up is the answer. */
export function ringing(view: PanelView, offer: Offer): TemplateResult {
  const { t, hall, actions } = view;
  return html`
    <div class="center calling" role="status"><span class="badge">${icon("phone")}</span>
      <h3>${t("offer.phone", { name: nameOf(hall, offer.expert) })}</h3>
      <p>${t("offer.phoneText")}</p>
    </div>
    <div class="actions">
      <button class="button quiet wide" ?disabled=${actions.running !== ""} @click=${() => actions.run({ t: "decline", offer: offer.offer, reason: "" })}>${t("do.notReady")}</button>
    </div>`;
}
