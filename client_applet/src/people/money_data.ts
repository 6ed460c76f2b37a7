/** What the server says about money over HTTP. Amounts are minor units of `currency`. */

export interface Card {
  brand: string;
  last4: string;
  exp: string;
}

const BRANDS: Readonly<Record<string, string>> = {
  amex: "American Express", diners: "Diners Club", discover: "Discover", jcb: "JCB", mastercard: "Mastercard", unionpay: "UnionPay", visa: "Visa",
};

/** The name of a card's brand as its owner knows it; the processor's own word for one that we don't know. */
export function brandName(brand: string): string {
  return BRANDS[brand] ?? brand;
}

export interface Reload {
  on: boolean;
  threshold: number;
  amount: number;
  failures: number;
}

/** A user's wallet: `balance` may be spent now, `held` is set aside for a session that is under way. */
export interface WalletData {
  /** Time is charged here. Where not, a balance of before may still go back. */
  prepaid: boolean;
  currency: string;
  balance: number;
  held: number;
  frozen: boolean;
  deposits: number[];
  deposit_max: number;
  card: Card | null;
  reload: Reload;
  refundable: number;
  /** A refund is under way; another one has to wait. */
  refunding: boolean;
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
  /** Told of wallets. */
  frozen?: boolean;
  items: Line[];
  more: boolean;
}

/** Where an expert is paid to; the number is masked. */
export interface BankAccount {
  name: string;
  iban: string;
  changed_at: number;
}

/** What an expert is owed, and what speaks against paying it now. */
export interface Owed {
  expert: string;
  amount: number;
  holder: string;
  iban: string;
  flags: ("no_details" | "details_changed" | "in_batch")[];
}

/** Payouts that are made together. `lines` only where one batch is asked for. */
export interface Batch {
  batch: string;
  state: "open" | "paid" | "cancelled";
  amount: number;
  count: number;
  made_at: number;
  /** The bank can be told in SEPA's form. */
  sepa: boolean;
  lines: { expert: string; amount: number; holder: string; iban: string }[];
}

interface Sum {
  count: number;
  amount: number;
}

/** A pool's money in sums. */
export interface Totals {
  currency: string;
  wallets: Sum;
  open_holds: Sum;
  owed: Sum;
  deposits: Sum;
  refunds: Sum;
  chargebacks: Sum;
  payouts: Sum;
  fees: number;
  processor: number;
  world: number;
  frozen: { user: string; balance: number; at: number; reason: string }[];
}
