"""What one page is told beside the changes: what it looks at, whole, its member's own affairs, and what it missed."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from ground.clock import Clock
from ground.errors import Refusal
from server import views
from server.catalogue import Page
from server.changes import Change
from server.connection import Connection
from server.fanout import LivePool
from server.forecasts import Forecasts
from server.hub import Hub
from server.outbox import SOFT_BYTES
from server.translate import LIGHTS, OPERATORS, forecast_topic, light_topic, line_topic, person_topic, queue_topic
from wire import messages
from wire.messages import ServerMessage, Side, Watch

WATCH_EXPERTS: Final = 1000
"""The most lights that one page follows."""
UNKNOWN_EXPERTS: Final = 20
"""Names that the pool does not know (yet) which a page may follow all the same."""
WATCH_FORECASTS: Final = 20
"""Of so many of the experts that a page names it is also told how long it takes."""
WAITERS_AT_ONCE: Final = 500
"""Waiters in one frame of a snapshot."""
ROOM_S: Final = 0.02
Wallet = Callable[[LivePool, str], None]
"""Tells a user's pages, soon, what their balance is: the books have to be asked."""


def no_wallet(_live: LivePool, _user: str) -> None:
    """Where nothing is charged."""


@dataclass(slots=True)
class View:
    """What one connection looks at. `since` is where it left off before it came back, -1 when it starts afresh."""

    live: LivePool
    page: Page
    forecasts: Forecasts
    since: int
    watch: Watch | None = None
    topics: set[str] = field(default_factory=set)


