/** Pages of one browser that show the same side of a session: only the last one that wanted its audio has it. */

interface Taking {
  at: number;
  by: string;
}

const isLater = (one: Taking, other: Taking): boolean => one.at > other.at || (one.at === other.at && one.by > other.by);

export class OtherPages {
  private readonly channel: BroadcastChannel | null;
  private mine: Taking | null = null;

  /** `whose` names the side of the session; `taken` is called when another page takes its audio after this one did. */
  constructor(whose: string, taken: () => void) {
    this.channel = typeof BroadcastChannel === "undefined" ? null : new BroadcastChannel(`openline.call.${whose}`);
    this.channel?.addEventListener("message", (event: MessageEvent<Taking>) => {
      if (!this.mine || !isLater(event.data, this.mine)) return;
      this.mine = null;
      taken();
    });
  }

  /** This page has it now. */
  take(): void {
    this.mine = { at: Date.now(), by: crypto.randomUUID() };
    this.channel?.postMessage(this.mine);
  }

  close(): void {
    this.channel?.close();
  }
}
