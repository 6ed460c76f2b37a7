"""One reader per pool and process: the journal into the mirror, and what it means to everybody who watches.

A pool opens with its first connection and stays open. When the journal can't be followed any more (another epoch, a
gap that the stream no longer fills) the mirror is loaded afresh and every page is told the whole truth again.
"""

import asyncio
import random
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from typing import Any, Final, NamedTuple, Protocol

import structlog

from billing.facts import MoneyFacts
from directory.facts import ProfileChangedFacts
from ground.clock import Clock
from ground.errors import StoreUnavailable
from ground.journal import Entry, EpochLost, Journal
from identity.facts import SignedOutFacts
from queueing.facts import PoolSnapshot, SessionFacts, TicketFacts
from queueing.line import Line
from server.changes import Change, Whole
from server.connection import Connection
from server.hub import Hub
from server.mirror import Gap, Mirror, events_of
from server.translate import Told, Translator, line_topic
from server.views import Names
from sessions.facts import WhisperFacts
from wire import messages

RECENT: Final = 5_000
"""Entries kept for those who come back."""
MARGIN_MS: Final = 2_000
"""What was written this long before the last thing a page saw may still have been waiting to be written to it."""
BEAT_S: Final = 5.0
BEAT_SLICES: Final = 10
RETRY_S: Final = (0.1, 2.0)
RESNAPSHOTS_AT_ONCE: Final = 50
_log = structlog.get_logger("openline.fanout")

SignedOut = Callable[[str, str, str, str, str], None]
ProfileChanged = Callable[["LivePool", str], None]
Resnapshot = Callable[[Connection], Awaitable[None]]
OpenNames = Callable[[str], Awaitable[Names]]
"""Display names of a pool's experts. Raises Refusal (`no_such_pool`)."""


class Recent(NamedTuple):
    """What one entry told whom."""

    seq: int
    at: int
    told: Told


class Money(Protocol):
    """What a pool needs of `server.money_news.MoneyNews`."""

    def changed(self, live: "LivePool", facts: MoneyFacts) -> None: ...
    def ended(self, live: "LivePool", session: SessionFacts) -> None: ...


class NoMoney:
    """Where nothing is charged."""

    def changed(self, live: "LivePool", facts: MoneyFacts) -> None:
        """Nobody is told."""

    def ended(self, live: "LivePool", session: SessionFacts) -> None:
        """Nothing is settled."""


