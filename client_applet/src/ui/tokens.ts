import { css } from "lit";

/**
 * The look of all elements. A host page overrides any `--openline-*` property, on our elements or on anything around them;
 * what is private to us starts with `--_`. `theme="light|dark"` on an element overrides the system's wish.
 */
export const tokens = css`
  :host {
    --_font: var(--openline-font, ui-sans-serif, system-ui, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", Arial, sans-serif);
    --_radius: var(--openline-radius, 14px);
    --_radius-small: calc(var(--_radius) * 0.64);
    --_accent: var(--openline-accent, light-dark(#3f45d6, #a5adff));
    --_on-accent: var(--openline-on-accent, light-dark(#ffffff, #10122b));
    --_surface: var(--openline-surface, light-dark(#ffffff, #15171c));
    --_raised: var(--openline-raised, light-dark(#ffffff, #1d2027));
    --_sunken: var(--openline-sunken, light-dark(#f4f5f8, #0e1014));
    --_text: var(--openline-text, light-dark(#14161d, #f0f1f5));
    --_muted: var(--openline-muted, light-dark(#565c6b, #a4abba));
    --_edge: var(--openline-edge, light-dark(#dfe2e9, #2e323c));
    --_edge-strong: light-dark(#878d9c, #757c8c);
    --_hover: light-dark(rgb(20 22 50 / 5%), rgb(255 255 255 / 7%));
    --_free: var(--openline-free, light-dark(#0c7a43, #4cd98a));
    --_busy: var(--openline-busy, light-dark(#c0281f, #ff8b80));
    --_ringing: var(--openline-ringing, light-dark(#8a5200, #ffc35c));
    --_away: var(--openline-away, light-dark(#8a5200, #ffc35c));
    --_star: var(--openline-star, light-dark(#c27803, #ffc35c));
    --_quiet: var(--openline-quiet, light-dark(#5d6372, #9aa1b0));
    --_danger: light-dark(#b3231b, #ff8b80);
    --_danger-fill: light-dark(#b3231b, #c8392f);
    --_shadow: light-dark(0 1px 2px rgb(18 20 40 / 6%), 0 1px 2px rgb(0 0 0 / 40%));
    --_shadow-high: light-dark(0 18px 48px -12px rgb(18 20 40 / 28%), 0 18px 48px -8px rgb(0 0 0 / 75%));
    --_ease: cubic-bezier(0.2, 0.8, 0.2, 1);
    color-scheme: light dark;
    font-family: var(--_font);
    font-size: var(--openline-font-size, 16px);
    line-height: 1.45;
    color: var(--_text);
    -webkit-text-size-adjust: 100%;
  }
  :host([theme="light"]) { color-scheme: light; }
  :host([theme="dark"]) { color-scheme: dark; }
  :host([hidden]) { display: none !important; }
  *, *::before, *::after { box-sizing: border-box; }
  :focus-visible { outline: 3px solid var(--_accent); outline-offset: 2px; border-radius: 6px; }
  .said { position: absolute; inline-size: 1px; block-size: 1px; margin: -1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
  h1, h2, h3, h4, p, ul, ol, dl, dd { margin: 0; padding: 0; }
  ul, ol { list-style: none; }
  time, .tabular { font-variant-numeric: tabular-nums; }
  @media (prefers-reduced-motion: reduce) {
    *, *::before, *::after { animation-duration: 0.01ms !important; animation-iteration-count: 1 !important; transition-duration: 0.01ms !important; }
  }
`;
