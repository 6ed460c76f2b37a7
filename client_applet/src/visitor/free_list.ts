import { html, nothing, type TemplateResult } from "lit";
import type { FoundExpert } from "../generated/wire";
import { rateOf } from "../core";
import { avatar } from "../ui/avatar";
import { icon } from "../ui/icons";
import { mark } from "../ui/lights";
import { stillFree } from "./free_others";
import { rateLine } from "./panel_money";
import type { PanelView } from "./panel_view";

const SHOWN = 3;

/** Others who could talk now, each with one gesture: connect, or switch for those who stand in a line. Nothing where there are none. */
export function othersFree(view: PanelView, but: Iterable<string>, switching: boolean, hint = ""): TemplateResult | typeof nothing {
  const free = stillFree(view.hall, view.free, new Set(but), SHOWN);
  if (free.length === 0) return nothing;
  return html`
    <section class="others"><h4>${view.t("line.freeNow")}</h4>${hint ? html`<p class="muted">${hint}</p>` : nothing}
      <ul class="free-list">${free.map((one) => item(view, one, switching))}</ul></section>`;
}

function item(view: PanelView, { profile }: FoundExpert, switching: boolean): TemplateResult {
  const { t, actions, client } = view;
  const { expert, name } = profile;
  const mode = profile.modes.includes(view.mode) ? view.mode : (profile.modes[0] ?? "chat");
  const label = t(switching ? "do.switch" : "do.connect");
  const go = () => {
    view.alerts.prepare();
    view.start(switching ? { t: "switch", expert, leaving: "" } : { t: "connect", expert, mode }, `go:${expert}`);
  };
  return html`
    <li>
      ${avatar(name, profile.photo, client.server)}
      <span class="text"><strong dir="auto">${name}</strong>${rateLine(view, rateOf(view.hall, expert, switching ? (view.hall.ticket?.mode ?? mode) : mode))}<span class="muted">${mark("free")}<span class="cut" dir="auto">${profile.headline || t("light.free")}</span></span></span>
      <button class="button outline small" aria-label="${label}: ${name}" ?disabled=${actions.running !== ""} @click=${go}>
        ${icon(switching ? "switch" : mode)}${label}
      </button>
    </li>`;
}
