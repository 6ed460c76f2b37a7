import type { OpenlinePanel } from "./panel";

const open = new Set<OpenlinePanel>();
/** Offers that have opened a panel once: whoever closed it is not disturbed by it again. */
const attended = new Set<string>();

export function panelOpened(panel: OpenlinePanel): void {
  open.add(panel);
}

export function panelClosed(panel: OpenlinePanel): void {
  open.delete(panel);
}

/** Whether any panel of the page is before the person's eyes. */
export function anyPanelOpen(): boolean {
  return open.size > 0;
}

/** Opens a panel when an offer asks for attention: one panel of the page, once per offer. */
export class OpenPanels {
  constructor(private readonly panel: () => OpenlinePanel | null) {}

  open(offer: string): void {
    const panel = this.panel();
    if (attended.has(offer) || !panel) return;
    attended.add(offer); // An open panel shows it already, and whoever closes that one has seen it.
    if (!anyPanelOpen()) panel.show();
  }
}
