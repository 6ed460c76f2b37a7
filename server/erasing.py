"""Forgetting a person in every room and store, to the end, whoever dies meanwhile.

Each step may be done twice. The order matters: first nothing new can come, then the books have all that the journal
knows, then they forget it, then the journal does.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Final

import structlog

from billing import leaving
from directory import wishes
from directory.editing import Changes
from directory.index.index import Index
from directory.profiles import Profiles
from ground.clock import Clock
from ground.errors import Refusal, StoreUnavailable
from ground.journal import Journal
from ground.sql import FAILURES, Database, Tx, get_cursor
from ground.store import Store
from identity.erasure import Erasure, Erasures, close
from mail import outbox
from queueing.line import Line
from sessions.erasure import erase_expert, erase_user

LOOK_S: Final = 10.0
BOOKS_S: Final = 10.0
"""How long one try waits for the books to have what the journal has."""
_log = structlog.get_logger("openline.erasing")


class Eraser:
    """Does what erasures leave to be done."""

    def __init__(
        self, db: Database, store: Store, line: Line, journal: Journal, index: Index, profiles: Profiles, clock: Clock,
        sweep: Callable[[], Awaitable[None]],
    ) -> None:  # fmt: skip
        """`sweep` takes from the disk what the books no longer have; what it can't do it does later by itself."""
        self._db = db
        self._call = store.call
        self._line = line
        self._journal = journal
        self._index = index
        self._profiles = profiles
        self._clock = clock
        self._sweep = sweep
        self._erasures = Erasures(db)

    async def run(self) -> None:
        """Look for erasures that were begun and not finished. Runs for ever."""
        while True:
            # Not all processes at once: what one does the others need not.
            await asyncio.sleep(random.uniform(LOOK_S / 2, LOOK_S))  # noqa: S311 - a spread, not a secret
            try:
                for erasure in await self._erasures.open():
                    await self.finish(erasure)
            except FAILURES as error:
                _log.warning("erasures_not_read", error=type(error).__name__)

    async def finish(self, erasure: Erasure) -> bool:
        """Forget everything; False when something has to wait for the next look."""
        try:
            pools = {pool for pool, _role, _subject in erasure.members}
            for pool, role, subject in erasure.members:
                if role == "user":
                    await self._empty_live_store(pool, subject)
            written = {pool: await self._written(pool) for pool in pools}
            if not all(written.values()):
                return False
            await self._unname_profiles(erasure)
            done = await self._empty_books(erasure)
            await self._sweep()
            for pool, seq in written.items():
                await self._journal.trim(pool, seq, 0)
            return done
        except (*FAILURES, Refusal, StoreUnavailable) as error:
            _log.warning("erasure_waits", erasure=erasure.erasure, error=type(error).__name__)
            return False

    async def _empty_live_store(self, pool: str, user: str) -> None:
        try:
            await self._line.leave(pool, user)
        except Refusal as refusal:
            if refusal.code == "in_session":  # begun in the moment in which they left
                await self._end_session(pool, user)
        await self._call("forget_user", pool, {"user": user})

    async def _end_session(self, pool: str, user: str) -> None:
        open_now = (await self._line.snapshot(pool)).sessions
        for session in open_now:
            if session.user == user:
                await self._line.end(pool, session.session, "user", user, "left")

    async def _written(self, pool: str) -> int:
        """How far the journal and the books are, as soon as the books have what the journal has now; 0 while not."""
        told = await self._line.run_due(pool)
        if not told["tail"]:
            return 1  # nothing ever happened in this pool
        deadline = asyncio.get_running_loop().time() + BOOKS_S
        while asyncio.get_running_loop().time() < deadline:
            async with self._db.begin() as tx:
                cursor = await get_cursor(tx, pool)
            if cursor.epoch == told["epoch"] and cursor.seq >= told["tail"]:
                return cursor.seq
            await asyncio.sleep(0.1)
        return 0

    async def _unname_profiles(self, erasure: Erasure) -> None:
        """A profile is the pool's; messages for it no longer go to the address of who is forgotten."""
        for pool, role, subject in erasure.members:
            if role == "expert" and erasure.email:
                try:
                    known = await self._profiles.expert(pool, subject)
                    if known.email.casefold() == erasure.email.casefold():
                        await self._profiles.change(pool, subject, Changes(email=""), "operator")
                except Refusal as refusal:
                    _log.info("profile_not_changed", pool=pool, expert=subject, code=refusal.code)

    async def _empty_books(self, erasure: Erasure) -> bool:
        """All in one transaction, with the word that it is done."""
        async with self._db.begin() as tx:
            for pool, role, subject in erasure.members:
                if role == "user":
                    await self._forget_user(tx, pool, subject)
                elif role == "expert":
                    await erase_expert(tx, pool, subject)
                await leaving.forget(tx, pool, role, subject)
            if erasure.email:
                await wishes.forget(tx, "", erasure.email)
                if not await outbox.forget(tx, "", erasure.email):
                    return False
            await close(tx, erasure, self._clock.now_ms())
        return True

    async def _forget_user(self, tx: Tx, pool: str, user: str) -> None:
        await self._index.forget_user(tx, pool, user)
        await erase_user(tx, pool, user)
        await wishes.forget_user(tx, pool, user)