class LivePool:
    """One open pool: its mirror, its connections, and the tasks that keep both up to date."""

    def __init__(self, pool: str, mirror: Mirror, names: Names, parts: "Fanout") -> None:
        self.pool = pool
        self.mirror = mirror
        self.conns: dict[Connection, int] = {}
        self.recent: deque[Recent] = deque(maxlen=RECENT)
        self.confirmed_at = parts.clock.now_ms()
        self.listeners: list[Callable[[set[str]], None]] = []
        self.outlooks: Callable[[str], list[messages.Outlook]] = lambda _expert: []
        """For each place of a line, whether it is served before the hours end; the forecasts set it."""
        self._people: dict[tuple[str, str], set[Connection]] = {}
        self._translator = Translator(
            mirror,
            names,
            lambda expert: self.outlooks(expert),  # noqa: PLW0108 - set later
            lambda: parts.currency(pool),
        )
        self._hub = parts.hub
        self._journal = parts.journal
        self._line = parts.line
        self._clock = parts.clock
        self._signed_out = parts.signed_out
        self._profile_changed = parts.profile_changed
        self._money = parts.money
        self._moved = asyncio.Event()
        self._slice = 0

    # ------------------------------------------------------------ who is here

    def topic(self, name: str) -> str:
        """The hub serves all pools of a process: topics carry the pool's name."""
        return f"{self.pool}/{name}"

    def enter(self, conn: Connection) -> None:
        """A connection signed in."""
        self._slice = (self._slice + 1) % BEAT_SLICES
        self.conns[conn] = self._slice
        self._hub.subscribe(conn.sink, self.topic(f"beat:{self._slice}"))
        if conn.member:
            self._people.setdefault((conn.role, conn.member), set()).add(conn)

    def left(self, conn: Connection) -> None:
        self.conns.pop(conn, None)
        people = self._people.get((conn.role, conn.member))
        if people is not None:
            people.discard(conn)
            if not people:
                del self._people[conn.role, conn.member]

    def people(self, side: str, member: str) -> set[Connection]:
        """The connections of one member in this process."""
        return self._people.get((side, member), set())

    # ------------------------------------------------------------ what happened

    def take(self, entry: Entry) -> None:
        """One entry of the journal, or a whisper: into the mirror, and out to its audiences."""
        events = events_of(entry.events)
        self.confirmed_at = self._clock.now_ms()
        if entry.seq == 0:
            for event in events:
                if isinstance(event, WhisperFacts):
                    self.post(self._translator.whisper(event))
                elif isinstance(event, SignedOutFacts):
                    self._signed_out(self.pool, event.role, event.member, event.reason, event.sign_in)
                elif isinstance(event, ProfileChangedFacts):
                    self._profile_changed(self, event.expert)
                elif isinstance(event, MoneyFacts):
                    self._money.changed(self, event)
            return
        if entry.seq <= self.mirror.seq:
            return
        step = self.mirror.apply(entry.seq, entry.at, events)
        told = self._translator.translate(step)
        for before, after in step.tickets.values():
            was, now = before.lines if before else [], [] if after.state == "done" else after.lines
            if before and before.user != after.user:  # adopted: a visitor has become a user
                self._follow_lines(before.user, was, [])
                was = []
            self._follow_lines(after.user, was, now)
        self.recent.append(Recent(step.seq, step.at, told))
        self.post(told)
        for _before, session in step.sessions.values():
            if session.rate and session.state == "ended":
                self._money.ended(self, session)
        touched = {*step.experts, *(expert for pair in step.tickets.values() for expert in _lines_of(*pair))}
        touched |= {after.expert for _before, after in step.sessions.values()}  # who waits is bound by its clock
        for listener in self.listeners:
            listener(touched)
        self._moved.set()
        self._moved.clear()

    def post(self, told: Told) -> None:
        """Tell each audience what it is told."""
        for topic, change in told:
            self._hub.post(self.topic(topic), change)

    def _follow_lines(self, user: str, was: list[tuple[str, int]], now: list[tuple[str, int]]) -> None:
        """Whoever stands in a line hears of its changes, on every page."""
        before, after = {expert for expert, _ in was}, {expert for expert, _ in now}
        for conn in self.people("user", user):
            for expert in after - before:
                self._hub.subscribe(conn.sink, self.topic(line_topic(expert)))
            for expert in before - after:
                self._hub.unsubscribe(conn.sink, self.topic(line_topic(expert)))

    async def reached(self, epoch: str, seq: int, timeout_s: float) -> bool:
        """Wait until the mirror knows entry `seq` of `epoch`; False when it does not in time."""
        try:
            async with asyncio.timeout(timeout_s):
                while self.mirror.epoch == epoch and self.mirror.seq < seq:
                    await self._moved.wait()
        except TimeoutError:
            return False
        return self.mirror.epoch == epoch

    # ------------------------------------------------------------ coming back

    def can_resume(self, epoch: str, seq: int) -> bool:
        """Whether everything after `seq` of `epoch` is still known here."""
        oldest = self.recent[0].seq if self.recent else self.mirror.seq + 1
        return epoch == self.mirror.epoch and oldest - 1 <= seq <= self.mirror.seq + RECENT

    def since(self, seq: int, topics: set[str]) -> list[Change]:
        """What those topics were told after `seq` (and a little before), the latest of each."""
        missed: dict[str, Change] = {}
        for entry in self._after(seq):
            for topic, change in entry.told:
                if topic in topics:
                    earlier = missed.get(change.key)
                    missed[change.key] = change if earlier is None else earlier.merge(change)
        return list(missed.values())

    def _after(self, seq: int) -> Iterator[Recent]:
        if not self.recent:
            return iter(())
        first = self.recent[0].seq
        at = min(max(seq + 1 - first, 0), len(self.recent))
        edge = self.recent[at - 1].at - MARGIN_MS if at else 0
        while at and self.recent[at - 1].at >= edge:
            at -= 1
        return (self.recent[i] for i in range(at, len(self.recent)))

    # ------------------------------------------------------------ keeping up

    async def run(self, resnapshot: Resnapshot) -> None:
        """Follow the journal for ever, whatever the store does meanwhile."""
        while True:
            try:
                async for entry in self._journal.follow(self.pool, (self.mirror.epoch, self.mirror.seq)):
                    self.take(entry)
            except (EpochLost, Gap) as lost:
                _log.warning("history_lost", pool=self.pool, seq=self.mirror.seq, error=repr(lost))
            except Exception:
                # A reader that stops would leave every page with a truth that no longer moves: begin afresh.
                _log.exception("follow_failed", pool=self.pool, seq=self.mirror.seq)
                await asyncio.sleep(RETRY_S[1])
            await self._reload(resnapshot)

    async def _reload(self, resnapshot: Resnapshot) -> None:
        """A fresh mirror, and the whole truth to everybody."""
        self.mirror.load(await self._snapshot())
        self.recent.clear()
        self.confirmed_at = self._clock.now_ms()
        for number, conn in enumerate(list(self.conns)):
            await resnapshot(conn)
            if number % RESNAPSHOTS_AT_ONCE == 0:
                await asyncio.sleep(0)

    async def _snapshot(self) -> PoolSnapshot:
        wait = RETRY_S[0]
        while True:
            try:
                return await self._line.snapshot(self.pool)
            except StoreUnavailable as error:
                _log.warning("no_snapshot", pool=self.pool, error=str(error))
                await asyncio.sleep(random.uniform(wait / 2, wait))  # noqa: S311 - a spread, not a secret
                wait = min(wait * 2, RETRY_S[1])

    async def beat(self) -> None:
        """Tell everybody, slice by slice, that this process is here and when the store last confirmed its view."""
        turn = 0
        while True:
            turn = (turn + 1) % BEAT_SLICES
            said = messages.Beat(at=self._clock.now_ms(), seq=self.mirror.seq, confirmed_at=self.confirmed_at)
            self._hub.post(self.topic(f"beat:{turn}"), Whole("beat", said))
            await asyncio.sleep(BEAT_S / BEAT_SLICES)


