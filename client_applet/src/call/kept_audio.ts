const KEY = "openline.audio";

/** Which session of this tab has its microphone on, so that a reload goes on without another click. */
export const keptAudio = {
  is(session: string): boolean {
    try {
      return sessionStorage.getItem(KEY) === session;
    } catch {
      return false;
    }
  },
  keep(session: string): void {
    try {
      sessionStorage.setItem(KEY, session);
    } catch {
      // No storage: after a reload the microphone is asked for again.
    }
  },
  forget(): void {
    try {
      sessionStorage.removeItem(KEY);
    } catch {
      // Nothing was kept.
    }
  },
};
