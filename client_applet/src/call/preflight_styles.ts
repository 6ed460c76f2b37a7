import { css } from "lit";

export const preflightStyles = css`
  :host { display: block; }
  .line { display: flex; align-items: center; gap: 8px; font-size: 0.88em; color: var(--_muted); }
  .line svg { inline-size: 16px; block-size: 16px; color: var(--_free); }
  .list { display: grid; gap: 6px; padding: 12px 14px; border: 1px solid var(--_edge); border-radius: var(--_radius-small); background: var(--_sunken); }
  .list.bad { border-color: var(--_away); background: color-mix(in oklab, var(--_away) 9%, var(--_surface)); }
  h4 { display: flex; align-items: center; gap: 8px; font-size: 0.96em; }
  h4 svg { inline-size: 18px; block-size: 18px; color: var(--_muted); }
  .good h4 svg { color: var(--_free); }
  .bad h4 svg { color: var(--_away); }
  ul { display: grid; gap: 2px; margin: 0; padding: 0; list-style: none; }
  li { display: grid; grid-template-columns: auto minmax(0, 1fr); align-items: center; gap: 4px 10px; min-block-size: 44px; padding-block: 2px; font-size: 0.9em; }
  li > .button, li > .level { grid-column: 2; justify-self: start; }
  .sign { display: grid; place-items: center; inline-size: 26px; block-size: 26px; flex: none; border-radius: 50%; background: var(--_hover); color: var(--_muted); }
  .sign svg { inline-size: 15px; block-size: 15px; }
  li.good .sign { color: var(--_free); background: color-mix(in oklab, var(--_free) 14%, transparent); }
  li.bad .sign { color: var(--_away); background: color-mix(in oklab, var(--_away) 18%, transparent); }
  .words { display: grid; min-inline-size: 0; line-height: 1.3; }
  .level { inline-size: 72px; block-size: 6px; border-radius: 9px; background: var(--_edge); overflow: hidden; }
  .level i { display: block; block-size: 100%; background: var(--_accent); transform: scaleX(var(--level, 0)); transform-origin: 0 50%; }
  :host(:dir(rtl)) .level i { transform-origin: 100% 50%; }
`;
