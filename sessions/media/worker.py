"""A media worker: carries the sound of sessions between their two sides, and vouches for what it hears.

It takes orders by mail (`post.py`), follows the journals of the pools whose sessions it carries, and holds a lease in
each of them: when that lapses, the live store takes its sessions away. While the store is away the sound goes on until
a session's money or time is used up, as far as the worker knows.
"""

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any, Final, Protocol

import structlog

from ground.errors import Refusal, StoreUnavailable
from ground.journal import Journal
from ground.store import Store
from presence.presence import Presence
from queueing.facts import SessionFacts
from queueing.line import Line
from queueing.media import Media
from sessions.media.bridge import SIDES, Side
from sessions.media.carrying import Carried, Probes
from sessions.media.following import Follower
from sessions.media.orders import Answer, Offer, Order, Probe, Refused, Result
from sessions.media.post import Post
from sessions.media.transport import Site
from sessions.media.workers import RENEW_S, Workers, key_of
from sessions.recording.tap import Tapes
from sessions.speech.voice import Voice

LOOK_S: Final = 0.25
"""How often each side is listened for."""
IDLE_POOL_S: Final = 60.0
"""How long a pool is followed after its last session."""
DRAIN_S: Final = 3.0
"""How long a worker that stops goes on forwarding while the browsers go to another."""
LISTEN_S: Final = 15.0
TOLD_S: Final = 0.5
"""How long the journal has to tell how a session ended of which the store said already that it did."""
_log = structlog.get_logger("openline.media")


class Telephone(Protocol):
    """What a worker asks of its telephone, and tells it."""

    async def order(self, order: Order) -> Result:
        """Carry out an order about telephones. May raise Refusal."""
        ...

    def over(self, pool: str, session: str, reason: str = "") -> None:
        """A session has ended, by itself for this `reason`, or is no longer this worker's: its telephones are to be
        hung up."""
        ...

    def free_lines(self) -> int:
        """How many calls could be made now."""
        ...

    def speaks(self) -> bool:
        """Whether a code could be said now."""
        ...

    async def close(self) -> None:
        """Hang up everything."""
        ...


