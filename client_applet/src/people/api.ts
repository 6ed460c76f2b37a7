/** HTTP of the pages for people: JSON with the browser's cookie; a refusal is a RefusedError like on the socket. */

import { RefusedError, UnansweredError } from "../core";

export type Method = "GET" | "POST" | "PUT" | "DELETE";
const PATIENCE_MS = 20_000;
const UPLOAD_MS = 120_000;

/** Asks one pool. Paths are below `/v1/pools/{pool}` unless they begin with `/`. */
export class Api {
  constructor(private readonly pool: string) {}

  get<T>(path: string): Promise<T> {
    return this.ask("GET", path);
  }

  /** Sends `body` as JSON. */
  send<T = unknown>(method: Method, path: string, body: unknown = {}): Promise<T> {
    return this.ask(method, path, JSON.stringify(body), "application/json");
  }

  /** Sends a file as it is. */
  upload<T>(path: string, file: Blob): Promise<T> {
    return this.ask("PUT", path, file, file.type || "application/octet-stream", UPLOAD_MS);
  }

  url(path: string): string {
    return path.startsWith("/") ? path : `/v1/pools/${encodeURIComponent(this.pool)}/${path}`;
  }

  private async ask<T>(method: Method, path: string, body: BodyInit | null = null, kind = "", within = PATIENCE_MS): Promise<T> {
    let response: Response;
    try {
      response = await fetch(this.url(path), {
        method, body, credentials: "same-origin", signal: AbortSignal.timeout(within), ...(kind ? { headers: { "content-type": kind } } : {}),
      });
    } catch {
      throw new UnansweredError("no_answer");
    }
    const told = (await response.json().catch(() => ({}))) as { code?: string; detail?: string };
    if (!response.ok) throw new RefusedError(told.code ?? (response.status === 404 ? "not_found" : "internal"), told.detail ?? "");
    return told as T;
  }
}
