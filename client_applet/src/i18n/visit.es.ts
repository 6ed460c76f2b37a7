import type { Message } from "./translate";
import type { VisitKey } from "./visit.en";

export const visitEs: Record<VisitKey, Message> = {
  "hours.title": "Horario",
  "hours.always": "Sin horario fijo",
  "hours.closed": "cerrado",
  "hours.opens": "de nuevo {time}",
  "hours.until": "hasta las {time}",
  "hours.zone": "En su hora. Donde está {name} son ahora las {time} ({zone}).",
  "hours.failed": "No se pudieron cargar el horario y el perfil.",
  "hours.again": "Intentar de nuevo",

  "met.once": "Habló una vez con {name}, el {day}.",
  "met.twice": "Habló dos veces con {name}, la última el {day}.",
  "met.times": { one: "Habló {n} vez con {name}, la última el {day}.", other: "Habló {n} veces con {name}, la última el {day}." },
  "profile.link": "Perfil y valoraciones",
  "profile.count": { one: "{n} valoración", other: "{n} valoraciones" },

  "tell.do": "Avisarme cuando esté libre",
  "tell.text": "Un correo en cuanto {name} esté libre, en vez de esperar ante la pantalla. Mientras esta página siga abierta, también una notificación.",
  "tell.submit": "Avisarme",
  "tell.done": "Le avisaremos en cuanto {name} esté libre.",
  "tell.back": "Retirar el aviso",
  "tell.free": "{name} está libre",
  "tell.freeText": "Usted quería saberlo. Ya puede conectarse.",

  "write.do": "Dejar un mensaje",
  "write.text": "Llega a {name} por correo, y la respuesta llega a su dirección.",
  "write.submit": "Enviar el mensaje",
  "write.done": "Su mensaje para {name} está en camino.",
  "write.doneText": "La respuesta le llegará por correo.",

  "field.name": "Su nombre",
  "field.email": "Su correo electrónico",
  "field.text": "Su mensaje",
  "do.cancel": "Cancelar",

  "rate.title": "¿Qué tal con {name}?",
  "rate.star": { one: "{n} estrella", other: "{n} estrellas" },
  "rate.text": "¿Qué deberían saber los demás? (opcional)",
  "rate.hint": "Aparece en el perfil, sin su nombre.",
  "rate.teach": "Las palabras de este chat pueden ayudar a otros a encontrar a este experto. Nunca se muestran a nadie.",
  "rate.submit": "Enviar valoración",
  "rate.skip": "Ahora no",
  "rate.choose": "Elija primero de una a cinco estrellas.",
  "rate.thanks": "Gracias. Su valoración ya está en el perfil.",
};
