import type { ReactiveController, ReactiveControllerHost } from "lit";
import { type ClientController, type LiveClient, openOffer } from "../core";
import type { Offer } from "../generated/wire";
import { languageOf, translate } from "../i18n";
import { type Chime, chime } from "../ui/chime";
import { notify } from "../ui/notify";
import { flashTitle } from "../ui/title";
import { nameOf } from "./situation";

/** One ring per client however many elements look at it. */
const ringing = new WeakMap<LiveClient, string>();

/** Calls a person whose turn it is: sound, the tab's title, a notification. */
export class Alerts implements ReactiveController {
  private stopListening: () => void = () => {};
  private stopCalling: () => void = () => {};
  private sound: Chime | null = null;

  constructor(
    private readonly host: ReactiveControllerHost & HTMLElement,
    clients: ClientController,
  ) {
    host.addController(this);
    clients.attach({
      on: (client) => {
        this.stopListening = client.store.subscribe(openOffer, () => this.look(client));
        this.look(client);
      },
      off: () => {
        this.stopListening();
        this.quiet();
      },
    });
  }

  hostDisconnected(): void {
    this.quiet();
  }

  /** To be called in a gesture: browsers let a page make sounds only after one. */
  prepare(): void {
    this.sound ??= chime();
    this.sound.prepare();
  }

  /** Whether a notification could still be allowed. */
  get mayAsk(): boolean {
    return typeof Notification !== "undefined" && Notification.permission === "default";
  }

  async ask(): Promise<void> {
    await Notification.requestPermission();
    this.host.requestUpdate();
  }

  private look(client: LiveClient): void {
    const offer = openOffer(client.store.state);
    const asked = offer?.side === "user" && !offer.mine ? offer : null;
    if (!asked) return this.quiet(client);
    if (ringing.get(client) === asked.offer) return;
    ringing.set(client, asked.offer);
    this.call(nameOf(client.store.state, asked.expert), asked);
  }

  private call(name: string, { offer, by_phone }: Offer): void {
    const t = translate(languageOf(this.host));
    const restore = flashTitle(t("offer.tab"));
    const notification = notify(t("notify.title"), t(by_phone ? "offer.phoneText" : "notify.text", { name }), offer);
    this.sound?.ring();
    this.stopCalling = () => {
      restore();
      notification?.close();
      this.sound?.quiet();
    };
  }

  private quiet(client?: LiveClient): void {
    if (client) ringing.delete(client);
    this.stopCalling();
    this.stopCalling = () => {};
  }
}
