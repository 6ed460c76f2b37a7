import { css } from "lit";
import { marks } from "../ui/lights";

export const directoryStyles = [marks, css`
  :host { display: block; container-type: inline-size; padding-block-end: 96px; }
  .directory { display: grid; grid-template-columns: minmax(0, 1fr); gap: 18px; }
  .top { display: flex; flex-wrap: wrap; gap: 8px 16px; align-items: center; justify-content: space-between; }
  h1 { font-size: clamp(1.6em, 5cqi, 2.3em); font-weight: 760; letter-spacing: -0.03em; line-height: 1.15; overflow-wrap: anywhere; }
  .tools { display: grid; gap: 12px; position: sticky; inset-block-start: 0; z-index: 2; padding-block: 10px; background: var(--openline-page, light-dark(#f6f7fa, #0f1115)); }
  .search { position: relative; display: block; }
  .search svg { position: absolute; inset-inline-start: 14px; inset-block-start: 50%; translate: 0 -50%; inline-size: 20px; block-size: 20px; color: var(--_muted); pointer-events: none; }
  .search .field { padding-inline-start: 44px; text-overflow: ellipsis; min-block-size: 50px; border-radius: var(--_radius); border-color: var(--_edge-strong); }
  .chips { display: flex; gap: 8px; align-items: center; overflow-x: auto; scrollbar-width: none; margin-inline: -4px; padding: 4px; }
  .chips .bar { inline-size: 1px; block-size: 24px; background: var(--_edge); flex: none; margin-inline: 4px; }
  .chip { background: var(--_surface); }
  .chip[aria-pressed="true"] .mark { color: currentcolor; }
  .again { display: flex; align-items: center; gap: 12px; inline-size: 100%; padding: 10px 16px; margin-block-end: 14px; color: inherit; font: inherit; text-align: start; cursor: pointer; --_avatar: 40px; }
  .again:hover { border-color: var(--_edge-strong); }
  .again .text { display: grid; flex: 1; min-inline-size: 0; }
  .again .light { display: inline-flex; align-items: center; gap: 6px; font-size: 0.92em; }
  .count { color: var(--_muted); font-size: 0.92em; }
  .narrow { display: flex; flex-wrap: wrap; gap: 8px 14px; }
  .choose { display: inline-flex; align-items: center; gap: 8px; font-size: 0.9em; color: var(--_muted); max-inline-size: 100%; }
  .choose .field { inline-size: auto; max-inline-size: 15em; min-block-size: 44px; padding-block: 0.2em; font-weight: 550; text-overflow: ellipsis; }
  .list { display: grid; gap: 14px; transition: opacity 0.2s 0.3s; }
  .list[data-waiting] { opacity: 0.6; }
  /* Rows of up to four, so that each group fills them. */
  .grid { display: grid; gap: 14px; grid-template-columns: repeat(auto-fill, minmax(min(100%, max(300px, 22%)), 1fr)); }
  .list .grid { content-visibility: auto; contain-intrinsic-size: auto 900px; padding: 6px; margin: -6px; }
  .more { justify-self: center; }
  @container (max-width: 540px) {
    .narrow { flex-wrap: nowrap; gap: 8px; }
    .choose { flex: 1 1 0; min-inline-size: 0; }
    .choose span { position: absolute; inline-size: 1px; block-size: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
    .choose .field { inline-size: 100%; max-inline-size: none; padding-inline: 0.6em 0.2em; }
    .tools { position: static; }
  }
  .ghost { padding: 18px; display: grid; gap: 14px; min-block-size: 180px; align-content: start; }
  .ghost .row { display: flex; gap: 12px; align-items: center; }
  .ghost .round { inline-size: 52px; block-size: 52px; border-radius: 50%; flex: none; }
  .ghost .text { display: block; block-size: 16px; inline-size: 100%; }
  .ghost .short { inline-size: 45%; }
  .empty { display: grid; justify-items: center; gap: 10px; padding: 56px 16px; text-align: center; color: var(--_muted); }
  .empty > svg { inline-size: 44px; block-size: 44px; opacity: 0.7; }
  .empty h2 { color: var(--_text); font-size: 1.2em; }
  .choice {
    position: fixed; inset-inline: 0; inset-block-end: calc(14px + env(safe-area-inset-bottom)); z-index: 5; inline-size: min(680px, 100% - 24px); margin-inline: auto;
    display: flex; flex-wrap: wrap; gap: 10px; align-items: center; justify-content: flex-end; padding: 12px 12px 12px 18px; border-radius: 20px; background: var(--_raised);
    border: 1px solid var(--_edge); box-shadow: var(--_shadow-high);
  }
  .choice p { flex: 1 1 200px; display: grid; line-height: 1.35; }
  .choice p span { color: var(--_muted); font-size: 0.88em; }
`];
