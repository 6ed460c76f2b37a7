import type { Message } from "./translate";
import type { VisitKey } from "./visit.en";

export const visitDe: Record<VisitKey, Message> = {
  "hours.title": "Sprechzeiten",
  "hours.always": "Keine festen Zeiten",
  "hours.closed": "geschlossen",
  "hours.opens": "wieder {time}",
  "hours.until": "bis {time}",
  "hours.zone": "In Ihrer Zeit. Bei {name} ist es jetzt {time} ({zone}).",
  "hours.failed": "Sprechzeiten und Profil konnten nicht geladen werden.",
  "hours.again": "Noch einmal versuchen",

  "met.once": "Sie haben einmal mit {name} gesprochen, am {day}.",
  "met.twice": "Sie haben zweimal mit {name} gesprochen, zuletzt am {day}.",
  "met.times": { one: "Sie haben {n}-mal mit {name} gesprochen, zuletzt am {day}.", other: "Sie haben {n}-mal mit {name} gesprochen, zuletzt am {day}." },
  "profile.link": "Profil und Bewertungen",
  "profile.count": { one: "{n} Bewertung", other: "{n} Bewertungen" },

  "tell.do": "Melden, wenn frei",
  "tell.text": "Eine E-Mail, sobald {name} frei ist, statt am Bildschirm zu warten. Solange diese Seite offen ist, auch eine Benachrichtigung.",
  "tell.submit": "Bitte melden",
  "tell.done": "Wir melden uns, sobald {name} frei ist.",
  "tell.back": "Zurücknehmen",
  "tell.free": "{name} ist frei",
  "tell.freeText": "Sie wollten es wissen. Jetzt können Sie sich verbinden.",

  "write.do": "Nachricht hinterlassen",
  "write.text": "Sie geht per E-Mail an {name}, und die Antwort kommt an Ihre Adresse.",
  "write.submit": "Nachricht senden",
  "write.done": "Ihre Nachricht an {name} ist unterwegs.",
  "write.doneText": "Die Antwort kommt per E-Mail zu Ihnen.",

  "field.name": "Ihr Name",
  "field.email": "Ihre E-Mail-Adresse",
  "field.text": "Ihre Nachricht",
  "do.cancel": "Abbrechen",

  "rate.title": "Wie war es mit {name}?",
  "rate.star": { one: "{n} Stern", other: "{n} Sterne" },
  "rate.text": "Was sollten andere wissen? (freiwillig)",
  "rate.hint": "Es steht auf dem Profil, ohne Ihren Namen.",
  "rate.teach": "Die Wörter dieses Chats dürfen anderen helfen, diese Fachperson zu finden. Niemand bekommt sie je zu sehen.",
  "rate.submit": "Bewertung senden",
  "rate.skip": "Jetzt nicht",
  "rate.choose": "Wählen Sie zuerst einen bis fünf Sterne.",
  "rate.thanks": "Vielen Dank. Ihre Bewertung steht jetzt auf dem Profil.",
};
