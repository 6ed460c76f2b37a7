import { LitElement } from "lit";
import { property } from "lit/decorators.js";
import { catalogues, type Language, type Values } from "../i18n";
import { staffAr } from "../i18n/staff.ar";
import { staffDe } from "../i18n/staff.de";
import { staffEn, type StaffKey } from "../i18n/staff.en";
import { staffEs } from "../i18n/staff.es";
import { controls } from "../ui/controls";
import { marks } from "../ui/lights";
import { tokens } from "../ui/tokens";

/** The words of staff pages, in a language. */
export const staffWords = catalogues<StaffKey>({ en: staffEn, de: staffDe, es: staffEs, ar: staffAr });

/** A refusal in plain words; codes without words of their own are named. */
export function refusalWords(language: Language, code: string): string {
  const t = staffWords(language);
  const key = `refused.${code}`;
  return key in staffEn ? t(key as StaffKey) : t("refused.other", { code });
}

/** A part of a staff page: its parent gives it the language, the theme and the server's time. */
export class StaffPart extends LitElement {
  static override styles = [tokens, controls, marks];

  @property({ attribute: false }) language: Language = "en";
  @property({ reflect: true }) theme = "";
  /** Server milliseconds: clocks run with it. */
  @property({ attribute: false }) now = 0;

  protected t(key: StaffKey, values?: Values): string {
    return staffWords(this.language)(key, values);
  }
}
