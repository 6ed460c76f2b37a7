/** What the server says about money over HTTP. Amounts are minor units of `currency`. */

export interface Card {
  brand: string;
  last4: string;
  exp: string;
}

export interface Reload {
  on: boolean;
  threshold: number;
  amount: number;
  failures: number;
}

/** A user's wallet: `balance` may be spent now, `held` is set aside for a session that is under way. */
export interface WalletData {
  currency: string;
  balance: number;
  held: number;
  frozen: boolean;
  deposits: number[];
  deposit_max: number;
  card: Card | null;
  reload: Reload;
  refundable: number;
}

/** One line of a statement: what moved, and the balance afterwards. */
export interface Line {
  id: number;
  at: number;
  kind: string;
  amount: number;
  balance: number;
  session: string;
  seconds: number;
  rate: number;
  gross: number;
  fee: number;
  partner: string;
  reference: string;
}

export interface Statement {
  currency: string;
  balance: number;
  held: number;
  items: Line[];
  more: boolean;
}

/** Where a payment is made: the processor's page, never anything else that a link can do. */
export function payable(url: string): string | null {
  const parsed = URL.parse(url);
  const loopback = parsed && ["127.0.0.1", "localhost", "[::1]"].includes(parsed.hostname);
  return parsed && (parsed.protocol === "https:" || (parsed.protocol === "http:" && loopback)) ? parsed.href : null;
}
