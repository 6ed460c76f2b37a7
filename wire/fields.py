"""What messages are made of: the kinds of fields, and the records inside messages."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

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


class IceServer(Part):
    """A STUN or TURN server for audio, as RTCPeerConnection takes it. TURN needs a name and a credential."""

    urls: list[str]
    username: str
    credential: str


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
