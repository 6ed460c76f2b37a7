/** The applet: one script for every page. What only staff need is loaded where a staff element is. */

export { acquire, release, RefusedError, type TokenRequest, UnansweredError } from "./core";
export { OpenlineDirectory } from "./visitor/directory";
export { OpenlineLight } from "./visitor/light";
export { OpenlinePage } from "./visitor/page";
export { OpenlinePanel } from "./visitor/panel";
export { OpenlineTicketBar } from "./visitor/ticket_bar";
