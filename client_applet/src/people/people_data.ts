import type { As } from "../core";
import type { Mode } from "../generated/wire";

/** Somebody of the pool as operators see them. */
export interface Person {
  role: As;
  subject: string;
  name: string;
  email: string;
  blocked: boolean;
  blocked_reason: string;
  joined_at: number;
}

/** A mail in the outbox. */
export interface Mail {
  mail: string;
  kind: string;
  to: string;
  subject: string;
  text: string;
  state: string;
  attempts: number;
  error: string;
  at: number;
}

/** A session of one's own that is over. `seconds` both were connected; `amount` it cost its user, or brought its expert. */
export interface EarlierSession {
  session: string;
  partner: string;
  mode: Mode;
  at: number;
  seconds: number;
  amount: number;
  /** The colleague with whom the user went on, or "". */
  went_to: string;
  transcript: boolean;
  recording: { state: "pending" | "ready" | "failed"; erase_at: number } | null;
}

/** A page of them, newest first. `next` is where the page after it begins, "" at the end. */
export interface EarlierPage {
  currency: string;
  sessions: EarlierSession[];
  next: string;
}
