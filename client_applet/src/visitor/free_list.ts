import { html, type TemplateResult } from "lit";
import type { Light } from "../generated/wire";
import { avatar } from "../ui/avatar";
import { icon } from "../ui/icons";
import { mark } from "../ui/lights";
import type { PanelView } from "./panel_view";
import { nameOf } from "./situation";

/** Experts who could talk now, each with one gesture: connect, or switch for those who stand in a line. */
export function freeList(view: PanelView, lights: readonly Light[], switching: boolean): TemplateResult {
  return html`<ul class="free-list">${lights.map((light) => item(view, light, switching))}</ul>`;
}

function item(view: PanelView, light: Light, switching: boolean): TemplateResult {
  const { t, hall, actions, client } = view;
  const name = nameOf(hall, light.expert);
  const profile = hall.profiles.get(light.expert);
  const mode = profile?.modes.includes(view.mode) ? view.mode : (profile?.modes[0] ?? "chat");
  const label = t(switching ? "do.switch" : "do.connect");
  const go = () => {
    view.alerts.prepare();
    const expert = light.expert;
    void actions.run(switching ? { t: "switch", expert, leaving: "" } : { t: "connect", expert, mode }, `go:${expert}`);
  };
  return html`
    <li>
      ${avatar(name, profile?.photo, client.server)}
      <span class="text"><strong>${name}</strong><span class="muted">${mark(light.indicator)} ${profile?.headline || t("light.free")}</span></span>
      <button class="button outline small" aria-label="${label}: ${name}" ?disabled=${actions.running !== ""} @click=${go}>
        ${icon(switching ? "switch" : mode)}${label}
      </button>
    </li>`;
}
