import { css } from "lit";

export const meterStyles = css`
  :host { display: block; flex: none; container-type: inline-size; }
  .meter {
    display: grid; grid-template-columns: auto auto minmax(0, 1fr) auto; align-items: center; gap: 4px 14px; padding: 8px 16px;
    border-block-end: 1px solid var(--_edge); background: var(--_sunken); --_ring: var(--_accent);
  }
  .meter.last { --_ring: var(--_away); background: color-mix(in oklab, var(--_away) 15%, var(--_surface)); box-shadow: inset 4px 0 var(--_away); }
  :host(:dir(rtl)) .meter.last { box-shadow: inset -4px 0 var(--_away); }
  .meter.frozen, .meter.unsure { --_ring: var(--_quiet); }
  .dial { display: grid; place-items: center; color: var(--_ring); }
  .dial > * { grid-area: 1 / 1; }
  .dial > svg:last-child { inline-size: 22px; block-size: 22px; }
  .ring { inline-size: 52px; block-size: 52px; }
  .ring circle { fill: none; stroke-width: 7; transform: rotate(-90deg); transform-origin: 50% 50%; }
  .track { stroke: var(--_edge); }
  .rest { stroke: var(--_ring); transition: stroke-dashoffset 0.25s linear; }
  .frozen .track, .unsure .track { stroke-dasharray: 2 5; stroke: var(--_edge-strong); }
  .frozen .rest, .unsure .rest { stroke-width: 4; }
  .last .rest { stroke-width: 11; }
  .figures { display: grid; line-height: 1.15; }
  .label { font-size: 0.76em; color: var(--_muted); }
  .left { font-size: 1.5em; font-weight: 720; letter-spacing: -0.02em; min-inline-size: 3.1ch; }
  .last .left { color: var(--_away); }
  .frozen .left, .unsure .left { color: var(--_muted); }
  .words { display: grid; gap: 1px; font-size: 0.88em; line-height: 1.3; min-inline-size: 0; }
  .last .stands, .frozen .stands { font-weight: 650; }
  .sum { color: var(--_muted); font-variant-numeric: tabular-nums; }
  .sum strong { color: var(--_text); font-weight: 650; }
  @media (forced-colors: active) {
    .track { stroke: GrayText; }
    .rest { stroke: Highlight; }
    .meter.last { outline: 3px solid Highlight; outline-offset: -3px; }
    .dial { color: CanvasText; }
  }
  @container (max-width: 30rem) {
    .meter { grid-template-columns: auto minmax(0, 1fr) auto; padding: 8px 12px; gap: 4px 10px; }
    .words { grid-column: 1 / -1; display: flex; flex-wrap: wrap; justify-content: space-between; gap: 0 10px; }
    .more { grid-row: 1; grid-column: 3; }
  }
`;
