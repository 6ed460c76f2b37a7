import { css, html, type TemplateResult } from "lit";
import { SliceController } from "../core";
import { define, PoolElement } from "../ui/element";
import "./directory";
import "./panel";

/** The directory's own page (`/p/{pool}`); with `?view=panel&expert=ada` the line of one expert in a window of its own. */
export class OpenlinePage extends PoolElement {
  static override styles = [...PoolElement.styles, css`
    :host { display: block; max-inline-size: 1180px; margin: 0 auto; padding: clamp(12px, 3vw, 32px) clamp(12px, 3vw, 28px); }
  `];

  private readonly welcome = new SliceController(this, this.clients, (hall) => hall.welcome, null, () => this.nameTab());

  protected override render(): TemplateResult {
    const query = new URLSearchParams(location.search);
    const common = { server: this.server, pool: this.pool };
    if (query.get("view") === "panel") {
      return html`<openline-panel window .server=${common.server} .pool=${common.pool} .expert=${query.get("expert") ?? ""}></openline-panel>`;
    }
    return html`<openline-directory heading routed .server=${common.server} .pool=${common.pool}></openline-directory>`;
  }

  private nameTab(): void {
    const name = this.welcome.value?.pool_name;
    if (name) document.title = name;
  }
}

define("openline-page", OpenlinePage);
