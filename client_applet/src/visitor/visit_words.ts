import { catalogues } from "../i18n";
import { visitAr } from "../i18n/visit.ar";
import { visitDe } from "../i18n/visit.de";
import { visitEn, type VisitKey } from "../i18n/visit.en";
import { visitEs } from "../i18n/visit.es";

/** The words of the forms, the hours and the feedback, in a language. */
export const visitWords = catalogues<VisitKey>({ en: visitEn, de: visitDe, es: visitEs, ar: visitAr });
