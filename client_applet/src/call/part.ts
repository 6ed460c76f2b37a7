import { html, LitElement, nothing, type TemplateResult } from "lit";
import { property, state } from "lit/decorators.js";
import { codeOf, type LiveClient } from "../core";
import { catalogues, type Language, translate, type Values } from "../i18n";
import { callAr } from "../i18n/call.ar";
import { callDe } from "../i18n/call.de";
import { callEn, type CallKey } from "../i18n/call.en";
import { callEs } from "../i18n/call.es";
import { controls } from "../ui/controls";
import { tokens } from "../ui/tokens";
import { refusal } from "../ui/words";

/** The words of a session, in a language. */
export const callWords = catalogues<CallKey>({ en: callEn, de: callDe, es: callEs, ar: callAr });

/** A part of the session: its parent gives it the client, the language and the theme. */
export class SessionPart extends LitElement {
  static override styles = [tokens, controls];

  @property({ attribute: false }) client: LiveClient | null = null;
  @property({ attribute: false }) language: Language = "en";
  @property({ reflect: true }) theme = "";

  protected t(key: CallKey, values?: Values): string {
    return callWords(this.language)(key, values);
  }
}

/** A part that asks the server for something: one thing at a time, with what went wrong for showing. */
export class AskingPart extends SessionPart {
  @state() protected running = false;
  /** The code of the last refusal, "" for none. */
  @state() protected problem = "";

  /** Resolves to whether it was done. */
  protected async ask(work: (client: LiveClient) => Promise<unknown>): Promise<boolean> {
    if (this.running || !this.client) return false;
    this.running = true;
    this.problem = "";
    try {
      await work(this.client);
      return true;
    } catch (error) {
      this.problem = codeOf(error);
      return false;
    } finally {
      this.running = false;
    }
  }

  /** What went wrong, in words. */
  protected trouble(): TemplateResult | typeof nothing {
    return this.problem ? html`<p class="bad" role="alert">${refusal(translate(this.language), this.problem)}</p>` : nothing;
  }
}
