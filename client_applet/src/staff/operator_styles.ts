import { css } from "lit";

export const operatorStyles = css`
  :host { box-sizing: border-box; display: block; inline-size: 100%; max-inline-size: 1360px; margin-inline: auto; padding: clamp(10px, 2.4vw, 28px) clamp(12px, 3vw, 28px); container-type: inline-size; }
  header { display: flex; flex-wrap: wrap; align-items: center; gap: 6px 16px; padding-block: 8px 14px; }
  header nav { display: flex; flex-wrap: wrap; gap: 4px; margin-inline-start: auto; }
  h1 { font-size: 1.35em; }
  h1 span { font-weight: 500; font-size: 0.8em; }
  .small { font-size: 0.86em; }
  .tiles { display: grid; grid-template-columns: repeat(4, minmax(0, 1fr)); gap: 12px; margin-block: 0 16px; }
  .tile { display: grid; padding: 14px 18px; align-content: start; font-size: 0.9em; }
  .tile b { font-size: 1.95em; line-height: 1.2; font-weight: 680; }
  .filters { display: flex; flex-wrap: wrap; align-items: center; gap: 8px 12px; margin-block-end: 12px; }
  .search { position: relative; flex: 1 1 13rem; max-inline-size: 22rem; }
  .search svg { position: absolute; inset-inline-start: 13px; inset-block-start: 13px; inline-size: 18px; block-size: 18px; color: var(--_muted); pointer-events: none; }
  .search .field { padding-inline-start: 40px; }
  .chips { display: flex; flex-wrap: wrap; gap: 6px; }
  .sort { display: inline-flex; align-items: center; gap: 8px; font-size: 0.92em; color: var(--_muted); }
  .sort .field { inline-size: auto; }
  .shown { margin-inline-start: auto; }
  .callout { margin-block-end: 12px; }
  .table { overflow: hidden; }
  .row { display: grid; grid-template-columns: minmax(11rem, 1.6fr) minmax(9rem, 1.3fr) minmax(8rem, 1.1fr) 9rem 14.5rem; align-items: center; gap: 4px 14px; padding: 8px 16px; --_avatar: 38px; }
  .head { font-size: 0.8em; font-weight: 600; color: var(--_muted); background: var(--_sunken); padding-block: 9px; }
  .head span:last-child { text-align: end; }
  .block { border-block-start: 1px solid var(--_edge); content-visibility: auto; contain-intrinsic-block-size: auto 61px; }
  .block:hover { background: var(--_hover); }
  .expert, .state, .session, .line, .acts { display: flex; align-items: center; gap: 9px; min-inline-size: 0; }
  .names { display: grid; min-inline-size: 0; line-height: 1.3; }
  .names > *, .with { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; text-align: -webkit-match-parent; text-align: match-parent; }
  .session svg { inline-size: 17px; block-size: 17px; flex: none; color: var(--_muted); }
  .acts { justify-content: flex-end; flex-wrap: wrap; gap: 2px; }
  .expand { gap: 7px; font-weight: 500; color: var(--_text); }
  .expand svg { inline-size: 16px; block-size: 16px; color: var(--_muted); }
  .expand .turn { display: inline-flex; transform: rotate(90deg); transition: transform 0.15s; }
  .expand[aria-expanded="true"] .turn { transform: rotate(-90deg); }
  .detail { padding-block: 2px 12px; padding-inline: 62px 16px; }
  .whole { display: grid; justify-items: center; gap: 8px; text-align: center; padding: 20vh 24px; }
  .whole.short { padding-block: 64px; }
  .whole .button { margin-block-start: 10px; }
  .whole svg { inline-size: 36px; block-size: 36px; color: var(--_quiet); }
  .whole .button svg { inline-size: 1.2em; block-size: 1.2em; color: inherit; }
  @container (max-width: 900px) {
    .head { display: none; }
    .row { grid-template-columns: minmax(0, 1fr) auto; }
    .expert { grid-column: 1; } .line { grid-column: 2; grid-row: 1; justify-content: flex-end; }
    .state { grid-column: 1; min-block-size: 44px; } .session { grid-column: 1; } .acts { grid-column: 2; grid-row: 2 / span 2; align-self: start; flex-direction: column; align-items: flex-end; }
    .session:has(.none) { display: none; }
    .detail { padding-inline: 16px; }
    .block { contain-intrinsic-block-size: auto 104px; }
    .tiles { grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 8px; }
    .shown { margin-inline-start: 0; }
  }
`;
