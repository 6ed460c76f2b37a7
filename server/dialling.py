"""The telephones of a pool: who is called when, by the process that leads it.

A session by telephone is given to a media worker with free lines, which then rings both sides (`sessions/phone/`). A
user who asked to be called is rung when it is their turn; picking up is their yes. Everything here may be done twice,
or be taken over by another leader halfway: the worker rings once for each session and each turn.
"""

import asyncio
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any, Final, NamedTuple

import structlog

from ground.clock import Clock
from ground.errors import Refusal, StoreUnavailable
from ground.sql import FAILURES, Database
from queueing.facts import OfferFacts, SessionFacts, Side
from queueing.line import Line
from queueing.media import Media
from server.accepting import Accepting
from server.bridging import Bridging
from server.catalogue import Catalogue, Page
from server.fanout import Fanout, LivePool
from sessions.media.orders import Dial, Done, Refused, Result, RingResult, RingUser, StopRinging
from sessions.media.post import Post, Unanswered
from sessions.media.workers import Workers, key_of
from sessions.phone import caps
from sessions.phone.book import Book, callable_number
from sessions.phone.caps import Limits, Plan

LOOK_S: Final = 0.5
AGAIN_S: Final = 0.5
LINE_S: Final = 15.0
"""How long a session waits for a free line."""
ORDER_S: Final = 5.0
SETTLE_S: Final = 2.0
"""How long the worker has to say that a telephone is called, before it is asked again."""
HOLD_S: Final = 1.0
"""How often it is asked whether somebody who picked up is still there."""
TURN_TRIES: Final = 2
"""So many workers ring for one turn, when the first one dies."""
TIDY_S: Final = 3_600.0
BUSY: Final = frozenset({"no_media", "media_full", "phone_full"})
ENDED: Final = {"no_media": "media_lost", "media_full": "media_lost", "phone_full": "phone_full",
                "too_many_calls": "too_many_calls"}  # fmt: skip
"""What a session ends with whose telephones can't be rung; else the user's number is none that may be called now."""
OVER: Final = frozenset({"no_such_session", "session_over", "not_bridged"})
_PASSING: Final = (Unanswered, StoreUnavailable, *FAILURES)
_log = structlog.get_logger("openline.dialling")


class Pool(NamedTuple):
    """The pool that is led: a place to accept in (`server.accepting.Place`)."""

    live: LivePool
    page: Page

    @property
    def name(self) -> str:
        return self.live.pool


