import { html, nothing, type TemplateResult } from "lit";
import { keptBill } from "../call/kept_bill";
import { type Command, type Hall, type KnownTicket, rateOf, wanted } from "../core";
import type { Mode, Profile } from "../generated/wire";
import { money } from "../i18n";
import { icon } from "../ui/icons";
import type { PanelView } from "./panel_view";
import { nameOf } from "./situation";

/** Loads what speaks of money. */
export function fetchMoney(): void {
  void import("../meter");
}

/** Whether somebody named in the command costs something: how long one's balance lasts is told before. */
export function costs(hall: Hall, command: Command): boolean {
  const { experts, mode } = wanted(hall, command);
  return experts.some((expert) => rateOf(hall, expert, mode) > 0);
}

/** How long one's balance lasts with the expert, around the way to connect; only that way where nothing is charged. */
export function quoted(view: PanelView, expert: string, mode: Mode, go: TemplateResult | typeof nothing, locked = 0): TemplateResult | typeof nothing {
  const { hall, client, language, theme } = view;
  if (hall.role !== "user" || rateOf(hall, expert, mode) + locked === 0) return go;
  return html`<openline-quote .client=${client} .language=${language} .theme=${theme} .expert=${expert} .mode=${mode} .locked=${locked}
    ?depositing=${view.asking === "deposit"} .news=${hall.news.get(expert) ?? 0} @deposit-wanted=${() => view.ask("deposit")}>${go}</openline-quote>`;
}

/** The profile with the rate that one's own place has kept. */
export function asKept(profile: Profile, ticket: KnownTicket | null): Profile {
  const place = ticket?.places.find((one) => one.expert === profile.expert);
  return place && ticket ? { ...profile, rate: place.rate, rates: [{ mode: ticket.mode, rate: place.rate }] } : profile;
}

/** What a minute costs; "" where it is free. */
export function perMinute({ t, hall, language }: PanelView, rate: number): string {
  const currency = hall.welcome?.rules.currency ?? "";
  return rate === 0 || currency === "" ? "" : t("rate.perMinute", { price: money(rate, currency, language) });
}

/** The same as a line of its own; nothing where it is free. */
export function rateLine(view: PanelView, rate: number): TemplateResult | typeof nothing {
  const words = perMinute(view, rate);
  return words ? html`<span class="muted" part="rate">${words}</span>` : nothing;
}

/** What one is about to do, with what it costs, before it is done. */
export function considered(view: PanelView, command: Command): TemplateResult {
  const { t, hall, actions } = view;
  const { experts, mode } = wanted(hall, command);
  const label = t(command.t === "connect" ? "do.connect" : command.t === "switch" ? "do.switch" : "do.join");
  const go = () => {
    view.alerts.prepare();
    view.consider(null);
    void actions.run(command);
  };
  const button = html`<button class="button main wide" ?disabled=${actions.running !== ""} @click=${go}>${icon(command.t === "connect" ? mode : "plus")}${label}</button>`;
  const [first] = experts;
  const alone = experts.length === 1 && first !== undefined;
  return html`<section class="question" role="group" aria-label=${label}>
    ${alone ? html`<h3>${nameOf(hall, first)}</h3>${quoted(view, first, mode, button)}`
      : html`${experts.map((expert) => html`<h4>${nameOf(hall, expert)}</h4>${quoted(view, expert, mode, nothing)}`)}${button}`}
    <button class="button quiet wide" @click=${() => view.consider(null)}>${t("do.cancel")}</button></section>`;
}

/** The way to a deposit where something was refused for want of money. */
export function depositButton(view: PanelView): TemplateResult | typeof nothing {
  if (view.asking === "deposit") return nothing;
  return html`<button class="button outline small" part="deposit" @click=${() => view.ask("deposit")}>${icon("plus")}${view.t("do.deposit")}</button>`;
}

/** Putting money on one's balance; place and call stay where they are. */
export function deposit(view: PanelView, expert: string): TemplateResult | typeof nothing {
  if (view.asking !== "deposit") return nothing;
  const { client, language, theme, mode, actions } = view;
  return html`<openline-deposit .client=${client} .language=${language} .theme=${theme} .expert=${expert} .mode=${mode} .signIn=${actions.signInPage(language)}
    @sign-in-wanted=${() => actions.goSignIn(true)} @deposit-closed=${() => view.deposited()}></openline-deposit>`;
}

/** What the last session came to, for whoever was not here when it ended. */
export function billToSee({ client, hall, language, theme, t, billSeen }: Pick<PanelView, "client" | "hall" | "language" | "theme" | "t" | "billSeen">):
  TemplateResult | typeof nothing {
  const session = keptBill(client);
  if (session === "" || !hall.welcome?.rules.prepaid || !hall.ready || hall.session !== null) return nothing;
  return html`<div class="callout bill" part="last-bill"><openline-bill alone .client=${client} .language=${language} .theme=${theme} .session=${session} .side=${"user"}></openline-bill>
    <button class="button quiet icon" aria-label=${t("do.close")} @click=${billSeen}>${icon("close")}</button></div>`;
}
