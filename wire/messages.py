"""Every message of the socket, declared once.

A message is a map with its name in the field `t`. Unknown names and unknown fields are refused.
Times are milliseconds since 1970 (UTC, the store's clock); durations are named with their unit.
The JSON Schema, the AsyncAPI document and the TypeScript types are made from this module alone
(`openline schema`). Optional text is "" and an optional time is 0, so that every field is always there.
"""

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

# `$(?!\n)`: Python's `$` alone also matches before a closing line feed, which has no place in an id.
Id = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$(?!\n)")]
MaybeId = Annotated[str, Meta(pattern=r"^([A-Za-z0-9][A-Za-z0-9_.-]{0,63})?$(?!\n)")]
Op = Annotated[
    str, Meta(pattern=r"^[A-Za-z0-9_-]{8,64}$(?!\n)", description="operation id: a repeat gets the first answer")
]
# No NUL in anything that is written down: PostgreSQL refuses it.
Reason = Annotated[str, Meta(max_length=200, pattern=r"^[^\x00]*$")]
GivenReason = Annotated[str, Meta(min_length=1, max_length=200, pattern=r"^[^\x00]*$")]
Text = Annotated[str, Meta(min_length=1, max_length=4000, pattern=r"^[^\x00]*$")]
Seq = Annotated[int, Meta(ge=0, le=2**53)]
Mode = Literal["chat", "audio"]
Status = Literal["online", "away", "offline"]
Indicator = Literal["free", "ringing", "busy", "wrap-up", "away", "closed", "offline"]
Side = Literal["user", "expert"]
Role = Literal["guest", "user", "expert", "operator"]
TicketState = Literal["waiting", "offered", "matched", "in_session", "done"]
PauseReason = Literal["", "stepped_away", "not_ready"]
OfferState = Literal["ringing", "matched", "declined", "missed", "not_ready", "withdrawn"]
SessionState = Literal["connecting", "live", "ended"]
SignalKind = Literal["description", "candidate", "restart", "mute", "bye"]


class Message(Struct, forbid_unknown_fields=True, kw_only=True, tag_field="t", omit_defaults=False):
    """What all messages share: the field `t`."""


class Request(Message, kw_only=True):
    """From the client. `id` numbers the request on this connection; the answer carries it."""

    id: Annotated[int, Meta(ge=0, le=2**31)]


# ---------------------------------------------------------------- client → server


class Hello(Request, tag="hello"):
    """The first message. An empty token is a guest, or the member of the HttpOnly cookie."""

    pool: Id
    token: Annotated[str, Meta(max_length=2048)] = ""
    epoch: Annotated[str, Meta(max_length=64)] = ""
    seq: Seq = 0


class Watch(Request, tag="watch"):
    """The interest set of this page, whole: it replaces the one before.

    `experts` are lights to follow; `all` follows the pool's (at most `limits.watch_experts`);
    `lines` are lines to follow in detail (the expert's own, any for an operator).
    """

    experts: Annotated[list[Id], Meta(max_length=1000)] = []
    all: bool = False
    lines: Annotated[list[Id], Meta(max_length=1000)] = []


class Join(Request, tag="join"):
    """Stand in the lines of up to K experts: whoever is free first."""

    op: Op
    experts: Annotated[list[Id], Meta(min_length=1, max_length=16)]
    mode: Mode = "chat"


class Connect(Request, tag="connect"):
    """Connect now: an immediate offer to a free expert, refused with `expert_busy` otherwise."""

    op: Op
    expert: Id
    mode: Mode = "chat"


class Switch(Request, tag="switch"):
    """Leave `leaving` (all lines when empty) for the line of `expert`, in one step or not at all."""

    op: Op
    expert: Id
    leaving: MaybeId = ""


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
    """This side's evidence that it is connected to the session: its socket for chat, media flowing for audio."""

    session: Id


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


class Ping(Request, tag="ping"):
    """Asks for a `beat` at once."""


ClientMessage = (
    Hello | Watch | Join | Connect | Switch | Leave | StepAway | ComeBack | Accept | Decline | Connected | End
    | Say | Typing | Delivered | History | Signal | Declare | FinishWrapUp | Move | Remove | Force | EndSession | Ping
)  # fmt: skip


# ---------------------------------------------------------------- parts of server messages


class Part(Struct, kw_only=True, forbid_unknown_fields=True):
    """A record inside a message."""


class PoolRules(Part):
    """The settings of the pool that a page needs. Seconds."""

    lines_per_ticket: int
    line_limit: int
    ring_s: float
    ready_s: float
    grace_s: float
    wrap_up_s: float
    step_away_max_s: float


class Profile(Part):
    """What everybody may know of an expert."""

    expert: str
    name: str
    headline: str
    categories: list[str]
    languages: list[str]
    modes: list[Mode]
    photo: str


class Light(Part):
    """One expert's indicator. `since` when it began; `until` when it is known to end (opening time, wrap-up), or 0."""

    expert: str
    indicator: Indicator
    since: int
    until: int
    reason: str
    waiting: int


class LinePlace(Part):
    """One's place in one line: my ordinal and the ordinals ahead of me; what leaves is told by `line`."""

    expert: str
    ordinal: int
    ahead: list[int]
    length: int


class Waiter(Part):
    """One ticket in a line, as the expert and the operator see it."""

    ticket: str
    user: str
    name: str
    mode: Mode
    state: TicketState
    ordinal: int
    joined_at: int
    connected: bool
    paused_until: int
    pause_reason: PauseReason
    lines: list[str]


class PlaceForecast(Part):
    """Seconds from `at`. `bound` is -1 where no bound can be guaranteed."""

    p50: float
    p80: float
    bound: float


