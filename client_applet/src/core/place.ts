import type { LineChange, LinePlace } from "../generated/wire";

/** One's place in one line, with the journal id of the last change that it knows. */
export interface Place extends LinePlace {
  seq: number;
}

/** One's position in the line, from 1. */
export function position(place: LinePlace): number {
  return place.ahead.length + 1;
}

/**
 * The place after a change of that line. Changes that the place already knows change nothing.
 *
 * When my own ticket was moved back, the ordinals between are not known here: `my_ticket` of the same change brings them.
 */
export function applyChange(place: Place, change: LineChange): Place {
  if (change.expert !== place.expert || change.seq <= place.seq) return place;
  const own = change.moved.find(([old]) => old === place.ordinal);
  const ordinal = own ? own[1] : place.ordinal;
  const ahead = new Set(place.ahead);
  for (const gone of change.left) ahead.delete(gone);
  for (const [old] of change.moved) ahead.delete(old);
  for (const come of change.joined) ahead.add(come);
  for (const [, next] of change.moved) ahead.add(next);
  return { ...place, ordinal, ahead: sortedBelow(ahead, ordinal), length: change.length, seq: change.seq };
}

function sortedBelow(ordinals: Set<number>, ordinal: number): number[] {
  return [...ordinals].filter((one) => one < ordinal).sort((a, b) => a - b);
}

/** A told place brought forward by the changes that came before it was told. A newer known place wins. */
export function placeFrom(told: LinePlace, seq: number, known: Place | undefined, changes: readonly LineChange[]): Place {
  if (known && known.seq > seq && known.ordinal === told.ordinal) return known;
  return changes.reduce(applyChange, { ...told, seq });
}
