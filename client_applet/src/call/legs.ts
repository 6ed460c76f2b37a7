import { html, nothing, type TemplateResult } from "lit";
import type { LegState, Session } from "../generated/wire";
import { icon } from "../ui/icons";
import type { Values } from "../i18n";
import type { CallKey } from "../i18n/call.en";

const TOLD: ReadonlySet<LegState> = new Set(["calling", "ringing", "answered"]);

/** How the telephones of a session stand, in words; nothing for who has none. */
export function legs(session: Session, words: (key: CallKey, values?: Values) => string): TemplateResult | typeof nothing {
  if (session.mode !== "phone" || session.state === "ended") return nothing;
  const lines = (["mine", "theirs"] as const).flatMap((whose) => {
    const leg = whose === "mine" ? session.my_leg : session.their_leg;
    return TOLD.has(leg) ? [words(`leg.${whose}.${leg as "ringing"}`, { partner: session.partner })] : [];
  });
  return html`<div class="legs" part="legs" role="status">${lines.map((line) => html`<p>${icon("phone")}<span>${line}</span></p>`)}</div>`;
}
