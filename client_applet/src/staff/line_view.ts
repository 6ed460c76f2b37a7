import { css, html, nothing, type TemplateResult } from "lit";
import { property } from "lit/decorators.js";
import { repeat } from "lit/directives/repeat.js";
import type { Waiter } from "../generated/wire";
import { clock, isoDuration, timeOfDay } from "../i18n";
import { avatar } from "../ui/avatar";
import { define } from "../ui/element";
import { icon } from "../ui/icons";
import { StaffPart } from "./part";
import { nextTicket, waitedFor, waiterState } from "./waiters";

/** What an operator may do with a waiter; the button's place is the row's end. */
export type WaiterActions = (waiter: Waiter) => TemplateResult;

/** The people in one line, in order, with running clocks and what each is doing. */
export class OpenlineWaiters extends StaffPart {
  static override styles = [...StaffPart.styles, css`
    :host { display: block; }
    li { display: flex; flex-wrap: wrap; align-items: center; gap: 4px 12px; padding: 10px 4px; border-block-end: 1px solid var(--_edge); --_avatar: 38px; }
    li:last-child { border-block-end: 0; }
    .place { inline-size: 1.7em; text-align: center; font-weight: 650; color: var(--_muted); font-variant-numeric: tabular-nums; flex: none; }
    .who { flex: 1 1 9rem; min-inline-size: 0; display: grid; line-height: 1.35; }
    .name { font-weight: 600; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; display: flex; align-items: center; gap: 6px; }
    .name span { overflow: hidden; text-overflow: ellipsis; }
    .name svg { inline-size: 16px; block-size: 16px; flex: none; color: var(--_muted); }
    .doing { font-size: 0.84em; color: var(--_muted); }
    .ready .doing, .by_phone .doing, .offered .doing { color: var(--_free); }
    .disconnected .doing, .not_ready .doing, .stepped_away .doing { color: var(--_away); }
    .name .next { flex: none; font-size: 0.74em; font-weight: 650; padding: 1px 8px; border-radius: 99px; background: color-mix(in oklab, var(--_free) 16%, transparent); color: color-mix(in oklab, var(--_free) 60%, var(--_text)); }
    .waited { font-weight: 650; font-size: 1.02em; }
    .acts { display: flex; gap: 2px; }
  `];

  @property({ attribute: false }) waiters: readonly Waiter[] = [];
  @property({ attribute: false }) actions: WaiterActions | null = null;

  protected override render(): TemplateResult {
    const next = nextTicket(this.waiters, this.now);
    return html`<ol>${repeat(this.waiters, (one) => one.ticket, (one, at) => this.renderOne(one, at + 1, one.ticket === next))}</ol>`;
  }

  private renderOne(waiter: Waiter, place: number, next: boolean): TemplateResult {
    const state = waiterState(waiter, this.now);
    const waited = waitedFor(waiter, this.now);
    const name = waiter.name || this.t("nameless");
    const modeWords = this.t(`mode.${waiter.mode}`);
    return html`<li class=${state} part="waiter" data-ticket=${waiter.ticket} data-state=${state}>
      <span class="place" aria-label=${this.t("line.place", { n: place })}>${place}</span>
      ${avatar(name)}
      <span class="who"><span class="name"><span dir="auto">${name}</span>${icon(waiter.mode)}<span class="said">${modeWords}</span>
        ${next ? html`<span class="next">${this.t("line.next")}</span>` : nothing}</span>
        <span class="doing">${this.doing(waiter, state)}</span></span>
      <time class="waited tabular" part="waited" role="timer" datetime=${isoDuration(waited)} aria-label=${this.t("line.waited", { time: clock(waited) })}>${clock(waited)}</time>
      ${this.actions ? html`<span class="acts">${this.actions(waiter)}</span>` : nothing}
    </li>`;
  }

  private doing(waiter: Waiter, state: ReturnType<typeof waiterState>): string {
    const words = this.t(`line.${state}`, { time: timeOfDay(waiter.paused_until, this.language) });
    const others = waiter.lines.length - 1;
    return others > 0 ? `${words} · ${this.t("line.several", { n: others })}` : words;
  }
}

define("openline-waiters", OpenlineWaiters);
