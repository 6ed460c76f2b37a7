import { describe, expect, it } from "vitest";
import { joinForecast, joinOutlook, placeForecast, placeOutlook } from "../../src/core/select";
import { reduce } from "../../src/core/reduce";
import { EMPTY } from "../../src/core/state";
import type { Indicator, Outlook, ServerMessage } from "../../src/generated/wire";
import { light, myTicket, place, snapshot, welcome } from "./messages";

const seconds = (p50: number) => ({ p50, p80: 2 * p50, bound: -1 });
const hall = (outlooks: Outlook[]) => ([
  welcome(), snapshot(1), myTicket(2, [place("ada", 9, [4])]),
  { t: "forecast", at: 5, expert: "ada", places: [seconds(60), seconds(120), seconds(180)], outlooks },
] satisfies ServerMessage[]).reduce((now, message) => reduce(now, message, 0), EMPTY);

const lights = (seq: number, indicator: Indicator): ServerMessage => ({ t: "lights", seq, at: 0, lights: [light("ada", { indicator })] });

describe("what is forecast", () => {
  it("is told for the own place and for who would join now", () => {
    const now = hall(["likely", "unsure", "unlikely"]);
    const own = now.ticket!.places[0]!;
    expect([placeForecast(now, own)?.p50, joinForecast(now, "ada")?.p50]).toEqual([120, 180]);
    expect([placeOutlook(now, own), joinOutlook(now, "ada")]).toEqual(["unsure", "unlikely"]);
  });
  it("is told for nobody's line while its expert is not here, not even as it was told on joining", () => {
    const away = reduce(hall([]), lights(3, "away"), 0);
    const own = away.ticket!.places[0]!;
    expect([placeForecast(away, own), joinForecast(away, "ada")]).toEqual([null, null]);
    const back = reduce(away, lights(4, "busy"), 0);
    expect([placeForecast(back, own)?.p50, joinForecast(back, "ada")?.p50]).toEqual([120, 180]);
  });
  it("says nothing of an end that is not near, and nothing of whom nobody told", () => {
    const now = hall([]);
    expect([placeOutlook(now, now.ticket!.places[0]!), joinOutlook(now, "ada"), joinOutlook(now, "bo")]).toEqual(["", "", ""]);
  });
});
