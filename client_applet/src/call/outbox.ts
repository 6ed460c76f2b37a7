import { type LiveClient, newOp, RefusedError, UnansweredError } from "../core";
import type { Side } from "../generated/wire";
import { type Drafts, unnumbered, withDraft, withoutDraft, withVerdict } from "./chat_log";
import { draftsShelf } from "./drafts_shelf";

const AGAIN_MS = 2_000;

/** Our messages on their way: each is sent, with the same `op`, until the server has numbered or refused it. */
export class Outbox {
  drafts: Drafts;
  private readonly asked = new Set<string>();
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

  /** Sends what nobody is being asked about: after a reconnect, a reload, a request that got no answer. */
  send(): void {
    this.settle();
    for (const draft of this.drafts) {
      if (!draft.refused && !this.asked.has(draft.op)) void this.ask(draft.op, draft.text);
    }
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
    this.timer = -1;
  }

  /** Forgets drafts that the server has numbered. */
  settle(): void {
    const lines = this.client.store.state.chats.get(this.session)?.lines ?? [];
    const left = unnumbered(this.drafts, lines, this.side);
    if (left !== this.drafts) this.keep(left);
  }

  private async ask(op: string, text: string): Promise<void> {
    this.asked.add(op);
    try {
      await this.client.request({ t: "say", session: this.session, text }, op);
    } catch (error) {
      this.failed(op, error);
    } finally {
      this.asked.delete(op);
    }
  }

  /** Without an answer, or when we were too fast, it stays on its way and is asked again. */
  private failed(op: string, error: unknown): void {
    const tooFast = error instanceof RefusedError && error.code === "rate_limited";
    if (error instanceof RefusedError && !tooFast) return this.keep(withVerdict(this.drafts, op, error.code));
    if (this.timer < 0 || (error instanceof UnansweredError && error.code === "stopped")) return;
    window.clearTimeout(this.timer);
    this.timer = window.setTimeout(() => this.send(), tooFast ? Math.max(AGAIN_MS, error.retryAfterMs) : AGAIN_MS);
  }

  private keep(drafts: Drafts): void {
    this.drafts = drafts;
    draftsShelf.save(this.session, drafts);
    this.changed();
  }
}
