import { type Hall, openOffer, placeForecast, position } from "../core";
import type { Key, Translate } from "../i18n";
import { wait } from "../ui/words";
import { nameOf } from "./situation";

/** What a person who does not look should hear of the own place; "" when there is none. */
export function placeSpoken(t: Translate<Key>, hall: Hall, now: number): string {
  const offer = openOffer(hall);
  if (offer?.side === "user" && !offer.mine) return t("say.turn", { name: nameOf(hall, offer.expert) });
  const place = hall.ticket?.places[0];
  if (!place) return "";
  const forecast = placeForecast(hall, place);
  const elapsed = forecast ? now - forecast.at : 0;
  return t("say.place", { name: nameOf(hall, place.expert), n: position(place), wait: wait(t, forecast, elapsed) });
}
