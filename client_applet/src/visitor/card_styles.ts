import { css } from "lit";

export const cardStyles = [css`
  :host { display: block; block-size: 100%; }
  .card-box {
    display: flex; flex-direction: column; gap: 12px; block-size: 100%; padding: 16px; border: 1px solid var(--_edge); border-radius: var(--_radius);
    background: var(--_raised); box-shadow: var(--_shadow); position: relative; transition: border-color 0.15s, box-shadow 0.2s;
  }
  .card-box:hover { border-color: var(--_edge-strong); }
  .card-box.chosen { border-color: var(--_accent); box-shadow: 0 0 0 1px var(--_accent); }
  .top { display: flex; gap: 12px; align-items: center; }
  .avatar { --_avatar: 52px; }
  .who { flex: 1; min-inline-size: 0; }
  h3 { font-size: 1.04em; line-height: 1.3; }
  .name { all: unset; cursor: pointer; font-weight: 680; letter-spacing: -0.01em; }
  .name::before { content: ""; position: absolute; inset: 0; border-radius: var(--_radius); }
  .name:focus-visible { outline: none; }
  .name:focus-visible::before { outline: 3px solid var(--_accent); outline-offset: 2px; }
  .headline { color: var(--_muted); font-size: 0.92em; line-height: 1.35; display: -webkit-box; -webkit-line-clamp: 2; -webkit-box-orient: vertical; overflow: hidden; text-align: -webkit-match-parent; text-align: match-parent; }
  mark { background: color-mix(in oklab, var(--_accent) 16%, transparent); color: inherit; border-radius: 3px; padding-inline: 1px; }
  .why { font-size: 0.88em; color: var(--_muted); padding: 6px 10px; border-radius: var(--_radius-small); background: var(--_sunken); overflow-wrap: anywhere; }
  .why mark { color: var(--_text); font-weight: 600; }
  .light { display: flex; flex-wrap: wrap; gap: 2px 10px; align-items: baseline; font-size: 0.92em; }
  .what { display: inline-flex; align-items: center; gap: 0.45em; font-weight: 620; }
  .what .mark { transform: translateY(1px); }
  .more { color: var(--_muted); }
  .foot { display: flex; align-items: center; justify-content: space-between; gap: 8px; margin-block-start: auto; flex-wrap: wrap; }
  .tags { display: flex; gap: 4px; flex-wrap: wrap; }
  .tag { font-size: 0.72em; font-weight: 650; color: var(--_muted); border: 1px solid var(--_edge); border-radius: 5px; padding: 1px 5px; letter-spacing: 0.02em; }
  .buttons { display: flex; gap: 6px; margin-inline-start: auto; position: relative; flex-wrap: wrap; justify-content: flex-end; }
  .buttons:has(> :nth-child(3)) { inline-size: 100%; }
  .buttons:has(> :nth-child(3)) > * { flex: 1 1 auto; }
  .box { position: relative; inline-size: 44px; block-size: 44px; display: grid; place-items: center; cursor: pointer; }
  .box input { position: absolute; inset: 0; margin: 0; opacity: 0; inline-size: 100%; block-size: 100%; cursor: pointer; }
  .box span { display: grid; place-items: center; inline-size: 26px; block-size: 26px; border: 2px solid var(--_edge-strong); border-radius: 8px; }
  .box svg { inline-size: 18px; block-size: 18px; opacity: 0; stroke-width: 3; }
  .box input:checked + span { background: var(--_accent); border-color: var(--_accent); color: var(--_on-accent); }
  .box input:checked + span svg { opacity: 1; }
  .box input:focus-visible + span { outline: 3px solid var(--_accent); outline-offset: 2px; }
`];