def _lines_of(*states: TicketFacts | None) -> set[str]:
    return {expert for facts in states if facts for expert, _ordinal in facts.lines}


class Fanout:
    """The open pools of this process. A pool opens when its first connection comes."""

    def __init__(self, hub: Hub, line: Line, journal: Journal, open_names: OpenNames, clock: Clock) -> None:
        self.hub = hub
        self.line = line
        self.journal = journal
        self.clock = clock
        self._open_names = open_names
        self._pools: dict[str, LivePool] = {}
        self._opening: dict[str, asyncio.Lock] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self.signed_out: SignedOut = lambda *_: None
        """Closes the sockets of a sign-in (pool, role, member, reason, its id, or "" for all of the member's); the door
        sets it before the first pool opens."""
        self.profile_changed: ProfileChanged = lambda *_: None
        """Reads an expert's profile again and tells who follows it; the house sets it before the first pool opens."""
        self.money: Money = NoMoney()
        """Tells whose money has moved; the house sets it before the first pool opens."""
        self.currency: Callable[[str], str] = lambda _pool: ""
        """The currency of a pool; the house sets it before the first pool opens."""
        self.resnapshot: Resnapshot = _nobody
        """Tells one connection everything again; the commands set it."""
        self.on_open: list[Callable[[LivePool], Coroutine[Any, Any, None]]] = []
        """What else runs beside each open pool."""

    def pool(self, pool: str) -> LivePool:
        """An open pool. Raises KeyError."""
        return self._pools[pool]

    def pools(self) -> list[LivePool]:
        return list(self._pools.values())

    async def open(self, pool: str) -> LivePool:
        """The pool, opened if it was not. Raises Refusal (`no_such_pool`) and StoreUnavailable."""
        if pool not in self._pools:
            # Asked before anything is kept, so that names that are no pools leave nothing behind.
            names = await self._open_names(pool)
            async with self._opening.setdefault(pool, asyncio.Lock()):
                if pool not in self._pools:
                    self._pools[pool] = await self._start(pool, names)
        return self._pools[pool]

    async def _start(self, pool: str, names: Names) -> LivePool:
        mirror = Mirror(await self.line.snapshot(pool))
        live = LivePool(pool, mirror, names, self)
        for work in (live.run(self._resnapshot), live.beat(), *(beside(live) for beside in self.on_open)):
            self._keep(work)
        return live

    async def _resnapshot(self, conn: Connection) -> None:
        await self.resnapshot(conn)

    def _keep(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            _log.error("pool_task_failed", exc_info=task.exception())

    async def close(self) -> None:
        """Stop following; the pools are forgotten."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._pools.clear()


async def _nobody(_conn: Connection) -> None:
    """Before the commands are there, nobody is connected."""
