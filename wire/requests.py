"""What a client may send: every request of the socket, declared once."""

from typing import Annotated, Literal

from msgspec import Meta

from wire.calls import (
    AnswerOn,
    AnswerTransfer,
    CallMe,
    ConfirmNumber,
    ForgetNumber,
    IceOf,
    MediaOffer,
    MyNumber,
    ProposeTransfer,
    Record,
    SetNumber,
    VerifyNumber,
)
from wire.chat import (
    DropReply,
    Edit,
    FileOf,
    FilePlace,
    KeepNote,
    KeepReply,
    LastMet,
    NoteOn,
    RecordingOf,
    Replies,
    Share,
    TranscriptOf,
    Unsay,
)
from wire.fields import (
    Amount,
    Email,
    FindSort,
    GivenReason,
    Id,
    Language,
    Letters,
    MaybeId,
    Mode,
    Op,
    Rate,
    Reason,
    Request,
    ReturnTo,
    Seq,
    ShownRate,
    SignalKind,
    Stars,
    Status,
    Text,
)


class Hello(Request, tag="hello"):
    """The first message. An empty token is a guest, or the member of the HttpOnly cookie."""

    pool: Id
    token: Annotated[str, Meta(max_length=8192)] = ""
    epoch: Annotated[str, Meta(max_length=64)] = ""
    seq: Seq = 0


class Watch(Request, tag="watch"):
    """The interest set of this page, whole: it replaces the one before.

    `experts` are lights to follow, and the wait forecasts of the first 20 of them; `all` follows the pool's lights;
    `lines` are lines to follow in detail (the expert's own, any for an operator).
    """

    experts: Annotated[list[Id], Meta(max_length=1000)] = []
    all: bool = False
    lines: Annotated[list[Id], Meta(max_length=1000)] = []


class Join(Request, tag="join"):
    """Stand in the lines of up to K experts: whoever is free first. `rates` are what a minute of each of them costs as
    the user was shown it, in their order; where it costs more by now, the answer is `rate_higher`. Without: whatever it
    costs."""

    op: Op
    experts: Annotated[list[Id], Meta(min_length=1, max_length=16)]
    mode: Mode = "chat"
    rates: Annotated[list[Rate], Meta(max_length=16)] = []


class Connect(Request, tag="connect"):
    """Connect now: an immediate offer to a free expert, refused with `expert_busy` otherwise. `rate` as in `join`; -1:
    whatever it costs."""

    op: Op
    expert: Id
    mode: Mode = "chat"
    rate: ShownRate = -1


class Switch(Request, tag="switch"):
    """Leave `leaving` (all lines when empty) for the line of `expert`, in one step or not at all. `rate` as in
    `connect`."""

    op: Op
    expert: Id
    leaving: MaybeId = ""
    rate: ShownRate = -1


class Leave(Request, tag="leave"):
    """Leave the line of `expert`, or all lines when it is empty."""

    op: Op
    expert: MaybeId = ""


class StepAway(Request, tag="step_away"):
    op: Op
    seconds: Annotated[int, Meta(ge=1, le=86400)]


class ComeBack(Request, tag="come_back"):
    op: Op


class Accept(Request, tag="accept"):
    op: Op
    offer: Id


class Decline(Request, tag="decline"):
    op: Op
    offer: Id
    reason: Reason = ""


class Connected(Request, tag="connected"):
    """This side's evidence that it is connected to the session: its socket for chat, media flowing for audio.

    In a bridged session the media server's word counts instead, except for a side that goes on `by_chat`.
    """

    session: Id
    by_chat: bool = False


class End(Request, tag="end"):
    op: Op
    session: Id
    reason: Reason = ""


class Say(Request, tag="say"):
    op: Op
    session: Id
    text: Text


class Typing(Request, tag="typing"):
    session: Id


class Delivered(Request, tag="delivered"):
    """Everything up to and including message `n` has been shown on this side."""

    session: Id
    n: Annotated[int, Meta(ge=1, le=2**31)]


class History(Request, tag="history"):
    """Messages of a session of one's own, the newest `limit` before message `before` (0: from the end)."""

    session: Id
    before: Annotated[int, Meta(ge=0, le=2**31)] = 0
    limit: Annotated[int, Meta(ge=1, le=200)] = 100


class Signal(Request, tag="signal"):
    """WebRTC signalling, relayed to the other side of the session unread except for its size and kind."""

    session: Id
    kind: SignalKind
    data: Annotated[str, Meta(max_length=32768)] = ""


class Declare(Request, tag="declare"):
    op: Op
    status: Status
    reason: Reason = ""


class FinishWrapUp(Request, tag="finish_wrap_up"):
    op: Op


