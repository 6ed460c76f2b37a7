// Made from wire/messages.py and wire/codes.py by `openline schema`. Do not edit.

export type AnswersOn = "browser" | "phone";
export type CodeCall = "" | "calling" | "confirmed" | "busy" | "no_answer" | "declined" | "failed" | "wrong_keys" | "taken" | "told";
export type BillOutcome = "charged" | "short" | "free" | "unpaid";
export type Indicator = "free" | "ringing" | "busy" | "wrap-up" | "away" | "closed" | "offline";
export type LegState = "" | "calling" | "ringing" | "answered" | "busy" | "no_answer" | "declined" | "failed" | "hung_up";
export type MatchSource = "name" | "headline" | "expertise" | "biography" | "chats";
export type MediaPath = "" | "direct" | "bridged";
export type Mode = "chat" | "audio" | "phone";
export type OfferState = "ringing" | "matched" | "declined" | "missed" | "not_ready" | "withdrawn";
export type Outlook = "" | "likely" | "unsure" | "unlikely";
export type PauseReason = "" | "stepped_away" | "not_ready" | "balance_too_low";
export type Recording = "off" | "asked" | "wanted" | "on";
export type ReturnTo = "panel" | "account" | "session";
export type Role = "guest" | "user" | "expert" | "operator";
export type SessionState = "connecting" | "live" | "ended";
export type Side = "user" | "expert";
export type SignalKind = "description" | "candidate" | "restart" | "mute" | "bye";
export type Status = "online" | "away" | "offline";
export type TicketState = "waiting" | "offered" | "matched" | "in_session" | "done";

/**
 * Where an expert wants to hand a session over to; `quote` says what it costs there. `shut` is why nobody can be
 * asked there any more, "" while they can.
 */
export interface TransferOffer {
  expert: string;
  name: string;
  shut: string;
}

export interface Met {
  expert: string;
  at: number;
  sessions: number;
}

export interface SavedReply {
  reply: string;
  title: string;
  text: string;
}

/**
 * What a session came to, for one side of it. Amounts in minor units of `currency`.
 *
 * `amount` = `credit` + `fee`. `balance` is this side's own: what a user may spend, what is owed to an expert.
 * A user is not told fee and credit (0).
 */
export interface Bill {
  session: string;
  side: Side;
  partner: string;
  outcome: BillOutcome;
  ms: number;
  rate: number;
  free_ms: number;
  amount: number;
  fee: number;
  credit: number;
  balance: number;
  currency: string;
  ended_at: number;
}

/** One message. `edited_at` is 0 unless its words were changed; one that was taken back has no words. */
export interface ChatLine {
  n: number;
  side: Side;
  text: string;
  at: number;
  op: string;
  edited_at: number;
  unsaid: boolean;
  file: SharedFile | null;
}

/**
 * What a user said of a session. Whose it is, is nobody's business. `hidden_reason` is for operators only.
 *
 * `label`: "" for feedback of a user, `operator` for a testimonial that an operator entered.
 */
export interface FeedbackItem {
  feedback: string;
  stars: number;
  text: string;
  at: number;
  answer: string;
  answered_at: number;
  pinned: boolean;
  label: "" | "operator";
  hidden: boolean;
  hidden_reason: string;
}

/**
 * One line of a search's answer. `wait` is for who would join now, -1 throughout when nobody can; `why` is empty
 * when nothing was asked.
 */
export interface FoundExpert {
  profile: Profile;
  light: Light;
  wait: PlaceForecast;
  why: MatchedWord[];
}

/** A STUN or TURN server for audio, as RTCPeerConnection takes it. TURN needs a name and a credential. */
export interface IceServer {
  urls: string[];
  username: string;
  credential: string;
}

/**
 * One expert's indicator. `since` when it began; `until` when it is known to end (opening time, wrap-up), or 0.
 *
 * `closes` is when the present opening ends: 0 when closed, or never.
 */
export interface Light {
  expert: string;
  indicator: Indicator;
  since: number;
  until: number;
  closes: number;
  reason: string;
  waiting: number;
}

/** One's place in one line: my ordinal and the ordinals ahead of me; what leaves is told by `line`. */
export interface LinePlace {
  expert: string;
  ordinal: number;
  ahead: number[];
  length: number;
  rate: number;
}

/**
 * A word of the question that was found with an expert, and where: `chats` are answered chats of the past, of
 * which nothing else is ever shown.
 */
export interface MatchedWord {
  word: string;
  source: MatchSource;
}

/** One session of two, for these two only. `seconds` it was live; `stars` that the user gave, or 0. */
export interface Meeting {
  session: string;
  mode: Mode;
  at: number;
  seconds: number;
  stars: number;
}

