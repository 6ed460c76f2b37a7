import { css } from "lit";

/** Buttons, fields, chips, badges: the same everywhere. Every target is at least 44 px high. */
export const controls = css`
  .button {
    display: inline-flex; align-items: center; justify-content: center; gap: 0.5em;
    min-block-size: 44px; padding: 0.5em 1.05em; border: 1px solid transparent; border-radius: var(--_radius-small);
    background: var(--_hover); color: var(--_text); font: inherit; font-weight: 600; line-height: 1.2; text-decoration: none;
    cursor: pointer; user-select: none; -webkit-tap-highlight-color: transparent;
    transition: background 0.15s, border-color 0.15s, transform 0.12s var(--_ease);
  }
  .button:hover { background: color-mix(in oklab, var(--_text) 11%, transparent); }
  .button:active { transform: scale(0.98); }
  .button svg { inline-size: 1.2em; block-size: 1.2em; flex: none; }
  .button.main { background: var(--_accent); color: var(--_on-accent); }
  .button.main:hover { background: color-mix(in oklab, var(--_accent) 88%, var(--_text)); }
  .button.outline { background: transparent; border-color: var(--_edge-strong); }
  .button.outline:hover { background: var(--_hover); }
  .button.quiet { background: transparent; color: var(--_muted); }
  .button.quiet:hover { background: var(--_hover); color: var(--_text); }
  .button.danger { background: var(--_danger-fill); color: #fff; }
  .button.danger-quiet { background: transparent; color: var(--_danger); }
  .button.danger-quiet:hover { background: color-mix(in oklab, var(--_danger) 10%, transparent); }
  .button.wide { inline-size: 100%; }
  .button.small { font-size: 0.9em; padding-inline: 0.8em; }
  .button.icon { padding: 0; inline-size: 44px; flex: none; border-radius: 50%; }
  .button:disabled, .button[aria-disabled="true"] { opacity: 0.5; cursor: not-allowed; }
  .button[aria-busy="true"] { cursor: progress; }
  .spinner {
    inline-size: 1.1em; block-size: 1.1em; border-radius: 50%; flex: none;
    border: 2px solid currentcolor; border-inline-end-color: transparent; animation: turn 0.8s linear infinite;
  }
  @keyframes turn { to { transform: rotate(1turn); } }
  .field {
    inline-size: 100%; min-block-size: 44px; padding: 0.55em 0.8em; border: 1px solid var(--_edge-strong);
    border-radius: var(--_radius-small); background: var(--_surface); color: var(--_text); font: inherit;
  }
  .field::placeholder { color: var(--_muted); opacity: 1; }
  .chip {
    display: inline-flex; align-items: center; gap: 0.4em; min-block-size: 44px; padding: 0.3em 0.95em;
    border: 1px solid var(--_edge-strong); border-radius: 99px; background: transparent; color: var(--_text);
    font: inherit; font-size: 0.92em; font-weight: 550; white-space: nowrap; cursor: pointer; transition: background 0.15s;
  }
  .chip:hover { background: var(--_hover); }
  .chip svg { inline-size: 1.05em; block-size: 1.05em; }
  .chip[aria-pressed="true"] { background: var(--_text); border-color: var(--_text); color: var(--_surface); }
  .card {
    border: 1px solid var(--_edge); border-radius: var(--_radius); background: var(--_raised); box-shadow: var(--_shadow);
  }
  .muted { color: var(--_muted); }
  .callout {
    display: flex; gap: 0.7em; align-items: flex-start; padding: 0.75em 0.9em; border-radius: var(--_radius-small);
    background: var(--_sunken); font-size: 0.94em;
  }
  .callout svg { inline-size: 1.3em; block-size: 1.3em; flex: none; margin-block-start: 0.05em; }
  .callout.warning { background: color-mix(in oklab, var(--_away) 13%, var(--_surface)); }
  .callout.warning svg { color: var(--_away); }
  .callout.error { background: color-mix(in oklab, var(--_danger) 10%, var(--_surface)); }
  .callout.error svg { color: var(--_danger); }
  .callout.good { background: color-mix(in oklab, var(--_free) 12%, var(--_surface)); }
  .callout.good svg { color: var(--_free); }
  .callout .button svg { inline-size: 1.2em; block-size: 1.2em; margin: 0; color: inherit; }
  .avatar {
    display: grid; place-items: center; flex: none; inline-size: var(--_avatar, 48px); block-size: var(--_avatar, 48px);
    border-radius: 50%; overflow: hidden; font-weight: 650; font-size: calc(var(--_avatar, 48px) * 0.36); letter-spacing: 0.01em;
    background: light-dark(oklch(0.91 0.05 var(--_hue, 270)), oklch(0.37 0.07 var(--_hue, 270)));
    color: light-dark(oklch(0.36 0.11 var(--_hue, 270)), oklch(0.92 0.05 var(--_hue, 270)));
  }
  .avatar img { inline-size: 100%; block-size: 100%; object-fit: cover; }
  .avatar.h1 { --_hue: 25; } .avatar.h2 { --_hue: 75; } .avatar.h3 { --_hue: 150; }
  .avatar.h4 { --_hue: 200; } .avatar.h5 { --_hue: 265; } .avatar.h6 { --_hue: 320; }
  .skeleton {
    border-radius: 8px; background: linear-gradient(100deg, var(--_edge) 40%, var(--_sunken) 50%, var(--_edge) 60%) 100% 0 / 300% 100%;
    animation: shimmer 1.6s linear infinite;
  }
  @keyframes shimmer { to { background-position: 0 0; } }
`;
