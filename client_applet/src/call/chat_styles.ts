import { css } from "lit";

export const chatStyles = css`
  :host { display: flex; flex-direction: column; min-block-size: 12rem; flex: 1; position: relative; }
  .log {
    flex: 1; min-block-size: 0; overflow-y: auto; overflow-anchor: none; overscroll-behavior: contain; padding: 12px 16px 4px;
    display: flex; flex-direction: column; gap: 10px; scrollbar-width: thin; scrollbar-color: var(--_edge-strong) transparent;
  }
  .log:focus-visible { outline-offset: -3px; }
  .log > :first-child { margin-block-start: auto; }
  .older { align-self: center; }
  .day { align-self: center; font-size: 0.78em; color: var(--_muted); padding: 3px 12px; border-radius: 99px; background: var(--_sunken); }
  .note { align-self: center; text-align: center; font-size: 0.88em; color: var(--_muted); }
  .empty { margin-block: auto !important; display: grid; justify-items: center; gap: 10px; text-align: center; color: var(--_muted); padding: 24px; font-size: 0.94em; }
  .empty svg { inline-size: 30px; block-size: 30px; opacity: 0.6; }
  .group { display: flex; flex-direction: column; gap: 3px; max-inline-size: min(82%, 34rem); align-items: flex-start; }
  .group.mine { align-self: flex-end; align-items: flex-end; }
  @keyframes arrive { from { opacity: 0; transform: translateY(6px); } }
  .uploads { display: grid; gap: 4px; flex: none; max-block-size: 9.5rem; overflow-y: auto; scrollbar-width: thin; }
  .upload { display: flex; align-items: center; gap: 10px; margin-inline: 12px; padding: 4px 4px 4px 12px; border-radius: var(--_radius-small); background: var(--_sunken); font-size: 0.88em; }
  .upload svg { inline-size: 18px; block-size: 18px; flex: none; }
  .upload .grow { flex: 1; min-inline-size: 0; overflow-wrap: anywhere; }
  .upload progress { inline-size: 100%; accent-color: var(--_accent); }
  .upload b { color: var(--_danger); font-weight: 550; }
  .attach { cursor: pointer; }
  .attach:focus-within { outline: 2px solid var(--_accent); }
  .foot { display: inline-flex; align-items: center; gap: 5px; font-size: 0.75em; color: var(--_muted); padding-inline: 4px; }
  .tick { display: inline-flex; }
  .tick svg { inline-size: 15px; block-size: 15px; }
  .tick.delivered { color: var(--_accent); }
  .tick.refused { color: var(--_danger); }
  .refused { display: flex; flex-wrap: wrap; align-items: center; gap: 6px; font-size: 0.84em; color: var(--_danger); padding-inline: 4px; }
  .refused.full { flex-wrap: nowrap; padding: 4px 16px 6px; }
  .refused svg { flex: none; inline-size: 16px; block-size: 16px; }
  .link { border: 0; background: none; font: inherit; color: inherit; text-decoration: underline; cursor: pointer; padding: 10px 4px; margin-block: -10px; }
  .typing { block-size: 22px; padding-inline: 20px; font-size: 0.82em; color: var(--_muted); display: flex; align-items: center; gap: 8px; }
  .dots { display: inline-flex; gap: 3px; }
  .dots i { inline-size: 5px; block-size: 5px; border-radius: 50%; background: currentcolor; animation: bob 1.1s ease-in-out infinite; }
  .dots i:nth-child(2) { animation-delay: 0.15s; }
  .dots i:nth-child(3) { animation-delay: 0.3s; }
  @keyframes bob { 0%, 60%, 100% { transform: none; opacity: 0.4; } 30% { transform: translateY(-3px); opacity: 1; } }
  .pill {
    position: absolute; inset-block-end: 84px; inset-inline: 0; margin-inline: auto; inline-size: fit-content; min-block-size: 44px;
    display: inline-flex; align-items: center; gap: 6px; padding: 6px 16px; border: 0; border-radius: 99px; background: var(--_text);
    color: var(--_surface); font: inherit; font-size: 0.86em; font-weight: 600; cursor: pointer; box-shadow: var(--_shadow-high);
    animation: arrive 0.2s var(--_ease);
  }
  .pill svg { inline-size: 16px; block-size: 16px; }
  .composer { display: flex; align-items: flex-end; gap: 8px; padding: 8px 12px 12px; position: relative; }
  textarea { flex: 1; resize: none; border-radius: 22px !important; padding: 10px 16px !important; max-block-size: 160px; line-height: 1.4; overflow-y: auto; scrollbar-width: thin; }
  .composer .button svg { inline-size: 20px; block-size: 20px; }
  :host(:dir(rtl)) .composer .button svg { transform: scaleX(-1); }
  .counter { position: absolute; inset-block-start: -14px; inset-inline-end: 68px; font-size: 0.75em; color: var(--_muted); font-variant-numeric: tabular-nums; }
  .counter.over { color: var(--_danger); font-weight: 650; }
`;
