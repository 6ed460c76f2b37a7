import { describe, expect, it } from "vitest";
import { asShown, dearer } from "../../src/core/money";
import { reduce } from "../../src/core/reduce";
import { EMPTY, type Hall } from "../../src/core/state";
import { myTicket, place, profile, snapshot, welcome } from "./messages";

const ADA = profile("ada", { rate: 100, rates: [{ mode: "audio", rate: 250 }] });
const hall = (prepaid: boolean, ticket = false): Hall => {
  const told = reduce(EMPTY, welcome({ rules: { ...welcome().rules, prepaid } }), 0);
  const seen = reduce(told, snapshot(1, { profiles: [ADA, profile("bo")] }), 0);
  return ticket ? reduce(seen, myTicket(2, [place("bo", 1, [])], { mode: "audio" }), 0) : seen;
};

describe("a place that costs more than was agreed to", () => {
  const at = (rate: number) => ({ ...place("ada", 1, []), rate });
  it("is told by the highest of such rates", () => {
    const of = (agreed: number, ...rates: number[]) => dearer(reduce(EMPTY, myTicket(2, rates.map(at), { agreed }), 0).ticket!);
    expect([of(0, 0), of(100, 100), of(100, 250, 300, 50), of(300, 250)]).toEqual([0, 0, 300, 0]);
  });
  it("is none that one has just chosen", () => {
    const joined = { t: "joined", id: 1, seq: 2, ticket: "t1", state: "waiting", joined_at: 0, places: [at(250)], forecast: [] } as const;
    expect(reduce(EMPTY, { ...joined, places: [...joined.places], forecast: [] }, 0).ticket).toMatchObject({ agreed: 250 });
  });
});

describe("the rates that go with a yes", () => {
  it("are those of the mode, as shown", () => {
    expect(asShown(hall(true), { t: "connect", expert: "ada", mode: "audio" })).toMatchObject({ rate: 250 });
    expect(asShown(hall(true), { t: "join", experts: ["bo", "ada"] })).toMatchObject({ rates: [0, 100] });
    expect(asShown(hall(true, true), { t: "switch", expert: "ada", leaving: "" })).toMatchObject({ rate: 250 });
  });
  it("are none where nothing is charged: a price that comes meanwhile is not agreed to", () => {
    expect(asShown(hall(false), { t: "connect", expert: "ada", mode: "audio" })).toMatchObject({ rate: 0 });
  });
  it("are left out where the page does not know one, and of what connects nobody", () => {
    const unknown = { t: "join", experts: ["ada", "cy"] } as const;
    expect(asShown(hall(true), { ...unknown, experts: [...unknown.experts] })).not.toHaveProperty("rates");
    expect(asShown(hall(true), { t: "leave", expert: "" })).toEqual({ t: "leave", expert: "" });
  });
});
