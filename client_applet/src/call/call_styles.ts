import { css } from "lit";

export const callStyles = css`
  :host { display: block; container-type: inline-size; border-block-end: 1px solid var(--_edge); background: var(--_sunken); }
  audio { display: none; }
  .card-row { display: flex; flex-wrap: wrap; align-items: center; gap: 12px 14px; padding: 16px; }
  .card-row.slim { padding: 8px 16px; font-size: 0.92em; }
  .card-row.trouble { background: color-mix(in oklab, var(--_away) 11%, var(--_surface)); }
  .grow { flex: 1 1 13rem; min-inline-size: 0; }
  .grow p { font-size: 0.92em; }
  .actions { display: flex; flex-wrap: wrap; gap: 8px; }
  .badge { display: grid; place-items: center; inline-size: 40px; block-size: 40px; border-radius: 50%; flex: none; background: color-mix(in oklab, var(--_accent) 14%, transparent); color: var(--_accent); }
  .slim .grow { flex-basis: 9rem; }
  .slim .badge { inline-size: 30px; block-size: 30px; }
  .badge svg { inline-size: 20px; block-size: 20px; }
  .slim .badge svg { inline-size: 16px; block-size: 16px; }
  .badge.warn { background: color-mix(in oklab, var(--_away) 18%, transparent); color: var(--_away); }
  .stage { display: grid; grid-template-columns: minmax(72px, 1fr) minmax(0, auto) minmax(72px, 1fr); align-items: center; gap: 8px; padding: 14px 12px; }
  .middle { display: grid; justify-items: center; gap: 8px; min-inline-size: 0; }
  .state { display: inline-flex; align-items: center; gap: 8px; font-size: 0.88em; font-weight: 600; text-align: center; }
  .state.good { color: var(--_free); }
  .state.working { color: var(--_away); }
  .live { inline-size: 9px; block-size: 9px; border-radius: 50%; background: currentcolor; flex: none; }
  .quality { display: inline-flex; align-items: center; gap: 7px; font-size: 0.8em; color: var(--_muted); cursor: help; }
  .quality.poor { color: var(--_away); font-weight: 650; }
  .bars { display: inline-flex; align-items: end; gap: 2px; }
  .bars i { inline-size: 3px; block-size: 4px; border-radius: 1px; background: var(--_free); }
  .bars i:nth-child(2) { block-size: 8px; }
  .bars i:nth-child(3) { block-size: 12px; }
  .fair .bars i { background: var(--_text); }
  .poor .bars i { background: var(--_away); }
  .fair .bars i:nth-child(3), .poor .bars i:nth-child(n + 2) { background: var(--_edge-strong); }
  @media (forced-colors: active) { .bars i { background: CanvasText; } .fair .bars i:nth-child(3), .poor .bars i:nth-child(n + 2) { background: GrayText; } }
  .controls { display: flex; flex-wrap: wrap; justify-content: center; gap: 4px; }
  .tile { --level: 0; display: grid; justify-items: center; gap: 7px; min-inline-size: 0; }
  .halo {
    display: grid; place-items: center; inline-size: 52px; block-size: 52px; border-radius: 50%; color: var(--_accent);
    background: color-mix(in oklab, var(--_accent) 15%, var(--_surface));
    box-shadow: 0 0 0 calc(var(--level) * 8px) color-mix(in oklab, var(--_accent) 22%, transparent); transition: box-shadow 0.09s linear;
  }
  .theirs .halo { color: var(--_free); background: color-mix(in oklab, var(--_free) 14%, var(--_surface)); box-shadow: 0 0 0 calc(var(--level) * 8px) color-mix(in oklab, var(--_free) 22%, transparent); }
  .muted-tile .halo { color: var(--_muted); background: var(--_hover); box-shadow: none; }
  .halo svg { inline-size: 24px; block-size: 24px; }
  .name { font-size: 0.84em; font-weight: 600; max-inline-size: 100%; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
  .meter { inline-size: 56px; block-size: 5px; border-radius: 9px; background: var(--_edge); overflow: hidden; }
  .meter i { display: block; block-size: 100%; background: var(--_accent); transform: scaleX(var(--level)); transform-origin: 0 50%; border-radius: inherit; }
  :host(:dir(rtl)) .meter i { transform-origin: 100% 50%; }
  .theirs .meter i { background: var(--_free); }
  .tag { font-size: 0.72em; color: var(--_muted); }
  @container (max-width: 23rem) { .mute-label { display: none; } .actions, .actions .button { flex: 1 1 auto; } }
  .settings { display: grid; grid-template-columns: repeat(auto-fit, minmax(180px, 1fr)); gap: 10px 14px; padding: 0 16px 14px; font-size: 0.88em; }
  .settings label { display: grid; gap: 4px; color: var(--_muted); min-inline-size: 0; }
`;
