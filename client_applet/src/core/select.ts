import type { Light, Offer, Outlook, PlaceForecast } from "../generated/wire";
import { position, type Place } from "./place";
import type { Hall } from "./state";

/** My offer that is open, if any. */
export function openOffer(hall: Hall): Offer | null {
  for (const offer of hall.offers.values()) {
    if (offer.state === "ringing") return offer;
  }
  return null;
}

const NOT_HERE: ReadonlySet<string> = new Set(["away", "offline", "closed"]);

/** Whether the line behind this light stands still: nobody knows when somebody who is away comes back. */
export const standsStill = (light: Pick<Light, "indicator"> | undefined): boolean => light !== undefined && NOT_HERE.has(light.indicator);

/** The forecast for my place, with the server time it was made at; null while nobody knows. */
export function placeForecast(hall: Hall, place: Place): (PlaceForecast & { at: number }) | null {
  if (standsStill(hall.lights.get(place.expert))) return null;
  const told = hall.forecasts.get(place.expert);
  const mine = told?.places[Math.min(position(place), told.places.length) - 1];
  if (told && mine) return { ...mine, at: told.at };
  const first = hall.ticket?.first.get(place.expert);
  return first ? { ...first, at: hall.ticket?.joined_at ?? 0 } : null;
}

/** Whether my place will come before the hours end; "" while there is no end near. */
export function placeOutlook(hall: Hall, place: Place): Outlook {
  const outlooks = hall.forecasts.get(place.expert)?.outlooks ?? [];
  return outlooks[Math.min(position(place), outlooks.length) - 1] ?? "";
}

/** The same for whoever would join the line of `expert` now. */
export function joinOutlook(hall: Hall, expert: string): Outlook {
  return hall.forecasts.get(expert)?.outlooks.at(-1) ?? "";
}

/** The forecast for whoever would join the line of `expert` now; null while nobody knows. */
export function joinForecast(hall: Hall, expert: string): PlaceForecast | null {
  if (standsStill(hall.lights.get(expert))) return null;
  return hall.forecasts.get(expert)?.places.at(-1) ?? null;
}
