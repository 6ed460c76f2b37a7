import type {
  AboutExpert, Acquaintances, BillPage, ClientMessage, DepositPage, FeedbackPage, Fetch, Found, HistoryPage, Ice,
  Joined, MediaAnswer, Note, NumberPage, Ok, Quoted, Refused, SavedReplies, ServerMessage, UserHistory, Welcome,
} from "../generated/wire";
import { RefusedError, UnansweredError } from "./errors";

/** How long one sending waits for its answer, milliseconds. */
export const ANSWER_MS = 10_000;
/** How old a command may be to be repeated on a new connection, milliseconds. */
export const REPEAT_MS = 30_000;
const PENDING_MAX = 256;

type Omitted<M, K extends string> = M extends unknown ? Omit<M, K> : never;
/** A message without what the client fills in: `id`, and `op` where it has one. */
export type Command = Omitted<ClientMessage, "id" | "op">;
export type Answer<M extends { t: string }> =
  M["t"] extends keyof Answers ? Answers[M["t"]] : M["t"] extends "join" | "connect" | "switch" ? Joined : Ok;
/** Requests whose answer is of a kind of its own. */
interface Answers {
  hello: Welcome;
  history: HistoryPage;
  find: Found;
  about: AboutExpert;
  about_user: UserHistory;
  feedback_of: FeedbackPage;
  quote: Quoted;
  deposit: DepositPage;
  bill_of: BillPage;
  ice_of: Ice;
  media_offer: MediaAnswer;
  my_number: NumberPage;
  set_number: NumberPage;
  verify_number: NumberPage;
  confirm_number: NumberPage;
  forget_number: NumberPage;
  answer_on: NumberPage;
  file_place: Fetch;
  file_of: Fetch;
  recording_of: Fetch;
  replies: SavedReplies;
  note_on: Note;
  last_met: Acquaintances;
}
type Answering = Ok | Refused | Joined | Answers[keyof Answers];

const WITH_OP = new Set<ClientMessage["t"]>([
  "join", "connect", "switch", "leave", "step_away", "come_back", "accept", "decline", "end", "say", "declare",
  "finish_wrap_up", "move", "remove", "force", "end_session", "give_feedback", "answer_feedback", "hide_feedback",
  "leave_message", "tell_me", "open_for", "deposit", "record", "call_me", "set_number", "verify_number", "confirm_number",
  "forget_number", "answer_on", "propose_transfer", "answer_transfer", "edit", "unsay", "file_place", "share", "transcript_of",
  "keep_reply", "drop_reply", "keep_note",
]);
/** Without an operation id, but harmless to repeat. */
const REPEATABLE = new Set<ClientMessage["t"]>([
  "history", "connected", "delivered", "find", "about", "about_user", "feedback_of", "quote", "bill_of", "my_number", "file_of",
  "recording_of", "replies", "note_on", "last_met",
]);

interface Pending {
  message: ClientMessage;
  madeAt: number;
  /** Null: waits for a connection. */
  sentAt: number | null;
  resolve: (answer: Answering) => void;
  reject: (error: Error) => void;
}

/** An operation id: made once for a command, whatever happens to its frames. */
export function newOp(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Requests and their answers across connections. Pure but for `op` and promises: time comes as an argument. */
export class Requests {
  private next = 1;
  private readonly pending = new Map<number, Pending>();

  /** Notes a request; `unsent()` gives it out when there is a connection. */
  add<M extends Command>(command: M, now: number, op = newOp()): Promise<Answer<M>> {
    if (this.pending.size >= PENDING_MAX) return Promise.reject(new UnansweredError("no_answer"));
    const id = this.takeId();
    const message = { ...command, id, ...(WITH_OP.has(command.t) ? { op } : {}) } as ClientMessage;
    return new Promise((resolve, reject) => {
      this.pending.set(id, { message, madeAt: now, sentAt: null, resolve: resolve as (answer: Answering) => void, reject });
    });
  }

  /** An id for a message whose answer nobody waits for. */
  takeId(): number {
    const id = this.next;
    this.next = id >= 2 ** 31 - 1 ? 1 : id + 1;
    return id;
  }

  /** What is to be sent now, in the order in which it was asked; marked as sent. */
  unsent(now: number): ClientMessage[] {
    const due = [...this.pending.values()].filter((one) => one.sentAt === null);
    for (const one of due) one.sentAt = now;
    return due.map((one) => one.message);
  }

  /** Settles the request that this message answers. Returns whether it was one of ours. */
  answered(message: ServerMessage): boolean {
    if (!("id" in message)) return false;
    const one = this.pending.get(message.id);
    if (!one) return false;
    this.pending.delete(message.id);
    if (message.t === "refused") one.reject(new RefusedError(message.code, message.detail, message.retry_after_ms));
    else one.resolve(message);
    return true;
  }

  /** The connection is gone: what may be repeated waits for the next one, the rest is lost. */
  disconnected(): void {
    for (const [id, one] of this.pending) {
      if (WITH_OP.has(one.message.t) || REPEATABLE.has(one.message.t)) one.sentAt = null;
      else this.fail(id, one, "connection_lost");
    }
  }

  /** Gives up on what has waited too long: sent for ANSWER_MS, or unsent for REPEAT_MS. */
  expire(now: number): void {
    for (const [id, one] of this.pending) {
      if (one.sentAt !== null && now - one.sentAt >= ANSWER_MS) this.fail(id, one, "no_answer");
      else if (now - one.madeAt >= REPEAT_MS) this.fail(id, one, "connection_lost");
    }
  }

  /** Nobody will come back. */
  stop(): void {
    for (const [id, one] of this.pending) this.fail(id, one, "stopped");
  }

  private fail(id: number, one: Pending, code: UnansweredError["code"]): void {
    this.pending.delete(id);
    one.reject(new UnansweredError(code));
  }
}
