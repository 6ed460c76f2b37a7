"""Every message of the socket, declared once: requests in `wire/requests.py`, what the server sends here.

A message is a map with its name in the field `t`. Unknown names and unknown fields are refused.
Times are milliseconds since 1970 (UTC, the store's clock); durations are named with their unit.
The JSON Schema, the AsyncAPI document and the TypeScript types are made from here alone
(`openline schema`). Optional text is "" and an optional time is 0, so that every field is always there.
"""

from wire.calls import (
    AnswerOn,
    AnswersOn,
    AnswerTransfer,
    CallMe,
    CodeCall,
    ConfirmNumber,
    ForgetNumber,
    Ice,
    IceOf,
    MediaAnswer,
    MediaMoved,
    MediaOffer,
    MyNumber,
    NumberPage,
    ProposeTransfer,
    Record,
    SetNumber,
    TransferOffer,
    VerifyNumber,
)
from wire.chat import (
    Acquaintances,
    DropReply,
    Edit,
    Fetch,
    FileOf,
    FilePlace,
    KeepNote,
    KeepReply,
    LastMet,
    Met,
    Note,
    NoteOn,
    RecordingOf,
    Replies,
    SavedReplies,
    SavedReply,
    Share,
    TranscriptOf,
    Unsay,
)
from wire.fields import (
    Bill,
    BillOutcome,
    ChatLine,
    FeedbackItem,
    FoundExpert,
    GivenReason,
    IceServer,
    Id,
    Indicator,
    LegState,
    Light,
    LinePlace,
    MatchedWord,
    MatchSource,
    MaybeId,
    MediaPath,
    Meeting,
    Message,
    Mode,
    ModeRate,
    OfferState,
    Op,
    Outlook,
    Part,
    PauseReason,
    PlaceForecast,
    PoolRules,
    Profile,
    Reason,
    Recording,
    Reply,
    Request,
    ReturnTo,
    Role,
    Seq,
    SessionState,
    SharedFile,
    Side,
    SignalKind,
    Status,
    Text,
    TicketState,
    Waiter,
)
from wire.meeting import (
    DeliveredTo,
    Offer,
    Said,
    Session,
    SessionInfo,
    Signalled,
    TypingNow,
)
from wire.money import Billed, BillPage, DepositPage, Meter, Quoted, Wallet
from wire.people import AboutExpert, FeedbackPage, Found, ProfileNews, UserHistory
from wire.requests import (
    About,
    AboutUser,
    Accept,
    AnswerFeedback,
    BillOf,
    ClientMessage,
    ComeBack,
    Connect,
    Connected,
    Declare,
    Decline,
    Delivered,
    Deposit,
    End,
    EndSession,
    FeedbackOf,
    Find,
    FinishWrapUp,
    Force,
    GiveFeedback,
    Hello,
    HideFeedback,
    History,
    Join,
    Leave,
    LeaveMessage,
    Move,
    OpenFor,
    Ping,
    Quote,
    Remove,
    Say,
    Signal,
    StepAway,
    Switch,
    TellMe,
    Typing,
    Watch,
)


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
    ice: list[IceServer]


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
    call_me: bool
    """The user's phone rings when it is their turn; at no line that costs more than `agreed`."""
    agreed: int
    """The highest rate, in minor units a minute, that the user has said yes to."""


class MyStatus(Message, tag="my_status"):
    """What an expert themself has declared, whatever their light shows now."""

    seq: int
    at: int
    expert: str
    declared: Status
    reason: str
    open_until: int
    """The end of "available now for", or 0."""


class Forecast(Message, tag="forecast"):
    """The wait at each place of the line of `expert`, first place first; the last entry is for who would join now."""

    at: int
    expert: str
    places: list[PlaceForecast]
    outlooks: list[Outlook]
    """For each place, when the expert's hours end soon: whether who stands there will be served before."""


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
    | MyStatus | Forecast | Offer | Session | SessionInfo | Said | TypingNow | DeliveredTo | Signalled | Notice | Beat
    | SignedOut | Found | AboutExpert | UserHistory | FeedbackPage | ProfileNews | Quoted | DepositPage | BillPage
    | Wallet | Meter | Billed | MediaAnswer | MediaMoved | NumberPage | Fetch | SavedReplies | Note | Acquaintances
    | Ice
)  # fmt: skip

__all__ = [
    "About", "AboutExpert", "AboutUser", "Accept", "Acquaintances", "AnswerFeedback", "AnswerOn",
    "AnswerTransfer", "AnswersOn", "Beat", "Bill", "BillOf", "BillOutcome", "BillPage", "Billed", "CallMe",
    "ChatLine", "ClientMessage", "CodeCall", "ComeBack", "ConfirmNumber", "Connect", "Connected", "Declare", "Decline",
    "Delivered", "DeliveredTo", "Deposit", "DepositPage", "DropReply", "Edit", "End", "EndSession",
    "FeedbackItem", "FeedbackOf", "FeedbackPage", "Fetch", "FileOf", "FilePlace", "Find", "FinishWrapUp",
    "Force", "Forecast", "ForgetNumber", "Found", "FoundExpert", "GiveFeedback", "GivenReason", "Hello",
    "HideFeedback", "History", "HistoryPage", "Ice", "IceOf", "IceServer", "Id", "Indicator",
    "Join", "Joined", "KeepNote", "KeepReply", "LastMet", "Leave", "LeaveMessage", "LegState", "Light",
    "Lights", "LineChange", "LinePlace", "MatchSource", "MatchedWord", "MaybeId", "MediaAnswer",
    "MediaMoved", "MediaOffer", "MediaPath", "Meeting", "Message", "Met", "Meter", "Mode",
    "ModeRate", "Move", "MyNumber", "MyStatus", "MyTicket", "Note", "NoteOn", "Notice", "NumberPage", "Offer",
    "OfferState", "Ok", "Op", "OpenFor", "Outlook", "Part", "PauseReason", "Ping", "PlaceForecast", "PoolRules",
    "Profile", "ProfileNews", "ProposeTransfer", "Queue", "QueueChange", "Quote", "Quoted", "Reason", "Record",
    "Recording", "RecordingOf", "Refused", "Remove", "Replies", "Reply", "Request", "ReturnTo", "Role", "Said",
    "SavedReplies", "SavedReply", "Say", "Seq", "ServerMessage", "Session", "SessionInfo", "SessionState",
    "SetNumber", "Share", "SharedFile", "Side", "Signal", "SignalKind", "Signalled", "SignedOut", "Snapshot",
    "Status", "StepAway", "Switch", "TellMe", "Text", "TicketState", "TranscriptOf", "TransferOffer", "Typing",
    "TypingNow", "Unsay", "UserHistory", "VerifyNumber", "Waiter", "Wallet", "Watch", "Welcome",
]  # fmt: skip
