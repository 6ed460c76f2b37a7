"""A house with telephones for the tests: real SIP, a media worker in this process, numbers that ring real peers.

With `OPENLINE_TEST_ASTERISK` all calls go through that Asterisk, else through the embedded engine.
"""

import asyncio
import contextlib
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest

from directory.expert import PoolOptions
from ground.store import Store
from queueing.facts import SessionFacts
from sessions.media import post, workers
from sessions.media.worker import Worker
from sessions.media.workers import Workers
from sessions.phone.asterisk.engine import AsteriskEngine
from sessions.phone.embedded.phone import EmbeddedPhone
from sessions.phone.engine import PhoneCall, PhoneUnavailable
from sessions.phone.store import change_number
from sessions.phone.telephone import Telephone
from sessions.speech.voice import Voice
from tests.ports import LOOPBACK
from tests.server.hall import EXPERTS, Hall, Page, conducted, hall
from tests.sessions.media.callers import site
from tests.sessions.phone import asterisk_given
from tests.sessions.phone.peers import Peer
from tests.sessions.phone.trunks import loopback
from wire import messages as m

LINES = 40
VIC, ADA = "+4915112345678", "+4930123456"
OPTIONS = PoolOptions(phone_regions=["DE"], verify_numbers=True, phone_calls=10)
SETTINGS = {"ring_ms": 20_000, "connect_ms": 20_000, "wrap_up_ms": 1, "call_ms": 10_000, "unready_pause_ms": 200}


class Exchange:
    """An engine in which numbers lead to peers on loopback. It counts what is called, and at how many at a time."""

    def __init__(self, engine: EmbeddedPhone | AsteriskEngine) -> None:
        self.engine = engine
        self.routes: dict[str, str] = {}
        self.called: list[str] = []
        self.lines = LINES

    @property
    def rate(self) -> int:
        return self.engine.rate

    def lead(self, number: str, peer: Peer) -> None:
        self.routes[number] = f"sip:{peer.user}@{LOOPBACK}:{peer.port}"

    async def call(self, number: str, *, caller: str = "", ring_s: float = 30) -> PhoneCall:
        if not self.free_lines():
            raise PhoneUnavailable("all lines are taken")
        self.called.append(number)
        return await self.engine.call(self.routes[number], caller=caller, ring_s=ring_s)

    async def join(self, one: PhoneCall, other: PhoneCall) -> None:
        await self.engine.join(one, other)

    def free_lines(self) -> int:
        return min(self.lines, self.engine.free_lines())

    async def close(self) -> None:
        await self.engine.close()


class Place:
    """The house, its exchange and its worker."""

    def __init__(self, house: Hall, exchange: Exchange, worker: Worker, lead: contextlib.AsyncExitStack) -> None:
        self.house, self.exchange, self.worker = house, exchange, worker
        self._lead = lead

    async def depose(self) -> None:
        """Nobody leads the pool any more."""
        await self._lead.aclose()

    async def confirmed(self, side: str, member: str, number: str, language: str = "") -> Page:
        """A page of a member whose number is confirmed."""
        page = await self.house.page(side, member)
        await page.ask(m.SetNumber, number=number, language=language)
        async with self.house.db.begin() as tx:
            await change_number(tx, self.house.pool, side, member, verified_at=1)
        return page

    async def matched(self, vic: Page, ada: Page) -> str:
        """Both have said yes to a session by telephone."""
        joined = await vic.ask(m.Join, experts=["ada"], mode="phone")
        offer = await ada.until(m.Offer, lambda said: said.ticket == joined.ticket and said.state == "ringing")
        await ada.ask(m.Accept, offer=offer.offer)
        return (await vic.until(m.Session, lambda said: not said.ended_at)).session

    def facts(self, session: str) -> SessionFacts:
        found = self.house.fanout.pool(self.house.pool).mirror.session(session)
        assert found
        return found

    async def ended(self, page: Page, seconds: float = 15) -> m.Session:
        async with asyncio.timeout(seconds):
            return await page.until(m.Session, lambda said: said.state == "ended")


def a_place_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """Workers of other tests are none of ours."""
    name = f"~media-{uuid.uuid4().hex[:8]}"
    for module in (workers, post):
        monkeypatch.setattr(module, "EVERYWHERE", name)


@asynccontextmanager
async def phones(
    store: Store,
    pool: str,
    folder: Path,
    options: PoolOptions = OPTIONS,
    *,
    rate: int = 0,
    database: str = "",
    voice: Voice | None = None,
    **settings: int,
) -> AsyncIterator[Place]:
    """A house whose pool calls numbers of Germany. Every expert may be reached by telephone; `rate` is of a minute,
    `voice` what is spoken with."""
    async with contextlib.AsyncExitStack() as stack:
        house = await stack.enter_async_context(hall(store, pool, folder, SETTINGS | settings, database))
        await house.profiles.put_options(pool, options)
        people = [msgspec.structs.replace(one, modes=["chat", "phone"], rate=rate) for one in EXPERTS]
        await house.profiles.put_experts(pool, people)
        exchange = Exchange(await _engine(stack))
        worker = Worker(store, f"m-{uuid.uuid4().hex[:6]}", site(), 8)
        worker.voice = voice
        worker.telephone = Telephone(exchange, worker.carry, house.switchboard.media, worker.name, voice)
        stack.push_async_callback(worker.close)
        for work in (house.switchboard.post.run(), house.attachments.keep(), worker.run()):
            stack.push_async_callback(_end, asyncio.create_task(work))
        lead = await stack.enter_async_context(contextlib.AsyncExitStack())
        await lead.enter_async_context(conducted(house))
        await _until(lambda: _there(store, worker.name))
        yield Place(house, exchange, worker, lead)


async def _engine(stack: contextlib.AsyncExitStack) -> EmbeddedPhone | AsteriskEngine:
    if asterisk_given.ADDRESS:
        return await stack.enter_async_context(asterisk_given.engine(asterisk_given.settings()))
    return EmbeddedPhone(loopback(f";lines={LINES}"))


async def _there(store: Store, name: str) -> bool:
    return name in [each.worker for each in await Workers(store).listed()]


async def _until(holds: Callable[[], Awaitable[bool]], seconds: float = 10) -> None:
    async with asyncio.timeout(seconds):
        while not await holds():
            await asyncio.sleep(0.02)


async def _end(task: "asyncio.Task[None]") -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
