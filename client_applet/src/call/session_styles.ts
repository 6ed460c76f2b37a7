import { css } from "lit";

export const sessionStyles = css`
  :host { display: flex; flex-direction: column; min-block-size: min(30rem, 68dvh); block-size: 100%; background: var(--_surface); container-type: inline-size; overflow: hidden auto; overscroll-behavior: contain; }
  header { position: sticky; inset-block-start: 0; z-index: 2; flex: none; background: var(--_surface); display: flex; align-items: center; gap: 12px; padding: 10px 12px 10px 16px; border-block-end: 1px solid var(--_edge); --_avatar: 40px; }
  :host([bare]) { block-size: auto !important; min-block-size: 0 !important; }
  :host([bare]) openline-chat { display: none; }
  .who { display: grid; min-inline-size: 0; flex: 1; line-height: 1.3; }
  .who strong { justify-self: start; max-inline-size: 100%; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
  .state { display: inline-flex; align-items: center; gap: 5px; font-size: 0.84em; color: var(--_muted); min-inline-size: 0; }
  .state svg { inline-size: 15px; block-size: 15px; flex: none; }
  .state.live { color: var(--_free); }
  .state.connecting, .state.frozen, .state.they_lost, .state.offline { color: var(--_away); }
  .timer { font-size: 1.06em; font-weight: 650; font-variant-numeric: tabular-nums; padding-inline: 4px; }
  .banner { display: flex; align-items: center; gap: 10px; padding: 8px 16px; font-size: 0.9em; background: color-mix(in oklab, var(--_away) 14%, var(--_surface)); }
  .banner svg { inline-size: 18px; block-size: 18px; flex: none; color: var(--_away); }
  .feedback { flex: none; max-block-size: calc(100% - 130px); overflow: auto; padding: 14px 16px; border-block-start: 1px solid var(--_edge); }
  .legs { display: grid; gap: 4px; padding: 10px 16px; border-block-end: 1px solid var(--_edge); }
  .legs:empty { display: none; }
  .legs p { display: flex; align-items: center; gap: 8px; }
  .legs svg { inline-size: 18px; block-size: 18px; color: var(--_muted); flex: none; }
  .keep { flex: none; }
  .bill { flex: none; padding: 12px 16px; border-block-start: 1px solid var(--_edge); }
  .deposit { flex: 0 1 auto; min-block-size: 8rem; overflow: auto; padding: 12px 16px; border-block-end: 1px solid var(--_edge); }
  .over { position: sticky; inset-block-end: 0; z-index: 2; display: flex; flex: none; align-items: center; justify-content: space-between; gap: 8px 16px; padding: 12px 16px; border-block-start: 1px solid var(--_edge); background: var(--_sunken); font-size: 0.94em; }
  dialog {
    border: 0; border-radius: var(--_radius); padding: 22px; max-inline-size: min(24rem, calc(100vw - 32px)); background: var(--_raised);
    color: var(--_text); box-shadow: var(--_shadow-high); font: inherit;
  }
  dialog::backdrop { background: rgb(10 12 20 / 45%); }
  dialog h2 { font-size: 1.12em; margin-block-end: 6px; }
  .buttons { display: flex; flex-wrap: wrap; justify-content: flex-end; gap: 8px; margin-block-start: 18px; }
  .callout { margin-block-start: 12px; }
  @container (max-width: 25rem) { .end span { display: none; } .end { inline-size: 44px; padding: 0; } header { gap: 8px; } }
`;
