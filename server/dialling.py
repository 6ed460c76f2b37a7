"""The telephones of a pool: who is called when, by the process that leads it.

A session by telephone is given to a media worker with free lines, which then rings both sides (`sessions/phone/`). A
user who asked to be called is rung when it is their turn; picking up is their yes. Everything here may be done twice,
or be taken over by another leader halfway: the worker rings once for each session and each turn.
"""

import asyncio
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any, Final

import structlog

from ground.clock import Clock
from ground.errors import Refusal, StoreUnavailable
from ground.sql import FAILURES
from queueing.facts import SessionFacts, Side
from queueing.line import Line
from queueing.media import Media
from server.accepting import Accepting
from server.bridging import Bridging
from server.callees import Callees, Pool, turn_of
from server.catalogue import Catalogue
from server.fanout import Fanout
from server.listed import Listed
from server.turns import BUSY, ORDER_S, Turns
from sessions.media.orders import Dial, Done, Refused, Result
from sessions.media.post import Post, Unanswered
from sessions.media.workers import Workers
from sessions.phone.caps import Plan

LOOK_S: Final = 0.5
AGAIN_S: Final = 0.5
LINE_S: Final = 15.0
"""How long a session waits for a free line."""
SETTLE_S: Final = 2.0
"""How long the worker has to say that a telephone is called, before it is asked again."""
TIDY_S: Final = 3_600.0
ENDED: Final = {"no_media": "media_lost", "media_full": "media_lost", "phone_full": "phone_full",
                "too_many_calls": "too_many_calls"}  # fmt: skip
"""What a session ends with whose telephones can't be rung; else the user's number is none that may be called now."""
OVER: Final = frozenset({"no_such_session", "session_over", "not_bridged"})
_PASSING: Final = (Unanswered, StoreUnavailable, *FAILURES)
_log = structlog.get_logger("openline.dialling")


class Dialler:
    """One per process. `keep` runs for as long as a pool is led."""

    def __init__(
        self, callees: Callees, line: Line, media: Media, bridging: Bridging, workers: Workers, post: Post,
        fanout: Fanout, catalogue: Catalogue, listed: Listed, accepting: Accepting, clock: Clock,
    ) -> None:  # fmt: skip
        self._callees = callees
        self._media, self._bridging, self._post = media, bridging, post
        self._fanout, self._catalogue, self._listed = fanout, catalogue, listed
        self._turns = Turns(callees, line, accepting, workers, post, clock, self._beside)
        self._tasks: set[asyncio.Task[Any]] = set()

    async def close(self) -> None:
        """Stop what runs beside; whoever leads next goes on with it."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def keep(self, name: str) -> None:
        """Call whoever is to be called in the pool. Runs until cancelled."""
        async with asyncio.TaskGroup() as both:
            both.create_task(self._tidy(name))
            both.create_task(self._call(name))

    async def _call(self, name: str) -> None:
        """A pool without telephones is not followed by who leads it."""
        while True:
            page = self._listed.get(name)
            if page is not None and page.options.phone_regions:
                return await self._follow(name)
            await self._listed.next()

    async def _follow(self, name: str) -> None:
        pool = Pool(await self._fanout.open(name), await self._catalogue.open(name))
        moved, work = asyncio.Event(), dict[str, asyncio.Task[None]]()
        listener: Callable[[set[str]], None] = lambda _touched: moved.set()  # noqa: E731 - it is taken out again
        pool.live.listeners.append(listener)
        try:
            while True:
                moved.clear()
                self._look(pool, work)
                await _either(moved, LOOK_S)
        finally:
            pool.live.listeners.remove(listener)
            for task in work.values():
                task.cancel()
            await asyncio.gather(*work.values(), return_exceptions=True)

    def _look(self, pool: Pool, work: "dict[str, asyncio.Task[None]]") -> None:
        """Begin what is due and not under way, end what is no longer due."""
        mirror = pool.live.mirror
        due: dict[str, Callable[[], Coroutine[Any, Any, None]]] = {
            session: partial(self._dial, pool, facts)
            for session, facts in mirror.sessions.items()
            if facts.mode == "phone" and facts.state == "connecting" and not facts.user_leg
        }
        due |= {name: partial(self._turns.ring, pool, offer) for name, offer in mirror.offers.items() if offer.by_phone}
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
                await self._callees.tidy(pool)
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
        user = await self._callees.user(pool, facts.user, verified=options.verify_numbers)
        expert = await self._callees.expert(pool, facts.expert)
        turn = await self._callees.worker_of(turn_of(pool, facts.offer))
        plans = [_plan(pool, facts, "expert", expert.number)] if expert.number else []
        await self._callees.count(pool, *([] if turn else [_plan(pool, facts, "user", user.number)]), *plans)
        worker = facts.worker or await self._claim(pool, facts, turn, expert.number)
        order = Dial(
            pool.name, facts.session, facts.offer, user.number, expert.number, "", settings.call_ms / 1000,
            apart=options.recording or facts.rate > 0,  # what the server can't hear it can't cut
            user_language=user.language, expert_language=expert.language,
        )  # fmt: skip
        _done(await self._post.ask(worker, order, ORDER_S))

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


def _plan(pool: Pool, facts: SessionFacts, side: Side, number: str) -> Plan:
    """The call of one side."""
    return Plan(
        call=f"session/{pool.name}/{facts.session}/{side}", pool=pool.name, side=side,
        member=facts.user if side == "user" else facts.expert, number=number, purpose="session", subject=facts.session,
    )  # fmt: skip


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