class Pages:
    """Tells single connections; what all are told goes through the hub."""

    def __init__(self, hub: Hub, clock: Clock, wallet: Wallet) -> None:
        self._hub = hub
        self._clock = clock
        self.wallet = wallet

    def enter(self, conn: Connection, view: View) -> None:
        """The connection signed in: from now on it hears what concerns its member."""
        conn.view = view
        view.live.enter(conn)
        if conn.role == "operator":
            self._hub.subscribe(conn.sink, view.live.topic(OPERATORS))
        elif conn.member:
            self._hub.subscribe(conn.sink, view.live.topic(person_topic(conn.role, conn.member)))

    async def watch(self, conn: Connection, watch: Watch) -> None:
        """Follow the interest set `watch` instead of the one before, and tell its present state.

        Raises Refusal (`not_allowed`) for lines that are not this member's to see in detail.
        """
        view: View = conn.view
        if (
            watch.lines
            and conn.role != "operator"
            and set(watch.lines) != {conn.member if conn.role == "expert" else ""}
        ):
            raise Refusal("not_allowed", "lines")
        self._follow(conn, view, watch)
        since, view.since = view.since, -1
        if since >= 0:
            self._missed(conn, view, since)
            self._own(conn, view)
        else:
            await self.snapshot(conn)

    def _follow(self, conn: Connection, view: View, watch: Watch) -> None:
        known = view.live.mirror.experts
        strangers = [expert for expert in watch.experts if expert not in known][:UNKNOWN_EXPERTS]
        lights = [light_topic(expert) for expert in [*known.keys() & set(watch.experts), *strangers]]
        lines = [queue_topic(expert) for expert in watch.lines if expert in known or expert == conn.member]
        forecasts = [forecast_topic(expert) for expert in _forecast(view, watch)]
        topics = {*([LIGHTS] if watch.all else lights), *lines, *forecasts}
        for topic in topics - view.topics:
            self._hub.subscribe(conn.sink, view.live.topic(topic))
        for topic in view.topics - topics:
            self._hub.unsubscribe(conn.sink, view.live.topic(topic))
        view.watch, view.topics = watch, topics

    async def snapshot(self, conn: Connection) -> None:
        """The whole truth of the interest set and the member's own affairs."""
        view: View = conn.view
        mirror = view.live.mirror
        watch = view.watch
        if watch is None:
            return
        queues = [views.queue(mirror, expert) for expert in watch.lines if expert in mirror.experts]
        first = _fitting(queues)
        self._tell(conn, self._truth(view, watch, queues[:first]))
        self._own(conn, view)
        for queue in queues[first:]:
            await self._room(conn)
            self._tell(conn, views.queue(mirror, queue.expert))

    def _truth(self, view: View, watch: Watch, queues: list[messages.Queue]) -> messages.Snapshot:
        mirror, page = view.live.mirror, view.page
        wanted = [*page.profiles][:WATCH_EXPERTS] if watch.all else watch.experts
        shown = dict.fromkeys([*wanted, *watch.lines])
        return messages.Snapshot(
            epoch=mirror.epoch,
            seq=mirror.seq,
            at=mirror.at,
            profiles=[page.profiles[expert] for expert in shown if expert in page.profiles],
            lights=[views.light(mirror, mirror.experts[expert]) for expert in shown if expert in mirror.experts],
            queues=queues,
        )

    def _own(self, conn: Connection, view: View) -> None:
        """The member's own affairs, then a beat: what was not named until then is over."""
        live, mirror = view.live, view.live.mirror
        if conn.role == "operator":
            for facts in mirror.sessions.values():
                self._tell(conn, views.session_info(mirror, facts))
        elif conn.role in ("user", "expert") and conn.member:
            self._side(conn, view, "user" if conn.role == "user" else "expert")
        watch = view.watch or Watch(id=0)
        lines = [expert for expert in watch.lines if mirror.length(expert)]
        for expert in dict.fromkeys([*lines, *_forecast(view, watch)]):
            self._tell(conn, view.forecasts.line(expert))
        self._tell(conn, self.beat(live))

    def _side(self, conn: Connection, view: View, side: Side) -> None:
        mirror = view.live.mirror
        if side == "user":
            ticket = mirror.ticket_of(conn.member)
            self._follow_lines(conn, view, [expert for expert, _ in ticket.lines] if ticket else [])
            self._tell(conn, views.my_ticket(mirror, ticket))
            for expert, _ordinal in ticket.lines if ticket else ():
                self._tell(conn, view.forecasts.line(expert))
        if side == "expert" and (facts := mirror.experts.get(conn.member)):
            self._tell(conn, views.my_status(mirror, facts))
        if offer := mirror.offer_of(side, conn.member):
            self._tell(conn, views.offer(mirror, offer, side, view.page.name))
        if session := mirror.session_of(side, conn.member):
            self._tell(conn, views.session(mirror, session, side, view.page.name))
            if session.rate:
                self._tell(conn, views.meter(mirror, session, side, view.page.pool.options.currency))
        if side == "user":
            self.wallet(view.live, conn.member)

    def _follow_lines(self, conn: Connection, view: View, experts: list[str]) -> None:
        """Hear of exactly the lines that one stands in."""
        prefix = view.live.topic(line_topic(""))
        wanted = {view.live.topic(line_topic(expert)) for expert in experts}
        heard = {topic for topic in self._hub.topics(conn.sink) if topic.startswith(prefix)}
        for topic in wanted - heard:
            self._hub.subscribe(conn.sink, topic)
        for topic in heard - wanted:
            self._hub.unsubscribe(conn.sink, topic)

    def _missed(self, conn: Connection, view: View, since: int) -> None:
        """What its topics were told after `since`, the latest of each."""
        person = {OPERATORS} if conn.role == "operator" else {person_topic(conn.role, conn.member)}
        changes = view.live.since(since, view.topics | person)
        for message in Change.batch(changes):
            self._tell(conn, message)

    def beat(self, live: LivePool) -> messages.Beat:
        """This process is here, and when the store last confirmed its view."""
        return messages.Beat(at=self._clock.now_ms(), seq=live.mirror.seq, confirmed_at=live.confirmed_at)

    def _tell(self, conn: Connection, message: ServerMessage) -> None:
        self._hub.send(conn.sink, message)

    async def _room(self, conn: Connection) -> None:
        """Wait until the reader has taken most of what was sent; the caller's deadline ends the wait."""
        while conn.sink.transport.get_write_buffer_size() > SOFT_BYTES:  # noqa: ASYNC110 - only its protocol is told
            await asyncio.sleep(ROOM_S)


def _forecast(view: View, watch: Watch) -> list[str]:
    """The named experts whose forecast the page is told."""
    known = view.live.mirror.experts
    return [expert for expert in dict.fromkeys(watch.experts) if expert in known][:WATCH_FORECASTS]


def _fitting(queues: list[messages.Queue]) -> int:
    """How many of `queues` go into one frame."""
    room = WAITERS_AT_ONCE
    for number, queue in enumerate(queues):
        room -= len(queue.waiters)
        if room < 0:
            return number
    return len(queues)
