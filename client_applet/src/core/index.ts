/** The core: one live connection per pool, the hall as this page knows it, and controllers that feed elements from it. */

export { type As, LiveClient, type WatchHandle } from "./client";
export {
  ClientController, ClockController, FreshnessController, type PoolHost, SliceController, WatchController,
} from "./controllers";
export { codeOf, RefusedError, UnansweredError } from "./errors";
export { type Freshness, freshness, STALE_AFTER_MS } from "./freshness";
export type { Interest } from "./interest";
export { clockState, type ClockState, LAST_MS, leftMs, ranMs, SHORT_MS, shownMs, waitsFor } from "./meter";
export { asShown, dearer, meterOf, rateOf, wanted } from "./money";
export { type Place, position } from "./place";
export type { Phase } from "./reconnect";
export { acquire, release, SCRIPT_ORIGIN, type TokenRequest, whoIs } from "./registry";
export { type Answer, type Command, newOp } from "./requests";
export { joinForecast, joinOutlook, openOffer, placeForecast, placeOutlook, standsStill } from "./select";
export type { Chat, Connection, Hall, KnownLight, KnownQueue, KnownTicket } from "./state";
export { EMPTY_CHAT } from "./state";
export type { LiveStore } from "./store";
export { visit } from "./visitor_pass";
