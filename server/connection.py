"""What one socket says and may say, without any input or output: bytes in, a message to run or a refusal out.

A connection is `opening` until its hello was accepted, then `signed_in`, then `closing`. The shell
(`server/socket.py`) feeds frames, runs what `receive` and `authorise` let through, and writes what they answer.
"""

from typing import Any, Final, Literal, NamedTuple, cast

from ground.errors import Refusal, StoreUnavailable
from ground.ids import new_id
from identity.roles import may
from identity.tokens import Member
from server.limits import Bounds, Bucket, Buckets
from server.origins import Came
from wire.codec import BadMessage, Codec
from wire.codes import CLOSES, CloseCode
from wire.messages import ClientMessage, Find, Hello, Refused, Request, Role

State = Literal["opening", "signed_in", "closing"]
COSTS: Final[dict[type, int]] = {Find: 4}
"""Messages that count as so many: a search is work."""


class Who(NamedTuple):
    """Whom a token or a cookie stands for. `expires_at` in ms since 1970; 0: a guest, who has nothing to lose.
    `sign_in` is the cookie's, "" for a token."""

    role: Role
    member: str
    name: str
    expires_at: int
    sign_in: str = ""


class Stop(NamedTuple):
    """Answer `reply`, if any, and close."""

    close: CloseCode
    reply: Refused | None = None


class Connection:
    """The protocol's state of one socket. `view` belongs to the commands: what this page looks at. `heard` is when its
    last byte came, in the loop's seconds."""

    __slots__ = (
        "_bad",
        "_bounds",
        "_bucket",
        "_codec",
        "_refused",
        "address",
        "cookies",
        "expires_at",
        "heard",
        "id",
        "member",
        "name",
        "pool",
        "role",
        "secure",
        "sign_in_id",
        "sink",
        "state",
        "view",
        "wants",
    )

    def __init__(
        self, codec: Codec, bounds: Bounds, came: Came, wants: tuple[Member, ...], cookies: str, now: float
    ) -> None:
        self.id = new_id("c")
        self.address = came.network
        self.secure = came.secure
        self.wants = wants
        self.cookies = cookies
        self.pool = ""
        self.role: Role = "guest"
        self.member = ""
        self.name = ""
        self.expires_at = 0
        self.heard = now
        self.sign_in_id = ""
        self.state: State = "opening"
        self.sink: Any = None
        self.view: Any = None
        self._codec = codec
        self._bounds = bounds
        self._bucket = Bucket(bounds.per_connection, now)
        self._bad: list[float] | None = None
        self._refused = 0

    @property
    def key(self) -> str:
        """What counts as one member for limits; "" for guests, who are counted by address."""
        return member_key(self.pool, self.role, self.member) if self.member else ""

    def receive(self, frame: bytes | str, now: float, members: Buckets) -> ClientMessage | Refused | Stop:
        """What one whole frame asks for: a message to queue, a refusal to send, or the end. `now` in seconds."""
        try:
            message = self._codec.decode(frame)
        except BadMessage as bad:
            return self._count_bad(Refused(id=bad.id, code=bad.code, detail=bad.detail), now)
        cost = COSTS.get(type(message), 1)
        wait = self._bucket.take(self._bounds.per_connection, now, cost)
        if not wait and self.member:
            wait = members.take(self.key, now, cost)
        if wait:
            return self._too_fast(message, wait)
        return message

    def authorise(self, message: ClientMessage, now: float) -> Refused | Stop | None:
        """None when this connection may send `message` now. Asked when the message's turn has come, so that what
        was sent right behind the hello counts as sent after it."""
        if self.state == "opening":
            if isinstance(message, Hello):
                return None
            return Stop(CLOSES["bad_messages"], Refused(id=message.id, code="bad_message", detail="hello"))
        if isinstance(message, Hello):
            return self._count_bad(Refused(id=message.id, code="bad_message", detail="hello"), now)
        if not may(self.role, tag_of(message)):
            return Refused(id=message.id, code="not_signed_in" if self.role == "guest" else "not_allowed")
        return None

    def sign_in(self, pool: str, who: Who) -> None:
        """The hello was accepted."""
        self.pool = pool
        self.role, self.member, self.name, self.expires_at, self.sign_in_id = who
        self.state = "signed_in"
        self.cookies = ""

    def expired(self, now_ms: int) -> bool:
        return 0 < self.expires_at <= now_ms and self.state == "signed_in"

    def _count_bad(self, reply: Refused, now: float) -> Refused | Stop:
        recent = [at for at in self._bad or () if now - at < self._bounds.bad_window_s]
        recent.append(now)
        self._bad = recent
        if len(recent) >= self._bounds.bad_messages or self.state == "opening":
            return Stop(CLOSES["bad_messages"], reply)
        return reply

    def _too_fast(self, message: Request, wait: float) -> Refused | Stop:
        self._refused += 1
        reply = Refused(id=message.id, code="rate_limited", retry_after_ms=int(wait * 1000) + 1)
        if self._refused >= self._bounds.refusals_before_close:
            return Stop(CLOSES["flooding"], reply)
        return reply


_REFUSED_HELLO: Final = {name: CLOSES[name] for name in ("bad_token", "blocked", "no_such_pool", "store_unavailable")}


def refusal_of(error: Exception, request: int, trace: str) -> Refused:
    """What a client may know of a failed command: its name, never what is inside. `trace` finds it in the log."""
    if isinstance(error, Refusal):
        return Refused(id=request, code=error.code, detail=error.detail)
    if isinstance(error, StoreUnavailable | TimeoutError):
        return Refused(id=request, code="store_unavailable", retry_after_ms=1000)
    return Refused(id=request, code="internal", detail=trace)


def refused_hello(reply: Refused) -> Stop:
    """A hello that failed ends the connection: the page decides by the close code whether to come again."""
    return Stop(_REFUSED_HELLO.get(reply.code, CLOSES["overloaded"]), reply)


def member_key(pool: str, role: str, member: str) -> str:
    """One name for a member, across pools and roles."""
    return f"{pool}/{role}/{member}"


def tag_of(message: ClientMessage) -> str:
    """The message's name on the wire."""
    return cast(str, type(message).__struct_config__.tag)