/** Minor units of the pool's currency for a minute in this mode; 0 is free. */
export interface ModeRate {
  mode: Mode;
  rate: number;
}

/**
 * Seconds from `at`. `bound` is the longest that it can take with what those ahead have paid for; -1 where nothing
 * bounds it.
 */
export interface PlaceForecast {
  p50: number;
  p80: number;
  bound: number;
}

/** The settings of the pool that a page needs. Seconds. */
export interface PoolRules {
  lines_per_ticket: number;
  line_limit: number;
  ring_s: number;
  ready_s: number;
  grace_s: number;
  wrap_up_s: number;
  step_away_max_s: number;
  feedback_after_s: number;
  currency: string;
  prepaid: boolean;
  visitors: boolean;
  categories: string[];
  phone_regions: string[];
  verify_numbers: boolean;
  recording: boolean;
  file_max_bytes: number;
  file_types: string[];
}

/** What everybody may know of an expert. */
export interface Profile {
  expert: string;
  name: string;
  headline: string;
  categories: string[];
  languages: string[];
  modes: Mode[];
  photo: string;
  started_on: string;
  rate: number;
  rates: ModeRate[];
  stars: number;
  ratings: number;
  sessions: number;
}

/** A file of a chat. Pixels are 0 for what is no picture. */
export interface SharedFile {
  file: string;
  name: string;
  type: string;
  size: number;
  width: number;
  height: number;
}

/** One ticket in a line, as the expert and the operator see it. */
export interface Waiter {
  ticket: string;
  user: string;
  name: string;
  mode: Mode;
  state: TicketState;
  ordinal: number;
  joined_at: number;
  connected: boolean;
  paused_until: number;
  pause_reason: PauseReason;
  call_me: boolean;
  lines: string[];
}

/** The first message. An empty token is a guest, or the member of the HttpOnly cookie. */
export interface Hello {
  t: "hello";
  pool: string;
  token?: string;
  epoch?: string;
  seq?: number;
  id: number;
}

/**
 * The interest set of this page, whole: it replaces the one before.
 *
 * `experts` are lights to follow, and the wait forecasts of the first 20 of them; `all` follows the pool's lights;
 * `lines` are lines to follow in detail (the expert's own, any for an operator).
 */
export interface Watch {
  t: "watch";
  experts?: string[];
  all?: boolean;
  lines?: string[];
  id: number;
}

/**
 * Stand in the lines of up to K experts: whoever is free first. `rates` are what a minute of each of them costs as
 * the user was shown it, in their order; where it costs more by now, the answer is `rate_higher`. Without: whatever it
 * costs.
 */
export interface Join {
  t: "join";
  op: string;
  experts: string[];
  mode?: Mode;
  rates?: number[];
  id: number;
}

/**
 * Connect now: an immediate offer to a free expert, refused with `expert_busy` otherwise. `rate` as in `join`; -1:
 * whatever it costs.
 */
export interface Connect {
  t: "connect";
  op: string;
  expert: string;
  mode?: Mode;
  rate?: number;
  id: number;
}

/**
 * Leave `leaving` (all lines when empty) for the line of `expert`, in one step or not at all. `rate` as in
 * `connect`.
 */
export interface Switch {
  t: "switch";
  op: string;
  expert: string;
  leaving?: string;
  rate?: number;
  id: number;
}

/** Leave the line of `expert`, or all lines when it is empty. */
export interface Leave {
  t: "leave";
  op: string;
  expert?: string;
  id: number;
}

export interface StepAway {
  t: "step_away";
  op: string;
  seconds: number;
  id: number;
}

export interface ComeBack {
  t: "come_back";
  op: string;
  id: number;
}

export interface Accept {
  t: "accept";
  op: string;
  offer: string;
  id: number;
}

export interface Decline {
  t: "decline";
  op: string;
  offer: string;
  reason?: string;
  id: number;
}

/**
 * This side's evidence that it is connected to the session: its socket for chat, media flowing for audio.
 *
 * In a bridged session the media server's word counts instead, except for a side that goes on `by_chat`.
 */
export interface Connected {
  t: "connected";
  session: string;
  by_chat?: boolean;
  id: number;
}

export interface End {
  t: "end";
  op: string;
  session: string;
  reason?: string;
  id: number;
}

export interface Say {
  t: "say";
  op: string;
  session: string;
  text: string;
  id: number;
}

export interface Typing {
  t: "typing";
  session: string;
  id: number;
}

/** Everything up to and including message `n` has been shown on this side. */
export interface Delivered {
  t: "delivered";
  session: string;
  n: number;
  id: number;
}

/** Messages of a session of one's own, the newest `limit` before message `before` (0: from the end). */
export interface History {
  t: "history";
  session: string;
  before?: number;
  limit?: number;
  id: number;
}

