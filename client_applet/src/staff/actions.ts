/** What an operator may do to others. Each needs a reason, which lands in the journal. Pure. */

import type { Command } from "../core";
import type { Status } from "../generated/wire";

export type Action =
  | { kind: "move"; ticket: string; name: string; from: string }
  | { kind: "remove"; ticket: string; name: string }
  | { kind: "force"; expert: string; name: string; status: Status }
  | { kind: "end"; session: string; name: string; partner: string };

/** What the person chose in the dialog. */
export interface Choice {
  reason: string;
  expert: string;
  to: "head" | "tail";
  status: Status;
}

export const MAX_REASON = 200;

/** The command, or null while something is missing. */
export function commandOf(action: Action, choice: Choice): Command | null {
  const reason = choice.reason.trim();
  if (reason === "" || [...reason].length > MAX_REASON) return null;
  switch (action.kind) {
    case "move": return choice.expert ? { t: "move", ticket: action.ticket, expert: choice.expert, to: choice.to, reason } : null;
    case "remove": return { t: "remove", ticket: action.ticket, reason };
    case "force": return { t: "force", expert: action.expert, status: choice.status, reason };
    case "end": return { t: "end_session", session: action.session, reason };
  }
}
