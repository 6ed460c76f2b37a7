"""A pool in real time with bridged sessions, a server process that asks media workers, and legs that say something."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from ground.journal import Journal
from ground.store import Store
from presence.presence import Presence
from queueing.facts import SessionFacts, Terms
from queueing.line import Line
from queueing.media import Media
from queueing.settings import PoolSettings
from server.mirror import events_of
from sessions.media import post, workers
from sessions.media.leg import Packet, Sink
from sessions.media.orders import Answer, Offer
from sessions.media.post import Post
from sessions.media.worker import Worker
from sessions.media.workers import Workers
from tests.sessions.media.callers import Caller, loopback_only, site

PROCESS = "w1"


def workers_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """A slot for the workers of one test, on loopback: all tests share one store."""
    loopback_only(monkeypatch)
    name = f"~media-{uuid.uuid4().hex[:8]}"
    for module in (workers, post):
        monkeypatch.setattr(module, "EVERYWHERE", name)


class Scene:
    """A pool in real time with one bridged session after another, and a server process that asks workers."""

    def __init__(self, store: Store, pool: str) -> None:
        self.store, self.pool = store, pool
        self.line, self.presence, self.media = Line(store), Presence(store), Media(store)
        self.post = Post(store, Journal(store), PROCESS)

    async def open(self, experts: int = 1, **settings: int) -> None:
        await self.line.configure(self.pool, PoolSettings(bridge_audio=1, ready_after_ms=600_000, **settings))
        names = [f"e{n}" for n in range(experts)]
        await self.presence.enrol(self.pool, names)
        for name in names:
            await self.presence.attach(self.pool, PROCESS, "expert", name)
            await self.presence.declare(self.pool, name, "online")

    async def session(self, n: int = 0, budget_ms: int = 0) -> str:
        """A matched session of the user `u<n>` and the expert `e<n>`, with so much money where it costs something."""
        user, expert = f"u{n}", f"e{n}"
        await self.presence.attach(self.pool, PROCESS, "user", user)
        terms = {expert: Terms(600, 0, budget_ms)} if budget_ms else {}
        await self.line.join(self.pool, user, [expert], "audio", terms=terms)
        offer = next(one for one in (await self.line.snapshot(self.pool)).offers if one.expert == expert)
        await self.line.accept(self.pool, offer.offer, "expert", expert, budget_ms=budget_ms)
        shot = await self.line.snapshot(self.pool)
        return next(one.session for one in shot.sessions if one.expert == expert and one.state == "connecting")

    async def facts(self, session: str) -> SessionFacts:
        shot = await self.line.snapshot(self.pool)
        return next(one for one in shot.sessions if one.session == session)

    async def last(self, session: str) -> SessionFacts:
        """What the journal said of it last."""
        entries = await Journal(self.store).read(self.pool, 0)
        told = [event for entry in entries for event in events_of(entry.events) if isinstance(event, SessionFacts)]
        return next(one for one in reversed(told) if one.session == session)

    async def until(self, session: str, holds, seconds: float = 10) -> SessionFacts:
        async with asyncio.timeout(seconds):
            while not holds(facts := await self.facts(session)):
                await asyncio.sleep(0.02)
            return facts

    async def call(self, at: Worker, session: str, side, one: Caller, peer: str = "p1") -> None:
        answer = await self.post.ask(at.name, Offer(self.pool, session, side, peer, await one.offer()), 5)
        assert isinstance(answer, Answer), answer
        await one.take(answer.sdp)


@asynccontextmanager
async def scene(store: Store, pool: str, **settings: int) -> AsyncIterator[Scene]:
    made = Scene(store, pool)
    await made.open(**settings)
    async with asyncio.TaskGroup() as tasks:
        mail = tasks.create_task(made.post.run())
        await made.post.listening(5)
        alive = tasks.create_task(_alive(made))
        yield made
        for task in (mail, alive):
            task.cancel()


async def _alive(of: Scene) -> None:
    while True:
        await of.presence.renew(of.pool, PROCESS)
        await asyncio.sleep(1)


@asynccontextmanager
async def working(store: Store, name: str = "m1", most: int = 4) -> AsyncIterator[Worker]:
    made = Worker(store, name, site(), most)
    task = asyncio.create_task(made.run())
    try:
        async with asyncio.timeout(5):
            while name not in [each.worker for each in await Workers(store).listed()]:
                await asyncio.sleep(0.02)
        yield made
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await made.close()


class Speaker:
    """A leg that says something and counts what it hears."""

    heard_at = 0.0

    def __init__(self) -> None:
        self.say: Sink = lambda _packet: None
        self.heard = 0

    def listen(self, sink: Sink) -> None:
        self.say = sink

    def send(self, _packet: Packet) -> None:
        self.heard += 1

    async def close(self) -> None:
        """Nothing to let go of."""


class Voice(Speaker):
    """A leg from which a packet comes every so often."""

    def __init__(self, every_s: float) -> None:
        super().__init__()
        self._every, self._loop = every_s, asyncio.get_running_loop()
        self._timer = self._loop.call_later(every_s, self._speak)

    def _speak(self) -> None:
        self.heard_at = self._loop.time()
        self._timer = self._loop.call_later(self._every, self._speak)

    def stop(self) -> float:
        """Nothing comes any more; when the last packet came."""
        self._timer.cancel()
        return self.heard_at