/** WebRTC signalling, relayed to the other side of the session unread except for its size and kind. */
export interface Signal {
  t: "signal";
  session: string;
  kind: SignalKind;
  data?: string;
  id: number;
}

export interface Declare {
  t: "declare";
  op: string;
  status: Status;
  reason?: string;
  id: number;
}

export interface FinishWrapUp {
  t: "finish_wrap_up";
  op: string;
  id: number;
}

/** Operator: put a ticket at the head or the tail of the line of `expert`. */
export interface Move {
  t: "move";
  op: string;
  ticket: string;
  expert: string;
  reason: string;
  to?: "head" | "tail";
  id: number;
}

/** Operator: take a ticket out of all lines. */
export interface Remove {
  t: "remove";
  op: string;
  ticket: string;
  reason: string;
  id: number;
}

/** Operator: set an expert's declared status. */
export interface Force {
  t: "force";
  op: string;
  expert: string;
  status: Status;
  reason: string;
  id: number;
}

/** Operator: end a session of others. */
export interface EndSession {
  t: "end_session";
  op: string;
  session: string;
  reason: string;
  id: number;
}

/** Asks for a `beat` at once. */
export interface Ping {
  t: "ping";
  id: number;
}

/**
 * Experts for a question, a category, a language, a price: `limit` of them from `offset` on, in the order of
 * `sort`. `rate_max` is in minor units for a minute; -1 is any. With words, `best` ranks by the match.
 */
export interface Find {
  t: "find";
  words?: string;
  category?: string;
  language?: string;
  free_only?: boolean;
  rate_max?: number;
  sort?: "best" | "name" | "rate" | "rating" | "wait";
  offset?: number;
  limit?: number;
  id: number;
}

/** What the pop-up says of an expert beside the light: hours, feedback, and what the two had to do before. */
export interface About {
  t: "about";
  expert: string;
  id: number;
}

/** Expert: what oneself had to do with this user before. */
export interface AboutUser {
  t: "about_user";
  user: string;
  id: number;
}

/** Feedback on an expert, the newest `limit` before the time `before` (0: from now). */
export interface FeedbackOf {
  t: "feedback_of";
  expert: string;
  before?: number;
  limit?: number;
  id: number;
}

/**
 * A user on a session of theirs, once. `may_teach`: the chat's words may help others to find this expert; they are
 * never shown to anybody.
 */
export interface GiveFeedback {
  t: "give_feedback";
  op: string;
  session: string;
  stars: number;
  text?: string;
  may_teach?: boolean;
  id: number;
}

/** Expert: answer feedback on oneself, once. */
export interface AnswerFeedback {
  t: "answer_feedback";
  op: string;
  feedback: string;
  text: string;
  id: number;
}

/** Operator: hide feedback, or show it again. */
export interface HideFeedback {
  t: "hide_feedback";
  op: string;
  feedback: string;
  hidden: boolean;
  reason: string;
  id: number;
}

/**
 * A message by mail to an expert who can't come now. `email` is where the answer goes; a member who has an address
 * may leave it empty.
 */
export interface LeaveMessage {
  t: "leave_message";
  op: string;
  expert: string;
  name: string;
  email: string;
  text: string;
  language?: string;
  id: number;
}

/**
 * Tell me, once, when the expert is free, by mail to `email` (a member's own address when empty); `wanted` false
 * takes the wish back.
 */
export interface TellMe {
  t: "tell_me";
  op: string;
  expert: string;
  email?: string;
  wanted?: boolean;
  language?: string;
  id: number;
}

/** Expert: available now for so many minutes, whatever the weekly hours say; 0 goes back to them. */
export interface OpenFor {
  t: "open_for";
  op: string;
  minutes: number;
  id: number;
}

/** What a session with the expert costs and how long one's balance lasts. */
export interface Quote {
  t: "quote";
  expert: string;
  mode?: Mode;
  id: number;
}

/** Put money on one's balance: asks for a page of the card processor to pay at. */
export interface Deposit {
  t: "deposit";
  op: string;
  amount: number;
  back?: ReturnTo;
  id: number;
}

/** What an ended session of one's own came to. */
export interface BillOf {
  t: "bill_of";
  session: string;
  id: number;
}

/**
 * A bridged session: the page's WebRTC offer for its part. Each new peer connection (after a reload, or when the
 * network has changed) makes a new offer under a new `peer` name, which takes the place of the one before.
 *
 * With an empty `session` it is a test of the way to the media server, for who will soon be called: it ends after ten
 * seconds. Answered by `media_answer`; refused `no_media`, `media_full`, `bad_sdp`, `not_bridged`, `session_over`.
 */
export interface MediaOffer {
  t: "media_offer";
  session: string;
  peer: string;
  sdp: string;
  id: number;
}

