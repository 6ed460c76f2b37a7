import { html, nothing, type TemplateResult } from "lit";
import type { PlaceForecast } from "../generated/wire";
import { dearer, type KnownTicket, type Place, placeForecast, placeOutlook, position } from "../core";
import { clock, isoDuration, timeOfDay } from "../i18n";
import { icon } from "../ui/icons";
import { mark } from "../ui/lights";
import { wait, waitAtMost } from "../ui/words";
import { othersFree } from "./free_list";
import { closesSoon, outlookWords } from "./outlook";
import { about } from "./panel_about";
import { depositButton, quoted, rateLine } from "./panel_money";
import { callMe } from "./panel_phone";
import type { PanelView } from "./panel_view";
import { nameOf } from "./situation";

const DOTS_MAX = 12;
const AWAY_MINUTES = [5, 10, 15];
/** The place from which on the server lets one try the way of the sound. */
const SOON = 2;

/** Standing in one line or several: place, wait, and what one can do meanwhile. */
export function inLine(view: PanelView, ticket: KnownTicket, places: readonly Place[]): TemplateResult {
  const away = ticket.paused_until > view.now;
  const own = places.find((place) => place.expert === view.expert) ?? places[0];
  const calls = own && !away ? callMe(view, ticket, own.expert) : nothing;
  const asks = ticket.call_me && dearer(ticket) > 0;
  return html`
    ${away ? paused(view, ticket) : nothing}
    ${asks ? calls : nothing}
    ${own ? quoted(view, own.expert, ticket.mode, nothing, own.rate) : nothing}
    ${ticket.reason === "expert_missed" && !away ? missed(view, own) : nothing}
    ${places.length > 1 ? several(view, places) : own ? single(view, own) : nothing}
    ${own ? lineState(view, own) : nothing}
    ${away ? nothing : readiness(view, ticket, places)}
    ${own ? ending(view, own) : nothing}
    <p class="waited"><span part="mode">${icon(ticket.mode)}${view.t(`mode.${ticket.mode}`)}</span>${icon("clock")}${view.t("wait.waited")}
      <time datetime=${isoDuration(view.now - ticket.joined_at)}>${clock(view.now - ticket.joined_at)}</time></p>
    ${asks ? nothing : calls}
    ${controls(view, places, away)}
    ${othersFree(view, [view.expert, ...places.map((place) => place.expert)], true, view.t("line.othersText"))}
    ${view.alerts.mayAsk
      ? html`<button class="button quiet small wide" @click=${() => view.alerts.ask()}>${icon("bell")}${view.t("notify.allow")}</button>`
      : nothing}
    ${ticket.call_me ? nothing : html`<p class="hint">${view.t("line.kept")}</p>`}
    ${places.length === 1 ? about(view, [], false) : nothing}`;
}

/** Whoever will soon talk is told in time what is missing for that: a chunk that comes when the place is near. */
function readiness({ client, language, theme }: PanelView, ticket: KnownTicket, places: readonly Place[]): TemplateResult | typeof nothing {
  // Of several the dearest, so that the balance is enough for whichever comes first.
  const [near] = places.filter((place) => position(place) <= SOON).toSorted((a, b) => b.rate - a.rate);
  if (ticket.mode !== "audio" || !near) return nothing;
  void import("../call/preflight");
  return html`<openline-preflight .client=${client} .language=${language} .theme=${theme} .expert=${near.expert} .rate=${near.rate}></openline-preflight>`;
}

function single(view: PanelView, place: Place): TemplateResult {
  const { t, hall, now } = view;
  const at = position(place);
  const forecast = placeForecast(hall, place);
  const ahead = place.ahead.length;
  return html`
    <div class="place">
      <p class="place-name">${at === 1 ? t("line.next") : t("line.place")}</p>
      <p class="number tabular">${at}<span class="of">${t("line.of", { n: Math.max(place.length, at) })}</span></p>
      ${dots(ahead, Math.max(place.length, at))}
      <p class="expect">${icon("clock")}<strong>${wait(t, forecast, forecast ? now - forecast.at : 0)}</strong></p>
      ${atMost(view, place.expert, forecast, forecast ? now - forecast.at : 0)}
      <p class="muted">${ahead > 0 ? t("people.ahead", { n: ahead }) : t("people.none")}</p>
    </div>`;
}

/** How long it can take at most, and on what condition; only where balances bound the sessions ahead. */
export function atMost(
  { t, hall }: PanelView, expert: string, forecast: PlaceForecast | null, elapsedMs: number,
): TemplateResult | typeof nothing {
  const words = hall.welcome?.rules.prepaid ? waitAtMost(t, forecast, elapsedMs) : "";
  return words ? html`<p class="at-most">${words}<small>${t("wait.neverWhy", { name: nameOf(hall, expert) })}</small></p>` : nothing;
}

/** The line as a row of dots: those ahead, me, those behind. Decoration of the numbers beside it. */
function dots(ahead: number, length: number): TemplateResult | typeof nothing {
  if (length > DOTS_MAX || length < 2) return nothing;
  const kind = (at: number) => (at < ahead ? "ahead" : at === ahead ? "me" : "behind");
  return html`<div class="dots" aria-hidden="true">${Array.from({ length }, (_, at) => html`<span class=${kind(at)}></span>`)}</div>`;
}

