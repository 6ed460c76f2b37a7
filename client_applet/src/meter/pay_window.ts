/** The window in which a person pays: it opens in the click, empty, and goes to the card processor once the address is known. */

/** The address, where it is one that may be followed: https, or http to this machine itself; else "". */
export function payUrl(address: string): string {
  if (!URL.canParse(address)) return "";
  const url = new URL(address);
  if (url.username !== "" || url.password !== "") return "";
  const local = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/.test(url.hostname);
  return url.protocol === "https:" || (url.protocol === "http:" && local) ? url.href : "";
}

export class PayWindow {
  private constructor(private readonly opened: Window | null) {}

  /** To be called in a gesture: browsers open windows only then. Says `words` until the address is there. */
  static open(words: string, language: string, direction: string): PayWindow {
    const opened = window.open("", "_blank");
    if (opened) {
      const page = opened.document;
      page.title = words;
      page.documentElement.lang = language;
      page.documentElement.dir = direction;
      page.body.textContent = words;
    }
    return new PayWindow(opened);
  }

  /** Goes to the address, which then knows nothing of the page that opened it. Returns whether there was a window. */
  go(address: string): boolean {
    if (!this.opened || this.opened.closed) return false;
    this.opened.opener = null;
    this.opened.location.replace(address);
    return true;
  }

  /** There is nothing to pay at. */
  close(): void {
    this.opened?.close();
  }
}
