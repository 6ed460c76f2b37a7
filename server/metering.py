"""Money that moves beside sessions: deposits on their way to the live store, holds that are over, pages that are told.

Lines and sessions live in the store, money in the books. No step spans both, so each is safe to stop after: money is
set aside in the books first and named by its offer, then the offer is accepted with what that money buys
(`accepting.py`); what an offer or a session came to is settled by the transaction that writes the journal
(`settling.py`); a deposit grows what is set aside in its own transaction, and the store is told until it knows
(`keep`).
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, Final

import structlog

from billing import holds, ledger, meter
from billing.holds import Hold
from billing.news import MoneyWhispers
from ground.clock import Clock
from ground.errors import Refusal, StoreUnavailable
from ground.journal import Journal
from ground.sql import FAILURES, Database
from queueing.line import Line
from server.books import Books
from server.catalogue import Catalogue
from server.fanout import Fanout, LivePool
from server.prices import lasts_ms, least_ms
from server.settling import Moved

BOOKS_S: Final = 2.0
"""How long a command waits for the books to hear of an end before it asks what money there is."""
KEEP_S: Final = 2.0
OVER: Final = frozenset({"no_such_session", "session_over"})
Hook = Callable[[str, str], Awaitable[None]]
_log = structlog.get_logger("openline.metering")


class Metering:
    """One per process. `on_minute` are called with pool and user when their money ends soon: a minute before the end of
    a session, and after each that was settled. They may raise nothing."""

    def __init__(
        self, database: Database, line: Line, journal: Journal, books: Books, catalogue: Catalogue, fanout: Fanout,
        whispers: MoneyWhispers, clock: Clock,
    ) -> None:  # fmt: skip
        self._database = database
        self._line = line
        self._journal = journal
        self._books = books
        self._catalogue = catalogue
        self._fanout = fanout
        self._whispers = whispers
        self._clock = clock
        self._tasks: set[asyncio.Task[None]] = set()
        self.on_minute: list[Hook] = []

    async def close(self) -> None:
        """Stop what runs beside commands; another process, or the next look, goes on with it."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    # ------------------------------------------------------------ what is over sets nothing aside

    async def clear(self, pool: str, user: str) -> bool:
        """Wait until the books know what has become of the user's offers and sessions that are over, and release what
        none of them took. False when the books don't know in time.

        An offer that no longer rings and whose match the books would know, but don't, came to nothing.
        """
        async with self._database.read() as tx:
            if not (await ledger.balance_of(tx, pool, user)).pending:
                return True
            found = [one for one in await meter.open_holds(tx, pool) if one.user == user]
        return await self._release_over(pool, found) if found else True

    async def _release_over(self, pool: str, found: Iterable[Hold]) -> bool:
        over = [one for one in found if not one.session and not await self._rings(pool, one)]
        if not await self._books.reached(pool, *await self._journal.tail(pool), BOOKS_S):
            return False
        for one in over:
            async with self._database.begin() as tx:
                released = await meter.release(tx, pool, one.hold, self._clock.now_ms())
            if released:
                await self.wallet_changed(pool, one.user)
        return True

    async def _rings(self, pool: str, hold: Hold) -> bool:
        try:
            await self._line.offer(pool, hold.hold, "expert", hold.expert)
        except Refusal:
            return False
        return True

    # ------------------------------------------------------------ money comes in

    async def funded(self, pool: str, user: str) -> None:
        """A deposit of this user is committed, and with it what open holds grew by: tell the live store and the user's
        pages. What can't be told now, `keep` tells."""
        try:
            await self._tell_untold(pool)
            await self._fund_ticket(pool, user)
        except (Refusal, StoreUnavailable, *FAILURES) as error:
            _log.warning("funding_told_later", pool=pool, error=type(error).__name__)
        await self.wallet_changed(pool, user)

    async def wallet_changed(self, pool: str, user: str, session: str = "") -> None:
        """Tell the user's pages, wherever they are, that their balance is another; and both sides' that `session` is
        settled. Raises nothing: who is not told looks again by themselves."""
        try:
            await self._whispers.changed(pool, user, session)
        except StoreUnavailable as error:
            _log.warning("money_not_announced", pool=pool, error=str(error))

    async def _tell_untold(self, pool: str) -> None:
        """What open holds have grown by, to the sessions that run on them. Doing so twice changes nothing."""
        async with self._database.read() as tx:
            untold = await meter.untold(tx, pool)
        for one in untold:  # a hold that is still an offer's grows with the second acceptance
            try:
                await self._line.fund(pool, one.session, one.budget_ms)
            except Refusal as refusal:
                if refusal.code not in OVER:
                    raise
            async with self._database.begin() as tx:
                await meter.told(tx, pool, one.hold, one.amount)

    async def _fund_ticket(self, pool: str, user: str) -> None:
        """A ticket that waits: how long its sessions may be, and that it need not wait for money any longer."""
        live = await self._fanout.open(pool)
        await live.reached(*await self._journal.tail(pool), BOOKS_S)
        ticket = live.mirror.ticket_of(user)
        if ticket is None or ticket.session or not ticket.terms:
            return
        async with self._database.read() as tx:
            available = (await ledger.balance_of(tx, pool, user)).available
        cap_ms = live.mirror.settings.session_cap_ms
        limits = {expert: lasts_ms(available, rate, free, cap_ms) for expert, rate, free, _ in ticket.terms if rate}
        await self._line.fund_ticket(pool, user, limits)
        if ticket.pause_reason == "balance_too_low" and await self._enough(live, limits):
            await self._line.come_back(pool, user)

    async def _enough(self, live: LivePool, limits: Mapping[str, int]) -> bool:
        options = (await self._catalogue.open(live.pool)).pool.options
        return min(limits.values()) >= least_ms(options, live.mirror.settings.session_cap_ms)

    # ------------------------------------------------------------ whoever leads

    async def keep(self, pool: str) -> None:
        """In the process that leads the pool: tell what was left untold, release what was left over. Runs until
        cancelled; what fails is tried again."""
        while True:
            try:
                await self._put_right(pool)
            except (Refusal, StoreUnavailable, *FAILURES) as error:
                _log.warning("money_not_put_right", pool=pool, error=repr(error))
            await asyncio.sleep(KEEP_S)

    async def _put_right(self, pool: str) -> None:
        async with self._database.read() as tx:
            found = await meter.open_holds(tx, pool)
            due = await holds.are_due(tx, pool, self._clock.now_ms())
        if not found:
            return
        await self._tell_untold(pool)
        await self._release_over(pool, [one for one in found if not one.session])
        if not due:
            return
        async with self._database.begin() as tx:
            expired = await holds.expire_due(tx, pool, self._clock.now_ms())
        for one in expired:
            if one.session:
                _log.error("hold_expired_unpaid", pool=pool, session=one.session, hold=one.hold)
            await self.wallet_changed(pool, one.user, one.session)

    async def money_moved(self, pool: str, moved: Iterable[Moved]) -> None:
        """The books have settled, released or heard that a session's last minute has begun. Raises nothing."""
        for user, session, soon_over in moved:
            await self.wallet_changed(pool, user, session)
            for hook in self.on_minute if soon_over else ():
                self.beside(hook(pool, user))

    def beside(self, work: Awaitable[Any]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: "asyncio.Task[Any]") -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            _log.warning("money_work_failed", exc_info=task.exception())
