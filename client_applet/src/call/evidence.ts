import type { Meter, Session } from "../generated/wire";
import { owesEvidence } from "./session_words";

/** What is known of the sound of the other side. */
export interface Heard {
  /** It has come in this call. */
  evidence: boolean;
  /** It has stopped coming. */
  silent: boolean;
  /** This person goes on by chat. */
  byChat: boolean;
}

export const NOTHING_HEARD: Heard = { evidence: false, silent: false, byChat: false };

/** Whether the media server says who is connected; then only the choice of chat is for the page to tell. */
const isVouchedFor = (session: Session): boolean => session.path === "bridged";

/** What this side can show of the session: a socket is enough for chat, audio needs sound that comes. */
export function evidenceOf(session: Session, heard: Heard): boolean {
  if (isVouchedFor(session)) return heard.byChat;
  return session.mode === "chat" || heard.byChat || (heard.evidence && !heard.silent);
}

/** What is to be told; `key` names what it is about. */
export interface Telling {
  t: "connected" | "interrupted";
  session: string;
  /** This side goes on by chat, where the media server's word would count otherwise. */
  byChat: boolean;
  key: string;
}

/** That this person goes on by chat: when it is chosen, and wherever the server waits for it. */
function choice(session: Session, heard: Heard, meter: Meter | null, connection: number): Telling | null {
  if (!heard.byChat || session.state === "ended") return null;
  const owed = owesEvidence(session, true, meter) ? `${session.seq} ${meter?.seq}` : "";
  return { t: "connected", session: session.session, byChat: true, key: `${session.session} by chat ${owed} ${connection}` };
}

/** What the server is to be told of this side's evidence, once per change of what it says. Pure but for what was told. */
export class Evidence {
  private told = "";
  /** The session whose sound stopped, as the server was told. */
  private interrupted = "";

  /** What is to be told now, or null. `connection` names the connection on which it is told. */
  next(session: Session, heard: Heard, meter: Meter | null, connection: number): Telling | null {
    const telling = this.due(session, heard, meter, connection);
    // Whoever talks again may choose chat again.
    if (!telling && isVouchedFor(session)) this.told = "";
    if (!telling || telling.key === this.told) return null;
    this.told = telling.key;
    if (telling.t === "interrupted") this.interrupted = session.session;
    return telling;
  }

  /** The server has taken it, or nobody knows: then it is told again. */
  answered({ t, key }: Telling, taken: boolean): void {
    if (this.told !== key) return;
    if (!taken) this.told = "";
    else if (t === "connected") this.interrupted = "";
  }

  private due(session: Session, heard: Heard, meter: Meter | null, connection: number): Telling | null {
    if (isVouchedFor(session)) return choice(session, heard, meter, connection);
    const about = { session: session.session, byChat: false };
    if (evidenceOf(session, heard)) {
      if (this.interrupted !== session.session && !owesEvidence(session, true, meter)) return null;
      return { t: "connected", ...about, key: `${session.session} ${session.seq} ${meter?.seq} ${connection} ${this.interrupted}` };
    }
    // The clock of a session that costs something stands still while nothing can be heard.
    const stops = heard.silent && meter !== null && session.state === "live";
    return stops ? { t: "interrupted", ...about, key: `${session.session} silent ${connection}` } : null;
  }
}
