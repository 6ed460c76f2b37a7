"""Call me when it is my turn: the telephone rings for an offer, and picking up is the user's yes."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Final

import structlog

from ground.clock import Clock
from ground.errors import Refusal, StoreUnavailable
from ground.sql import FAILURES
from queueing.facts import OfferFacts
from queueing.line import Line
from server.accepting import Accepting
from server.callees import Callee, Callees, Pool, turn_of
from sessions.media.orders import LAST_WORDS_S, STILL_S, Refused, Result, RingResult, RingUser, StopRinging
from sessions.media.post import Post, Unanswered
from sessions.media.workers import Workers, key_of
from sessions.phone.caps import Plan

ORDER_S: Final = 5.0
HOLD_S: Final = 1.0
"""How often it is asked whether somebody who picked up is still there."""
TRIES: Final = 2
"""So many workers ring for one turn, when the first one dies."""
BUSY: Final = frozenset({"no_media", "media_full", "phone_full", "rate_limited"})
_PASSING: Final = (Unanswered, StoreUnavailable, *FAILURES)
_log = structlog.get_logger("openline.dialling")


class Turns:
    """One per process. `beside` runs what nobody waits for."""

    def __init__(
        self, callees: Callees, line: Line, accepting: Accepting, workers: Workers, post: Post, clock: Clock,
        beside: Callable[[Coroutine[Any, Any, None]], object],
    ) -> None:  # fmt: skip
        self._callees, self._clock = callees, clock
        self._line, self._accepting = line, accepting
        self._workers, self._post = workers, post
        self._beside = beside
        self._held: dict[tuple[str, str], asyncio.Event] = {}
        """By pool and ticket: set as soon as the telephone of the latest turn is free."""

    async def ring(self, pool: Pool, offer: OfferFacts) -> None:
        """Ring for a turn, say yes for who picks up, and no for who doesn't. To be cancelled when the offer is over."""
        asked: list[str] = []
        key = (pool.name, offer.ticket)
        before, self._held[key] = self._held.get(key), (free := asyncio.Event())
        try:
            if before is not None:
                await before.wait()  # who picked up at the turn before is being told that it has passed
            await self._ring(pool, offer, asked)
        finally:
            # Where another process leads now, the offer goes on ringing.
            mirror = pool.live.mirror
            goes_on = offer.offer in mirror.offers or any(s.offer == offer.offer for s in mirror.sessions.values())
            if asked and not goes_on:
                order = StopRinging(pool.name, offer.offer, kept=_is_kept(pool, offer))
                self._beside(self._stop(asked[-1], order, key, free))
            else:
                self._let_go(key, free)

    async def _ring(self, pool: Pool, offer: OfferFacts, asked: list[str]) -> None:
        try:
            # Nothing is called before what it may cost is set aside.
            await self._accepting.set_aside(pool, "user", offer.user, offer.offer)
            user, worker = await self._turn_number(pool, offer)
        except Refusal as refusal:
            _log.info("turn_not_rung", pool=pool.name, offer=offer.offer, code=refusal.code)
            if refusal.code != "not_settled":  # what the last session came to is known soon: the next look tries again
                await self._decline(pool, offer, refusal.code)
            return None
        while offer.offer in pool.live.mirror.offers:
            try:
                worker = worker or await self._free_worker(pool, offer)
                if worker not in asked:
                    if len(asked) >= TRIES:
                        return await self._decline(pool, offer, "failed")
                    asked.append(worker)
                if not await self._ask(pool, offer, worker, user):
                    return None
            except Refusal as refusal:
                if refusal.code not in BUSY:
                    raise
                worker = ""
            except _PASSING as error:
                _log.warning("turn_not_asked", pool=pool.name, offer=offer.offer, error=type(error).__name__)
            await asyncio.sleep(HOLD_S)
        return None

    async def _turn_number(self, pool: Pool, offer: OfferFacts) -> tuple[Callee, str]:
        """The number to ring, and the worker that does so already, "" for none. Refused like the number, and
        too_many_calls."""
        user = await self._callees.user(pool, offer.user, verified=True)
        plan = Plan(
            call=turn_of(pool, offer.offer), pool=pool.name, side="user", member=offer.user, number=user.number,
            purpose="turn", subject=offer.offer,
        )  # fmt: skip
        (worker,) = await self._callees.count(pool, plan)
        return user, worker or ""

    async def _free_worker(self, pool: Pool, offer: OfferFacts) -> str:
        """A worker with lines for both sides, remembered before it rings."""
        lines = 2 if (await self._callees.expert(pool, offer.expert)).number else 1
        worker = await self._workers.choose(key_of(pool.name, offer.offer), lines)
        await self._callees.given_to(turn_of(pool, offer.offer), worker)
        return worker

    async def _ask(self, pool: Pool, offer: OfferFacts, worker: str, user: Callee) -> bool:
        """How the telephone stands; False when there is nothing more to ask."""
        ring_s = max(1.0, (offer.ready_until - self._clock.now_ms()) / 1000)
        order = RingUser(pool.name, offer.offer, offer.ticket, user.number, "", ring_s, user.language)
        said = await self._asked(worker, order)
        if isinstance(said, Refused):
            raise Refusal(said.code, said.detail)
        if not isinstance(said, RingResult) or said.outcome != "answered":
            await self._decline(pool, offer, said.outcome if isinstance(said, RingResult) else "failed")
            return False
        known = pool.live.mirror.offers.get(offer.offer)
        if known is None or not known.user_ok:
            await self._accept(pool, offer)
        return True

    async def _asked(self, worker: str, order: RingUser) -> Result:
        """How the ringing ended. It is asked on and on meanwhile: a worker that dies is noticed, and so are we."""
        while True:
            said = await self._post.ask(worker, order, STILL_S + ORDER_S)
            if not isinstance(said, RingResult) or said.outcome != "ringing":
                return said

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
        await self._callees.over(turn_of(pool, offer.offer), outcome)

    async def _stop(self, worker: str, order: StopRinging, key: tuple[str, str], free: asyncio.Event) -> None:
        try:
            await self._post.ask(worker, order, ORDER_S + LAST_WORDS_S)
        except (Refusal, *_PASSING) as error:  # a telephone that nobody asks for is hung up soon
            _log.warning("ringing_not_stopped", pool=order.pool, offer=order.offer, error=type(error).__name__)
        finally:
            self._let_go(key, free)

    def _let_go(self, key: tuple[str, str], free: asyncio.Event) -> None:
        free.set()
        if self._held.get(key) is free:
            del self._held[key]


def _is_kept(pool: Pool, offer: OfferFacts) -> bool:
    """Whether the user stands in line as before, to be called again."""
    ticket = pool.live.mirror.ticket_of(offer.user)
    return ticket is not None and ticket.ticket == offer.ticket and ticket.call_me
