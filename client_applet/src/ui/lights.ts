import { css, html, svg, type SVGTemplateResult, type TemplateResult } from "lit";
import type { Indicator } from "../generated/wire";

/** What a light may show: an indicator, or that nothing sure is known (yet, or any more). */
export type Shown = Indicator | "unsure" | "loading";

/** One shape for each indicator, so that nobody has to tell colours apart. On a 16 × 16 grid, filled. */
const shapes: Record<Shown, SVGTemplateResult> = {
  free: svg`<circle cx="8" cy="8" r="6.5"/>`,
  ringing: svg`<circle cx="8" cy="8" r="3"/><circle cx="8" cy="8" r="6.5" fill="none" stroke="currentColor" stroke-width="1.8"/>`,
  busy: svg`<rect x="2" y="2" width="12" height="12" rx="2.5"/>`,
  "wrap-up": svg`<path d="M8 1.5A6.5 6.5 0 0 1 8 14.5z"/><circle cx="8" cy="8" r="5.7" fill="none" stroke="currentColor" stroke-width="1.6"/>`,
  away: svg`<path d="M13.8 9.9A6.2 6.2 0 0 1 6.1 2.2a6.2 6.2 0 1 0 7.7 7.7z"/>`,
  closed: svg`<path d="M8 1.2 14.8 8 8 14.8 1.2 8z"/>`,
  offline: svg`<circle cx="8" cy="8" r="5.6" fill="none" stroke="currentColor" stroke-width="1.9"/>`,
  unsure: svg`<circle cx="8" cy="8" r="5.6" fill="none" stroke="currentColor" stroke-width="1.9" stroke-dasharray="2.7 1.7"/>`,
  loading: svg`<circle cx="8" cy="8" r="5.6" fill="none" stroke="currentColor" stroke-width="1.9" stroke-dasharray="2.7 1.7"/>`,
};

/** The mark of an indicator; the words stand beside it. */
export function mark(shown: Shown): TemplateResult {
  return html`<svg class="mark ${shown}" part="mark" viewBox="0 0 16 16" fill="currentColor" aria-hidden="true">${shapes[shown]}</svg>`;
}

export const marks = css`
  .mark { inline-size: 0.9em; block-size: 0.9em; flex: none; color: var(--_quiet); transition: color 0.25s; overflow: visible; }
  .mark.free { color: var(--_free); }
  .mark.busy { color: var(--_busy); }
  .mark.ringing, .mark.away, .mark.wrap-up { color: var(--_away); }
  .mark.ringing { animation: pulse 1.1s ease-in-out infinite; }
  @keyframes pulse { 50% { opacity: 0.45; } }
`;
