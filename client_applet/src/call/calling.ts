import type { LiveClient } from "../core";
import type { IceServer, Session } from "../generated/wire";
import { BridgedCall } from "./bridged_call";
import type { Call, CallPorts } from "./call";
import { DirectCall } from "./direct_call";

/** Whether this side talks through this page: by audio, or as an expert whom telephone sessions reach in the browser. */
export function talksHere(session: Session): boolean {
  if (session.state === "ended") return false;
  return session.mode === "audio" || (session.mode === "phone" && session.side === "expert" && session.my_leg === "");
}

/** Whether telephone sessions reach this expert on their telephone: known here before it rings, so that no microphone opens for it. */
export async function isRung(client: LiveClient): Promise<boolean> {
  const page = await client.request({ t: "my_number" }).catch(() => null);
  return page !== null && page.usable && page.answers_on === "phone";
}

/** The call of a session, the way that the session says. */
export function newCall(client: LiveClient, session: Session, online: boolean, changed: () => void): Call {
  const { session: id } = session;
  const ports: CallPorts = {
    ice: () => iceOf(client, id),
    send: (kind, data) => client.send({ t: "signal", session: id, kind, data }),
    changed,
  };
  if (session.path !== "bridged") return new DirectCall(session.side === "user", ports);
  const offer = (peer: string, sdp: string) => client.request({ t: "media_offer", session: id, peer, sdp });
  return new BridgedCall(`${id}.${session.side}`, online, { ...ports, offer });
}

/** The servers of a session, or of a test with ""; where none are told, those of the welcome, which name no credentials. */
export async function iceOf(client: LiveClient, session: string): Promise<readonly IceServer[]> {
  try {
    return (await client.request({ t: "ice_of", session })).servers;
  } catch {
    return client.store.state.welcome?.ice ?? [];
  }
}
