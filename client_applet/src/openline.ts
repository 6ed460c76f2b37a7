/** The applet: one script for every page. What only staff need is loaded where a staff element is. */

export { acquire, release, RefusedError, type TokenRequest, UnansweredError } from "./core";
export { OpenlineDirectory } from "./visitor/directory";
export { OpenlineLight } from "./visitor/light";
export { OpenlinePage } from "./visitor/page";
export { OpenlinePanel } from "./visitor/panel";
export { OpenlineTicketBar } from "./visitor/ticket_bar";

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