class Dialler:
    """One per process. `keep` runs for as long as a pool is led. `calls_a_day` bounds what one pool may call."""

    def __init__(
        self, db: Database, book: Book, line: Line, media: Media, bridging: Bridging, workers: Workers, post: Post,
        fanout: Fanout, catalogue: Catalogue, accepting: Accepting, clock: Clock, calls_a_day: int,
    ) -> None:  # fmt: skip
        self._db, self._book, self._clock = db, book, clock
        self._line, self._media, self._bridging = line, media, bridging
        self._workers, self._post = workers, post
        self._fanout, self._catalogue, self._accepting = fanout, catalogue, accepting
        self._calls_a_day = calls_a_day
        self._tasks: set[asyncio.Task[Any]] = set()

    async def close(self) -> None:
        """Stop what runs beside; whoever leads next goes on with it."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def limits(self, page: Page) -> Limits:
        """How much the pool may call."""
        return Limits(page.pool.options.phone_calls, self._calls_a_day)

    async def keep(self, name: str) -> None:
        """Call whoever is to be called in the pool. Runs until cancelled."""
        pool = Pool(await self._fanout.open(name), await self._catalogue.open(name))
        moved, work = asyncio.Event(), dict[str, asyncio.Task[None]]()
        listener: Callable[[set[str]], None] = lambda _touched: moved.set()  # noqa: E731 - it is taken out again
        pool.live.listeners.append(listener)
        tidying = asyncio.create_task(self._tidy(name))
        try:
            while True:
                moved.clear()
                self._look(pool, work)
                await _either(moved, LOOK_S)
        finally:
            pool.live.listeners.remove(listener)
            for task in (tidying, *work.values()):
                task.cancel()
            await asyncio.gather(tidying, *work.values(), return_exceptions=True)

    def _look(self, pool: Pool, work: "dict[str, asyncio.Task[None]]") -> None:
        """Begin what is due and not under way, end what is no longer due."""
        mirror = pool.live.mirror
        due: dict[str, Callable[[], Coroutine[Any, Any, None]]] = {
            session: partial(self._dial, pool, facts)
            for session, facts in mirror.sessions.items()
            if facts.mode == "phone" and facts.state == "connecting" and not facts.user_leg
        }
        due |= {name: partial(self._turn, pool, offer) for name, offer in mirror.offers.items() if offer.by_phone}
        for name in [name for name, task in work.items() if name not in due or task.done()]:
            work.pop(name).cancel()
        for name, begin in due.items():
            if name not in work:
                work[name] = self._beside(begin())

    def _beside(self, todo: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
        task = asyncio.create_task(todo)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: "asyncio.Task[None]") -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            _log.error("dialling_failed", exc_info=task.exception())

    async def _tidy(self, pool: str) -> None:
        while True:
            try:
                await caps.tidy(self._db, pool, self._clock.now_ms())
            except FAILURES as error:
                _log.warning("calls_not_tidied", pool=pool, error=type(error).__name__)
            await asyncio.sleep(TIDY_S)

    # ------------------------------------------------------------ sessions

    async def _dial(self, pool: Pool, facts: SessionFacts) -> None:
        """Have the telephones of a session rung; without a line the session ends by name."""
        loop = asyncio.get_running_loop()
        until, why = loop.time() + LINE_S, "no_media"
        while loop.time() < until:
            try:
                await self._dial_once(pool, pool.live.mirror.sessions.get(facts.session, facts))
                await asyncio.sleep(SETTLE_S)  # the telephone's first news come by the journal
                return
            except Refusal as refusal:
                if refusal.code in OVER:
                    return
                why = refusal.code
                if why not in BUSY:
                    break
            except _PASSING as error:
                _log.warning("not_dialled", pool=pool.name, session=facts.session, error=type(error).__name__)
            await asyncio.sleep(AGAIN_S)
        await self._give_up(pool, facts, why)

    async def _dial_once(self, pool: Pool, facts: SessionFacts) -> None:
        options, settings = pool.page.pool.options, pool.live.mirror.settings
        user = await self._book.of(pool.name, "user", facts.user)
        number = callable_number(user, options.phone_regions, verified=options.verify_numbers)
        expert = await self._expert_number(pool, facts.expert)
        turn = await caps.worker_of(self._db, _turn_of(pool, facts.offer))
        await self._book_calls(pool, facts, {"user": "" if turn else number, "expert": expert})
        worker = facts.worker or await self._claim(pool, facts, turn, expert)
        order = Dial(
            pool.name, facts.session, facts.offer, number, expert, "", settings.call_ms / 1000,
            apart=options.recording or facts.rate > 0,  # what the server can't hear it can't cut
        )  # fmt: skip
        _done(await self._post.ask(worker, order, ORDER_S))

    async def _expert_number(self, pool: Pool, expert: str) -> str:
        """Where an expert takes the call; "" for one who takes it at the console."""
        entry = await self._book.of(pool.name, "expert", expert)
        if entry.answers_on != "phone":
            return ""
        try:
            return callable_number(entry, pool.page.pool.options.phone_regions, verified=True)
        except Refusal as refusal:
            _log.info("expert_not_by_phone", pool=pool.name, expert=expert, code=refusal.code)
            return ""

    async def _book_calls(self, pool: Pool, facts: SessionFacts, numbers: dict[Side, str]) -> None:
        """Count what is about to be called. Refused too_many_calls."""
        now, limits = self._clock.now_ms(), self.limits(pool.page)
        async with self._db.begin() as tx:
            for side, number in numbers.items():
                plan = Plan(
                    call=f"session/{pool.name}/{facts.session}/{side}", pool=pool.name, side=side,
                    member=facts.user if side == "user" else facts.expert, number=number, purpose="session",
                    subject=facts.session,
                )  # fmt: skip
                if number:
                    await caps.book(tx, plan, limits, now)

    async def _claim(self, pool: Pool, facts: SessionFacts, turn: str, expert: str) -> str:
        """The worker that carries the session: the one on which the user picked up at the turn, else any."""
        phones: list[Side] = ["user", "expert"] if expert else ["user"]
        if turn:
            answer = await self._media.bridge(pool.name, facts.session, turn, "", phones)
            return str(answer["worker"])
        return await self._bridging.claim(pool.name, facts.session, lines=len(phones), phones=phones)

    async def _give_up(self, pool: Pool, facts: SessionFacts, why: str) -> None:
        _log.warning("session_not_dialled", pool=pool.name, session=facts.session, code=why)
        worker, reason = pool.live.mirror.sessions.get(facts.session, facts).worker, ENDED.get(why, "user_failed")
        try:
            await self._media.hang_up(pool.name, facts.session, None, worker, reason)
        except Refusal:
            return  # it is over; or a worker has it by now, which the next look finds

    # ------------------------------------------------------------ turns

    async def _turn(self, pool: Pool, offer: OfferFacts) -> None:
        """Ring for a turn, say yes for who picks up, and no for who doesn't."""
        asked: list[str] = []
        try:
            await self._ring(pool, offer, asked)
        finally:
            # Where another process leads now, the offer goes on ringing.
            mirror = pool.live.mirror
            goes_on = offer.offer in mirror.offers or any(s.offer == offer.offer for s in mirror.sessions.values())
            if asked and not goes_on:
                self._beside(self._stop(asked[-1], StopRinging(pool.name, offer.offer)))

    async def _ring(self, pool: Pool, offer: OfferFacts, asked: list[str]) -> None:
        try:
            # Nothing is called before what it may cost is set aside.
            await self._accepting.set_aside(pool, "user", offer.user, offer.offer)
            number, worker = await self._turn_number(pool, offer)
        except Refusal as refusal:
            _log.info("turn_not_rung", pool=pool.name, offer=offer.offer, code=refusal.code)
            return await self._decline(pool, offer, refusal.code)
        while offer.offer in pool.live.mirror.offers and len(asked) <= TURN_TRIES:
            try:
                worker = worker or await self._free_worker(pool, offer)
                if worker not in asked:
                    asked.append(worker)
                if not await self._ask(pool, offer, worker, number):
                    return None
            except Refusal as refusal:
                if refusal.code not in BUSY:
                    raise
                worker = ""
            except _PASSING as error:
                _log.warning("turn_not_asked", pool=pool.name, offer=offer.offer, error=type(error).__name__)
            await asyncio.sleep(HOLD_S)
        return None

    async def _turn_number(self, pool: Pool, offer: OfferFacts) -> tuple[str, str]:
        """The number to ring, and the worker that does so already, "" for none. Refused like the number, and
        too_many_calls."""
        options, now = pool.page.pool.options, self._clock.now_ms()
        entry = await self._book.of(pool.name, "user", offer.user)
        number = callable_number(entry, options.phone_regions, verified=True)
        plan = Plan(
            call=_turn_of(pool, offer.offer), pool=pool.name, side="user", member=offer.user, number=number,
            purpose="turn", subject=offer.offer,
        )  # fmt: skip
        async with self._db.begin() as tx:
            return number, await caps.book(tx, plan, self.limits(pool.page), now) or ""

    async def _free_worker(self, pool: Pool, offer: OfferFacts) -> str:
        """A worker with lines for both sides, remembered before it rings."""
        lines = 2 if await self._expert_number(pool, offer.expert) else 1
        worker = await self._workers.choose(key_of(pool.name, offer.offer), lines)
        async with self._db.begin() as tx:
            await caps.given_to(tx, _turn_of(pool, offer.offer), worker)
        return worker

    async def _ask(self, pool: Pool, offer: OfferFacts, worker: str, number: str) -> bool:
        """How the telephone stands; False when there is nothing more to ask."""
        ring_s = max(1.0, (offer.ready_until - self._clock.now_ms()) / 1000)
        order = RingUser(pool.name, offer.offer, offer.ticket, number, "", ring_s)
        said = await self._post.ask(worker, order, ring_s + ORDER_S)
        if isinstance(said, Refused):
            raise Refusal(said.code, said.detail)
        if not isinstance(said, RingResult) or said.outcome != "answered":
            await self._decline(pool, offer, said.outcome if isinstance(said, RingResult) else "failed")
            return False
        known = pool.live.mirror.offers.get(offer.offer)
        if known is None or not known.user_ok:
            await self._accept(pool, offer)
        return True

    async def _accept(self, pool: Pool, offer: OfferFacts) -> None:
        try:
            await self._accepting.accept_as(pool, "user", offer.user, offer.offer, f"phone-{offer.offer}")
        except Refusal as refusal:  # over by now, or the last session is not settled yet: asked again
            _log.info("turn_not_accepted", pool=pool.name, offer=offer.offer, code=refusal.code)

    async def _decline(self, pool: Pool, offer: OfferFacts, outcome: str) -> None:
        """Nobody came to the telephone: the next in line need not wait for it."""
        try:
            await self._line.decline(pool.name, offer.offer, "user", offer.user)
        except Refusal:
            _log.info("turn_was_over", pool=pool.name, offer=offer.offer)
        await caps.over(self._db, _turn_of(pool, offer.offer), outcome, self._clock.now_ms())

    async def _stop(self, worker: str, order: StopRinging) -> None:
        try:
            await self._post.ask(worker, order, ORDER_S)
        except (Refusal, *_PASSING) as error:  # a telephone that nobody asks for is hung up soon
            _log.warning("ringing_not_stopped", pool=order.pool, offer=order.offer, error=type(error).__name__)


def _turn_of(pool: Pool, offer: str) -> str:
    """What the call of a turn is called in the books."""
    return f"turn/{pool.name}/{offer}"


def _done(said: Result) -> None:
    if not isinstance(said, Done):
        raise Refusal(said.code, said.detail) if isinstance(said, Refused) else Refusal("no_media")


async def _either(moved: asyncio.Event, seconds: float) -> None:
    """Wait for it, but no longer than that."""
    try:
        async with asyncio.timeout(seconds):
            await moved.wait()
    except TimeoutError:
        return