/** This side allows that the session is recorded, or no longer does. With both it is; one alone ends it. */
export interface Record {
  t: "record";
  op: string;
  session: string;
  on: boolean;
  id: number;
}

/**
 * A user in line by telephone: ring my phone when it is my turn; the page may be closed until then.
 *
 * `rate` is the most that a minute costs in the user's lines as the page showed it: they agree to it, and to no more
 * (`rate_higher`); -1 says nothing of it. It is asked for where an operator's move has made it dearer.
 */
export interface CallMe {
  t: "call_me";
  op: string;
  on: boolean;
  rate?: number;
  id: number;
}

/** Asks for one's own number. */
export interface MyNumber {
  t: "my_number";
  id: number;
}

/**
 * This is my telephone number; it replaces the one before. `region` is where it is when it has no country code,
 * `language` the one to speak in there.
 */
export interface SetNumber {
  t: "set_number";
  op: string;
  number: string;
  region?: string;
  language?: string;
  id: number;
}

/**
 * Confirm my number. By "call": it rings, and a voice says a code there, which comes back in `confirm_number`
 * (`NumberPage.spoken`); where no voice is there, whoever picks up presses the keys of the code that the answer shows
 * (`NumberPage.keys`). By "text", where the server has a way to send one: the code arrives at the number, and comes
 * back in `confirm_number`. `language` is that of the voice or the text.
 */
export interface VerifyNumber {
  t: "verify_number";
  op: string;
  by?: "call" | "text";
  language?: string;
  id: number;
}

/** The code that the telephone was told, by a voice or a text. */
export interface ConfirmNumber {
  t: "confirm_number";
  op: string;
  code: string;
  id: number;
}

export interface ForgetNumber {
  t: "forget_number";
  op: string;
  id: number;
}

/** Expert: where sessions by telephone reach me. */
export interface AnswerOn {
  t: "answer_on";
  op: string;
  where: AnswersOn;
  id: number;
}

/** Expert: ask the user whether they want to go on with a colleague; an empty `expert` takes it back. */
export interface ProposeTransfer {
  t: "propose_transfer";
  op: string;
  session: string;
  expert: string;
  id: number;
}

/**
 * User: go on with the colleague `expert` (this session ends; the place is the first of that line), or stay. A yes
 * to one colleague is none to another, whom the expert has proposed meanwhile; nor to a higher rate than `rate`, which
 * the user was shown (a minute of that colleague's, as in `quoted`).
 */
export interface AnswerTransfer {
  t: "answer_transfer";
  op: string;
  session: string;
  yes: boolean;
  expert?: string;
  rate?: number;
  id: number;
}

/** Change a message of one's own, while the session goes on. */
export interface Edit {
  t: "edit";
  op: string;
  session: string;
  n: number;
  text: string;
  id: number;
}

/** Take a message of one's own back, while the session goes on: its words and its file are gone on both sides. */
export interface Unsay {
  t: "unsay";
  op: string;
  session: string;
  n: number;
  id: number;
}

/** Asks where to send a file of the session to. What comes there is checked; the message comes from `share`. */
export interface FilePlace {
  t: "file_place";
  op: string;
  session: string;
  name: string;
  type: string;
  size: number;
  id: number;
}

/** Say a file that has been sent, with `text` beside it or without. */
export interface Share {
  t: "share";
  op: string;
  session: string;
  file: string;
  text?: string;
  id: number;
}

/** Asks where a file of a session of one's own can be fetched. */
export interface FileOf {
  t: "file_of";
  session: string;
  file: string;
  id: number;
}

/** The whole conversation of an ended session of one's own: by mail to one's own address, or to download. */
export interface TranscriptOf {
  t: "transcript_of";
  op: string;
  session: string;
  by: "download" | "mail";
  id: number;
}

/** Asks where the recording of a session of one's own can be fetched. */
export interface RecordingOf {
  t: "recording_of";
  session: string;
  id: number;
}

/** Expert: one's saved replies. */
export interface Replies {
  t: "replies";
  id: number;
}

/** Expert: keep a reply, or change the one of that id; "" makes a new one. */
export interface KeepReply {
  t: "keep_reply";
  op: string;
  reply: string;
  title: string;
  text: string;
  id: number;
}

export interface DropReply {
  t: "drop_reply";
  op: string;
  reply: string;
  id: number;
}

/** Expert: one's note to oneself about a user whom one has met. */
export interface NoteOn {
  t: "note_on";
  user: string;
  id: number;
}

/** Expert: keep a note about a user; an empty text takes it away. */
export interface KeepNote {
  t: "keep_note";
  op: string;
  user: string;
  text: string;
  id: number;
}

/** User: the experts whom one has met, the last one first. */
export interface LastMet {
  t: "last_met";
  id: number;
}

