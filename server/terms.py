"""What a place in a line costs whom: locked with the place, so that it stays as it was told."""

from collections.abc import Callable, Iterable, Mapping
from typing import Final, get_args

from billing import ledger, meter
from directory.expert import PoolOptions
from directory.rates import rate_of
from ground.clock import Clock
from ground.errors import Refusal
from ground.journal import Journal
from ground.sql import Database, Tx
from identity import sign_ins
from queueing.facts import Mode, SessionFacts, Terms, TicketFacts
from server.catalogue import Catalogue, Page
from server.connection import Connection
from server.metering import Metering
from server.pages import View
from server.prices import MINUTE_MS, lasts_ms, least_ms

MODES: Final[tuple[Mode, ...]] = get_args(Mode)
HEARD_S: Final = 2.0
"""How long a command waits until this process has heard of what the store already knows."""


class LineTerms:
    """The terms for who joins, switches or is moved."""

    def __init__(
        self, database: Database, journal: Journal, catalogue: Catalogue, metering: Metering, clock: Clock
    ) -> None:
        self._database = database
        self._journal = journal
        self._catalogue = catalogue
        self._metering = metering
        self._clock = clock

    async def joined(
        self, conn: Connection, experts: Iterable[str], mode: Mode, shown: Mapping[str, int]
    ) -> dict[str, Terms]:
        """What the lines of `experts` cost the user of this page, to be locked with the places; free ones aren't named.
        `shown` are the rates that the page showed, as far as it says.

        Refused `rate_higher`, `balance_too_low`, `wallet_frozen`, `too_many_free_calls`, unless the user has a ticket
        already: then the line has its own answer, or repeats the one it gave.
        """
        view: View = conn.view
        rates = await self._rates(view.page, experts, mode)
        if not rates:
            return {}
        ticket = view.live.mirror.ticket_of(conn.member)
        if ticket is None:
            _hold_to(shown, rates)
            await self._metering.clear(conn.pool, conn.member)
        terms, problem = await self._look(view, conn.member, rates)
        if problem and ticket is None:
            raise problem
        return terms

    async def switched(self, conn: Connection, expert: str, shown: Mapping[str, int]) -> tuple[str, dict[str, Terms]]:
        """The same for the line into which the user's ticket goes over, and which ticket that is: its mode decides."""
        view: View = conn.view
        ticket = await self._ticket(view, lambda: view.live.mirror.ticket_of(conn.member))
        rates = await self._rates(view.page, [expert], ticket.mode if ticket else None)
        if not rates:
            return "", {}
        waits = ticket is not None and ticket.state == "waiting"
        goes_over = ticket is not None and waits and expert not in dict(ticket.lines)
        if goes_over:
            _hold_to(shown, rates)
        if waits:
            await self._metering.clear(conn.pool, conn.member)
        terms, problem = await self._look(view, conn.member, rates)
        if problem and goes_over:
            raise problem
        return ticket.ticket if ticket else "", terms

    async def transferred(self, conn: Connection, session: SessionFacts, shown: Mapping[str, int]) -> dict[str, Terms]:
        """The same for the line of the colleague to whom a session of this user is handed over. The session has not
        ended yet: what is left of the money that is set aside for it counts.

        Refused as `joined`.
        """
        view: View = conn.view
        rates = await self._rates(view.page, [session.transfer_to], session.mode)
        if not rates:
            return {}
        _hold_to(shown, rates)
        async with self._database.read() as tx:
            back = await left_of(tx, conn.pool, session, max(self._clock.now_ms(), view.live.mirror.at))
        terms, problem = await self._look(view, conn.member, rates, back)
        if problem:
            raise problem
        return terms

    async def moved(self, view: View, ticket: str, expert: str) -> dict[str, Terms]:
        """The same for a ticket that an operator moves: what it costs, whatever its user can pay."""
        found = await self._ticket(view, lambda: view.live.mirror.tickets.get(ticket))
        rates = await self._rates(view.page, [expert], found.mode if found else None)
        if not rates:
            return {}
        terms, _problem = await self._look(view, found.user if found else "", rates)
        return terms

    async def _ticket(self, view: View, find: Callable[[], TicketFacts | None]) -> TicketFacts | None:
        """A ticket as the store has it now, as far as money depends on it."""
        if view.page.pool.options.prepaid:
            await view.live.reached(*await self._journal.tail(view.live.pool), HEARD_S)
        return find()

    async def _rates(self, page: Page, experts: Iterable[str], mode: Mode | None) -> dict[str, int]:
        """The lines that cost something; in a mode that is not known, the highest rate. An expert of whom this process
        has not read yet is read now."""
        options = page.pool.options
        if not options.prepaid:
            return {}
        rates = {}
        for expert in experts:
            if expert not in page.experts:
                await self._catalogue.reread(page.pool.pool, expert)
            known = page.experts[expert]
            rates[expert] = max(rate_of(known, each, options) for each in ([mode] if mode else MODES))
        return {expert: rate for expert, rate in rates.items() if rate}

    async def _look(
        self, view: View, user: str, rates: Mapping[str, int], soon: int = 0
    ) -> tuple[dict[str, Terms], Refusal | None]:
        """The terms of these lines with what the user has now and will have `soon`, and what stands against joining
        them."""
        options, pool, cap_ms = view.page.pool.options, view.live.pool, view.live.mirror.settings.session_cap_ms
        now = self._clock.now_ms()
        problem: Refusal | None = None
        terms = {}
        async with self._database.read() as tx:
            balance = await ledger.balance_of(tx, pool, user)
            for expert, rate in rates.items():
                if await meter.free_calls_today(tx, pool, user, expert, now) >= options.free_calls:
                    problem = Refusal("too_many_free_calls", expert)
                free_ms = await free_beginning(tx, options, pool, user, expert, now)
                terms[expert] = Terms(rate, free_ms, lasts_ms(balance.available + soon, rate, free_ms, cap_ms))
        # A deposit would not help who has had too many free calls.
        if problem is None and any(each.limit_ms < least_ms(options, cap_ms) for each in terms.values()):
            problem = Refusal("balance_too_low", str(options.minimum_minutes))
        return terms, Refusal("wallet_frozen") if balance.frozen else problem


def _hold_to(shown: Mapping[str, int], rates: Mapping[str, int]) -> None:
    """Nobody's yes to one rate is a yes to a higher one. Refused `rate_higher`, with the expert."""
    for expert, rate in rates.items():
        if rate > shown.get(expert, rate):
            raise Refusal("rate_higher", expert)


async def left_of(tx: Tx, pool: str, session: SessionFacts, now: int) -> int:
    """What is left of the money that was set aside for a session, if it ended now."""
    ran_ms = session.ran_ms + (max(0, now - session.running_since) if session.running_since else 0)
    return await meter.given_back(tx, pool, session.offer, ran_ms)


async def free_beginning(tx: Tx, options: PoolOptions, pool: str, user: str, expert: str, now: int) -> int:
    """How much of the next session of the two is free (ms). Nothing for a mere visitor: whoever drops the browser's
    cookie is another one, and would have it for ever."""
    if not options.free_minutes or await sign_ins.is_visitor(tx, pool, user):
        return 0
    free_ms = options.free_minutes * MINUTE_MS
    return await meter.free_beginning(tx, pool, user, expert, free_ms=free_ms, times=options.free_calls, now=now)
