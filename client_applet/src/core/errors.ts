/** The server said no by name, and nothing has changed. `code` is a name of wire/codes.py. */
export class RefusedError extends Error {
  constructor(
    readonly code: string,
    readonly detail = "",
    readonly retryAfterMs = 0,
  ) {
    super(detail ? `${code} (${detail})` : code);
    this.name = "RefusedError";
  }
}

/** No answer in time, or the connection stopped for good. `code` is `no_answer`, `connection_lost` or `stopped`. */
export class UnansweredError extends Error {
  constructor(readonly code: "no_answer" | "connection_lost" | "stopped") {
    super(code);
    this.name = "UnansweredError";
  }
}

/** The code of whatever a request was rejected with. */
export function codeOf(error: unknown): string {
  return error instanceof RefusedError || error instanceof UnansweredError ? error.code : "internal";
}