/**
 * Asks for the STUN and TURN servers of a session of one's own, direct or bridged; with an empty `session`, of a
 * test before it. Credentials last for minutes: each new peer connection asks anew. Answered by `ice`.
 */
export interface IceOf {
  t: "ice_of";
  session: string;
  id: number;
}

export type ClientMessage =
  | Hello
  | Watch
  | Join
  | Connect
  | Switch
  | Leave
  | StepAway
  | ComeBack
  | Accept
  | Decline
  | Connected
  | End
  | Say
  | Typing
  | Delivered
  | History
  | Signal
  | Declare
  | FinishWrapUp
  | Move
  | Remove
  | Force
  | EndSession
  | Ping
  | Find
  | About
  | AboutUser
  | FeedbackOf
  | GiveFeedback
  | AnswerFeedback
  | HideFeedback
  | LeaveMessage
  | TellMe
  | OpenFor
  | Quote
  | Deposit
  | BillOf
  | MediaOffer
  | Record
  | CallMe
  | MyNumber
  | SetNumber
  | VerifyNumber
  | ConfirmNumber
  | ForgetNumber
  | AnswerOn
  | ProposeTransfer
  | AnswerTransfer
  | Edit
  | Unsay
  | FilePlace
  | Share
  | FileOf
  | TranscriptOf
  | RecordingOf
  | Replies
  | KeepReply
  | DropReply
  | NoteOn
  | KeepNote
  | LastMet
  | IceOf;

/** Signed in. `resumed`: the first `watch` brings what was missed; else a snapshot, and the page starts afresh. */
export interface Welcome {
  t: "welcome";
  pool: string;
  pool_name: string;
  role: Role;
  member: string;
  name: string;
  epoch: string;
  seq: number;
  now: number;
  resumed: boolean;
  rules: PoolRules;
  ice: IceServer[];
  id: number;
}

/** Done. `seq` is the journal id of what the command changed (0 when nothing did). */
export interface Ok {
  t: "ok";
  seq: number;
  id: number;
}

/** Nothing has changed. `code` is a name of `wire/codes.py`; `detail` names the object, never data of others. */
export interface Refused {
  t: "refused";
  code: string;
  detail: string;
  retry_after_ms: number;
  id: number;
}

/** The answer to join, connect and switch: the new place, at once. */
export interface Joined {
  t: "joined";
  seq: number;
  ticket: string;
  state: TicketState;
  joined_at: number;
  places: LinePlace[];
  forecast: PlaceForecast[];
  id: number;
}

export interface HistoryPage {
  t: "history_page";
  session: string;
  lines: ChatLine[];
  delivered_user: number;
  delivered_expert: number;
  more: boolean;
  id: number;
}

/** The truth at `seq` for the interest set just set: forget what was known of lights and lines. */
export interface Snapshot {
  t: "snapshot";
  epoch: string;
  seq: number;
  at: number;
  profiles: Profile[];
  lights: Light[];
  queues: Queue[];
}

/** Lights that changed, the latest state of each. */
export interface Lights {
  t: "lights";
  seq: number;
  at: number;
  lights: Light[];
}

/**
 * One broadcast for all who stand in the line of `expert`: which ordinals came and which went.
 *
 * `moved` holds pairs of an old and a new ordinal (an operator moved a ticket). What left and moved goes first, then
 * what joined comes: an ordinal may be given again.
 */
export interface LineChange {
  t: "line";
  seq: number;
  at: number;
  expert: string;
  joined: number[];
  left: number[];
  moved: [number, number][];
  length: number;
}

/** The whole line of `expert`, for the expert and operators. */
export interface Queue {
  t: "queue";
  seq: number;
  at: number;
  expert: string;
  waiters: Waiter[];
}

/** Tickets of the line of `expert` that changed or (by id) are gone from it. */
export interface QueueChange {
  t: "queue_change";
  seq: number;
  at: number;
  expert: string;
  changed: Waiter[];
  gone: string[];
}

/**
 * A user's own ticket, whole, whenever it changed and after every snapshot. `ticket` is "" when there is none.
 *
 * `reason` says why the last change came (`joined`, `passed_not_ready`, `expert_missed` ...).
 */
export interface MyTicket {
  t: "my_ticket";
  seq: number;
  at: number;
  ticket: string;
  state: TicketState;
  mode: Mode;
  joined_at: number;
  paused_until: number;
  pause_reason: PauseReason;
  reason: string;
  places: LinePlace[];
  call_me: boolean;
  agreed: number;
}

/** What an expert themself has declared, whatever their light shows now. */
export interface MyStatus {
  t: "my_status";
  seq: number;
  at: number;
  expert: string;
  declared: Status;
  reason: string;
  open_until: number;
}

