import { html, type TemplateResult } from "lit";
import { hue, initials } from "./words";

/** The photo of a person, or the initials on a hue of their own. Decoration: the name stands beside it. */
export function avatar(name: string, photo = "", server = ""): TemplateResult {
  const inside = photo ? html`<img src=${new URL(photo, server || location.href).href} alt="" loading="lazy">` : initials(name);
  return html`<span class="avatar h${hue(name)}" part="avatar" aria-hidden="true">${inside}</span>`;
}
