import { html, nothing, type TemplateResult } from "lit";
import type { Step } from "./about";
import type { PanelView } from "./panel_view";
import { nameOf } from "./situation";

/** What else there is about the expert, and what else one can do; the component comes when the first panel opens. */
export function about(view: PanelView, steps: readonly Step[], leading: boolean, between: TemplateResult | typeof nothing = nothing): TemplateResult {
  const { client, hall, expert, language } = view;
  return html`
    <openline-about .client=${client} .expert=${expert} .name=${nameOf(hall, expert)} .language=${language} .theme=${view.theme}
      .news=${hall.news.get(expert) ?? 0} .asker=${hall.role} .indicator=${hall.lights.get(expert)?.indicator ?? "offline"} .steps=${steps}
      ?leading=${leading} .minute=${Math.floor(view.now / 60_000)}>${between}</openline-about>`;
}

/** Loads the component. */
export function fetchAbout(): void {
  void import("./later");
}
