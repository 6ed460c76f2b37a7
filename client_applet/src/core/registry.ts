import { type As, LiveClient } from "./client";
import { tokenFor } from "./visitor_pass";

interface Shared {
  client: LiveClient;
  users: number;
}

const clients = new Map<string, Shared>();
/** An element that is moved in the document leaves and comes back at once: the connection outlives that. */
const LINGER_MS = 1000;

/** The origin that this script came from. */
export const SCRIPT_ORIGIN = new URL(import.meta.url).origin;

export interface TokenRequest {
  server: string;
  pool: string;
  /** Call it at once with a token or the promise of one. */
  provide: (token: string | Promise<string>) => void;
}

/**
 * The page's one client of this pool; each `acquire` wants a `release`.
 * `as` is the sign-in that counts; `server` "" is the origin of the script; `token` "" asks the host page (`openline:token-request` on the document).
 */
export function acquire(server: string, pool: string, token = "", as: As = "user"): LiveClient {
  const origin = server === "" ? SCRIPT_ORIGIN : new URL(server, location.href).origin;
  const key = keyOf(origin, pool, as);
  const shared = clients.get(key) ?? begin(key, origin, pool, as, token);
  shared.users += 1;
  return shared.client;
}

export function release(client: LiveClient): void {
  const key = keyOf(client.server, client.pool, client.as);
  const shared = clients.get(key);
  if (!shared || shared.client !== client) return;
  shared.users -= 1;
  setTimeout(() => {
    if (shared.users > 0 || clients.get(key) !== shared) return;
    clients.delete(key);
    client.stop();
  }, LINGER_MS);
}

const keyOf = (server: string, pool: string, as: As) => `${server}|${pool}|${as}`;

function begin(key: string, server: string, pool: string, as: As, token: string): Shared {
  const client = new LiveClient({ server, pool, as, token: () => whoIs(server, pool, token) });
  const shared = { client, users: 0 };
  clients.set(key, shared);
  client.start();
  return shared;
}

/** The token to say hello with, asked for anew each time. */
export async function whoIs(server: string, pool: string, token = ""): Promise<string> {
  return tokenFor(server, pool, token || (await askHost(server, pool)));
}

/** The host page may know who this is. Nobody answers: "" (a guest, or the member of the cookie). */
function askHost(server: string, pool: string): string | Promise<string> {
  let provided: string | Promise<string> = "";
  const detail: TokenRequest = { server, pool, provide: (token) => { provided = token; } };
  document.dispatchEvent(new CustomEvent("openline:token-request", { detail }));
  return provided;
}
