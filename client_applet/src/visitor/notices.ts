import { html, nothing, type TemplateResult } from "lit";
import type { LiveClient } from "../core";
import type { Notice } from "../generated/wire";
import type { Translate } from "../i18n";
import { en, type Key } from "../i18n/en";
import { icon } from "../ui/icons";

/** What happened to one's places without one's doing, until it is dismissed. */
export function notices(t: Translate<Key>, client: LiveClient, some: readonly Notice[]): TemplateResult[] {
  return some.map((notice) => html`<div class="callout" part="notice" role="status">${icon("info")}<div>${noticeWords(t, notice)}${quoted(t, notice)}</div>
    <button class="button quiet icon" aria-label=${t("do.close")} @click=${() => client.store.dismissNotice(notice.code, notice.at)}>${icon("close")}</button></div>`);
}

/** A place that dropped says why; hours that end soon say what that means for the place; what an operator did says so. */
export function noticeWords(t: Translate<Key>, { code, detail }: Notice): string {
  const known = (name: string): Key | null => (`notice.${name}` in en ? (`notice.${name}` as Key) : null);
  return t((code === "dropped" ? known(detail) : known(`${code}_${detail}`)) ?? known(code) ?? "notice.other");
}

/** The detail of an operator's act are the operator's own words. */
function quoted(t: Translate<Key>, { code, detail }: Notice): TemplateResult | typeof nothing {
  return code.endsWith("_by_operator") && detail ? html`<br><span dir="auto">${t("away.reason", { reason: detail })}</span>` : nothing;
}