class Move(Request, tag="move"):
    """Operator: put a ticket at the head or the tail of the line of `expert`."""

    op: Op
    ticket: Id
    expert: Id
    reason: GivenReason
    to: Literal["head", "tail"] = "tail"


class Remove(Request, tag="remove"):
    """Operator: take a ticket out of all lines."""

    op: Op
    ticket: Id
    reason: GivenReason


class Force(Request, tag="force"):
    """Operator: set an expert's declared status."""

    op: Op
    expert: Id
    status: Status
    reason: GivenReason


class EndSession(Request, tag="end_session"):
    """Operator: end a session of others."""

    op: Op
    session: Id
    reason: GivenReason


class Find(Request, tag="find"):
    """Experts for a question, a category, a language, a price: `limit` of them from `offset` on, in the order of
    `sort`. `rate_max` is in minor units for a minute; -1 is any. With words, `best` ranks by the match."""

    words: Annotated[str, Meta(max_length=500, pattern=r"^[^\x00]*$")] = ""
    category: Annotated[str, Meta(max_length=200)] = ""
    language: Language = ""
    free_only: bool = False
    rate_max: Annotated[int, Meta(ge=-1, le=10**9)] = -1
    sort: FindSort = "best"
    offset: Annotated[int, Meta(ge=0, le=10_000)] = 0
    limit: Annotated[int, Meta(ge=1, le=100)] = 50


class About(Request, tag="about"):
    """What the pop-up says of an expert beside the light: hours, feedback, and what the two had to do before."""

    expert: Id


class AboutUser(Request, tag="about_user"):
    """Expert: what oneself had to do with this user before."""

    user: Id


class FeedbackOf(Request, tag="feedback_of"):
    """Feedback on an expert, the newest `limit` before the time `before` (0: from now)."""

    expert: Id
    before: Seq = 0
    limit: Annotated[int, Meta(ge=1, le=50)] = 10


class GiveFeedback(Request, tag="give_feedback"):
    """A user on a session of theirs, once. `may_teach`: the chat's words may help others to find this expert; they are
    never shown to anybody."""

    op: Op
    session: Id
    stars: Stars
    text: Annotated[str, Meta(max_length=2000, pattern=r"^[^\x00]*$")] = ""
    may_teach: bool = False


class AnswerFeedback(Request, tag="answer_feedback"):
    """Expert: answer feedback on oneself, once."""

    op: Op
    feedback: Id
    text: Annotated[str, Meta(min_length=1, max_length=1000, pattern=r"^[^\x00]*$")]


class HideFeedback(Request, tag="hide_feedback"):
    """Operator: hide feedback, or show it again."""

    op: Op
    feedback: Id
    hidden: bool
    reason: GivenReason


class LeaveMessage(Request, tag="leave_message"):
    """A message by mail to an expert who can't come now. `email` is where the answer goes; a member who has an address
    may leave it empty."""

    op: Op
    expert: Id
    name: Letters
    email: Email
    text: Text
    language: Language = ""


class TellMe(Request, tag="tell_me"):
    """Tell me, once, when the expert is free, by mail to `email` (a member's own address when empty); `wanted` false
    takes the wish back."""

    op: Op
    expert: Id
    email: Email = ""
    wanted: bool = True
    language: Language = ""


class OpenFor(Request, tag="open_for"):
    """Expert: available now for so many minutes, whatever the weekly hours say; 0 goes back to them."""

    op: Op
    minutes: Annotated[int, Meta(ge=0, le=1440)]


class Quote(Request, tag="quote"):
    """What a session with the expert costs and how long one's balance lasts."""

    expert: Id
    mode: Mode = "chat"


class Deposit(Request, tag="deposit"):
    """Put money on one's balance: asks for a page of the card processor to pay at."""

    op: Op
    amount: Amount
    back: ReturnTo = "panel"


class BillOf(Request, tag="bill_of"):
    """What an ended session of one's own came to."""

    session: Id


class Ping(Request, tag="ping"):
    """Asks for a `beat` at once."""


ClientMessage = (
    Hello | Watch | Join | Connect | Switch | Leave | StepAway | ComeBack | Accept | Decline | Connected | End
    | Say | Typing | Delivered | History | Signal | Declare | FinishWrapUp | Move | Remove | Force | EndSession | Ping
    | Find | About | AboutUser | FeedbackOf | GiveFeedback | AnswerFeedback | HideFeedback | LeaveMessage | TellMe
    | OpenFor | Quote | Deposit | BillOf | MediaOffer | Record | CallMe | MyNumber
    | SetNumber | VerifyNumber | ConfirmNumber | ForgetNumber | AnswerOn | ProposeTransfer | AnswerTransfer | Edit
    | Unsay | FilePlace | Share | FileOf | TranscriptOf | RecordingOf | Replies | KeepReply | DropReply | NoteOn
    | KeepNote | LastMet | IceOf
)  # fmt: skip
