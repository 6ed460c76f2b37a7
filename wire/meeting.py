"""What two who meet are told: the offer, the session, and what is said in it."""

from wire.calls import TransferOffer
from wire.fields import (
    ChatLine,
    LegState,
    MediaPath,
    Message,
    Mode,
    OfferState,
    Recording,
    SessionState,
    Side,
    SignalKind,
)


class Offer(Message, tag="offer"):
    """An offer to this side. `mine`/`theirs` say who has accepted; `reason` why it ended.

    `partner` is the other side's display name. A user with `mine` false is asked to confirm before `ready_until`;
    with `by_phone` their telephone rings, and picking it up confirms.
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
    by_phone: bool


class Session(Message, tag="session"):
    """A session of this side. `mine`/`theirs`: that side is connected. Until `gone_until` a lost side may come back.

    `my_leg` and `their_leg` are the telephones of a session by phone. `transfer` is where the expert would like to hand
    the session over to, and `went_to` where it went when it ended so.
    """

    seq: int
    at: int
    session: str
    side: Side
    expert: str
    user: str
    """Told to the expert only."""
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
    path: MediaPath
    my_leg: LegState
    their_leg: LegState
    recording: Recording
    transfer: TransferOffer | None
    went_to: str


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
