import { LitElement } from "lit";
import { property } from "lit/decorators.js";
import type { Hall, LiveClient } from "../core";
import { type Language, money, type Values } from "../i18n";
import type { MeterKey } from "../i18n/meter.en";
import { controls } from "../ui/controls";
import { tokens } from "../ui/tokens";
import { meterWords } from "./words";

/** A part that speaks of money: its parent gives it the client, the language and the theme. */
export class MoneyPart extends LitElement {
  static override styles = [tokens, controls];

  @property({ attribute: false }) client: LiveClient | null = null;
  @property({ attribute: false }) language: Language = "en";
  @property({ reflect: true }) theme = "";

  private readonly follows: { select: (hall: Hall) => unknown; changed: () => void }[] = [];
  private stops: (() => void)[] = [];
  private followed: LiveClient | null = null;

  /** Calls `changed` whenever this of the hall is another value; to be said in the constructor. */
  protected follow(select: (hall: Hall) => unknown, changed: () => void = () => this.requestUpdate()): void {
    this.follows.push({ select, changed });
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.listen();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.unlisten();
  }

  protected override willUpdate(): void {
    if (this.client !== this.followed && this.isConnected) this.listen();
  }

  protected t(key: MeterKey, values?: Values): string {
    return meterWords(this.language)(key, values);
  }

  protected money(minor: number, currency: string): string {
    return money(minor, currency, this.language);
  }

  private listen(): void {
    this.unlisten();
    const client = (this.followed = this.client);
    if (!client) return;
    this.stops = this.follows.map(({ select, changed }) => client.store.subscribe(select, changed));
  }

  private unlisten(): void {
    for (const stop of this.stops) stop();
    this.stops = [];
    this.followed = null;
  }
}
