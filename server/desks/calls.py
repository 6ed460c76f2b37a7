"""Audio: where a page's peer connection leads to, and whether a session is recorded."""

import hashlib
from collections.abc import Callable
from typing import Final

from ground.clock import Clock
from ground.errors import Refusal
from queueing.facts import SessionFacts
from queueing.media import Media
from server.bridging import Bridging
from server.connection import Connection
from server.desks.desk import Handlers
from server.limits import Buckets, Rate
from server.pages import View
from sessions.turn import TurnServers, credentials
from wire import messages
from wire.messages import IceServer

OFFERS: Final = Rate(8, 0.2)
"""How often one member may offer: a new peer connection at once, and again when networks come and go."""
TESTS: Final = Rate(2, 1 / 30)
ADDRESSES: Final = Rate(12, 0.4)
SOON: Final = 2
"""The place in a line from which on the way to the media server may be tried."""
OwnIce = Callable[[Connection], list[IceServer]]


class CallsDesk:
    """Answers `media_offer`, `ice_of` and `record`. `turn` is where TURN is, None where there is none; `ice` are the
    servers that need no credentials of a call's own."""

    def __init__(
        self, bridging: Bridging, media: Media, turn: TurnServers | None, ice: OwnIce, clock: Clock,
        seconds: Callable[[], float],
    ) -> None:  # fmt: skip
        self._bridging = bridging
        self._media = media
        self._turn = turn
        self._ice = ice
        self._clock = clock
        self._seconds = seconds
        self._offers, self._tests, self._addresses = Buckets(OFFERS), Buckets(TESTS), Buckets(ADDRESSES)

    def handlers(self) -> Handlers:
        return {messages.MediaOffer: self._offer, messages.IceOf: self._ice_of, messages.Record: self._record}

    # ------------------------------------------------------------ the way of the sound

    async def _offer(self, conn: Connection, ask: messages.MediaOffer) -> messages.MediaAnswer:
        if not ask.session:
            may_test(conn)
            self._spend(self._tests, conn)
            answer = await self._bridging.probe(ask.peer, ask.sdp)
        else:
            facts = session_of(conn, ask.session)
            if not comes_by_browser(facts, side_of(conn)):
                raise Refusal("not_bridged", ask.session)
            self._spend(self._offers, conn)
            answer = await self._bridging.offer(conn.pool, facts, side_of(conn), ask.peer, ask.sdp)
        return messages.MediaAnswer(id=ask.id, session=ask.session, peer=ask.peer, worker=answer.worker, sdp=answer.sdp)

    async def _ice_of(self, conn: Connection, ask: messages.IceOf) -> messages.Ice:
        """TURN is for those two who are in a session, or soon will be."""
        if ask.session:
            session_of(conn, ask.session)
        else:
            may_test(conn)
        self._spend(self._addresses, conn)
        servers, until = list(self._ice(conn)), 0
        if self._turn is not None:
            call, now = ask.session or _test_of(conn), self._clock.now_ms()
            access = credentials(self._turn, conn.pool, call, side_of(conn), now_ms=now)
            servers.append(IceServer(urls=list(access.urls), username=access.username, credential=access.credential))
            until = access.until_ms
        return messages.Ice(id=ask.id, session=ask.session, servers=servers, until=until)

    def _spend(self, rates: Buckets, conn: Connection) -> None:
        now = self._seconds()
        rates.sweep(now, 10)
        if rates.take(conn.key, now):
            raise Refusal("rate_limited")

    # ------------------------------------------------------------ recording

    async def _record(self, conn: Connection, ask: messages.Record) -> messages.Ok:
        facts = session_of(conn, ask.session)
        view: View = conn.view
        if ask.on and not view.page.pool.options.recording:
            raise Refusal("not_recorded")
        answer = await self._media.record(conn.pool, facts.session, side_of(conn), conn.member, on=ask.on, op=ask.op)
        return messages.Ok(id=ask.id, seq=answer["seq"])


def _test_of(conn: Connection) -> str:
    """What a member's tests are called: the same however many, for coturn counts allocations by it. It names nobody."""
    return f"test-{hashlib.blake2b(conn.key.encode(), digest_size=8).hexdigest()}"


def side_of(conn: Connection) -> messages.Side:
    """The side on which somebody is in sessions: only users and experts get here (`identity.roles`)."""
    return "expert" if conn.role == "expert" else "user"


def comes_by_browser(facts: SessionFacts, side: messages.Side) -> bool:
    """Whether a side's sound goes from its browser to a media worker: a telephone is not hung up by a page."""
    telephone = facts.mode == "phone" if side == "user" else facts.expert_by_phone
    return facts.path == "bridged" and not telephone


def session_of(conn: Connection, session: str) -> SessionFacts:
    """A session of one's own that is not over. Refuses no_such_session, session_over."""
    view: View = conn.view
    facts = view.live.mirror.session(session)
    if facts is None or conn.member != (facts.expert if conn.role == "expert" else facts.user):
        raise Refusal("no_such_session", session)
    if facts.state == "ended":
        raise Refusal("session_over", session)
    return facts


def may_test(conn: Connection) -> None:
    """An expert may, and a user whose turn comes soon. Refuses no_ticket."""
    if conn.role == "expert":
        return
    view: View = conn.view
    mirror = view.live.mirror
    ticket = mirror.ticket_of(conn.member)
    if ticket is None or ticket.mode == "chat":
        raise Refusal("no_ticket")
    if ticket.state == "waiting" and all(n not in mirror.ordinals(expert)[:SOON] for expert, n in ticket.lines):
        raise Refusal("no_ticket")
