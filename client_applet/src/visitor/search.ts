import type { ReactiveController, ReactiveControllerHost } from "lit";
import { codeOf, type ClientController, type Hall, type LiveClient } from "../core";
import type { FoundExpert } from "../generated/wire";
import { ANYBODY, type Question, sameQuestion, toFind } from "./question";

/** Experts in one answer: whole rows of one, two, three, four or six columns. */
export const PAGE = 60;
const TYPING_MS = 200;
const LIGHTS_MS = 2_000;
/** Whom the page does not follow may have come free, or their line shorter. */
const OTHERS_MS = 10_000;
/** As many as one request may ask for. */
const ASK_MAX = 100;
const OFFSET_MAX = 10_000;

/** A row of an answer, with the time of that answer in server milliseconds. */
export interface Told extends FoundExpert {
  at: number;
}

/** The answer of the server to a question, page by page. The newest question wins, whatever comes back when. */
export class Search implements ReactiveController {
  found: readonly Told[] = [];
  total = 0;
  /** Server milliseconds of the answer, 0 before the first. */
  toldAt = 0;
  /** Code of what went wrong with the last request, "" for nothing. */
  problem = "";
  /** It was a further page that went wrong: what is here is still the answer. */
  halted = false;
  asking = false;
  private question: Question = ANYBODY;
  private client: LiveClient | null = null;
  private turn = 0;
  private timer = 0;
  private keepTimer = 0;
  private period = 0;
  private stops: (() => void)[] = [];

  constructor(
    private readonly host: ReactiveControllerHost,
    clients: ClientController,
  ) {
    host.addController(this);
    clients.attach({ on: (client) => this.begin(client), off: () => this.leave() });
  }

  hostConnected(): void {
    this.period = setInterval(() => this.keepTrue(document.visibilityState === "visible"), OTHERS_MS) as unknown as number;
  }

  hostDisconnected(): void {
    clearInterval(this.period);
    clearTimeout(this.timer);
    clearTimeout(this.keepTimer);
  }

  /** Whether there may be more than is here. */
  get more(): boolean {
    return this.found.length < Math.min(this.total, OFFSET_MAX);
  }

  /** Asks something else; `typing` waits a moment for the next letter. */
  ask(question: Question, typing = false): void {
    if (sameQuestion(question, this.question) && (this.toldAt > 0 || this.asking) && this.problem === "") return;
    this.question = question;
    this.later(typing ? TYPING_MS : 0, () => this.fresh());
  }

  /** The same once more, from the start. */
  again(): void {
    this.later(0, () => this.fresh());
  }

  /** The next page below what is here. After a page that failed only a person (`anyway`) asks for it again. */
  async next(anyway = false): Promise<void> {
    if (this.asking || !this.more || (this.problem !== "" && !anyway)) return;
    const known = this.found;
    await this.request("next", known.length, PAGE, (experts) => [...known, ...unknownTo(known, experts)]);
  }

  private begin(client: LiveClient): void {
    this.client = client;
    this.stops = [
      // Who signed in or came back may be told something else.
      client.store.subscribe((hall) => hall.welcome, () => this.toldAt > 0 || this.problem !== "" ? this.again() : undefined),
      client.store.subscribe(lightsKey, () => this.keepTrue(!this.asking, LIGHTS_MS)),
    ];
    // In a moment: the page's address may say at once what is asked.
    this.later(0, () => this.fresh());
  }

  private leave(): void {
    for (const stop of this.stops) stop();
    this.stops = [];
    this.client = null;
    this.turn += 1;
  }

  /** An order or a choice by what changes by itself is asked for again; the pages below the first stay as they were. */
  private keepTrue(mayAsk: boolean, delayMs = 0): void {
    if (!mayAsk || this.asking || this.toldAt === 0 || !(this.question.freeOnly || this.question.sort === "wait")) return;
    clearTimeout(this.keepTimer);
    this.keepTimer = setTimeout(() => this.keep(), delayMs) as unknown as number;
  }

  private keep(): void {
    const limit = Math.min(ASK_MAX, Math.max(PAGE, this.found.length));
    void this.request("keep", 0, limit, (experts) => {
      const below = this.found.slice(experts.length);
      return experts.length < limit ? experts : [...experts, ...unknownTo(experts, below)];
    });
  }

  private fresh(): void {
    void this.request("fresh", 0, PAGE, (experts) => experts);
  }

  private later(delayMs: number, go: () => void): void {
    clearTimeout(this.timer);
    clearTimeout(this.keepTimer);
    this.timer = setTimeout(go, delayMs) as unknown as number;
  }

  private async request(why: "fresh" | "next" | "keep", offset: number, limit: number, merge: (experts: Told[]) => readonly Told[]): Promise<void> {
    const client = this.client;
    if (!client) return;
    const turn = (this.turn += 1);
    // Keeping the answer true is nothing to wait for, and nothing is lost when it fails once.
    if (why !== "keep") this.tell({ asking: true, problem: "", halted: false });
    try {
      const answer = await client.request(toFind(this.question, offset, limit));
      if (turn !== this.turn) return;
      this.toldAt = client.store.now();
      this.found = merge(answer.experts.map((one) => ({ ...one, at: this.toldAt })));
      this.total = answer.total;
      this.tell({ asking: false, problem: "", halted: false });
    } catch (error) {
      if (turn === this.turn && why !== "keep") this.tell({ asking: false, problem: codeOf(error), halted: why === "next" });
    }
  }

  private tell(part: Pick<this, "asking" | "problem" | "halted">): void {
    Object.assign(this, part);
    this.host.requestUpdate();
  }
}

function unknownTo(known: readonly Told[], more: readonly Told[]): Told[] {
  const ids = new Set(known.map((one) => one.profile.expert));
  return more.filter((one) => !ids.has(one.profile.expert));
}

const lightsKey = (hall: Hall) => hall.lights;
