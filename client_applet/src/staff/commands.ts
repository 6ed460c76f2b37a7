import type { ReactiveController, ReactiveControllerHost } from "lit";
import { type Command, type LiveClient, RefusedError, UnansweredError } from "../core";

/** Runs commands for an element, several side by side, each under a key; remembers the last refusal. */
export class Commands implements ReactiveController {
  /** Code of the last refusal, "" for none. */
  problem = "";
  private readonly running = new Set<string>();

  constructor(
    private readonly host: ReactiveControllerHost,
    private readonly client: () => LiveClient | null,
  ) {
    host.addController(this);
  }

  hostConnected(): void {}

  isRunning(key: string): boolean {
    return this.running.has(key);
  }

  /** Resolves to whether it was done. The same key does not run twice at once. */
  async run(command: Command, key: string = command.t): Promise<boolean> {
    const client = this.client();
    if (!client || this.running.has(key)) return false;
    this.running.add(key);
    this.tell("");
    try {
      await client.request(command);
      return true;
    } catch (error) {
      this.tell(error instanceof RefusedError || error instanceof UnansweredError ? error.code : "internal");
      return false;
    } finally {
      this.running.delete(key);
      this.host.requestUpdate();
    }
  }

  clear(): void {
    this.tell("");
  }

  private tell(problem: string): void {
    this.problem = problem;
    this.host.requestUpdate();
  }
}
