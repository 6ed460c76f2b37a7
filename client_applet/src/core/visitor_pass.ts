/**
 * Visitors on pages of other sites. No cookie of the server's comes along there: the page keeps a pass for the time of its
 * tab, gets short-lived tokens for it, and gives it up for the user whom the host page names one day.
 */

interface Held {
  token: string;
  at: number;
}

export interface Visited {
  /** "" when the server let the visitor in, else why not. */
  problem: string;
  /** "" where a cookie says who it is. */
  token: string;
}

/** Tokens live for a quarter of an hour. */
const FRESH_MS = 600_000;
const held = new Map<string, Held>();
const keyOf = (server: string, pool: string) => `openline-visitor ${server} ${pool}`;

/** A new visitor. */
export async function visit(server: string, pool: string): Promise<Visited> {
  keep(server, pool, "");
  return come(server, pool, {});
}

/** The token to say hello with: the host page's own, else a visitor's. What a visitor had goes over to whom the host names. */
export async function tokenFor(server: string, pool: string, named: string): Promise<string> {
  const pass = passOf(server, pool);
  if (pass === "") return named;
  if (named !== "") {
    await grow(server, pool, pass, named);
    return named;
  }
  const known = held.get(keyOf(server, pool));
  if (known && Date.now() - known.at < FRESH_MS) return known.token;
  return (await come(server, pool, { pass })).token;
}

async function come(server: string, pool: string, body: { pass?: string }): Promise<Visited> {
  const told = await post(server, pool, "visitor", body);
  if (told.problem !== "") {
    if (told.problem === "bad_token") keep(server, pool, "");
    return { problem: told.problem, token: "" };
  }
  keep(server, pool, told.pass, told.token);
  return { problem: "", token: told.token };
}

async function grow(server: string, pool: string, pass: string, token: string): Promise<void> {
  const told = await post(server, pool, "adopt", { pass, token });
  // Without an answer it is not known whether it was done: the next hello asks again.
  if (told.problem === "no_answer") return;
  keep(server, pool, "");
  if (told.place !== "") document.dispatchEvent(new CustomEvent("openline:place", { detail: { server, pool, place: told.place } }));
}

interface Told {
  problem: string;
  token: string;
  pass: string;
  place: string;
}

/** The body goes as plain text, which needs no question beforehand. */
async function post(server: string, pool: string, what: string, body: object): Promise<Told> {
  const url = `${server}/v1/pools/${encodeURIComponent(pool)}/${what}`;
  const nothing = { problem: "", token: "", pass: "", place: "" };
  try {
    const answer = await fetch(url, {
      method: "POST", credentials: "include", body: JSON.stringify(body), signal: AbortSignal.timeout(10_000),
    });
    const told = (await answer.json().catch(() => null)) as Record<string, unknown> | null;
    const text = (name: string) => (typeof told?.[name] === "string" ? (told[name] as string) : "");
    if (!answer.ok) return { ...nothing, problem: text("code") || "internal" };
    return { problem: "", token: text("token"), pass: text("pass"), place: text("place") };
  } catch {
    return { ...nothing, problem: "no_answer" };
  }
}

function passOf(server: string, pool: string): string {
  try {
    return sessionStorage.getItem(keyOf(server, pool)) ?? "";
  } catch {
    return "";
  }
}

function keep(server: string, pool: string, pass: string, token = ""): void {
  const key = keyOf(server, pool);
  if (pass === "") held.delete(key);
  else held.set(key, { token, at: Date.now() });
  try {
    if (pass === "") sessionStorage.removeItem(key);
    else sessionStorage.setItem(key, pass);
  } catch {
    // A page without storage keeps its visitor until the token ends.
  }
}
