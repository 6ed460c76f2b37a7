import { css } from "lit";

export const peopleStyles = css`
  :host { display: block; box-sizing: border-box; inline-size: 100%; max-inline-size: 880px; margin-inline: auto; padding: clamp(12px, 3vw, 32px) clamp(14px, 4vw, 28px) 64px; }
  openline-hours-editor, openline-feedback-list, openline-wallet, openline-statement, openline-earlier, openline-reload-settings, openline-payouts,
  openline-bank-account, openline-person-money, openline-money-options { padding: 0; max-inline-size: none; }
  openline-hours-editor { display: grid; gap: 18px; }
  header { display: flex; flex-wrap: wrap; align-items: center; gap: 8px 16px; margin-block-end: 18px; }
  header h1 { font-size: 1.45em; letter-spacing: -0.01em; }
  header nav { display: flex; flex-wrap: wrap; gap: 4px; margin-inline-start: auto; }
  h2 { font-size: 1.1em; margin-block-end: 4px; }
  section.card, form.card { display: grid; gap: 14px; padding: clamp(16px, 3vw, 24px); margin-block-end: 16px; }
  section.card > p.muted { margin-block-start: -8px; font-size: 0.93em; }
  .labelled { display: grid; gap: 5px; font-weight: 600; font-size: 0.94em; min-inline-size: 0; }
  .labelled .field, .labelled small { font-weight: 400; }
  .entry { display: grid; gap: 5px; align-content: start; min-inline-size: 0; }
  .wrong { color: var(--_danger); font-size: 0.88em; font-weight: 600; }
  .field[aria-invalid="true"] { border-color: var(--_danger); }
  .figure { display: grid; line-height: 1.25; }
  .figure strong { font-size: 1.7em; letter-spacing: -0.02em; overflow-wrap: anywhere; }
  .figure.lesser strong { font-size: 1.15em; }
  .figures { display: flex; flex-wrap: wrap; gap: 12px 32px; align-items: end; }
  .statement { inline-size: 100%; border-collapse: collapse; }
  .statement th, .statement td { padding: 10px 0; border-block-start: 1px solid var(--_edge); text-align: start; vertical-align: baseline; font-weight: 400; }
  .statement thead th { padding-block: 0 6px; border: 0; color: var(--_muted); font-size: 0.88em; }
  .statement tbody:first-child tr:first-child > * { border: 0; }
  .statement tbody th { overflow-wrap: anywhere; }
  .statement tbody th > span { display: block; }
  .statement tbody th > span:first-child { font-weight: 600; }
  .statement .end { text-align: end; white-space: nowrap; padding-inline-start: 14px; }
  .statement .plus { color: var(--_free); }
  .statement a { color: var(--_accent); }
  .choice { position: relative; }
  .choice input { position: absolute; inset: 0; inline-size: 100%; block-size: 100%; margin: 0; opacity: 0; cursor: pointer; }
  .choice input:checked + .chip { background: var(--_text); border-color: var(--_text); color: var(--_surface); }
  .choice input:focus-visible + .chip { outline: 3px solid var(--_accent); outline-offset: 2px; }
  .chip[aria-selected="true"] { background: var(--_text); border-color: var(--_text); color: var(--_surface); }
  .amounts { display: grid; grid-template-columns: repeat(auto-fill, minmax(7rem, 1fr)); gap: 12px; }
  .pairs { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(20rem, 100%), 1fr)); gap: 14px; align-items: start; }
  .inner { padding-inline-start: 16px; border-inline-start: 3px solid var(--_edge); }
  .stack { display: grid; gap: 14px; }
  .field:disabled { background: var(--_sunken); border-color: var(--_edge); color: var(--_muted); }
  fieldset { border: 0; margin: 0; padding: 0; min-inline-size: 0; display: grid; gap: 8px; }
  legend { padding: 0; font-weight: 600; font-size: 0.94em; margin-block-end: 5px; }
  textarea.field { resize: vertical; line-height: 1.5; }
  .two { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(16rem, 100%), 1fr)); gap: 14px; align-items: start; }
  .row { display: flex; flex-wrap: wrap; align-items: center; gap: 8px 12px; }
  .row .grow { flex: 1 1 12rem; min-inline-size: 0; }
  .buttons { display: flex; flex-wrap: wrap; gap: 8px; }
  .list { display: grid; }
  .list > li { padding-block: 12px; border-block-start: 1px solid var(--_edge); }
  .list > li:first-child { border-block-start: 0; }
  .names { display: grid; min-inline-size: 0; line-height: 1.35; }
  .names > * { overflow-wrap: anywhere; }
  .small { font-size: 0.88em; }
  .badge { display: inline-block; padding: 1px 9px; border-radius: 99px; background: var(--_sunken); font-size: 0.82em; font-weight: 600; }
  .badge.bad { background: color-mix(in oklab, var(--_danger) 10%, var(--_surface)); color: var(--_danger); }
  .badge.good { background: color-mix(in oklab, var(--_free) 10%, var(--_surface)); color: var(--_free); }
  .said-here:not(:empty) { position: sticky; inset-block-start: 8px; z-index: 2; display: grid; gap: 8px; }
  .said-here .callout { margin-block-end: 14px; box-shadow: var(--_shadow-high); }
  .callout + section.card { margin-block-start: 14px; }
  .said-here:not(:has(.callout)) { position: absolute; }
  .tabs { display: flex; flex-wrap: wrap; gap: 6px; margin-block-end: 16px; }
  .check { display: inline-flex; align-items: center; gap: 9px; min-block-size: 44px; cursor: pointer; }
  .check input { inline-size: 20px; block-size: 20px; accent-color: var(--_accent); flex: none; }
  .whole { display: grid; justify-items: center; gap: 8px; text-align: center; padding: 20vh 24px; }
  .whole > svg { inline-size: 36px; block-size: 36px; color: var(--_quiet); }
  .whole .button { margin-block-start: 10px; }
  .bar { position: sticky; inset-block-end: 0; display: flex; flex-wrap: wrap; align-items: center; justify-content: flex-end; gap: 8px 14px; padding: 12px 0; background: color-mix(in oklab, var(--openline-page, var(--_surface)) 92%, transparent); }
  .photo { --_avatar: 96px; display: flex; flex-wrap: wrap; align-items: center; gap: 14px; }
  .spans { display: flex; flex-wrap: wrap; gap: 6px 10px; align-items: center; }
  .span { display: inline-flex; align-items: center; gap: 4px; }
  .span .field { inline-size: auto; padding-inline: 8px; }
  .day { display: grid; grid-template-columns: 7.5rem minmax(0, 1fr); gap: 6px 12px; align-items: center; padding-block: 5px; }
  .day > strong { font-weight: 600; }
  .preview { display: grid; grid-template-columns: auto 1fr; gap: 4px 16px; font-size: 0.93em; }
  .prose > * + * { margin-block-start: 0.7em; }
  .prose ul, .prose ol { list-style: revert; padding-inline-start: 1.4em; }
  .prose a { color: var(--_accent); }
  .stars { color: var(--_ringing); letter-spacing: 0.05em; }
  dialog { border: 0; border-radius: var(--_radius); padding: 22px; inline-size: min(29rem, calc(100vw - 32px)); background: var(--_raised); color: var(--_text); box-shadow: var(--_shadow-high); font: inherit; }
  dialog::backdrop { background: rgb(10 12 20 / 45%); }
  dialog form { display: grid; gap: 14px; }
  pre { white-space: pre-wrap; overflow-wrap: anywhere; font: 0.88em/1.5 ui-monospace, monospace; background: var(--_sunken); border-radius: var(--_radius-small); padding: 12px; margin: 0; }
  @media (max-width: 520px) {
    .statement .wide { display: none; }
    .day { grid-template-columns: minmax(0, 1fr); }
    header nav { margin-inline-start: 0; }
  }
`;