class Worker:
    """One worker called `name`, which takes at most `most` sessions. `run` it; it ends with `drain` and `close`.

    Without `tapes` it records nothing, and says so. With a `telephone` come calls, with a `voice` the words that are
    said there.
    """

    def __init__(self, store: Store, name: str, site: Site, most: int, tapes: Tapes | None = None) -> None:
        self.name, self.most = name, most
        self.telephone: Telephone | None = None
        self.voice: Voice | None = None
        self.carried: dict[tuple[str, str], Carried] = {}
        self._site, self.tapes = site, tapes
        self._journal, self._line, self._media = Journal(store), Line(store), Media(store)
        self._presence, self._workers = Presence(store), Workers(store)
        self._post = Post(store, self._journal, name, self._work)
        self._probes = Probes(site, max(2, most // 4))
        self._pools: dict[str, Follower] = {}
        self._opening = asyncio.Lock()
        self._telling: set[tuple[str, str, Side]] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._took: list[str] = []
        self._draining = False

    # ------------------------------------------------------------ its life

    async def run(self) -> None:
        """Take orders until cancelled. Raises TimeoutError when no letter gets here at all."""
        async with asyncio.TaskGroup() as duties:
            duties.create_task(self._post.run())
            await self._post.listening(LISTEN_S)
            duties.create_task(self._listen())
            duties.create_task(self._hold())

    async def drain(self) -> None:
        """Give everything up in order: browsers are told to go to another worker, and are heard until they have."""
        self._draining = True
        try:
            await self._workers.stand_down(self.name)
            for pool in list(self._pools):
                await self._presence.release(pool, self.name)
        except StoreUnavailable as error:
            _log.warning("not_given_up", error=str(error))
        until = asyncio.get_running_loop().time() + DRAIN_S
        while asyncio.get_running_loop().time() < until:
            if not self._hears_anybody():
                return
            await asyncio.sleep(LOOK_S / 2)

    def _hears_anybody(self) -> bool:
        now = asyncio.get_running_loop().time()
        return any(each.silent_ms(side, now) < 2 * LOOK_S * 1000 for each in self.carried.values() for side in SIDES)

    async def close(self) -> None:
        """Let go of everything at once."""
        if self.telephone is not None:
            await self.telephone.close()
        for carried in list(self.carried.values()):
            self._let_go(carried)
        await asyncio.gather(*(follower.close() for follower in self._pools.values()), self._probes.close())
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # ------------------------------------------------------------ orders

    async def _work(self, order: Order) -> Result:
        if self._draining:
            return Refused("no_media")
        match order:
            case Offer():
                carried = await self.carry(order.pool, order.session)
                return Answer(await carried.offer(order.side, order.peer, order.sdp))
            case Probe():
                return Answer(await self._probes.offer(order.sdp))
            case _ if self.telephone is not None:
                return await self.telephone.order(order)
            case _:
                return Refused("phone_full")

    async def carry(self, pool: str, session: str) -> Carried:
        """The session, which the store has given to this worker.

        Refuses media_full, session_over, no_such_session (also where it is another worker's); raises StoreUnavailable.
        """
        follower = await self._follow(pool)
        carried = self.carried.get((pool, session)) or self._take(follower, session)
        try:
            answer = await self._media.bridge(pool, session, self.name, instead=self.name)
            if answer["worker"] != self.name:
                raise Refusal("no_such_session", session)
            if carried.is_over:  # its end came before this answer did
                raise Refusal("session_over", session)
        except Refusal:
            self._let_go(carried)
            raise
        except StoreUnavailable:
            if carried.facts is None:  # nobody has said that it is ours, and nobody would say that it is over
                self._let_go(carried)
            raise
        return carried

    def _take(self, follower: Follower, session: str) -> Carried:
        """Carried before the store is asked, so that news of its end between the two is not missed."""
        if len(self.carried) >= self.most:
            raise Refusal("media_full")
        key = (follower.pool, session)
        carried = self.carried[key] = Carried(
            *key, self._site, self.tapes, lambda why: self._untaped(*key, why), self.voice
        )
        self._took.append(key_of(follower.pool, session))
        if known := follower.mine.get(session):
            carried.learn(*known)
        return carried

    def _untaped(self, pool: str, session: str, why: str) -> None:
        """A recording has stopped by itself: both sides are told that there is none any more."""
        _log.error("recording_stopped", pool=pool, session=session, why=why)
        carried = self.carried.get((pool, session))
        if carried is not None and carried.facts is not None:
            self._start(self._take_back(pool, session, carried.facts.user))

    async def _take_back(self, pool: str, session: str, user: str) -> None:
        with suppress(Refusal, StoreUnavailable):
            await self._media.record(pool, session, "user", user, on=False)

    # ------------------------------------------------------------ what the store says

    async def _follow(self, pool: str) -> Follower:
        async with self._opening:
            follower = self._pools.get(pool)
            if follower is None:
                follower = Follower(
                    pool, self.name, self._line, self._journal,
                    lambda facts, at: self._learn(pool, facts, at), lambda session: self._gone(pool, session),
                )  # fmt: skip
                await self._presence.renew(pool, self.name)
                await follower.open()
                self._pools[pool] = follower
            follower.used_at = asyncio.get_running_loop().time()
            return follower

    def _learn(self, pool: str, facts: SessionFacts, at: int) -> None:
        carried = self.carried.get((pool, facts.session))
        if carried is None:
            return
        if facts.state == "ended" or (facts.worker != self.name and self._was_ours(carried)):
            self._let_go(carried, facts.reason if facts.by == "system" else "")
        elif not self._draining:  # else it goes on as it is for a moment
            carried.learn(facts, at)

    def _was_ours(self, carried: Carried) -> bool:
        """Whether it was known to be ours: news from before that may come after the order. While the worker stops, it
        is kept."""
        return not self._draining and carried.facts is not None and carried.facts.worker == self.name

    def _gone(self, pool: str, session: str) -> None:
        if carried := self.carried.get((pool, session)):
            self._let_go(carried)

    def _let_go(self, carried: Carried, reason: str = "") -> None:
        carried.cut()
        self.carried.pop((carried.pool, carried.session), None)
        if self.telephone is not None:  # first: it may have something to say on what would be hung up
            self.telephone.over(carried.pool, carried.session, reason)
        self._start(carried.close())

    # ------------------------------------------------------------ what it says to the store

    async def _listen(self) -> None:
        """Tell who is heard and who is silent. While this process stood still nobody was heard, though what came
        meanwhile was read at once afterwards."""
        loop = asyncio.get_running_loop()
        looked = loop.time()
        while True:
            now = loop.time()
            for carried in self.carried.values():
                for side in SIDES:
                    self._hear(carried, side, now, round((now - looked) * 1000))
            looked = now
            await asyncio.sleep(LOOK_S)

    def _hear(self, carried: Carried, side: Side, now: float, since_ms: int) -> None:
        key = (carried.pool, carried.session, side)
        heard_at = carried.bridge.leg(side).heard_at
        silent_ms = carried.ears[side].news(heard_at, max(since_ms, carried.silent_ms(side, now)), now)
        if silent_ms is not None and key not in self._telling:
            self._telling.add(key)
            self._start(self._tell(carried, side, silent_ms, now))

    async def _tell(self, carried: Carried, side: Side, silent_ms: int, now: float) -> None:
        """What the store did not hear is told again at the next look."""
        try:
            await self._media.heard(carried.pool, carried.session, side, self.name, silent_ms)
            carried.ears[side].told(silent_ms, now)
        except Refusal as refusal:
            if not self._draining:
                await self._refused(carried, refusal.code)
        except StoreUnavailable as error:
            _log.warning("evidence_not_told", pool=carried.pool, session=carried.session, error=str(error))
        finally:
            self._telling.discard((carried.pool, carried.session, side))

    async def _refused(self, carried: Carried, why: str) -> None:
        """A session that is over is cut at once. The journal tells how it ended, of which telephones may hear."""
        carried.cut()
        if why == "session_over":
            await asyncio.sleep(TOLD_S)
        if self.carried.get((carried.pool, carried.session)) is carried:
            self._let_go(carried)

    async def _hold(self) -> None:
        """Renew what the worker holds, until it gives that up: its place among the workers, its lease in each pool."""
        while not self._draining:
            try:
                await asyncio.gather(self._enlist(), *(self._renew(each) for each in list(self._pools.values())))
            except StoreUnavailable as error:
                _log.warning("leases_not_renewed", error=str(error))
            await asyncio.sleep(RENEW_S)

    async def _enlist(self) -> None:
        took, self._took = self._took, []
        lines = self.telephone.free_lines() if self.telephone is not None else 0
        speaks = self.telephone is not None and self.telephone.speaks()
        try:
            await self._workers.enlist(self.name, self.most, len(self.carried), lines, took, speaks=speaks)
        except StoreUnavailable:
            self._took = (took + self._took)[-self.most :]
            raise
        except Refusal:
            _log.error("too_many_workers")

    async def _renew(self, follower: Follower) -> None:
        pool, now = follower.pool, asyncio.get_running_loop().time()
        if follower.mine or any(key[0] == pool for key in self.carried):
            follower.used_at = now
        if now - follower.used_at < IDLE_POOL_S:
            await self._presence.renew(pool, self.name)
            return
        async with self._opening:  # whoever comes now finds it closed, or opens it behind this
            if self._pools.get(pool) is not follower or follower.used_at >= now:
                return
            del self._pools[pool]
            await follower.close()
            await self._presence.release(pool, self.name)