function several(view: PanelView, places: readonly Place[]): TemplateResult {
  const { t, hall, now, actions } = view;
  const row = (place: Place) => {
    const forecast = placeForecast(hall, place);
    const name = nameOf(hall, place.expert);
    const light = hall.lights.get(place.expert);
    return html`
      <li>
        <span class="number small tabular" aria-label=${t("line.placeIs", { n: position(place) })}>${position(place)}</span>
        <span class="text"><strong>${name}</strong>
          <span class="muted">${light ? mark(light.indicator) : nothing} ${wait(t, forecast, forecast ? now - forecast.at : 0)}</span>${rateLine(view, place.rate)}</span>
        <button class="button quiet icon" aria-label=${`${t("do.leaveOne")}: ${name}`} ?disabled=${actions.running !== ""}
          @click=${() => actions.run({ t: "leave", expert: place.expert }, `leave:${place.expert}`)}>${icon("close")}</button>
      </li>`;
  };
  return html`<section class="several"><h3>${t("line.several")}</h3><ul class="free-list">${places.map(row)}</ul></section>`;
}

function lineState({ t, hall }: PanelView, place: Place): TemplateResult | typeof nothing {
  const name = nameOf(hall, place.expert);
  const indicator = hall.lights.get(place.expert)?.indicator;
  const key = indicator === "away" ? "line.expertAway" : indicator === "offline" ? "line.expertOffline" : indicator === "closed" ? "line.expertClosed" : null;
  return key ? html`<div class="callout warning">${icon("info")}<div>${t(key, { name })}</div></div>` : nothing;
}

/** Told in time whether one will be served before the hours end. */
function ending(view: PanelView, place: Place): TemplateResult | typeof nothing {
  const light = view.hall.lights.get(place.expert);
  return light && closesSoon(light, view.now) ? outlookWords(view, light, placeOutlook(view.hall, place)) : nothing;
}

function missed({ t, hall }: PanelView, place: Place | undefined): TemplateResult | typeof nothing {
  return place ? html`<div class="callout">${icon("info")}<div>${t("line.again", { name: nameOf(hall, place.expert) })}</div></div>` : nothing;
}

function paused(view: PanelView, ticket: KnownTicket): TemplateResult {
  const { t, actions, language } = view;
  const stepped = ticket.pause_reason === "stepped_away";
  const poor = ticket.pause_reason === "balance_too_low";
  return html`
    <div class="pause">
      <h3>${t(stepped ? "line.away" : poor ? "line.balanceLow" : "line.notReady")}</h3>
      <p>${stepped ? t("line.awayText", { time: timeOfDay(ticket.paused_until, language) }) : t(poor ? "line.balanceLowText" : "line.notReadyText")}</p>
      ${poor ? depositButton(view) : nothing}
      <button class="button main wide tall" ?disabled=${actions.running !== ""} @click=${() => actions.run({ t: "come_back" })}>
        ${actions.running === "come_back" ? html`<span class="spinner"></span>` : icon("check")}${t("do.comeBack")}
        <time class="tabular">${clock(ticket.paused_until - view.now)}</time>
      </button>
    </div>`;
}

function controls(view: PanelView, places: readonly Place[], away: boolean): TemplateResult {
  if (view.asking === "leave") return leaveQuestion(view, places);
  if (view.asking === "away" && !away) return awayQuestion(view);
  const { t, ask, actions } = view;
  return html`
    <div class="pair">
      ${away ? nothing : html`<button class="button outline" ?disabled=${actions.running !== ""} @click=${() => ask("away")}>${icon("coffee")}${t("do.stepAway")}</button>`}
      <button class="button danger-quiet" ?disabled=${actions.running !== ""} @click=${() => ask("leave")}>${icon("leave")}${t("do.leave")}</button>
    </div>`;
}

function leaveQuestion(view: PanelView, places: readonly Place[]): TemplateResult {
  const { t, ask, actions } = view;
  const leave = async () => {
    if (await actions.run({ t: "leave", expert: "" })) ask("");
  };
  return html`
    <div class="question" role="group" aria-label=${t("do.leave")}>
      <p>${t("line.leaveSure", { n: Math.min(...places.map(position)) })}</p>
      <div class="pair">
        <button class="button outline" @click=${() => ask("")}>${t("do.stay")}</button>
        <button class="button danger" ?disabled=${actions.running !== ""} @click=${leave}>${t("do.leave")}</button>
      </div>
    </div>`;
}

function awayQuestion(view: PanelView): TemplateResult {
  const { t, ask, actions, hall } = view;
  const longest = hall.welcome?.rules.step_away_max_s ?? 0;
  const choices = AWAY_MINUTES.filter((minutes) => minutes * 60 <= longest);
  const step = async (seconds: number) => {
    if (await actions.run({ t: "step_away", seconds })) ask("");
  };
  const offered = choices.length > 0 ? choices.map((minutes) => minutes * 60) : [Math.max(1, Math.floor(longest))];
  return html`
    <div class="question" role="group" aria-label=${t("do.stepAway")}>
      <p>${t("line.awayAsk")}</p>
      <div class="pair">
        ${offered.map((seconds) => html`<button class="button outline" ?disabled=${actions.running !== ""} @click=${() => step(seconds)}>
          ${t("do.minutes", { n: Math.max(1, Math.round(seconds / 60)) })}</button>`)}
        <button class="button quiet" @click=${() => ask("")}>${t("do.cancel")}</button>
      </div>
    </div>`;
}
