import { type LiveClient, newOp, RefusedError, UnansweredError } from "../core";
import type { Side } from "../generated/wire";
import { type Draft, type Drafts, unnumbered, withDraft, withoutDraft, withVerdict } from "./chat_log";
import { draftsShelf } from "./drafts_shelf";

const AGAIN_MS = 2_000;
/** Refusals that pass by themselves. */
const PASSING = new Set(["rate_limited", "store_unavailable"]);
const CLOSED = -1;

/**
 * Our messages on their way: each is sent, with the same `op`, until the server has numbered or refused it.
 *
 * One after the other: a message that has to wait is not overtaken by a later one.
 */
export class Outbox {
  drafts: Drafts;
  /** Those that the server has taken on this connection; what it said is on its way to us. */
  private readonly taken = new Set<string>();
  private sending = false;
  /** The pause before the next try; 0 while there is none. */
  private timer = 0;

  constructor(
    private readonly client: LiveClient,
    private readonly session: string,
    private readonly side: Side,
    private readonly changed: () => void,
  ) {
    this.drafts = draftsShelf.load(session);
  }

  /** False when too much is on its way already. */
  say(text: string): boolean {
    const drafts = withDraft(this.drafts, newOp(), text, this.client.store.now());
    if (!drafts) return false;
    this.keep(drafts);
    this.send();
    return true;
  }

  /** Goes on with what the server has not taken yet. */
  send(): void {
    this.settle();
    if (!this.sending && this.timer === 0) void this.go();
  }

  /** The same on a new connection, at once: also what was taken on the one before, but came back to us with no number. */
  resume(): void {
    if (this.timer === CLOSED) return;
    window.clearTimeout(this.timer);
    this.timer = 0;
    this.taken.clear();
    this.send();
  }

  again(op: string): void {
    this.keep(withVerdict(this.drafts, op, ""));
    this.send();
  }

  discard(op: string): void {
    this.keep(withoutDraft(this.drafts, op));
  }

  close(): void {
    window.clearTimeout(this.timer);
    this.timer = CLOSED;
  }

  /** Forgets drafts that the server has numbered. */
  settle(): void {
    const lines = this.client.store.state.chats.get(this.session)?.lines ?? [];
    const left = unnumbered(this.drafts, lines, this.side);
    if (left !== this.drafts) this.keep(left);
  }

  private async go(): Promise<void> {
    this.sending = true;
    for (let draft = this.next(); draft && (await this.ask(draft)); draft = this.next());
    this.sending = false;
  }

  private next(): Draft | undefined {
    return this.timer === CLOSED ? undefined : this.drafts.find((draft) => !draft.refused && !this.taken.has(draft.op));
  }

  /** Whether the next one may go. */
  private async ask({ op, text }: Draft): Promise<boolean> {
    try {
      await this.client.request({ t: "say", session: this.session, text }, op);
      this.taken.add(op);
      return true;
    } catch (error) {
      return this.failed(op, error);
    }
  }

  /** Without an answer, or when it was refused for now, it stays on its way and is asked again. */
  private failed(op: string, error: unknown): boolean {
    const refused = error instanceof RefusedError ? error : null;
    if (refused && !PASSING.has(refused.code)) {
      this.keep(withVerdict(this.drafts, op, refused.code));
      return true;
    }
    if (this.timer === CLOSED || (error instanceof UnansweredError && error.code === "stopped")) return false;
    this.timer = window.setTimeout(() => {
      this.timer = 0;
      this.send();
    }, Math.max(AGAIN_MS, refused?.retryAfterMs ?? 0));
    return false;
  }

  /** Another one may have taken over from one that is closed. */
  private keep(drafts: Drafts): void {
    if (this.timer === CLOSED) return;
    this.drafts = drafts;
    draftsShelf.save(this.session, drafts);
    this.changed();
  }
}
