import { css } from "lit";
import { marks } from "../ui/lights";

const sheet = css`
  :host { display: contents; }
  :host([window]) { display: block; }
  .sheet {
    inline-size: min(440px, 100vw - 24px); max-block-size: min(780px, 100dvh - 32px); padding: 0; border: 1px solid var(--_edge);
    border-radius: calc(var(--_radius) * 1.4); background: var(--_surface); color: var(--_text); box-shadow: var(--_shadow-high); overflow: auto;
    overscroll-behavior: contain; scroll-padding-block-start: 150px;
  }
  .sheet.own { inline-size: min(480px, 100%); margin: 0 auto; max-block-size: none; box-shadow: none; }
  dialog.sheet[open] { animation: rise 0.28s var(--_ease); }
  dialog::backdrop { background: rgb(10 12 24 / 46%); backdrop-filter: blur(3px); animation: fade 0.2s; }
  @keyframes rise { from { opacity: 0; transform: translateY(14px) scale(0.985); } }
  @keyframes fade { from { opacity: 0; } }
  @media (max-width: 520px) {
    dialog.sheet { inline-size: 100%; max-inline-size: none; max-block-size: 92dvh; margin-block: auto 0; margin-inline: 0; border-radius: calc(var(--_radius) * 1.4) calc(var(--_radius) * 1.4) 0 0; border-inline: 0; border-block-end: 0; padding-block-end: env(safe-area-inset-bottom); }
    dialog.sheet[open] { animation-name: slide; }
    @keyframes slide { from { transform: translateY(40%); opacity: 0.4; } }
  }
  header { display: flex; flex-wrap: wrap; gap: 10px 14px; align-items: center; padding: 18px 18px 14px; position: sticky; inset-block-start: 0; background: var(--_surface); z-index: 1; border-block-end: 1px solid var(--_edge); }
  header.slim { padding: 6px 8px 0; justify-content: flex-end; border: 0; margin-block-end: -18px; }
  openline-session { block-size: min(680px, 83dvh, 100dvh - 90px); margin: 0 -18px -18px; }
  header .avatar { --_avatar: 56px; }
  .who { flex: 1; min-inline-size: 0; }
  h2 { font-size: 1.14em; font-weight: 700; letter-spacing: -0.01em; line-height: 1.25; }
  .headline { color: var(--_muted); font-size: 0.92em; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; text-align: -webkit-match-parent; text-align: match-parent; }
  header .standing { flex: 1 0 100%; }
  .state { display: flex; align-items: center; gap: 0.45em; font-size: 0.9em; font-weight: 600; margin-block-start: 2px; }
  .tools { display: flex; align-self: flex-start; margin: -6px -8px 0 0; }
  .body { display: grid; gap: 16px; padding: 18px; outline: none; }
`;

const words = css`
  h3 { font-size: 1.28em; font-weight: 700; letter-spacing: -0.015em; line-height: 1.25; text-wrap: balance; }
  h4 { font-size: 0.86em; font-weight: 650; color: var(--_muted); letter-spacing: 0.01em; }
  .say { display: grid; gap: 6px; }
  .say p { color: var(--_muted); text-wrap: pretty; }
  .say p strong { color: var(--_text); }
  .say .quote { color: var(--_text); }
  .hint { color: var(--_muted); font-size: 0.86em; text-align: center; text-wrap: balance; }
  .facts { display: grid; grid-auto-flow: column; grid-auto-columns: 1fr; gap: 10px; }
  .facts > div { padding: 12px 14px; border-radius: var(--_radius-small); background: var(--_sunken); display: grid; gap: 2px; align-content: start; }
  .facts dt { color: var(--_muted); font-size: 0.84em; min-block-size: 1.3em; }
  .facts dd { font-weight: 650; }
  .skeleton.line { block-size: 20px; inline-size: 55%; }
  .skeleton.line.long { inline-size: 80%; }
  .skeleton.block { block-size: 96px; margin-block-start: 8px; }
`;

