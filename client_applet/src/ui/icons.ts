import { html, svg, type SVGTemplateResult, type TemplateResult } from "lit";

/** Line icons on a 24 × 24 grid. Decoration: the words beside them carry the meaning. */
const paths = {
  chat: svg`<path d="M4 5.5h16v11H9.5L5 20v-3.5H4z"/>`,
  audio: svg`<path d="M6 3.8 9 3l2 4.6-2 1.5c.9 2.3 2.6 4 4.9 4.9l1.5-2L20 14l-.8 3.2c-.3 1.1-1.3 1.9-2.5 1.8C10.5 18.5 5.5 13.5 5 7.3 4.9 5.8 5 4.1 6 3.8z"/>`,
  phone: svg`<rect x="7" y="3" width="10" height="18" rx="2.2"/><path d="M10.5 18h3"/>`,
  mic: svg`<rect x="9" y="3" width="6" height="11" rx="3"/><path d="M5.5 11.5a6.5 6.5 0 0 0 13 0M12 18v3"/>`,
  micOff: svg`<path d="M9 9V6a3 3 0 0 1 6 0v5m-1.2 2.5A3 3 0 0 1 9 12M5.5 11.5a6.5 6.5 0 0 0 10.3 5.3m2.3-2.9c.3-.7.4-1.5.400-2.4M12 18v3M4 4l16 16"/>`,
  close: svg`<path d="m6 6 12 12M18 6 6 18"/>`,
  search: svg`<circle cx="11" cy="11" r="6.5"/><path d="m16 16 4.5 4.5"/>`,
  people: svg`<circle cx="9" cy="8" r="3.5"/><path d="M2.5 20c.400-4 3-6 6.5-6s6.1 2 6.5 6M15.5 4.9a3.5 3.5 0 0 1 0 6.2M17.5 14.4c2.3.700 3.7 2.6 4 5.6"/>`,
  clock: svg`<circle cx="12" cy="12" r="8.5"/><path d="M12 7v5l3.5 2"/>`,
  switch: svg`<path d="M4 8h14m-4-4 4 4-4 4M20 16H6m4-4-4 4 4 4"/>`,
  coffee: svg`<path d="M4 9h12v6a4 4 0 0 1-4 4H8a4 4 0 0 1-4-4zM16 10.5h2a2.5 2.5 0 0 1 0 5h-2M8 3v2.5M12 3v2.5"/>`,
  leave: svg`<path d="M10 4H5v16h5M14 8l4 4-4 4M18 12H9"/>`,
  check: svg`<path d="m5 12.5 4.5 4.5L19 7.5"/>`,
  checks: svg`<path d="m2.5 12.5 4 4L15 8m-4 7.5 1.5 1.5L21.5 8"/>`,
  bell: svg`<path d="M6 16.5V11a6 6 0 0 1 12 0v5.5l1.5 1.5h-15zM10 20.5h4"/>`,
  info: svg`<circle cx="12" cy="12" r="8.5"/><path d="M12 11v5.5M12 7.5v.1"/>`,
  warning: svg`<path d="M12 4 2.8 20h18.4zM12 10v4.5M12 17.3v.1"/>`,
  moon: svg`<path d="M19.5 14.5A8 8 0 0 1 9.5 4.5a8 8 0 1 0 10 10z"/>`,
  offline: svg`<path d="M4 9a12 12 0 0 1 4-2.5M20 9a12 12 0 0 0-8.5-3.4M7 12.8a8 8 0 0 1 3-1.8m7 1.8a8 8 0 0 0-2-1.4M10 16.3a4 4 0 0 1 4 0M12 19.5v.1M4 4l16 16"/>`,
  send: svg`<path d="M4 12 20 4l-5 16-3.5-6.5zM11.5 13.5 20 4"/>`,
  hangUp: svg`<path d="M3 14.5c0-1.5.500-2.5 1.5-3.3 4.3-3.6 10.7-3.6 15 0 1 .8 1.5 1.8 1.5 3.3V16l-4.5.500-.8-3c-2.4-.9-5-.9-7.4 0l-.8 3L3 16z"/>`,
  window: svg`<path d="M13 4h7v7M20 4l-9 9M10 5H5a1 1 0 0 0-1 1v13a1 1 0 0 0 1 1h13a1 1 0 0 0 1-1v-5"/>`,
  plus: svg`<path d="M12 5v14M5 12h14"/>`,
  settings: svg`<path d="M4 7h9m5 0h2M4 17h2m5 0h9"/><circle cx="15.5" cy="7" r="2.5"/><circle cx="8.5" cy="17" r="2.5"/>`,
  refresh: svg`<path d="M19.5 12a7.5 7.5 0 1 1-2.2-5.3L20 9.5M20 4v5.5h-5.5"/>`,
  forward: svg`<path d="m9 5 7 7-7 7"/>`,
  person: svg`<circle cx="12" cy="8" r="4"/><path d="M4.5 20.5c.6-4.3 3.5-6.5 7.5-6.5s6.9 2.2 7.5 6.5"/>`,
  star: svg`<path d="m12 3.2 2.7 5.6 6.1.8-4.5 4.3 1.1 6.1L12 17.1 6.6 20l1.1-6.1L3.2 9.6l6.1-.8z"/>`,
  card: svg`<rect x="3" y="5.5" width="18" height="13" rx="2.5"/><path d="M3 10h18M7 14.5h4"/>`,
  pause: svg`<path d="M9 6v12M15 6v12"/>`,
  mail: svg`<rect x="3" y="5.5" width="18" height="13" rx="2.5"/><path d="m4 7.5 8 6 8-6"/>`,
  calendar: svg`<rect x="3.5" y="5" width="17" height="15" rx="2.5"/><path d="M3.5 10h17M8 3v4M16 3v4"/>`,
  chevron: svg`<path d="m6 9 6 6 6-6"/>`,
  more: svg`<circle cx="5.5" cy="12" r="1.2"/><circle cx="12" cy="12" r="1.2"/><circle cx="18.5" cy="12" r="1.2"/>`,
  clip: svg`<path d="m19.5 11.5-7.400 7.4a4.6 4.6 0 0 1-6.5-6.5l8-8a3 3 0 0 1 4.300 4.3l-8 8a1.5 1.5 0 0 1-2.1-2.1l7-7"/>`,
  up: svg`<path d="M12 19V5m-6 6 6-6 6 6"/>`,
  down: svg`<path d="M12 5v14m-6-6 6 6 6-6"/>`,
} satisfies Record<string, SVGTemplateResult>;

export type IconName = keyof typeof paths;

export function icon(name: IconName): TemplateResult {
  return html`<svg viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.8" stroke-linecap="round"
    stroke-linejoin="round" aria-hidden="true" focusable="false">${paths[name]}</svg>`;
}
