import type { LiveClient } from "../core";
import { shelf } from "../ui/shelf";

const key = (client: LiveClient) => `bill:${client.pool}:${client.as}`;

/** The session whose bill this person has still to see, also after a reload; "" for none. */
export function keptBill(client: LiveClient): string {
  return shelf.get(key(client));
}

export function keepBill(client: LiveClient, session: string): void {
  if (keptBill(client) !== session) shelf.put(key(client), session);
}

export function forgetBill(client: LiveClient): void {
  shelf.put(key(client), "");
}
