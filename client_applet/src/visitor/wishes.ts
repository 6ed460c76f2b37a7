import type { LiveClient } from "../core";
import { notify } from "../ui/notify";
import { flashTitle } from "../ui/title";

export interface Wish {
  title: string;
  text: string;
  /** The expert came free: the wish is over. */
  told: () => void;
}

const wishes = new WeakMap<LiveClient, Map<string, () => void>>();

/** Follows the expert's light for as long as the page lives and tells once when it is free: a notification, and the tab's title. */
export function keepWish(client: LiveClient, expert: string, wish: Wish): void {
  forget(client, expert);
  const handle = client.watch({ experts: [expert] });
  const stop = client.store.subscribe((hall) => hall.lights.get(expert)?.indicator, () => {
    if (client.store.state.lights.get(expert)?.indicator !== "free") return;
    forget(client, expert);
    tell(wish, `wish-${expert}`);
    wish.told();
  });
  const kept = wishes.get(client) ?? new Map<string, () => void>();
  wishes.set(client, kept.set(expert, () => { stop(); handle.release(); }));
}

export function forget(client: LiveClient, expert: string): void {
  const kept = wishes.get(client);
  kept?.get(expert)?.();
  kept?.delete(expert);
}

function tell(wish: Wish, tag: string): void {
  notify(wish.title, wish.text, tag);
  if (document.visibilityState === "visible" && document.hasFocus()) return;
  const restore = flashTitle(wish.title);
  const look = () => {
    if (document.visibilityState !== "visible") return;
    removeEventListener("focus", look);
    document.removeEventListener("visibilitychange", look);
    restore();
  };
  addEventListener("focus", look);
  document.addEventListener("visibilitychange", look);
}
