import type { Message } from "./translate";

/** Refusals that visitors and staff read in the same words; a catalogue may say one of them in its own way. */
export const refusalsEn = {
  "refused.malformed": "This page and the server do not understand each other any more. Reload the page.",
  "refused.unknown_message": "This page and the server do not understand each other any more. Reload the page.",
  "refused.unknown_field": "This page and the server do not understand each other any more. Reload the page.",
  "refused.bad_field": "This page and the server do not understand each other any more. Reload the page.",
  "refused.bad_message": "This page and the server do not understand each other any more. Reload the page.",
  "refused.too_long": "That is too long. Shorten it and try again.",
  "refused.bad_token": "Your sign-in was not accepted. Open a new sign-in link.",
  "refused.no_such_pool": "There is no line of this name here.",
  "refused.internal": "Something failed on our side. Nothing has changed; try again in a moment.",
  "refused.process_full": "Too many people are here at this moment. Try again in a minute.",
  "refused.already_in_line": "This person stands in a line already.",
  "refused.no_expert": "Choose an expert first.",
  "refused.mode_not_offered": "This expert does not offer this way to talk. Choose the other one.",
  "refused.expert_away": "This expert is away at the moment.",
  "refused.expert_busy": "This expert is in a session, or others are next.",
  "refused.too_many_lines": "These are more lines at once than allowed. Choose fewer.",
  "refused.duplicate_expert": "One expert was chosen twice.",
  "refused.not_in_line": "This place in line is not there any more.",
  "refused.no_ticket": "This place in line is not there any more.",
  "refused.too_long_away": "So long an absence is not possible here. Choose a shorter one.",
  "refused.no_such_ticket": "This place in line is not there any more.",
  "refused.no_such_offer": "This call is already over.",
  "refused.no_such_session": "This session is already over.",
  "refused.session_over": "This session is already over.",
  "refused.not_in_wrap_up": "The time for notes is already over.",
  "refused.chat_full": "This conversation is full. End it and begin another.",
  "refused.bad_status": "This status cannot be set.",
  "refused.expert_in_session": "This expert is in a session. It has to end first.",
  "refused.bad_place": "Choose the first or the last place.",
  "refused.too_many_windows": "These are too many opening hours. Give fewer.",
} as const satisfies Record<string, Message>;

export type RefusalKey = keyof typeof refusalsEn;
