import type { Offer, PlaceForecast } from "../generated/wire";
import { position, type Place } from "./place";
import type { Hall } from "./state";

/** My offer that is open, if any. */
export function openOffer(hall: Hall): Offer | null {
  for (const offer of hall.offers.values()) {
    if (offer.state === "ringing") return offer;
  }
  return null;
}

/** The forecast for my place, with the server time it was made at; null while nobody knows. */
export function placeForecast(hall: Hall, place: Place): (PlaceForecast & { at: number }) | null {
  const told = hall.forecasts.get(place.expert);
  const mine = told?.places[Math.min(position(place), told.places.length) - 1];
  if (told && mine) return { ...mine, at: told.at };
  const first = hall.ticket?.first.get(place.expert);
  return first ? { ...first, at: hall.ticket?.joined_at ?? 0 } : null;
}

/** The forecast for whoever would join the line of `expert` now. */
export function joinForecast(hall: Hall, expert: string): PlaceForecast | null {
  return hall.forecasts.get(expert)?.places.at(-1) ?? null;
}
