import { html, nothing, type TemplateResult } from "lit";
import type { Light, Mode } from "../generated/wire";
import { joinForecast, joinOutlook, type KnownTicket } from "../core";
import { clock, comingTime } from "../i18n";
import type { Key } from "../i18n";
import { icon } from "../ui/icons";
import { wait } from "../ui/words";
import { about } from "./panel_about";
import { quoted } from "./panel_money";
import { numbered } from "./panel_phone";
import type { PanelView } from "./panel_view";
import { othersFree } from "./free_list";
import { closesSoon, outlookWords } from "./outlook";
import { atMost } from "./panel_line";
import { nameOf } from "./situation";

/** An expert in whose line one does not stand: what is so, and the best next step. */
export function avail(view: PanelView, light: Light, ticket: KnownTicket | null, full: boolean): TemplateResult {
  const shut = full || light.indicator === "offline" || light.indicator === "closed";
  const free = light.indicator === "free";
  return html`
    ${words(view, light, full)}
    ${!shut && !free ? facts(view, light) : nothing}
    ${shut ? nothing : ending(view, light)}
    ${ticket && !shut ? elsewhere(view, ticket) : nothing}
    ${shut ? nothing : html`${ticket ? nothing : modes(view)}${quoted(view, light.expert, ticket?.mode ?? view.mode, numbered(view, ticket?.mode ?? view.mode, mainAction(view, light, ticket)))}`}
    ${about(view, free ? [] : shut && !full && light.indicator === "offline" ? ["write", "tell"] : ["tell", "write"], shut,
      free ? nothing : othersFree(view, [view.expert], ticket !== null))}`;
}

function words(view: PanelView, light: Light, full: boolean): TemplateResult {
  const { t } = view;
  const name = nameOf(view.hall, light.expert);
  const kind = full ? "full" : light.indicator;
  return html`
    <div class="say">
      <h3>${t(`${kind}.title`, { name })}</h3>
      ${kind === "away" && light.reason && light.reason !== "missed" ? html`<p class="quote">${t("away.reason", { reason: light.reason })}</p>` : nothing}
      ${kind === "closed" && light.until ? html`<p><strong>${t("closed.until", { time: comingTime(light.until, view.now, view.language) })}</strong></p>` : nothing}
      <p>${detail(view, light, kind, name)}</p>
    </div>`;
}

function detail({ t, now }: PanelView, light: Light, kind: Light["indicator"] | "full", name: string): string {
  if (kind === "wrap-up" && light.until > now) return t("wrap-up.until", { name, time: clock(light.until - now) });
  const key: Key = `${kind}.text`;
  return t(key, { name });
}

function facts(view: PanelView, light: Light): TemplateResult {
  const { t, hall, now } = view;
  const told = hall.forecasts.get(light.expert);
  const expected = joinForecast(hall, light.expert);
  return html`
    <dl class="facts">
      ${told && expected ? html`<div><dt>${t("wait.expected")}</dt><dd>${wait(t, expected, now - told.at)}${atMost(view, light.expert, expected, now - told.at)}</dd></div>` : nothing}
      <div><dt>${t("people.inLine")}</dt><dd>${light.waiting > 0 ? t("people.count", { n: light.waiting }) : t("people.empty")}</dd></div>
    </dl>`;
}

/** The hours end soon: when, and whether who joins now will be served before. */
function ending(view: PanelView, light: Light): TemplateResult | typeof nothing {
  if (!closesSoon(light, view.now)) return nothing;
  const outlook = light.indicator === "free" ? "" : joinOutlook(view.hall, light.expert);
  return outlookWords(view, light, outlook);
}

function modes({ t, modes: offered, mode, choose }: PanelView): TemplateResult | typeof nothing {
  if (offered.length < 2) return nothing;
  const option = (one: Mode) => html`
    <label class="option"><input type="radio" name="mode" .checked=${mode === one} @change=${() => choose(one)}>
      <span>${icon(one)}${t(`mode.${one}`)}</span></label>`;
  return html`<fieldset class="modes"><legend>${t("mode.choose")}</legend>${offered.map(option)}</fieldset>`;
}

function mainAction(view: PanelView, light: Light, ticket: KnownTicket | null): TemplateResult {
  const { t, actions, mode } = view;
  const free = light.indicator === "free" && actions.problem !== "expert_busy";
  const expert = light.expert;
  const label = ticket ? (free ? "do.switchNow" : "do.switchHere") : free ? "do.connect" : light.waiting === 0 ? "do.joinNext" : "do.join";
  const go = () => {
    view.alerts.prepare();
    if (ticket) void actions.run({ t: "switch", expert, leaving: "" });
    else if (free) void actions.run({ t: "connect", expert, mode });
    else void actions.run({ t: "join", experts: [expert], mode });
  };
  const busy = ["join", "connect", "switch"].includes(actions.running);
  return html`
    <div class="actions">
      <button class="button main wide tall" ?disabled=${actions.running !== ""} aria-busy=${busy} @click=${go}>
        ${busy ? html`<span class="spinner"></span>` : icon(ticket ? "switch" : free ? mode : "plus")}${t(label)}
      </button>
    </div>`;
}

function elsewhere({ t, hall }: PanelView, ticket: KnownTicket): TemplateResult {
  const names = ticket.places.map((place) => nameOf(hall, place.expert)).join(", ");
  return html`<div class="callout">${icon("info")}<div><strong>${t("line.elsewhere", { name: names })}</strong><br>${t("line.elsewhereText")}</div></div>`;
}
