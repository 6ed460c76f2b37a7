import type { As } from "../core";

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
