import { type Drafts, readDrafts } from "./chat_log";

const PREFIX = "openline.unsent.";

/** Keeps what could not be sent yet over a reload of this tab. Where storage is forbidden, it only lives in the page. */
export const draftsShelf = {
  load(session: string): Drafts {
    try {
      return readDrafts(sessionStorage.getItem(PREFIX + session));
    } catch {
      return [];
    }
  },
  save(session: string, drafts: Drafts): void {
    try {
      if (drafts.length === 0) sessionStorage.removeItem(PREFIX + session);
      else sessionStorage.setItem(PREFIX + session, JSON.stringify(drafts));
    } catch {
      // No storage: a reload loses what was not sent, nothing else.
    }
  },
};
