import { html, type ReactiveControllerHost, type TemplateResult } from "lit";
import { type ClientController, type Hall, type LiveClient, WatchController } from "../core";
import type { Met } from "../generated/wire";
import { dayOf, type Key, type Language, type Translate } from "../i18n";
import { avatar } from "../ui/avatar";
import { mark } from "../ui/lights";

/** The expert whom this user has met last, with their light: asked once for each user who comes. */
export class LastMet {
  met: Met | null = null;
  private asked = "";
  private readonly interest: WatchController;
  private stop = () => {};

  constructor(private readonly host: ReactiveControllerHost, clients: ClientController) {
    this.interest = new WatchController(clients);
    clients.attach({
      on: (client) => {
        this.stop = client.store.subscribe((hall) => hall.welcome, () => void this.ask(client));
        void this.ask(client);
      },
      off: () => {
        this.stop();
        this.asked = "";
      },
    });
  }

  private async ask(client: LiveClient): Promise<void> {
    const { role, welcome } = client.store.state;
    const member = role === "user" ? (welcome?.member ?? "") : "";
    if (member === this.asked) return;
    this.asked = member;
    const told = member ? await client.request({ t: "last_met" }).catch(() => null) : null;
    if (member !== this.asked) return;
    this.met = told?.met[0] ?? null;
    this.interest.set(this.met ? { experts: [this.met.expert] } : {});
    this.host.requestUpdate();
  }
}

/** One click back to whom one has met last. */
export function again(
  { hall, t, language, server, now }: { hall: Hall; t: Translate<Key>; language: Language; server: string; now: number }, met: Met, open: () => void,
): TemplateResult {
  const profile = hall.profiles.get(met.expert);
  const name = profile?.name || met.expert;
  const indicator = hall.lights.get(met.expert)?.indicator;
  return html`<button class="again card" part="again" @click=${open}>${avatar(name, profile?.photo, server)}
    <span class="text"><strong>${t("again.title", { name })}</strong>
      <span class="muted">${t("again.text", { day: dayOf(met.at, now, language) })}</span></span>
    ${indicator ? html`<span class="light">${mark(indicator)} ${t(`light.${indicator}`)}</span>` : ""}</button>`;
}
