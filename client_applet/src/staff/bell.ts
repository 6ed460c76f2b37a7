import type { ReactiveController, ReactiveControllerHost } from "lit";
import type { Offer } from "../generated/wire";
import { chime } from "../ui/chime";
import { notify } from "../ui/notify";
import { flashTitle } from "../ui/title";

const MUTED_KEY = "openline.ring.muted";

export interface BellWords {
  tab: string;
  title: string;
  text: string;
}

/** Calls the expert: sound, the tab's title, a notification. Each offer once, quiet as soon as it is answered or over. */
export class Bell implements ReactiveController {
  muted = readMuted();
  private readonly sound = chime();
  private ringing = "";
  private stop: () => void = () => {};

  constructor(private readonly host: ReactiveControllerHost) {
    host.addController(this);
  }

  hostConnected(): void {
    document.addEventListener("pointerdown", this.wake);
    document.addEventListener("keydown", this.wake);
  }

  hostDisconnected(): void {
    document.removeEventListener("pointerdown", this.wake);
    document.removeEventListener("keydown", this.wake);
    this.look(null, { tab: "", title: "", text: "" });
  }

  /** Rings for this offer, or stops when it is null. */
  look(offer: Offer | null, words: BellWords): void {
    const wanted = offer?.offer ?? "";
    if (wanted === this.ringing) return;
    this.stop();
    this.ringing = wanted;
    this.stop = offer ? this.ring(offer, words) : () => {};
  }

  toggle(): void {
    this.muted = !this.muted;
    try {
      localStorage.setItem(MUTED_KEY, this.muted ? "1" : "");
    } catch {
      // No storage: the choice lives as long as the page.
    }
    if (this.muted) this.sound.quiet();
    this.host.requestUpdate();
  }

  /** "default": may be asked; "unsupported" where there are none. */
  get permission(): NotificationPermission | "unsupported" {
    return typeof Notification === "undefined" ? "unsupported" : Notification.permission;
  }

  async ask(): Promise<void> {
    await Notification.requestPermission();
    this.host.requestUpdate();
  }

  private ring(offer: Offer, words: BellWords): () => void {
    const restore = flashTitle(words.tab);
    const notification = notify(words.title, words.text, offer.offer);
    if (!this.muted) this.sound.ring();
    return () => {
      restore();
      notification?.close();
      this.sound.quiet();
    };
  }

  private readonly wake = (): void => this.sound.prepare();
}

function readMuted(): boolean {
  try {
    return localStorage.getItem(MUTED_KEY) === "1";
  } catch {
    return false;
  }
}
