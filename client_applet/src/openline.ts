/** The applet: one script for every page. What only staff need is loaded where a staff element is. */

import { SCRIPT_ORIGIN } from "./core";
import { direction, pickLanguage } from "./i18n";

export { acquire, release, RefusedError, type TokenRequest, UnansweredError } from "./core";
export { OpenlineDirectory } from "./visitor/directory";
export { OpenlineLight } from "./visitor/light";
export { OpenlinePage } from "./visitor/page";
export { OpenlinePanel } from "./visitor/panel";
export { OpenlineTicketBar } from "./visitor/ticket_bar";

// Our own pages speak the viewer's language as a whole; pages of others are left as they are.
if (location.origin === SCRIPT_ORIGIN && document.documentElement.lang === "") {
  document.documentElement.lang = pickLanguage(navigator.languages);
  document.documentElement.dir = direction(pickLanguage(navigator.languages));
}

const STAFF: Readonly<Record<string, () => Promise<unknown>>> = {
  "openline-console": () => import("./staff/console"),
  "openline-operator": () => import("./staff/operator"),
};

/** Loads the staff elements that the document holds; pages that add one later call it again. */
export async function loadStaff(): Promise<void> {
  const wanted = Object.entries(STAFF).filter(([name]) => document.querySelector(name) && !customElements.get(name));
  await Promise.all(wanted.map(([, load]) => load()));
}

if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", () => void loadStaff());
else void loadStaff();
