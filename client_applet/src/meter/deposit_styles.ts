import { css } from "lit";

export const depositStyles = css`
  :host { display: block; }
  section { padding: 16px; border-radius: var(--_radius-small); background: var(--_sunken); }
  form, [role="status"], [part="waiting"] { display: grid; gap: 12px; }
  [tabindex="-1"]:focus { outline: none; }
  fieldset { border: 0; padding: 0; margin: 0; display: flex; flex-wrap: wrap; gap: 8px; }
  legend { padding: 0; margin-block-end: 8px; font-weight: 620; }
  h4 { display: flex; align-items: center; gap: 10px; font-size: 1.04em; }
  .option { position: relative; flex: 1 1 96px; cursor: pointer; }
  .option input { position: absolute; inset: 0; inline-size: 100%; block-size: 100%; margin: 0; opacity: 0; cursor: pointer; }
  .option span {
    display: grid; place-items: center; text-align: center; block-size: 100%; min-block-size: 48px; padding: 0 0.4em; font-size: 0.96em; border: 1.5px solid var(--_edge-strong);
    border-radius: var(--_radius-small); background: var(--_surface); font-weight: 600; line-height: 1.2; font-variant-numeric: tabular-nums;
  }
  .option:hover span { background: var(--_hover); }
  .option input:checked + span { border-color: var(--_accent); background: color-mix(in oklab, var(--_accent) 10%, var(--_surface)); box-shadow: inset 0 0 0 1px var(--_accent); }
  .option input:focus-visible + span { outline: 3px solid var(--_accent); outline-offset: 2px; }
  .own { display: grid; gap: 5px; font-weight: 600; font-size: 0.94em; }
  .own .field { font-weight: 400; font-variant-numeric: tabular-nums; }
  .field[aria-invalid="true"] { border-color: var(--_danger); }
  .bad { color: var(--_danger); font-size: 0.9em; font-weight: 450; }
  .hint { color: var(--_muted); font-size: 0.9em; text-wrap: pretty; }
  .buttons { display: flex; flex-wrap: wrap; gap: 8px; margin-block-start: 2px; }
  .buttons .main { flex: 1 1 auto; }
  .callout .button { margin-block-start: 8px; }
  .skeleton { block-size: 150px; }
  @media (forced-colors: active) { .option input:checked + span { outline: 3px solid Highlight; outline-offset: -3px; } }
`;
