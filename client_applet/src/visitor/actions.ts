import type { ReactiveController, ReactiveControllerHost } from "lit";
import { asShown, type ClientController, codeOf, type Command, type LiveClient, visit, whoIs } from "../core";

/** Runs commands for an element: one at a time, with what went wrong for showing. */
export class Actions implements ReactiveController {
  /** Name of the action that is running, "" for none. */
  running = "";
  /** Code of the last refusal, "" for none; cleared by the next action. */
  problem = "";
  /** A guest tried what needs a user. */
  wantsSignIn = false;
  /** What the guest asked for. */
  private asked: Command | null = null;
  /** The person went to sign in elsewhere and may come back as somebody. */
  private away = false;
  /** Not as a guest: somebody without an account wants to have one. */
  private another = false;
  private stop = () => {};

  constructor(
    private readonly host: ReactiveControllerHost & EventTarget,
    private readonly clients: ClientController,
    /** Takes over what is not to be done at once after a sign-in. */
    private readonly takesOver: (command: Command) => boolean = () => false,
  ) {
    host.addController(this);
  }

  hostConnected(): void {
    addEventListener("focus", this.back);
    document.addEventListener("visibilitychange", this.back);
  }

  hostDisconnected(): void {
    removeEventListener("focus", this.back);
    document.removeEventListener("visibilitychange", this.back);
    this.stop();
  }

  /** Sends the command. Resolves to whether it was done; why not is in `problem`. A guest is asked to sign in first. */
  async run(command: Command, name: string = command.t): Promise<boolean> {
    const client = this.clients.client;
    if (!client || this.running !== "") return false;
    const shown = asShown(client.store.state, command);
    if (client.store.state.role === "guest") return this.askSignIn(shown);
    return this.send(client, shown, name);
  }

  /** Where one signs in, in a window of its own; whoever comes back from there goes on as whom the cookie names. */
  signInPage(language: string): string {
    const { server, pool } = this.clients.client ?? { server: location.origin, pool: "" };
    return signInPage(server, pool, language);
  }

  goSignIn(another = false): void {
    this.away = true;
    this.another = another;
  }

  private readonly back = (): void => {
    const client = this.clients.client;
    if (!this.away || !(this.wantsSignIn || this.another) || !client || document.visibilityState !== "visible") return;
    this.stop();
    this.stop = client.store.subscribe((hall) => hall.welcome, () => this.goOn(client));
    client.signIn();
  };

  private goOn(client: LiveClient): void {
    if (client.store.state.role !== "user") return;
    this.stop();
    this.away = this.wantsSignIn = this.another = false;
    const asked = this.asked;
    this.asked = null;
    if (asked && !this.takesOver(asked)) void this.send(client, asked, asked.t);
    else this.host.requestUpdate();
  }

  /**
   * A new user without an account, where the pool lets visitors in; the page goes on as that user and does what the guest had
   * asked for. Resolves to whether it worked.
   */
  async tryAsVisitor(): Promise<boolean> {
    const client = this.clients.client;
    if (!client || this.running !== "") return false;
    this.set("visitor", "");
    const { problem } = await visit(client.server, client.pool);
    this.set("", problem);
    if (problem !== "") return false;
    this.wantsSignIn = false;
    client.signIn(() => whoIs(client.server, client.pool));
    const asked = this.asked;
    this.asked = null;
    return asked ? this.send(client, asked, asked.t) : true;
  }

  clear(): void {
    this.away = this.another = false;
    this.stop();
    this.wantsSignIn = false;
    this.asked = null;
    this.set(this.running, "");
  }

  private async send(client: LiveClient, command: Command, name: string): Promise<boolean> {
    this.set(name, "");
    try {
      await client.request(command);
      this.set("", "");
      return true;
    } catch (error) {
      const code = codeOf(error);
      this.set("", code);
      if (code === "rate_higher") client.again(); // what this page knows of prices is old: a new connection tells them all
      return code === "not_signed_in" ? this.askSignIn(command) : false;
    }
  }

  /** The host page may sign people in its own way (`openline:sign-in`, prevented); else we say how. */
  private askSignIn(command: Command): boolean {
    const event = new CustomEvent("openline:sign-in", { bubbles: true, composed: true, cancelable: true });
    this.wantsSignIn = this.host.dispatchEvent(event);
    this.asked = command;
    this.set("", "");
    return false;
  }

  private set(running: string, problem: string): void {
    this.running = running;
    this.problem = problem;
    this.host.requestUpdate();
  }
}

/** The page of `server` ("" is this one) where users of `pool` sign in or make an account. */
export function signInPage(server: string, pool: string, language: string): string {
  return `${server}/sign-in?${new URLSearchParams({ pool, role: "user", language })}`;
}
