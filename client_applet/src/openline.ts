/** The applet: one script for every page. Whole pages (the directory, what staff and members have) are loaded where their element is. */

import { SCRIPT_ORIGIN } from "./core";
import { direction, pickLanguage } from "./i18n";

export { acquire, release, RefusedError, type TokenRequest, UnansweredError } from "./core";
export { OpenlineLight } from "./visitor/light";
export { OpenlinePanel } from "./visitor/panel";
export { OpenlineTicketBar } from "./visitor/ticket_bar";

// Our own pages speak the viewer's language as a whole; pages of others are left as they are.
if (location.origin === SCRIPT_ORIGIN && document.documentElement.lang === "") {
  document.documentElement.lang = pickLanguage(navigator.languages);
  document.documentElement.dir = direction(pickLanguage(navigator.languages));
}

const PAGES: Readonly<Record<string, () => Promise<unknown>>> = {
  "openline-directory": () => import("./visitor/directory"),
  "openline-page": () => Promise.all([import("./visitor/page"), import("./visitor/directory")]),
  "openline-console": () => import("./staff/console"),
  "openline-operator": () => import("./staff/operator"),
  "openline-account": () => import("./people/account"),
  "openline-profile-editor": () => import("./people/profile_editor"),
  "openline-people": () => import("./people/people"),
  "openline-earnings": () => import("./people/earnings"),
  "openline-money": () => import("./people/money"),
};

/** Loads what the elements of the document need; pages that add a directory later call it again. */
export async function load(): Promise<void> {
  const wanted = Object.entries(PAGES).filter(([name]) => document.querySelector(name) && !customElements.get(name));
  await Promise.all(wanted.map(([, fetch]) => fetch()));
}

if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", () => void load());
else void load();
