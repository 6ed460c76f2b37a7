import { html, type TemplateResult } from "lit";
import type { Light, Outlook } from "../generated/wire";
import { comingTime } from "../i18n";
import { icon } from "../ui/icons";
import type { PanelView } from "./panel_view";
import { nameOf } from "./situation";

/** The end of the hours is news from so long before: milliseconds. */
const SOON_MS = 60 * 60_000;

export function closesSoon(light: Light | undefined, now: number): boolean {
  return light !== undefined && light.closes > now && light.closes - now <= SOON_MS;
}

/** When the hours end, and whether who waits at that place will be served before. */
export function outlookWords({ t, hall, now, language }: PanelView, light: Light, outlook: Outlook): TemplateResult {
  const time = comingTime(light.closes, now, language);
  const warns = outlook === "unlikely" || outlook === "unsure";
  return html`
    <div class="callout ${warns ? "warning" : ""}" part="ending">${icon("clock")}
      <div>${t("hours.end", { name: nameOf(hall, light.expert), time })}${outlook === "" ? "" : html` <strong>${t(`outlook.${outlook}`)}</strong>`}</div></div>`;
}
