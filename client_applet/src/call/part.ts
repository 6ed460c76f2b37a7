import { LitElement } from "lit";
import { property } from "lit/decorators.js";
import type { LiveClient } from "../core";
import { catalogues, type Language, type Values } from "../i18n";
import { callAr } from "../i18n/call.ar";
import { callDe } from "../i18n/call.de";
import { callEn, type CallKey } from "../i18n/call.en";
import { callEs } from "../i18n/call.es";
import { controls } from "../ui/controls";
import { tokens } from "../ui/tokens";

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
