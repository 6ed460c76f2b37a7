import { catalogues, type Language, type Translate } from "../i18n";
import { meterAr } from "../i18n/meter.ar";
import { meterDe } from "../i18n/meter.de";
import { meterEn, type MeterKey } from "../i18n/meter.en";
import { meterEs } from "../i18n/meter.es";

/** The words of money around a session, in a language. */
export const meterWords = catalogues<MeterKey>({ en: meterEn, de: meterDe, es: meterEs, ar: meterAr });

/** So many seconds, as a person would say them: `14 min 20 s`. A fraction of a second is dropped. */
export function span(t: Translate<MeterKey>, seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  if (h > 0) return t("time.hm", { h, m });
  if (m === 0) return t("time.s", { s });
  return s === 0 ? t("time.m", { m }) : t("time.ms", { m, s });
}

/** A share of hundredths of a per cent: `20%`, `2.5%`. */
export function percent(bps: number, language: Language): string {
  return new Intl.NumberFormat(language, { style: "percent", maximumFractionDigits: 2 }).format(bps / 10_000);
}
