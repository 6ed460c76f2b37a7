"""From the journal to the books of record: every entry once, in one transaction with the cursor that says how far.

Whoever writes locks the cursor first, so that two processes which both believe to lead write nothing twice.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

import structlog

from ground.journal import Entry
from ground.sql import Cursor, Database, Stamp, Tx, get_cursor, peek_cursor, set_cursor
from identity import audit
from presence import history
from presence.facts import ExpertFacts
from queueing import store as tickets
from queueing import waits
from queueing.facts import PoolSnapshot, SessionFacts, TicketFacts
from server.call_letters import CallLetters
from server.free_news import FreeNews
from server.mirror import Event, events_of
from server.receipting import Receipting, Unreceipted
from server.settling import Moved, Settling
from sessions import store as sessions
from sessions.recording.keeping import Recordings

LOST: Final = "lost_with_the_store"
"""The reason of a session that the live store no longer knows."""
LOOK_S: Final = 0.05
_log = structlog.get_logger("openline.books")


class Books:
    """The books of all pools in one database. `free_news` writes to those who wait for an expert to be free,
    `call_letters` to those whose telephone did not bring them to their turn."""

    def __init__(
        self, db: Database, free_news: FreeNews | None = None, settling: Settling | None = None,
        receipting: Receipting | None = None, call_letters: CallLetters | None = None,
    ) -> None:  # fmt: skip
        self._db = db
        self._free_news, self._call_letters = free_news, call_letters
        self._settling = settling or Settling()
        self._receipting = receipting or Unreceipted()
        self.moved: Callable[[str, Sequence[Moved]], Awaitable[None]] = _nobody
        """Tells whose money has moved, after it is committed; the house sets it. It raises nothing."""
        self.recordings: Recordings | None = None
        """The recordings that sessions leave; the house sets it."""

    async def cursor(self, pool: str) -> Cursor:
        """The last entry that is written."""
        async with self._db.begin() as tx:
            return await get_cursor(tx, pool)

    async def write(self, pool: str, entries: Sequence[Entry]) -> None:
        """Write entries in order; those already written change nothing. Raises database errors, and then none is."""
        async with self._db.begin() as tx:
            cursor = await get_cursor(tx, pool)
            fresh = [entry for entry in entries if entry.epoch != cursor.epoch or entry.seq > cursor.seq]
            told = [(Stamp(entry.epoch, entry.seq, entry.at), events_of(entry.events)) for entry in fresh]
            await _record(tx, pool, told)
            if self.recordings:
                await self.recordings.record(tx, pool, told)
            moved = await self._settling.record(tx, pool, told)
            if cursor.epoch and any(entry.epoch != cursor.epoch for entry in fresh):
                await self._receipting.lost(tx, pool)
            await self._receipting.record(tx, pool, told)
            if self._free_news:
                await self._free_news.tell(tx, pool, told)
            if self._call_letters:
                await self._call_letters.tell(tx, pool, told)
            if fresh:
                await set_cursor(tx, pool, fresh[-1].epoch, fresh[-1].seq)
        await self.moved(pool, moved)

    async def reached(self, pool: str, epoch: str, seq: int, seconds: float) -> bool:
        """Wait at most so long until the books hold everything up to `seq` of `epoch`; False when they don't."""
        try:
            async with asyncio.timeout(seconds):
                while True:
                    async with self._db.read() as tx:
                        cursor = await peek_cursor(tx, pool)
                    if cursor.epoch == epoch and cursor.seq >= seq:
                        return True
                    await asyncio.sleep(LOOK_S)
        except TimeoutError:
            return False

    async def skip(self, pool: str, epoch: str, seq: int) -> None:
        """Go on after `seq` of `epoch`: what came before can't be had (any more)."""
        async with self._db.begin() as tx:
            await self._receipting.lost(tx, pool)
            await set_cursor(tx, pool, epoch, seq)

    async def close_lost(self, snapshot: PoolSnapshot, pool: str) -> int:
        """End what the books have as open and the live store does not know: sessions at their last sign, waits now.

        The log must be written up to `snapshot.seq`. Returns how many there were.
        """
        known = {facts.session for facts in snapshot.sessions}
        lost = [logged for logged in await sessions.unfinished(self._db, pool) if logged.session not in known]
        for logged in lost:
            said = await sessions.transcript(self._db, pool, logged.session, limit=1)
            last = max([logged.matched_at, logged.live_at, logged.running_since, *(line.at for line in said)])
            ran_ms = logged.ran_ms + (last - logged.running_since if logged.running_since else 0)
            async with self._db.begin() as tx:
                await sessions.close_lost(tx, pool, logged.session, last, ran_ms, LOST)
                if self.recordings:
                    await self.recordings.lost(tx, pool, logged.session, last)
                moved = await self._settling.lost(tx, pool, logged.session, ran_ms, last)
                await self._receipting.close_lost(tx, pool, logged, ran_ms, last, LOST)
            await self.moved(pool, moved)
        async with self._db.begin() as tx:
            waiting = [facts.ticket for facts in snapshot.tickets]
            await tickets.close_lost(tx, pool, waiting, snapshot.at, LOST)
            await self._receipting.tidy(tx, pool, snapshot)
        if lost:
            _log.warning("sessions_lost", pool=pool, count=len(lost))
        return len(lost)


async def _nobody(_pool: str, _moved: Sequence[Moved]) -> None:
    """Where nobody is told."""


async def _record(tx: Tx, pool: str, told: Sequence[tuple[Stamp, Sequence[Event]]]) -> None:
    await history.record(tx, pool, told)
    await tickets.record(tx, pool, told)
    await waits.record(tx, pool, told)
    await sessions.record(tx, pool, told)
    for stamp, events in told:
        for event in events:
            if action := operator_action(event):
                await audit.append(tx, pool, stamp, action)


def operator_action(event: Event) -> audit.Action | None:
    """What an operator did, if this event is the trace of it."""
    match event:
        case ExpertFacts(cause="declared"):
            action, what = "force", f"expert:{event.expert}"
        case TicketFacts(cause="moved"):
            action, what = "move", f"ticket:{event.ticket}"
        case TicketFacts(cause="done", session=""):
            action, what = "remove", f"ticket:{event.ticket}"
        case SessionFacts(cause="ended"):
            action, what = "end_session", f"session:{event.session}"
        case _:
            return None
    role, _, actor = event.by.partition(":")
    return audit.Action(actor=actor, action=action, object=what, reason=event.reason) if role == "operator" else None
