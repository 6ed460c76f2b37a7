/** The applet: one script for every page. */

export { acquire, release, RefusedError, type TokenRequest, UnansweredError } from "./core";
export { OpenlineLight } from "./visitor/light";
export { OpenlinePanel } from "./visitor/panel";
