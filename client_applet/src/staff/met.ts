import type { ReactiveController, ReactiveControllerHost } from "lit";
import type { LiveClient } from "../core";
import type { UserHistory } from "../generated/wire";

/** What the expert had to do with a user before; asked once a user, when the user is first shown. */
export class Met implements ReactiveController {
  private readonly known = new Map<string, UserHistory | null>();

  constructor(
    private readonly host: ReactiveControllerHost,
    private readonly client: () => LiveClient | null,
  ) {
    host.addController(this);
  }

  hostConnected(): void {}

  /** Null while it is not known. */
  of(user: string): UserHistory | null {
    if (user && !this.known.has(user)) {
      this.known.set(user, null);
      void this.ask(user);
    }
    return this.known.get(user) ?? null;
  }

  private async ask(user: string): Promise<void> {
    try {
      this.known.set(user, (await this.client()?.request({ t: "about_user", user })) ?? null);
      this.host.requestUpdate();
    } catch {
      this.known.delete(user); // asked again with the next offer
    }
  }
}
