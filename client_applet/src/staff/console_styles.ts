import { css } from "lit";

export const consoleStyles = css`
  :host { box-sizing: border-box; display: block; inline-size: 100%; max-inline-size: 1180px; margin-inline: auto; padding: clamp(10px, 2.4vw, 28px) clamp(12px, 3vw, 28px); container-type: inline-size; }
  header { display: flex; flex-wrap: wrap; align-items: center; gap: 10px 20px; padding-block: 8px 16px; }
  header h1 { font-size: 1.35em; line-height: 1.2; }
  .tools { display: inline-flex; flex-wrap: wrap; align-items: center; gap: 4px; margin-inline-start: auto; }
  .struck { text-decoration: line-through; }
  .small-text { font-size: 0.84em; }
  .notices { display: grid; gap: 8px; }
  .notices:not(:empty) { margin-block-end: 8px; }
  .callout { align-items: center; flex-wrap: wrap; }
  .grow { flex: 1 1 12rem; min-inline-size: 0; }
  main { display: grid; grid-template-columns: minmax(0, 1.55fr) minmax(17rem, 1fr); gap: 16px; align-items: start; }
  .stage { display: grid; gap: 12px; min-inline-size: 0; }
  openline-session { block-size: min(42rem, calc(100dvh - 13rem)); min-block-size: 24rem; }
  .side { display: grid; gap: 12px; min-inline-size: 0; }
  .line { padding: 16px 18px; }
  summary { display: flex; align-items: center; gap: 8px; min-block-size: 44px; font-weight: 620; cursor: pointer; }
  summary svg { inline-size: 1.2em; block-size: 1.2em; color: var(--_muted); flex: none; }
  summary svg:last-child { margin-inline-start: auto; }
  details[open] summary svg:last-child { transform: scaleY(-1); }
  .line h2 { font-size: 1.05em; display: flex; flex-wrap: wrap; gap: 2px 10px; align-items: baseline; margin-block-end: 6px; }
  .line h2 span { font-size: 0.84em; font-weight: 500; }
  .empty, .idle, .whole { display: grid; justify-items: center; gap: 8px; text-align: center; }
  .empty { padding: 34px 12px; font-size: 0.95em; }
  .empty svg, .idle svg, .whole svg { inline-size: 36px; block-size: 36px; color: var(--_quiet); margin-block-end: 4px; }
  .idle { padding: 64px 24px; }
  .idle p { max-inline-size: 26rem; }
  .idle.free > svg { color: var(--_free); }
  .idle.away > svg { color: var(--_away); }
  .idle .button { margin-block-start: 12px; }
  .whole { padding: 20vh 24px; }
  .whole h1 { font-size: 1.3em; }
  .wrap { display: flex; flex-wrap: wrap; align-items: center; gap: 12px 18px; padding: 16px 18px; border-color: color-mix(in oklab, var(--_away) 50%, var(--_edge)); }
  .bill { display: flex; align-items: flex-start; gap: 8px; padding: 14px 8px 14px 18px; }
  .countdown { font-size: 1.7em; font-weight: 680; color: var(--_away); min-inline-size: 2.6em; }
  .buttons { display: flex; flex-wrap: wrap; gap: 8px; }
  @container (max-width: 800px) {
    main { grid-template-columns: minmax(0, 1fr); }
    .tools { margin-inline-start: 0; }
    .tools .button { padding-inline: 8px; }
    openline-session { block-size: min(40rem, 78dvh); }
  }
`;
