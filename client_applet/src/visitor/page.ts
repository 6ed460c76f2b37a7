import { css, html, nothing, type TemplateResult } from "lit";
import { SliceController } from "../core";
import { define, PoolElement } from "../ui/element";
import { icon } from "../ui/icons";
import "./directory";
import "./panel";

const PLACES = ["already_in_line", "store_unavailable"] as const;

/** The directory's own page (`/p/{pool}`); with `?view=panel&expert=ada` the line of one expert in a window of its own. */
export class OpenlinePage extends PoolElement {
  static override styles = [...PoolElement.styles, css`
    :host { display: block; max-inline-size: 1180px; margin: 0 auto; padding: clamp(12px, 3vw, 32px) clamp(12px, 3vw, 28px); }
  `];

  /** What the sign-in that led here says of the place that a visitor had (`server/adopting.py`). */
  private place = PLACES.find((one) => location.hash === `#${one}`) ?? null;

  private readonly welcome = new SliceController(this, this.clients, (hall) => hall.welcome, null, () => this.nameTab());

  protected override render(): TemplateResult {
    const query = new URLSearchParams(location.search);
    const common = { server: this.server, pool: this.pool };
    if (query.get("view") === "panel") {
      return html`<openline-panel window .server=${common.server} .pool=${common.pool} .expert=${query.get("expert") ?? ""}></openline-panel>`;
    }
    return html`${this.kept()}<openline-directory heading routed .server=${common.server} .pool=${common.pool}></openline-directory>`;
  }

  private kept(): TemplateResult | typeof nothing {
    if (this.place === null) return nothing;
    return html`<div class="callout" part="notice" role="status">${icon("info")}<div>${this.t(`notice.${this.place}`)}</div>
      <button class="button quiet icon" aria-label=${this.t("do.close")} @click=${() => this.dismiss()}>${icon("close")}</button></div>`;
  }

  private dismiss(): void {
    this.place = null;
    history.replaceState(null, "", location.pathname + location.search);
    this.requestUpdate();
  }

  private nameTab(): void {
    const name = this.welcome.value?.pool_name;
    if (name) document.title = name;
  }
}

define("openline-page", OpenlinePage);
