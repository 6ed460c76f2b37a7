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
Mode = Literal["chat", "audio", "phone"]
Status = Literal["online", "away", "offline"]
Indicator = Literal["free", "ringing", "busy", "wrap-up", "away", "closed", "offline"]
Side = Literal["user", "expert"]
Role = Literal["guest", "user", "expert", "operator"]
TicketState = Literal["waiting", "offered", "matched", "in_session", "done"]
PauseReason = Literal["", "stepped_away", "not_ready", "balance_too_low"]
OfferState = Literal["ringing", "matched", "declined", "missed", "not_ready", "withdrawn"]
SessionState = Literal["connecting", "live", "ended"]
MediaPath = Literal["", "direct", "bridged"]
"""How audio flows: between the browsers, or through our media server; "" for chat."""
LegState = Literal["", "calling", "ringing", "answered", "busy", "no_answer", "declined", "failed", "hung_up"]
"""How one side's telephone stands; "" where that side has none in the session."""
Recording = Literal["off", "asked", "wanted", "on"]
"""`asked`: the other side would like to record; `wanted`: this side has asked."""
SignalKind = Literal["description", "candidate", "restart", "mute", "bye"]
Email = Annotated[str, Meta(max_length=254, pattern=r"^([^\x00-\x20\x7f@]{1,64}@[^\x00-\x20\x7f@]{1,250})?$(?!\n)")]
"""The shape of an address, or "" where there may be none; whether it is one is for `mail/` to say."""
Letters = Annotated[str, Meta(max_length=100, pattern=r"^[^\x00-\x1f\x7f]*$(?!\n)")]
"""One line of text, such as a name."""
Language = Annotated[str, Meta(max_length=35, pattern=r"^([A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3})?$(?!\n)")]
Stars = Annotated[int, Meta(ge=1, le=5)]
Amount = Annotated[int, Meta(ge=1, le=10**12)]
Rate = Annotated[int, Meta(ge=0, le=10**12)]
ShownRate = Annotated[int, Meta(ge=-1, le=10**12)]
"""Money in minor units of the pool's currency."""
ReturnTo = Literal["panel", "account", "session"]
"""Where a payment's page leads back to: names, which the server turns into addresses of its own."""
BillOutcome = Literal["charged", "short", "free", "unpaid"]
"""`short`: thirty seconds or less; `free`: within the free minutes; `unpaid`: nothing was set aside for it."""
FindSort = Literal["best", "wait", "rating", "rate", "name"]
MatchSource = Literal["name", "headline", "expertise", "biography", "chats"]
Outlook = Literal["", "likely", "unsure", "unlikely"]
"""Whether who waits will be served before the hours end; "" when there is no end near."""


class Message(Struct, forbid_unknown_fields=True, kw_only=True, tag_field="t", omit_defaults=False):
    """What all messages share: the field `t`."""


class Request(Message, kw_only=True):
    """From the client. `id` numbers the request on this connection; the answer carries it."""

    id: Annotated[int, Meta(ge=0, le=2**31)]


class Reply(Message, kw_only=True):
    """Answers the request `id`."""

    id: int


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
    feedback_after_s: float
    """A session shorter than this is too short for feedback."""
    currency: str
    """Of the rates: an ISO 4217 code."""
    prepaid: bool
    """Rates are charged from a balance; where not, everything is free and no rate is shown."""
    visitors: bool
    """Somebody without an account may join a line."""
    categories: list[str]
    """The pool's tree as paths ("Money/Taxes"), in the order in which to show them."""
    phone_regions: list[str]
    """Countries (ISO 3166) whose numbers sessions by telephone reach; empty where there are none."""
    verify_numbers: bool
    """A number has to be confirmed by a code before it is called."""
    recording: bool
    """Audio and phone may be recorded, when both sides allow it."""
    file_max_bytes: int
    """The largest file in a chat; 0 where there are none."""
    file_types: list[str]
    """Media types of files that a chat takes."""


class IceServer(Part):
    """A STUN or TURN server for audio, as RTCPeerConnection takes it. TURN needs a name and a credential."""

    urls: list[str]
    username: str
    credential: str


class ModeRate(Part):
    """Minor units of the pool's currency for a minute in this mode; 0 is free."""

    mode: Mode
    rate: int


class Profile(Part):
    """What everybody may know of an expert."""

    expert: str
    name: str
    headline: str
    categories: list[str]
    languages: list[str]
    modes: list[Mode]
    photo: str
    """The path of the photo's middle size below the server, or ""; `?size=small` and `?size=large` are the others."""
    started_on: str
    """ISO date, or ""."""
    rate: int
    """The lowest of `rates`."""
    rates: list[ModeRate]
    """For each mode offered, in the order of `modes`."""
    stars: float
    """The Bayesian mean of the feedback, 1 to 5; 0 without any."""
    ratings: int
    sessions: int
    """Sessions that counted."""


class Light(Part):
    """One expert's indicator. `since` when it began; `until` when it is known to end (opening time, wrap-up), or 0.

    `closes` is when the present opening ends: 0 when closed, or never."""

    expert: str
    indicator: Indicator
    since: int
    until: int
    closes: int
    reason: str
    waiting: int


class LinePlace(Part):
    """One's place in one line: my ordinal and the ordinals ahead of me; what leaves is told by `line`."""

    expert: str
    ordinal: int
    ahead: list[int]
    length: int
    rate: int
    """Locked when the place was taken: minor units for a minute; 0 is free."""


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
    call_me: bool
    lines: list[str]


class PlaceForecast(Part):
    """Seconds from `at`. `bound` is the longest that it can take with what those ahead have paid for; -1 where nothing
    bounds it."""

    p50: float
    p80: float
    bound: float


class SharedFile(Part):
    """A file of a chat. Pixels are 0 for what is no picture."""

    file: str
    name: str
    type: str
    size: int
    width: int
    height: int


class ChatLine(Part):
    """One message. `edited_at` is 0 unless its words were changed; one that was taken back has no words."""

    n: int
    side: Side
    text: str
    at: int
    op: str
    edited_at: int = 0
    unsaid: bool = False
    file: SharedFile | None = None


class MatchedWord(Part):
    """A word of the question that was found with an expert, and where: `chats` are answered chats of the past, of
    which nothing else is ever shown."""

    word: str
    source: MatchSource


class FoundExpert(Part):
    """One line of a search's answer. `wait` is for who would join now, -1 throughout when nobody can; `why` is empty
    when nothing was asked."""

    profile: Profile
    light: Light
    wait: PlaceForecast
    why: list[MatchedWord]


class FeedbackItem(Part):
    """What a user said of a session. Whose it is, is nobody's business. `hidden_reason` is for operators only.

    `label`: "" for feedback of a user, `operator` for a testimonial that an operator entered.
    """

    feedback: str
    stars: int
    text: str
    at: int
    answer: str
    answered_at: int
    pinned: bool
    label: Literal["", "operator"]
    hidden: bool
    hidden_reason: str


class Meeting(Part):
    """One session of two, for these two only. `seconds` it was live; `stars` that the user gave, or 0."""

    session: str
    mode: Mode
    at: int
    seconds: int
    stars: int


class Bill(Part):
    """What a session came to, for one side of it. Amounts in minor units of `currency`.

    `amount` = `credit` + `fee`. `balance` is this side's own: what a user may spend, what is owed to an expert.
    A user is not told fee and credit (0).
    """

    session: str
    side: Side
    partner: str
    outcome: BillOutcome
    ms: int
    """How long both sides were connected."""
    rate: int
    free_ms: int
    amount: int
    fee: int
    credit: int
    balance: int
    currency: str
    ended_at: int
