"""Money that has moved: told to the pages of whom it concerns, by every process to its own.

The word that something has moved is a whisper, heard once or not at all; what is told is always read from the books.
So a lost whisper costs time, not truth: after each snapshot a user's balance is read again, and a session that ended is
looked for until its bill is there.
"""

import asyncio
from collections.abc import Coroutine
from typing import Any, Final

import structlog

from billing import ledger
from billing.facts import MoneyFacts
from ground.clock import Clock
from ground.errors import Refusal
from ground.sql import FAILURES, Database
from queueing.facts import SessionFacts
from server.bills import Bills
from server.catalogue import Catalogue
from server.changes import Whole
from server.fanout import LivePool
from server.translate import person_topic
from wire import messages

LOOKS_S: Final = (1.5, 3.0, 10.0, 30.0)
"""How long after each other the books are asked for the bill of a session that has ended."""
_log = structlog.get_logger("openline.money_news")


class MoneyNews:
    """Belongs into `Fanout.money`; `wallet` also into `Pages`. Several words of one user in a row are one reading."""

    def __init__(self, database: Database, catalogue: Catalogue, bills: Bills, clock: Clock) -> None:
        self._database = database
        self._catalogue = catalogue
        self._bills = bills
        self._clock = clock
        self._reading: dict[tuple[str, str], asyncio.Task[None]] = {}
        self._again: set[tuple[str, str]] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._billed: dict[tuple[str, str], asyncio.Event] = {}

    def changed(self, live: LivePool, facts: MoneyFacts) -> None:
        """A movement was announced."""
        self.wallet(live, facts.user)
        if facts.session:
            self._keep(self._bill(live, facts.session))

    def ended(self, live: LivePool, session: SessionFacts) -> None:
        """A metered session is over: who is here for it gets its bill, even if nobody announces it."""
        if live.people("user", session.user) or live.people("expert", session.expert):
            key = (live.pool, session.session)
            self._billed.setdefault(key, asyncio.Event())
            self._keep(self._look(live, session, key))

    def wallet(self, live: LivePool, user: str) -> None:
        """Read the user's balance and tell it to their pages here, if there are any and the pool is prepaid."""
        key = (live.pool, user)
        if not live.people("user", user):
            return
        if key in self._reading:
            self._again.add(key)
            return
        self._reading[key] = asyncio.create_task(self._tell(live, user))

    async def close(self) -> None:
        """Stop reading."""
        tasks = [*self._reading.values(), *self._tasks]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    # ------------------------------------------------------------ balances

    async def _tell(self, live: LivePool, user: str) -> None:
        key = (live.pool, user)
        try:
            while True:
                self._again.discard(key)
                if wallet := await self._wallet(live.pool, user):
                    live.post([(person_topic("user", user), Whole("wallet", wallet))])
                if key not in self._again:
                    return
        except (Refusal, *FAILURES) as error:
            _log.warning("wallet_not_read", pool=live.pool, error=type(error).__name__)
        finally:
            del self._reading[key]

    async def _wallet(self, pool: str, user: str) -> messages.Wallet | None:
        page = await self._catalogue.open(pool)
        if not page.pool.options.prepaid:
            return None
        at = self._clock.now_ms()
        async with self._database.read() as tx:
            balance = await ledger.balance_of(tx, pool, user)
        return messages.Wallet(
            at=at,
            currency=page.pool.options.currency,
            balance=balance.available,
            held=balance.pending,
            frozen=balance.frozen,
        )

    # ------------------------------------------------------------ bills

    async def _look(self, live: LivePool, session: SessionFacts, key: tuple[str, str]) -> None:
        """Until the bill has been told: look for it."""
        told = self._billed[key]
        try:
            for pause in LOOKS_S:
                try:
                    async with asyncio.timeout(pause):
                        await told.wait()
                        return
                except TimeoutError:
                    await self._bill(live, session.session)
                    self.wallet(live, session.user)
        finally:
            self._billed.pop(key, None)

    async def _bill(self, live: LivePool, session: str) -> None:
        try:
            bills = await self._bills.both(live.pool, session)
        except (Refusal, *FAILURES) as error:
            _log.warning("bill_not_read", pool=live.pool, session=session, error=type(error).__name__)
            return
        for member, bill in bills:
            topic = person_topic(bill.side, member)
            live.post([(topic, Whole(f"billed:{session}", messages.Billed(bill=bill)))])
        if bills and (told := self._billed.get((live.pool, session))):
            told.set()

    def _keep(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