const doing = css`
  .actions { display: grid; gap: 8px; }
  .callout.bill > :first-child { flex: 1; min-inline-size: 0; }
  .tall { min-block-size: 52px; font-size: 1.04em; }
  .pair { display: flex; flex-wrap: wrap; gap: 8px; }
  .pair .button { flex: 1 1 auto; }
  .modes { border: 0; padding: 0; margin: 0; display: flex; flex-wrap: wrap; gap: 8px; }
  .modes legend { padding: 0; margin-block-end: 8px; font-size: 0.92em; color: var(--_muted); }
  .option { position: relative; flex: 1 1 130px; cursor: pointer; }
  .option input { position: absolute; inset: 0; inline-size: 100%; block-size: 100%; margin: 0; opacity: 0; cursor: pointer; }
  .option span { display: flex; align-items: center; justify-content: center; gap: 0.5em; min-block-size: 48px; padding: 0 0.8em; border: 1.5px solid var(--_edge-strong); border-radius: var(--_radius-small); font-weight: 600; }
  .option svg { inline-size: 1.25em; block-size: 1.25em; }
  .option:hover span { background: var(--_hover); }
  .option input:checked + span { border-color: var(--_accent); background: color-mix(in oklab, var(--_accent) 10%, transparent); box-shadow: inset 0 0 0 1px var(--_accent); }
  .option input:focus-visible + span { outline: 3px solid var(--_accent); outline-offset: 2px; }
  .question, .pause { display: grid; gap: 12px; padding: 16px; border-radius: var(--_radius-small); background: var(--_sunken); }
  .pause { background: color-mix(in oklab, var(--_away) 12%, var(--_surface)); }
  .pause h3 { font-size: 1.1em; }
  .pause .button time { font-weight: 500; opacity: 0.85; }
  .others { display: grid; gap: 8px; padding-block-start: 14px; border-block-start: 1px solid var(--_edge); }
  .others > .muted { font-size: 0.9em; }
  .free-list { display: grid; gap: 4px; }
  .free-list li { display: flex; align-items: center; gap: 12px; padding: 6px 0; }
  .free-list .avatar { --_avatar: 40px; }
  .free-list .text { flex: 1; min-inline-size: 0; display: grid; line-height: 1.3; }
  .free-list .text > * { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
  .free-list .muted { font-size: 0.88em; }
  .free-list .muted:has(.cut) { display: flex; align-items: baseline; gap: 0.4em; }
  .free-list .cut { overflow: hidden; text-overflow: ellipsis; min-inline-size: 0; }
`;

const standing = css`
  .place { display: grid; justify-items: center; gap: 6px; text-align: center; padding: 8px 0 4px; }
  .place-name { color: var(--_muted); font-weight: 600; font-size: 0.95em; }
  .number { font-size: 4.6em; font-weight: 750; letter-spacing: -0.04em; line-height: 1; position: relative; }
  .number .of { position: absolute; inset-inline-start: 100%; inset-block-end: 0.5em; margin-inline-start: 0.5em; font-size: 0.2em; font-weight: 500; letter-spacing: 0; color: var(--_muted); white-space: nowrap; }
  .number.small { font-size: 1.5em; inline-size: 40px; text-align: center; }
  .dots { display: flex; gap: 7px; align-items: center; block-size: 18px; }
  .dots span { inline-size: 9px; block-size: 9px; border-radius: 50%; background: var(--_edge-strong); }
  .dots .me { inline-size: 15px; block-size: 15px; background: var(--_accent); box-shadow: 0 0 0 4px color-mix(in oklab, var(--_accent) 22%, transparent); }
  .dots .behind { background: transparent; border: 1.5px solid var(--_edge-strong); }
  .expect { display: flex; align-items: center; gap: 0.4em; font-size: 1.12em; margin-block-start: 4px; }
  .at-most { display: grid; gap: 2px; font-weight: 400; color: var(--_text); }
  .at-most small { color: var(--_muted); }
  .expect svg, .waited svg { inline-size: 1.1em; block-size: 1.1em; color: var(--_muted); }
  .waited { display: flex; justify-content: center; align-items: center; gap: 0.4em; color: var(--_muted); font-size: 0.92em; }
  .waited span { display: inline-flex; align-items: center; gap: 0.4em; margin-inline-end: 0.6em; }
  .waited time { color: var(--_text); font-weight: 600; }
  .several { display: grid; gap: 8px; }
  .center { display: grid; justify-items: center; gap: 10px; text-align: center; padding: 12px 0; }
  .center p { color: var(--_muted); text-wrap: balance; }
  .calling .avatar, .calling .badge { --_avatar: 88px; animation: call 1.8s ease-out infinite; margin-block: 10px 8px; }
  @keyframes call { 0% { box-shadow: 0 0 0 0 color-mix(in oklab, var(--_accent) 45%, transparent); } 80%, 100% { box-shadow: 0 0 0 22px transparent; } }
  .ring { inline-size: 132px; block-size: 132px; }
  .ring circle { fill: none; stroke-width: 7; transform: rotate(-90deg); transform-origin: 50% 50%; }
  .ring .track { stroke: var(--_edge); }
  .ring .left { stroke: var(--_accent); stroke-linecap: round; transition: stroke-dashoffset 1s linear; }
  .ring text { fill: var(--_text); font-size: 30px; font-weight: 700; font-variant-numeric: tabular-nums; }
  .badge { display: grid; place-items: center; inline-size: 64px; block-size: 64px; border-radius: 50%; color: var(--_free); background: color-mix(in oklab, var(--_free) 15%, transparent); }
  .badge svg { inline-size: 32px; block-size: 32px; }
`;

export const panelStyles = [marks, sheet, words, doing, standing];