/** The wait at each place of the line of `expert`, first place first; the last entry is for who would join now. */
export interface Forecast {
  t: "forecast";
  at: number;
  expert: string;
  places: PlaceForecast[];
  outlooks: Outlook[];
}

/**
 * An offer to this side. `mine`/`theirs` say who has accepted; `reason` why it ended.
 *
 * `partner` is the other side's display name. A user with `mine` false is asked to confirm before `ready_until`;
 * with `by_phone` their telephone rings, and picking it up confirms.
 */
export interface Offer {
  t: "offer";
  seq: number;
  at: number;
  offer: string;
  side: Side;
  expert: string;
  ticket: string;
  partner: string;
  mode: Mode;
  state: OfferState;
  mine: boolean;
  theirs: boolean;
  ring_until: number;
  ready_until: number;
  joined_at: number;
  reason: string;
  by_phone: boolean;
}

/**
 * A session of this side. `mine`/`theirs`: that side is connected. Until `gone_until` a lost side may come back.
 *
 * `my_leg` and `their_leg` are the telephones of a session by phone. `transfer` is where the expert would like to hand
 * the session over to, and `went_to` where it went when it ended so.
 */
export interface Session {
  t: "session";
  seq: number;
  at: number;
  session: string;
  side: Side;
  expert: string;
  user: string;
  partner: string;
  mode: Mode;
  state: SessionState;
  matched_at: number;
  live_at: number;
  ended_at: number;
  cap_until: number;
  mine: boolean;
  theirs: boolean;
  gone_until: number;
  reason: string;
  ended_by: string;
  path: MediaPath;
  my_leg: LegState;
  their_leg: LegState;
  recording: Recording;
  transfer: TransferOffer | null;
  went_to: string;
}

/** A session as operators see it. */
export interface SessionInfo {
  t: "session_info";
  seq: number;
  at: number;
  session: string;
  expert: string;
  user: string;
  name: string;
  mode: Mode;
  state: SessionState;
  matched_at: number;
  live_at: number;
  ended_at: number;
  reason: string;
}

export interface Said {
  t: "said";
  seq: number;
  session: string;
  line: ChatLine;
}

export interface TypingNow {
  t: "typing_now";
  session: string;
  side: Side;
}

/** `side` has seen everything up to message `n`. */
export interface DeliveredTo {
  t: "delivered_to";
  session: string;
  side: Side;
  n: number;
}

export interface Signalled {
  t: "signalled";
  session: string;
  kind: SignalKind;
  data: string;
}

/** What this person should be told in words: `code` is a catalogue key (`missed_offer`, `forced_status`, ...). */
export interface Notice {
  t: "notice";
  code: string;
  at: number;
  detail: string;
  expert: string;
}

/** Still here. `confirmed_at`: when the store last confirmed this process's view. */
export interface Beat {
  t: "beat";
  at: number;
  seq: number;
  confirmed_at: number;
}

/** The sign-in ended (expired or taken back): the page goes on as a guest. */
export interface SignedOut {
  t: "signed_out";
  reason: string;
}

/** `total` experts fit; `experts` are those asked for. */
export interface Found {
  t: "found";
  total: number;
  experts: FoundExpert[];
  id: number;
}

/**
 * `windows` are the hours of the next seven days as pairs of instants, empty and `always` when there are none.
 *
 * `distribution` counts the feedback of one star to five. `met` is how often the asking user and the expert met,
 * `met_at` when last. `told_when_free`: the member asked to be told. `page`: the path of the profile page.
 */
export interface AboutExpert {
  t: "about_expert";
  expert: string;
  timezone: string;
  always: boolean;
  windows: [number, number][];
  stars: number;
  ratings: number;
  distribution: number[];
  met: number;
  met_at: number;
  told_when_free: boolean;
  page: string;
  id: number;
}

/** What the asking expert and the user had to do with each other: how often, when last, and the newest of it. */
export interface UserHistory {
  t: "user_history";
  user: string;
  met: number;
  met_at: number;
  meetings: Meeting[];
  id: number;
}

/** Newest first. */
export interface FeedbackPage {
  t: "feedback_page";
  expert: string;
  stars: number;
  ratings: number;
  distribution: number[];
  items: FeedbackItem[];
  more: boolean;
  id: number;
}

/** A profile that changed, to whoever follows that expert's light; its feedback too, so pages may ask again. */
export interface ProfileNews {
  t: "profile_news";
  profile: Profile;
}

/**
 * The answer to `quote`: `rate` for a minute after `free_s` free seconds, `balance` that may be spent now.
 *
 * `enough_s` is how long that lasts, at most the pool's longest session; -1 where nothing is charged. With `enough`
 * false it is less than `minimum_s`, and joining is refused. `deposits` are amounts to offer, empty where nobody can
 * pay in now.
 */
