"""The one who keeps time and books for a pool: of all processes, the one that holds the pool's lead.

Everything it does may be done twice or stopped anywhere: deadlines are run by the store, the books move with their
cursor, the roster is what the directory says. So another process goes on wherever this one was killed.
"""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Final

import structlog

from ground.errors import Refusal, StoreUnavailable
from ground.journal import Entry, Journal
from ground.leadership import Leadership
from ground.sql import FAILURES, is_about_data
from queueing.line import Line
from server.books import Books
from server.listed import POOLS_S, Listed
from server.roster import Roster

LEAD_MS: Final = 6_000
RENEW_S: Final = 1.5
LATEST_S: Final = 0.5
"""The longest sleep between two looks at the deadlines and the journal: so late may a deadline be that was set
meanwhile for sooner, and so far are the books behind."""
WRITE_MOST: Final = 500
KEEP_ENTRIES: Final = 10_000
TRIM_EVERY: Final = 1_000
PAUSE_S: Final = 0.5
_BROKEN: Final = (StoreUnavailable, *FAILURES)
_log = structlog.get_logger("openline.conductor")


class Deposed(Exception):
    """Another process leads now."""


class Conductor:
    """Leads, in this process, every pool of the directory that no other process leads. `duties` run for as long as a
    pool is led: telling the live store what the books know of money, calling telephones."""

    def __init__(
        self,
        process: str,
        listed: Listed,
        roster: Roster,
        line: Line,
        journal: Journal,
        lead: Leadership,
        books: Books,
        *duties: Callable[[str], Coroutine[Any, Any, None]],
    ) -> None:
        self._process = process
        self._listed = listed
        self._roster = roster
        self._line = line
        self._journal = journal
        self._lead = lead
        self._books = books
        self._duties = duties
        self._pools: dict[str, asyncio.Task[None]] = {}
        self.leading: set[str] = set()

    async def run(self) -> None:
        """Stand for the lead of every pool. Runs until cancelled, then gives up what it leads."""
        try:
            while True:
                try:
                    known = await self._listed.read()
                except _BROKEN as error:
                    _log.warning("pools_not_read", error=type(error).__name__)
                else:
                    for pool in known:
                        if pool not in self._pools:
                            self._pools[pool] = asyncio.create_task(self._stand(pool))
                await asyncio.sleep(POOLS_S)
        finally:
            await self._stop()

    async def _stop(self) -> None:
        for task in self._pools.values():
            task.cancel()
        await asyncio.gather(*self._pools.values(), return_exceptions=True)
        for pool in self._pools:
            try:
                await self._lead.resign(pool, self._process)
            except StoreUnavailable:
                continue

    async def _stand(self, pool: str) -> None:
        """Wait for the lead, lead until it is lost, and again.

        Asking for the lead is a command like any other: the store runs what is due first. So while the leader is dead
        and its lease not yet over, deadlines (the end of somebody's money, say) are late by `PAUSE_S` at most.
        """
        while True:
            try:
                if await self._lead.hold(pool, self._process, LEAD_MS):
                    self.leading.add(pool)
                    await self._conduct(pool)
            except* Deposed:
                _log.info("deposed", pool=pool)
            except* _BROKEN as group:
                _log.warning("conductor_paused", pool=pool, error=repr(group.exceptions[0]))
            except* Exception as group:
                _log.error("conductor_failed", pool=pool, exc_info=group)
            finally:
                self.leading.discard(pool)
            await asyncio.sleep(PAUSE_S)

    async def _conduct(self, pool: str) -> None:
        epoch, tail = await self._journal.tail(pool)
        moved = asyncio.Event()
        async with asyncio.TaskGroup() as duties:
            duties.create_task(self._renew(pool))
            duties.create_task(self._deadlines(pool, epoch, moved))
            duties.create_task(self._roster_of(pool))
            duties.create_task(self._keep_books(pool, epoch, tail, moved))
            for duty in self._duties:
                duties.create_task(duty(pool))

    async def _renew(self, pool: str) -> None:
        while True:
            await asyncio.sleep(RENEW_S)
            if not await self._lead.hold(pool, self._process, LEAD_MS):
                raise Deposed(pool)

    async def _deadlines(self, pool: str, epoch: str, moved: asyncio.Event) -> None:
        """Run what is due when nobody else's command does, and notice when the journal has moved."""
        seen = -1
        while True:
            answer = await self._line.run_due(pool)
            if answer["epoch"] != epoch:
                raise StoreUnavailable(f"the journal of {pool} begins anew")
            if answer["tail"] != seen:
                seen = answer["tail"]
                moved.set()
            until = (answer["next"] - answer["at"]) / 1000 if answer["next"] else LATEST_S
            await asyncio.sleep(min(max(until, 0.0), LATEST_S))

    async def _roster_of(self, pool: str) -> None:
        # Whoever begins to lead, also after a lost epoch, can't know what the store still has of an earlier install.
        self._roster.forget(pool)
        while True:
            page = self._listed.get(pool)
            if page is None or not self._roster.has(page):
                try:
                    await self._roster.install(pool)
                except Refusal as refusal:
                    _log.warning("not_installed", pool=pool, code=refusal.code)
            await self._listed.next()

    # ------------------------------------------------------------ the books

    async def _keep_books(self, pool: str, epoch: str, tail: int, moved: asyncio.Event) -> None:
        """Write what the journal has, a page in one transaction, whenever it has moved."""
        written, trimmed, reconciled = await self._written(pool, epoch, tail), 0, False
        while True:
            moved.clear()
            page = await self._journal.read(pool, written, WRITE_MOST)
            if page:
                await self._write_all(pool, page)
                written = page[-1].seq
            elif not reconciled:
                reconciled = await self._reconcile(pool)
            if written - trimmed >= TRIM_EVERY:
                trimmed = written
                await self._journal.trim(pool, trimmed, KEEP_ENTRIES)
            # Once after what was written, to find it all written and reconcile; from then on only when there is more.
            if len(page) < WRITE_MOST and (reconciled or not page):
                await moved.wait()

    async def _written(self, pool: str, epoch: str, tail: int) -> int:
        """The entry up to which the books go; where those after it are gone, say so and go on with what comes now."""
        cursor = await self._books.cursor(pool)
        written = cursor.seq if cursor.epoch == epoch else 0
        first = await self._journal.read(pool, written, 1)
        if first and first[0].seq != written + 1:
            _log.error("journal_trimmed_before_written", pool=pool, epoch=epoch, seq=tail)
            await self._books.skip(pool, epoch, tail)
            return tail
        return written

    async def _write_all(self, pool: str, batch: list[Entry]) -> None:
        try:
            await self._books.write(pool, batch)
        except Exception as error:
            if not is_about_data(error):
                raise
            for entry in batch:
                await self._write_one(pool, entry)

    async def _write_one(self, pool: str, entry: Entry) -> None:
        """An entry that the database will never take must not stop all that come after it."""
        try:
            await self._books.write(pool, [entry])
        except Exception as error:
            if not is_about_data(error):
                raise
            _log.error("entry_not_written", pool=pool, epoch=entry.epoch, seq=entry.seq, error=type(error).__name__)
            await self._books.skip(pool, entry.epoch, entry.seq)

    async def _reconcile(self, pool: str) -> bool:
        """In a quiet moment, once everything is written: sessions that the books have as open and the live store does
        not know are over. False when it was not the moment."""
        snapshot = await self._line.snapshot(pool)
        cursor = await self._books.cursor(pool)
        if (cursor.epoch, cursor.seq) != (snapshot.epoch, snapshot.seq):
            return False
        await self._books.close_lost(snapshot, pool)
        return True
