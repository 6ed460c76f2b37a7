/** What a page shows of a call, whichever way its sound takes. */

export type Phase =
  | "idle" // nothing started
  | "seeking" // ours is ready, the other side is not here yet
  | "joining" // both are here, the first connection is being made
  | "linked" // connected
  | "shaky" // connected a moment ago; it often comes back by itself
  | "repairing" // we are bringing it back
  | "lost" // given up; "try again" or chat
  | "by_chat" // one side has chosen to go on by chat
  | "closed";

export interface CallView {
  phase: Phase;
  tries: number;
  muted: boolean;
  theirMuted: boolean;
  /** The other side has its microphone ready and waits for ours. */
  invited: boolean;
  /** The audio goes on in another window or device of the same person. */
  elsewhere: boolean;
  chatChosenBy: "" | "me" | "them";
  /** The code with which the last try was refused, "" where nothing was said. */
  why: string;
}

/** Between the first try and the last. */
export const ACTIVE: ReadonlySet<Phase> = new Set<Phase>(["seeking", "joining", "linked", "shaky", "repairing"]);