class ChatLine(Part):
    n: int
    side: Side
    text: str
    at: int
    op: str


# ---------------------------------------------------------------- server → client


class Reply(Message, kw_only=True):
    """Answers the request `id`."""

    id: int


class Welcome(Reply, tag="welcome"):
    """Signed in. `resumed`: the first `watch` brings what was missed; else a snapshot, and the page starts afresh."""

    pool: str
    pool_name: str
    role: Role
    member: str
    name: str
    epoch: str
    seq: int
    now: int
    resumed: bool
    rules: PoolRules
    ice: list[str]


class Ok(Reply, tag="ok"):
    """Done. `seq` is the journal id of what the command changed (0 when nothing did)."""

    seq: int = 0


class Refused(Reply, tag="refused"):
    """Nothing has changed. `code` is a name of `wire/codes.py`; `detail` names the object, never data of others."""

    code: str
    detail: str = ""
    retry_after_ms: int = 0


class Joined(Reply, tag="joined"):
    """The answer to join, connect and switch: the new place, at once."""

    seq: int
    ticket: str
    state: TicketState
    joined_at: int
    places: list[LinePlace]
    forecast: list[PlaceForecast]


class HistoryPage(Reply, tag="history_page"):
    session: str
    lines: list[ChatLine]
    delivered_user: int
    delivered_expert: int
    more: bool


class Snapshot(Message, tag="snapshot"):
    """The truth at `seq` for the interest set just set: forget what was known of lights and lines."""

    epoch: str
    seq: int
    at: int
    profiles: list[Profile]
    lights: list[Light]
    queues: list["Queue"]


class Lights(Message, tag="lights"):
    """Lights that changed, the latest state of each."""

    seq: int
    at: int
    lights: list[Light]


class LineChange(Message, tag="line"):
    """One broadcast for all who stand in the line of `expert`: which ordinals came and which went.

    `moved` holds pairs of an old and a new ordinal (an operator moved a ticket). What left and moved goes first, then
    what joined comes: an ordinal may be given again.
    """

    seq: int
    at: int
    expert: str
    joined: list[int]
    left: list[int]
    moved: list[tuple[int, int]]
    length: int


class Queue(Message, tag="queue"):
    """The whole line of `expert`, for the expert and operators."""

    seq: int
    at: int
    expert: str
    waiters: list[Waiter]


class QueueChange(Message, tag="queue_change"):
    """Tickets of the line of `expert` that changed or (by id) are gone from it."""

    seq: int
    at: int
    expert: str
    changed: list[Waiter]
    gone: list[str]


class MyTicket(Message, tag="my_ticket"):
    """A user's own ticket, whole, whenever it changed and after every snapshot. `ticket` is "" when there is none.

    `reason` says why the last change came (`joined`, `passed_not_ready`, `expert_missed` ...).
    """

    seq: int
    at: int
    ticket: str
    state: TicketState
    mode: Mode
    joined_at: int
    paused_until: int
    pause_reason: PauseReason
    reason: str
    places: list[LinePlace]


class Forecast(Message, tag="forecast"):
    """The wait at each place of the line of `expert`, first place first; the last entry is for who would join now."""

    at: int
    expert: str
    places: list[PlaceForecast]


class Offer(Message, tag="offer"):
    """An offer to this side. `mine`/`theirs` say who has accepted; `reason` why it ended.

    `partner` is the other side's display name. A user with `mine` false is asked to confirm before `ready_until`.
    """

    seq: int
    at: int
    offer: str
    side: Side
    expert: str
    ticket: str
    partner: str
    mode: Mode
    state: OfferState
    mine: bool
    theirs: bool
    ring_until: int
    ready_until: int
    joined_at: int
    reason: str


class Session(Message, tag="session"):
    """A session of this side. `mine`/`theirs`: that side is connected. Until `gone_until` a lost side may come back."""

    seq: int
    at: int
    session: str
    side: Side
    expert: str
    partner: str
    mode: Mode
    state: SessionState
    matched_at: int
    live_at: int
    ended_at: int
    cap_until: int
    mine: bool
    theirs: bool
    gone_until: int
    reason: str
    ended_by: str


class SessionInfo(Message, tag="session_info"):
    """A session as operators see it."""

    seq: int
    at: int
    session: str
    expert: str
    user: str
    name: str
    mode: Mode
    state: SessionState
    matched_at: int
    live_at: int
    ended_at: int
    reason: str


class Said(Message, tag="said"):
    seq: int
    session: str
    line: ChatLine


class TypingNow(Message, tag="typing_now"):
    session: str
    side: Side


class DeliveredTo(Message, tag="delivered_to"):
    """`side` has seen everything up to message `n`."""

    session: str
    side: Side
    n: int


class Signalled(Message, tag="signalled"):
    session: str
    kind: SignalKind
    data: str


class Notice(Message, tag="notice"):
    """What this person should be told in words: `code` is a catalogue key (`missed_offer`, `forced_status`, ...)."""

    code: str
    at: int
    detail: str = ""
    expert: str = ""


class Beat(Message, tag="beat"):
    """Still here. `confirmed_at`: when the store last confirmed this process's view."""

    at: int
    seq: int
    confirmed_at: int


class SignedOut(Message, tag="signed_out"):
    """The sign-in ended (expired or taken back): the page goes on as a guest."""

    reason: str


ServerMessage = (
    Welcome | Ok | Refused | Joined | HistoryPage | Snapshot | Lights | LineChange | Queue | QueueChange | MyTicket
    | Forecast | Offer | Session | SessionInfo | Said | TypingNow | DeliveredTo | Signalled | Notice | Beat | SignedOut
)  # fmt: skip

__all__ = ["UNSET", "ClientMessage", "ServerMessage", "UnsetType"]