export interface Quoted {
  t: "quoted";
  expert: string;
  mode: Mode;
  currency: string;
  rate: number;
  free_s: number;
  balance: number;
  enough_s: number;
  minimum_s: number;
  enough: boolean;
  deposits: number[];
  id: number;
}

/** Where to pay: a page of the card processor. What is paid there comes by `wallet`. */
export interface DepositPage {
  t: "deposit_page";
  url: string;
  id: number;
}

/** The answer to `bill_of`. */
export interface BillPage {
  t: "bill_page";
  bill: Bill;
  id: number;
}

/**
 * A user's own balance in a prepaid pool, after every snapshot and whenever it changed.
 *
 * `balance` may be spent now; `held` is set aside for a session that is under way.
 */
export interface Wallet {
  t: "wallet";
  at: number;
  currency: string;
  balance: number;
  held: number;
  frozen: boolean;
}

/**
 * The clock of a session, whole, whenever it changed and after every snapshot; to both sides.
 *
 * At `at` both sides had been connected for `ran_ms`; it runs since `running_since` (0: it stands still, and `frozen`
 * says whose connection is missing, or "" before the beginning and after the end). `budget_ms` is what the money set
 * aside lasts for, 0 where nothing is charged. `ends_at` is when the money or the longest time is used up if the clock
 * runs on, 0 while it stands still. `fee_bps` is told to the expert.
 */
export interface Meter {
  t: "meter";
  seq: number;
  at: number;
  session: string;
  currency: string;
  rate: number;
  free_ms: number;
  budget_ms: number;
  ran_ms: number;
  running_since: number;
  frozen: "" | "both" | "expert" | "user";
  ends_at: number;
  fee_bps: number;
}

/** A session of this side is settled. */
export interface Billed {
  t: "billed";
  bill: Bill;
}

/** The media server's answer to an offer; `worker` is its name. */
export interface MediaAnswer {
  t: "media_answer";
  session: string;
  peer: string;
  worker: string;
  sdp: string;
  id: number;
}

/**
 * The media server of this session is gone; `worker` is the one that carries it now, "" where none does yet.
 * Whoever is connected to another (see `media_answer`) makes a new peer connection and offers it.
 */
export interface MediaMoved {
  t: "media_moved";
  session: string;
  worker: string;
}

/**
 * One's own number. `shown` is how people write it; "" when there is none. Only its owner is ever told.
 *
 * `usable`: sessions by telephone can reach it now; `verified`: a code was confirmed. `regions` are the countries that
 * the pool calls, empty where it calls nobody; `ways` are those in which a number can be confirmed. `keys` is what to
 * press on the telephone that rings now, only in the answer to `verify_number`; `call` how that call stands (ask again
 * while it is "calling"), and `spoken` that it says a code. `missed_at`: when a place in line was given up, because
 * nobody picked up at the turn.
 */
export interface NumberPage {
  t: "number_page";
  shown: string;
  region: string;
  verified: boolean;
  usable: boolean;
  regions: string[];
  ways: ("call" | "text")[];
  answers_on: AnswersOn;
  keys: string;
  spoken: boolean;
  call: CodeCall;
  missed_at: number;
  id: number;
}

/**
 * Where something is sent to or fetched from: `path` below the server, with `ticket` as Bearer token, once, until
 * `until`. `file` names what was asked for.
 */
export interface Fetch {
  t: "fetch";
  path: string;
  ticket: string;
  until: number;
  file: string;
  id: number;
}

export interface SavedReplies {
  t: "saved_replies";
  replies: SavedReply[];
  id: number;
}

export interface Note {
  t: "note";
  user: string;
  text: string;
  at: number;
  id: number;
}

/** Experts whom this user has met, the last one first. */
export interface Acquaintances {
  t: "acquaintances";
  met: Met[];
  id: number;
}

/**
 * What to hand to RTCPeerConnection; those of `welcome` are among them. `until` is when the credentials end, 0
 * where there are none.
 */
export interface Ice {
  t: "ice";
  session: string;
  servers: IceServer[];
  until: number;
  id: number;
}

export type ServerMessage =
  | Welcome
  | Ok
  | Refused
  | Joined
  | HistoryPage
  | Snapshot
  | Lights
  | LineChange
  | Queue
  | QueueChange
  | MyTicket
  | MyStatus
  | Forecast
  | Offer
  | Session
  | SessionInfo
  | Said
  | TypingNow
  | DeliveredTo
  | Signalled
  | Notice
  | Beat
  | SignedOut
  | Found
  | AboutExpert
  | UserHistory
  | FeedbackPage
  | ProfileNews
  | Quoted
  | DepositPage
  | BillPage
  | Wallet
  | Meter
  | Billed
  | MediaAnswer
  | MediaMoved
  | NumberPage
  | Fetch
  | SavedReplies
  | Note
  | Acquaintances
  | Ice;

