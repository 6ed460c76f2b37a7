import { css, html, nothing, type TemplateResult } from "lit";
import type { PoolRules, Profile } from "../generated/wire";
import { type Key, type Language, money, starsText, timeSince, type Translate } from "../i18n";
import { icon } from "../ui/icons";

/** What a minute costs, as shown beside an expert: for each mode where that differs; "" in a pool where nothing is charged. */
export function price(t: Translate<Key>, language: Language, profile: Pick<Profile, "rate" | "rates">, rules: PoolRules | null): string {
  if (!rules?.prepaid) return "";
  const perMinute = (amounts: string) => t("rate.perMinute", { price: amounts });
  const amount = (rate: number) => money(rate, rules.currency, language);
  const one = (rate: number) => (rate === 0 ? t("rate.free") : perMinute(amount(rate)));
  const { rates } = profile;
  if (new Set(rates.map(({ rate }) => rate)).size < 2) return one(rates[0]?.rate ?? profile.rate);
  if (rates.every(({ rate }) => rate > 0)) return perMinute(rates.map(({ mode, rate }) => `${t(`mode.${mode}`)} ${amount(rate)}`).join(" · "));
  return rates.map(({ mode, rate }) => `${t(`mode.${mode}`)}: ${one(rate)}`).join(" · ");
}

/** Stars and how many gave them; for screen readers in words. */
export function starsLine(t: Translate<Key>, language: Language, profile: Pick<Profile, "stars" | "ratings">): TemplateResult | typeof nothing {
  if (profile.ratings === 0) return nothing;
  const stars = starsText(profile.stars, language);
  return html`<span class="stars" part="stars"><span class="said">${t("stars.of", { stars, n: profile.ratings })}</span>
    <span aria-hidden="true">${icon("star")}<b>${stars}</b> (${new Intl.NumberFormat(language).format(profile.ratings)})</span></span>`;
}

/** Stars, how long, how often, for how much: what makes a stranger trust. */
export function standing(t: Translate<Key>, language: Language, profile: Profile, rules: PoolRules | null, now: number): TemplateResult | typeof nothing {
  const since = timeSince(profile.started_on, now, language);
  const cost = price(t, language, profile, rules);
  const facts = [since, profile.sessions > 0 ? t("sessions.count", { n: profile.sessions }) : ""].filter((one) => one !== "");
  return html`<p class="standing" part="standing">${starsLine(t, language, profile)}${facts.map((one) => html`<span>${one}</span>`)}
    ${cost === "" ? nothing : html`<span class="price" part="rate">${cost}</span>`}</p>`;
}

export const standingStyles = css`
  .standing { display: flex; flex-wrap: wrap; gap: 2px 12px; color: var(--_muted); font-size: 0.88em; align-items: baseline; }
  .standing .price { color: var(--_text); font-weight: 620; }
  .stars > [aria-hidden] { display: inline-flex; align-items: baseline; gap: 0.3em; }
  .stars svg { inline-size: 1.05em; block-size: 1.05em; align-self: center; color: var(--_star); fill: currentcolor; transform: translateY(-1px); }
  .stars b { color: var(--_text); font-weight: 650; }
`;
