"""The meter's trip through the server: what a line costs whom, money set aside before two meet, deposits on their way.

Lines and sessions live in the store, money in the books. No step spans both, so each is safe to stop after:
money is set aside in the books first and named by its offer, then the offer is accepted with what that money buys; what
an offer or a session came to is settled by the transaction that writes the journal (`settling.py`); a deposit grows
what is set aside in its own transaction, and the store is told until it knows (`keep`).
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, Final

import structlog

from billing import holds, ledger, meter, price
from billing.holds import Hold
from billing.news import MoneyWhispers
from directory.expert import PoolOptions
from directory.rates import rate_of
from ground.clock import Clock
from ground.errors import Refusal, StoreUnavailable
from ground.journal import Journal
from ground.sql import FAILURES, Database
from queueing.facts import Mode, Terms, TicketFacts
from queueing.line import Line
from server.books import Books
from server.catalogue import Catalogue, Page
from server.connection import Connection
from server.fanout import Fanout, LivePool
from server.pages import View
from server.settling import Moved
from wire import messages

BOOKS_S: Final = 2.0
"""How long a command waits for the books to hear of an end before it asks what money there is."""
KEEP_S: Final = 2.0
UNFUNDED: Final = frozenset({"balance_too_low", "wallet_frozen", "too_many_free_calls"})
OVER: Final = frozenset({"no_such_session", "session_over"})
MINUTE_MS: Final = price.MINUTE_MS
Answer = dict[str, Any]
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

    # ------------------------------------------------------------ what a line costs

    async def terms(self, conn: Connection, experts: Iterable[str], mode: Mode) -> dict[str, Terms]:
        """What the lines of `experts` cost the user of this page, to be locked with the places; free ones aren't named.

        Refused `balance_too_low`, `wallet_frozen`, `too_many_free_calls`, unless the user has a ticket already: then the
        line has its own answer, or repeats the one it gave.
        """
        view: View = conn.view
        rates = await self._rates(view.page, experts, mode)
        if not rates:
            return {}
        ticket = view.live.mirror.ticket_of(conn.member)
        if ticket is None:
            await self._clear(conn.pool, conn.member)
        terms, problem = await self._look(view, conn.member, rates)
        if problem and ticket is None:
            raise problem
        return terms

    async def switched(self, conn: Connection, expert: str) -> dict[str, Terms]:
        """The same for the line into which the user's ticket goes over, in the mode of that ticket."""
        view: View = conn.view
        ticket = await self._ticket(view, lambda: view.live.mirror.ticket_of(conn.member))
        if ticket is None or not (rates := await self._rates(view.page, [expert], ticket.mode)):
            return {}
        if ticket.state == "waiting":
            await self._clear(conn.pool, conn.member)
        terms, problem = await self._look(view, conn.member, rates)
        if problem and ticket.state == "waiting" and expert not in dict(ticket.lines):
            raise problem
        return terms

    async def moved(self, view: View, ticket: str, expert: str) -> dict[str, Terms]:
        """The same for a ticket that an operator moves: what it costs, whatever its user can pay."""
        found = await self._ticket(view, lambda: view.live.mirror.tickets.get(ticket))
        if found is None or not (rates := await self._rates(view.page, [expert], found.mode)):
            return {}
        terms, _problem = await self._look(view, found.user, rates)
        return terms

    async def _ticket(self, view: View, find: Callable[[], TicketFacts | None]) -> TicketFacts | None:
        """A ticket, also one that this process has not heard of yet: its mode decides about money."""
        if not view.page.pool.options.prepaid or (found := find()):
            return find()
        await view.live.reached(*await self._journal.tail(view.live.pool), BOOKS_S)
        return find()

    async def _rates(self, page: Page, experts: Iterable[str], mode: Mode) -> dict[str, int]:
        """The lines that cost something. An expert of whom this process has not read yet is read now."""
        options = page.pool.options
        if not options.prepaid:
            return {}
        rates = {}
        for expert in experts:
            if expert not in page.experts:
                await self._catalogue.reread(page.pool.pool, expert)
            rates[expert] = rate_of(page.experts[expert], mode, options)
        return {expert: rate for expert, rate in rates.items() if rate}

    async def _look(self, view: View, user: str, rates: Mapping[str, int]) -> tuple[dict[str, Terms], Refusal | None]:
        """The terms of these lines with what the user has now, and what stands against joining them."""
        options, pool, cap_ms = view.page.pool.options, view.live.pool, view.live.mirror.settings.session_cap_ms
        free_ms = options.free_minutes * MINUTE_MS
        problem: Refusal | None = None
        async with self._database.read() as tx:
            balance = await ledger.balance_of(tx, pool, user)
            for expert in rates:
                if await meter.free_calls_today(tx, pool, user, expert, self._clock.now_ms()) >= options.free_calls:
                    problem = Refusal("too_many_free_calls", expert)
        terms = {
            expert: Terms(rate, free_ms, lasts_ms(balance.available, rate, free_ms, cap_ms))
            for expert, rate in rates.items()
        }
        if any(each.limit_ms < least_ms(options, cap_ms) for each in terms.values()):
            problem = Refusal("balance_too_low", str(options.minimum_minutes))
        return terms, Refusal("wallet_frozen") if balance.frozen else problem

    # ------------------------------------------------------------ two meet

    async def accept(self, conn: Connection, ask: messages.Accept) -> Answer:
        """Accept an offer, with money set aside for it where it costs something. → as `Line.accept`

        Refused as there, and `balance_too_low`, `wallet_frozen`, `too_many_free_calls`: then the offer is over;
        `not_settled`: what this user's last session came to is not known yet, and the offer stands.
        """
        view: View = conn.view
        known = view.live.mirror.offers.get(ask.offer)
        if known is not None and not known.rate:
            return await self._line.accept(conn.pool, ask.offer, conn.role, conn.member, op=ask.op)
        try:
            offer = await self._line.offer(conn.pool, ask.offer, conn.role, conn.member)
        except Refusal:  # a repeat of an acceptance gets its answer, all others this refusal
            return await self._line.accept(conn.pool, ask.offer, conn.role, conn.member, op=ask.op)
        if not offer["rate"]:
            return await self._line.accept(conn.pool, ask.offer, conn.role, conn.member, op=ask.op)
        return await self._accept_metered(conn, ask, offer)

    async def _accept_metered(self, conn: Connection, ask: messages.Accept, offer: Answer) -> Answer:
        reserved = await self._reserve_or_end(conn.view, offer)
        try:
            answer = await self._line.accept(
                conn.pool, ask.offer, conn.role, conn.member,
                budget_ms=reserved.budget_ms, fee_bps=reserved.fee_bps, op=ask.op,
            )  # fmt: skip
        except Refusal:
            self._beside(self._clear(conn.pool, offer["user"]))
            raise
        self._beside(self.wallet_changed(conn.pool, offer["user"]))
        return answer

    async def _reserve_or_end(self, view: View, offer: Answer) -> meter.Reserved:
        pool = view.live.pool
        known = await self._clear(pool, offer["user"], but=offer["offer"])
        try:
            return await self._reserve(view, offer)
        except Refusal as refusal:
            if refusal.code not in UNFUNDED:
                raise
            if not known:
                raise Refusal("not_settled") from refusal
            await self._unfunded(pool, offer["offer"])
            raise

    async def _reserve(self, view: View, offer: Answer) -> meter.Reserved:
        options, pool, now = view.page.pool.options, view.live.pool, self._clock.now_ms()
        cap_ms = view.live.mirror.settings.session_cap_ms
        async with self._database.begin() as tx:
            held = await holds.find(tx, pool, offer["offer"])
            if held is not None and held.state == "pending":  # the other side's acceptance has set it aside
                return meter.Reserved(held.amount, meter.budget_of(held), held.terms.fee_bps)
            calls = await meter.free_calls_today(tx, pool, offer["user"], offer["expert"], now)
            if calls >= options.free_calls:
                raise Refusal("too_many_free_calls", offer["expert"])
            return await meter.reserve(
                tx, pool, offer["offer"], offer["user"], offer["expert"],
                rate=offer["rate"], free_ms=offer["free_ms"], cap_ms=cap_ms, minimum_ms=least_ms(options, cap_ms),
                fee_bps=options.fee_bps, currency=options.currency, now=now,
            )  # fmt: skip

    async def _unfunded(self, pool: str, offer: str) -> None:
        try:
            await self._line.unfunded(pool, offer)
        except Refusal:
            _log.info("unfunded_offer_was_over", pool=pool, offer=offer)

    # ------------------------------------------------------------ what is over sets nothing aside

    async def _clear(self, pool: str, user: str, but: str = "") -> bool:
        """Wait until the books know what has become of the user's offers and sessions that are over, and release what
        none of them took. False when the books don't know in time. `but` is an offer that rings.

        An offer that no longer rings and whose match the books would know, but don't, came to nothing.
        """
        async with self._database.read() as tx:
            if not (await ledger.balance_of(tx, pool, user)).pending:
                return True
            found = [one for one in await meter.open_holds(tx, pool) if one.user == user and one.hold != but]
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
        cancelled. Raises StoreUnavailable and database errors."""
        while True:
            async with self._database.read() as tx:
                found = await meter.open_holds(tx, pool)
            if found:
                await self._tell_untold(pool)
                await self._release_over(pool, [one for one in found if not one.session])
                async with self._database.begin() as tx:
                    expired = await holds.expire_due(tx, pool, self._clock.now_ms())
                for one in expired:
                    await self.wallet_changed(pool, one.user, one.session)
            await asyncio.sleep(KEEP_S)

    async def money_moved(self, pool: str, moved: Iterable[Moved]) -> None:
        """The books have settled, released or heard that a session's last minute has begun. Raises nothing."""
        for user, session, soon_over in moved:
            await self.wallet_changed(pool, user, session)
            for hook in self.on_minute if soon_over else ():
                self._beside(hook(pool, user))

    def _beside(self, work: Awaitable[Any]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: "asyncio.Task[Any]") -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            _log.warning("money_work_failed", exc_info=task.exception())


def lasts_ms(available: int, rate: int, free_ms: int, cap_ms: int) -> int:
    """How long a session at `rate` lasts with what is available, at most the longest session."""
    return min(cap_ms, price.buys_ms(max(0, available), rate, free_ms))


def least_ms(options: PoolOptions, cap_ms: int) -> int:
    """The shortest session for which there has to be money before two meet."""
    return min(cap_ms, options.minimum_minutes * MINUTE_MS)