/** Whether to come again after a close: 4000-4099 at once, 4100-4199 later, 4400-4499 never by itself. */
export type ComeAgain = "at_once" | "later" | "never";
/** Why a request was refused. */
export type RefusalCode =
  | "malformed"
  | "unknown_message"
  | "unknown_field"
  | "bad_field"
  | "too_long"
  | "bad_message"
  | "not_signed_in"
  | "not_allowed"
  | "bad_token"
  | "no_such_pool"
  | "blocked"
  | "link_unknown"
  | "link_used"
  | "link_expired"
  | "wrong_password"
  | "sign_in_again"
  | "password_short"
  | "password_long"
  | "password_guessable"
  | "expert_has_account"
  | "no_account"
  | "sign_in_unavailable"
  | "sign_in_failed"
  | "not_confirmed"
  | "no_visitors"
  | "no_such_provider"
  | "wrong_origin"
  | "rate_limited"
  | "store_unavailable"
  | "internal"
  | "already_in_line"
  | "no_expert"
  | "unknown_expert"
  | "expert_offline"
  | "expert_away"
  | "expert_busy"
  | "mode_not_offered"
  | "line_closed"
  | "line_full"
  | "too_many_lines"
  | "duplicate_expert"
  | "not_in_line"
  | "same_line"
  | "no_ticket"
  | "no_such_ticket"
  | "too_long_away"
  | "offer_open"
  | "in_session"
  | "no_such_offer"
  | "no_such_session"
  | "session_over"
  | "not_in_wrap_up"
  | "chat_full"
  | "bad_status"
  | "expert_in_session"
  | "bad_place"
  | "process_full"
  | "not_closed"
  | "not_bridged"
  | "no_media"
  | "media_full"
  | "bad_sdp"
  | "not_recorded"
  | "no_phone"
  | "phone_full"
  | "bad_number"
  | "region_not_called"
  | "number_refused"
  | "no_number"
  | "number_unverified"
  | "number_taken"
  | "too_many_calls"
  | "bad_code"
  | "code_expired"
  | "no_texts"
  | "not_by_phone"
  | "same_expert"
  | "rate_higher"
  | "no_transfer"
  | "no_such_line"
  | "line_unsaid"
  | "no_files"
  | "file_too_large"
  | "file_type"
  | "file_broken"
  | "file_refused"
  | "scan_failed"
  | "no_room"
  | "too_many_files"
  | "no_such_file"
  | "too_many_replies"
  | "no_such_reply"
  | "no_recording"
  | "recording_pending"
  | "no_such_user"
  | "feedback_given"
  | "too_short_to_rate"
  | "session_open"
  | "no_such_feedback"
  | "too_many_pinned"
  | "feedback_answered"
  | "bad_email"
  | "no_email"
  | "empty_text"
  | "too_many_messages"
  | "too_many_wishes"
  | "expert_free"
  | "unreachable"
  | "too_many_windows"
  | "bad_profile"
  | "not_a_photo"
  | "photo_broken"
  | "photo_too_large"
  | "photo_too_small"
  | "photo_animated"
  | "too_many_testimonials"
  | "not_found"
  | "too_large"
  | "balance_too_low"
  | "wallet_frozen"
  | "too_many_free_calls"
  | "not_funded"
  | "not_prepaid"
  | "no_deposits"
  | "bad_amount"
  | "processor_unavailable"
  | "op_reused"
  | "not_settled"
  | "refund_open"
  | "money_left"
  | "nothing_to_refund"
  | "no_card"
  | "nothing_owed"
  | "no_such_batch"
  | "batch_closed"
  | "bad_iban";
/** Why a socket was closed. */
export const CLOSES = {
  slow_reader: { code: 4000, comeAgain: "at_once" },
  server_going: { code: 4001, comeAgain: "at_once" },
  silent: { code: 4002, comeAgain: "at_once" },
  sign_in_renewed: { code: 4003, comeAgain: "at_once" },
  overloaded: { code: 4100, comeAgain: "later" },
  too_many_connections: { code: 4101, comeAgain: "later" },
  auth_timeout: { code: 4102, comeAgain: "later" },
  store_unavailable: { code: 4103, comeAgain: "later" },
  flooding: { code: 4104, comeAgain: "later" },
  bad_messages: { code: 4400, comeAgain: "never" },
  bad_token: { code: 4401, comeAgain: "never" },
  token_expired: { code: 4402, comeAgain: "never" },
  blocked: { code: 4403, comeAgain: "never" },
  no_such_pool: { code: 4404, comeAgain: "never" },
  bad_subprotocol: { code: 4405, comeAgain: "never" },
} as const;
