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

/** Whether the media server says who is connected, as wherever time costs something; then the page tells the choice of chat alone. */
const isVouchedFor = (session: Session): boolean => session.path === "bridged";

/** What this side can show of the session: a socket is enough for chat, audio needs sound that comes. */
export function evidenceOf(session: Session, heard: Heard): boolean {
  if (isVouchedFor(session)) return heard.byChat;
  return session.mode === "chat" || heard.byChat || (heard.evidence && !heard.silent);
}

/** What is to be told; `key` names what it is about. */
export interface Telling {
  session: string;
  /** This side goes on by chat, where the media server's word would count otherwise. */
  byChat: boolean;
  key: string;
}

/** When the server is to be told that this side is connected, once per change of what it says. Pure but for what was told. */
export class Evidence {
  private told = "";

  /** What is to be told now, or null. `connection` names the connection on which it is told. */
  next(session: Session, heard: Heard, meter: Meter | null, connection: number): Telling | null {
    const telling = due(session, heard, meter, connection);
    // Whoever talks again may choose chat again.
    if (!telling && isVouchedFor(session)) this.told = "";
    if (!telling || telling.key === this.told) return null;
    this.told = telling.key;
    return telling;
  }

  /** Nobody has taken it: then it is told again. */
  failed({ key }: Telling): void {
    if (this.told === key) this.told = "";
  }
}

function due(session: Session, heard: Heard, meter: Meter | null, connection: number): Telling | null {
  if (session.state === "ended" || !evidenceOf(session, heard)) return null;
  const byChat = isVouchedFor(session);
  const owes = owesEvidence(session, true, meter);
  // The choice of chat is told at once, also while the server still believes that sound comes.
  if (!owes && !byChat) return null;
  const owed = owes ? `${session.seq} ${meter?.seq}` : "chosen";
  return { session: session.session, byChat, key: `${session.session} ${owed} ${connection}` };
}
