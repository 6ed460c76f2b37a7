"""Who can be called in a pool, and how much: numbers that were looked at again, calls that were counted."""

from typing import NamedTuple

import structlog

from ground.clock import Clock
from ground.errors import Refusal
from ground.sql import Database
from server.catalogue import Page
from server.fanout import LivePool
from sessions.phone import caps
from sessions.phone.book import Book, callable_number
from sessions.phone.caps import Plan

_log = structlog.get_logger("openline.dialling")


class Pool(NamedTuple):
    """The pool that is led: a place to accept in (`server.accepting.Place`)."""

    live: LivePool
    page: Page

    @property
    def name(self) -> str:
        return self.live.pool


class Callee(NamedTuple):
    """A number, "" for nobody, and the language to speak in there, "" where that isn't known."""

    number: str = ""
    language: str = ""


class Callees:
    """One per process. `calls_a_day` bounds what one pool may call."""

    def __init__(self, db: Database, book: Book, clock: Clock, calls_a_day: int) -> None:
        self._db, self._book, self._clock = db, book, clock
        self._calls_a_day = calls_a_day

    async def user(self, pool: Pool, user: str, *, verified: bool) -> Callee:
        """A user's number. Refused as `callable_number`."""
        entry = await self._book.of(pool.name, "user", user)
        return Callee(callable_number(entry, pool.page.pool.options.phone_regions, verified=verified), entry.language)

    async def expert(self, pool: Pool, expert: str) -> Callee:
        """Where an expert takes calls; nobody for one who takes them at the console."""
        entry = await self._book.of(pool.name, "expert", expert)
        if entry.answers_on != "phone":
            return Callee()
        try:
            number = callable_number(entry, pool.page.pool.options.phone_regions, verified=True)
            return Callee(number, entry.language)
        except Refusal as refusal:
            _log.info("expert_not_by_phone", pool=pool.name, expert=expert, code=refusal.code)
            return Callee()

    async def count(self, pool: Pool, *plans: Plan) -> list[str | None]:
        """Count calls that are about to be made, all or none. → as `caps.book`. Refused too_many_calls."""
        limits, now = self._book.limits(pool.page.pool.options.phone_calls, self._calls_a_day), self._clock.now_ms()
        async with self._db.begin() as tx:
            return [await caps.book(tx, plan, limits, now) for plan in plans]

    async def given_to(self, call: str, worker: str) -> None:
        """This worker makes the call."""
        async with self._db.begin() as tx:
            await caps.given_to(tx, call, worker)

    async def worker_of(self, call: str) -> str:
        """The worker that makes the call, "" where there is none."""
        return await caps.worker_of(self._db, call)

    async def over(self, call: str, outcome: str) -> None:
        """How the call went."""
        await caps.over(self._db, call, outcome, self._clock.now_ms())

    async def tidy(self, pool: str) -> None:
        """Let go of old calls."""
        await caps.tidy(self._db, pool, self._clock.now_ms())


def turn_of(pool: Pool, offer: str) -> str:
    """What the call of a turn is called."""
    return f"turn/{pool.name}/{offer}"
