import { html, type ReactiveController, type ReactiveControllerHost, type TemplateResult } from "lit";

const QUIET_MS = 1500;

/** A polite live region: speaks the last of several quick changes, and nothing twice. */
export class Announcer implements ReactiveController {
  private wished = "";
  private spoken = "";
  private timer = 0;

  constructor(private readonly host: ReactiveControllerHost) {
    host.addController(this);
  }

  say(text: string): void {
    if (text === this.wished) return;
    this.wished = text;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.spoken = this.wished;
      this.host.requestUpdate();
    }, QUIET_MS) as unknown as number;
  }

  /** To be rendered always, also while it is empty: regions that come with their text are not spoken. */
  region(): TemplateResult {
    return html`<div class="said" role="status" aria-live="polite">${this.spoken}</div>`;
  }

  hostDisconnected(): void {
    clearTimeout(this.timer);
    this.wished = this.spoken = "";
  }
}
