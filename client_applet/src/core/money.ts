import type { Bill, Billed, BillPage, Meter, Profile, Mode, Wallet } from "../generated/wire";
import type { Command } from "./requests";
import type { Hall, KnownTicket } from "./state";

const BILLS_MAX = 8;

/** The hall after something about money. What is not newer changes nothing. */
export function reduceMoney(hall: Hall, message: Wallet | Meter | Billed | BillPage): Hall {
  switch (message.t) {
    case "wallet": return hall.wallet && message.at < hall.wallet.at ? hall : { ...hall, wallet: message };
    case "meter": return onMeter(hall, message);
    case "billed": case "bill_page": return withBill(hall, message.bill);
  }
}

function onMeter(hall: Hall, meter: Meter): Hall {
  const known = hall.meter;
  return known?.session === meter.session && meter.seq < known.seq ? hall : { ...hall, meter };
}

function withBill(hall: Hall, bill: Bill): Hall {
  const bills = new Map(hall.bills);
  bills.delete(bill.session);
  bills.set(bill.session, bill);
  const oldest = bills.size > BILLS_MAX ? bills.keys().next().value : undefined;
  if (oldest !== undefined) bills.delete(oldest);
  return { ...hall, bills };
}

/** Another connection may lead to a server with another clock, or to another epoch: whatever it tells is newer. */
export function unconfirmed(hall: Hall): Pick<Hall, "wallet" | "meter"> {
  return { wallet: hall.wallet && { ...hall.wallet, at: 0 }, meter: hall.meter && { ...hall.meter, seq: 0 } };
}

/** What a minute with this expert costs in this mode, in minor units; 0 in a pool where nothing is charged. */
export function rateOf(hall: Hall, expert: string, mode: Mode): number {
  const profile = hall.profiles.get(expert);
  return profile && hall.welcome?.rules.prepaid ? modeRate(profile, mode) : 0;
}

/** Whom a command would connect one with, and how; nobody where it does something else. */
export function wanted(hall: Hall, command: Command): { experts: readonly string[]; mode: Mode } {
  switch (command.t) {
    case "join": return { experts: command.experts, mode: command.mode ?? "chat" };
    case "connect": return { experts: [command.expert], mode: command.mode ?? "chat" };
    case "switch": return { experts: [command.expert], mode: hall.ticket?.mode ?? "chat" };
    default: return { experts: [], mode: "chat" };
  }
}

/** The command with the rates that the page shows now: to a higher one it is no yes. Without them of whom it knows nothing. */
export function asShown(hall: Hall, command: Command): Command {
  const { experts, mode } = wanted(hall, command);
  if (!experts.every((expert) => hall.profiles.has(expert))) return command;
  const rates = experts.map((expert) => rateOf(hall, expert, mode));
  switch (command.t) {
    case "join": return { ...command, rates };
    case "connect": case "switch": return { ...command, rate: rates[0]! };
    default: return command;
  }
}

function modeRate(profile: Profile, mode: Mode): number {
  return profile.rates.find((one) => one.mode === mode)?.rate ?? profile.rate;
}

/** The highest rate of a place that costs more than its user has agreed to, as after an operator's move; 0 where none does. */
export function dearer({ places, agreed }: Pick<KnownTicket, "places" | "agreed">): number {
  return Math.max(0, ...places.map((place) => place.rate).filter((rate) => rate > agreed));
}

/** The clock of this session; null where nothing is charged for it. */
export function meterOf(hall: Pick<Hall, "meter">, session: string): Meter | null {
  return hall.meter?.session === session && hall.meter.rate > 0 ? hall.meter : null;
}
