import { html, nothing, type TemplateResult } from "lit";
import { guard } from "lit/directives/guard.js";
import { repeat } from "lit/directives/repeat.js";
import type { LiveClient } from "../core";
import type { Language } from "../i18n";
import type { CardGesture } from "./card";
import type { Told } from "./search";

/** Cards that come and go together: whole rows of one, two, three or four columns. */
const GROUP = 12;

export interface ListView {
  client: LiveClient | null;
  language: Language;
  theme: string;
  label: string;
  found: readonly Told[];
  /** Groups that are before the eyes or near: only their cards are there. */
  near: ReadonlySet<string>;
  stale: boolean;
  /** Ids of the chosen ones while several are being chosen, else null. */
  chosen: readonly string[] | null;
  gesture: (expert: string, gesture: CardGesture) => void;
}

/** The cards in groups, each a list of its own: a thousand of them cost only what is to be seen. */
export function list(view: ListView): TemplateResult {
  const groups = Array.from({ length: Math.ceil(view.found.length / GROUP) }, (_, at) => view.found.slice(at * GROUP, (at + 1) * GROUP));
  return html`${groups.map((rows, at) => group(view, rows, String(at)))}`;
}

function group(view: ListView, rows: readonly Told[], name: string): TemplateResult {
  // The first two groups are there before anything can be measured.
  const here = view.near.has(name) || (view.near.size === 0 && Number(name) < 2);
  const depends = [here, view.client, view.language, view.theme, view.stale, view.chosen, ...(here ? rows : [])];
  return html`<ul class="grid" data-group=${name} aria-label=${view.label}>${guard(depends, () => here
    ? repeat(rows, (row) => row.profile.expert, (row) => item(view, row)) : nothing)}</ul>`;
}

function item(view: ListView, row: Told): TemplateResult {
  const { expert } = row.profile;
  return html`
    <li data-expert=${expert}>
      <openline-card .client=${view.client} .expert=${expert} .told=${row} .language=${view.language} .theme=${view.theme} ?stale=${view.stale}
        .chosen=${view.chosen ? view.chosen.includes(expert) : undefined}
        @gesture=${(event: CustomEvent<CardGesture>) => view.gesture(expert, event.detail)}></openline-card>
    </li>`;
}
