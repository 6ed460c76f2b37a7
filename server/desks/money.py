"""What a session would cost, and what it came to."""

from billing import holds, ledger, meter
from directory.rates import rate_of
from ground.clock import Clock
from ground.errors import Refusal
from ground.sql import Database
from server.bills import Bills
from server.connection import Connection
from server.desks.desk import Handlers
from server.pages import View
from server.prices import least_ms
from server.terms import free_beginning, left_of
from sessions.conversation import Conversation, Met
from wire import messages


class MoneyDesk:
    """Answers `quote` and `bill_of`. `pays_in`: somebody can make a deposit here."""

    def __init__(self, db: Database, conversation: Conversation, bills: Bills, clock: Clock, *, pays_in: bool) -> None:
        self._db = db
        self._clock = clock
        self._conversation = conversation
        self._bills = bills
        self._pays_in = pays_in

    def handlers(self) -> Handlers:
        return {messages.Quote: self._quote, messages.BillOf: self._bill_of}

    async def _quote(self, conn: Connection, ask: messages.Quote) -> messages.Quoted:
        """Refused `unknown_expert`, `mode_not_offered`."""
        view: View = conn.view
        expert, options = view.page.experts.get(ask.expert), view.page.pool.options
        if expert is None:
            raise Refusal("unknown_expert", ask.expert)
        if ask.mode not in expert.modes:
            raise Refusal("mode_not_offered", ask.expert)
        rate, now = rate_of(expert, ask.mode, options), self._clock.now_ms()
        async with self._db.read() as tx:
            balance = (await ledger.balance_of(tx, conn.pool, conn.member)).available
            going_on = view.live.mirror.session_of("user", conn.member)
            if going_on is not None and going_on.transfer_to == ask.expert:  # it ends before the next begins
                balance += await left_of(tx, conn.pool, going_on, max(now, view.live.mirror.at))
            free_ms = await free_beginning(tx, options, conn.pool, conn.member, ask.expert, now)
        cap_ms = view.live.mirror.settings.session_cap_ms
        quote = meter.quote(balance, rate, free_ms, cap_ms, least_ms(options, cap_ms)) if rate else None
        return messages.Quoted(
            id=ask.id,
            expert=ask.expert,
            mode=ask.mode,
            currency=options.currency,
            rate=rate,
            free_s=free_ms // 1000 if rate else 0,
            balance=balance,
            enough_s=quote.enough_ms // 1000 if quote else -1,
            minimum_s=least_ms(options, cap_ms) // 1000 if rate else 0,
            enough=quote is None or quote.enough,
            deposits=options.deposits if options.prepaid and self._pays_in else [],
        )

    async def _bill_of(self, conn: Connection, ask: messages.BillOf) -> messages.BillPage:
        """Refused `no_such_session` (also for those of others), `not_settled`, and `not_prepaid` where there is
        nothing to bill."""
        met = await self._conversation.session(conn.pool, ask.session, conn.role, conn.member)
        for _member, bill in await self._bills.both(conn.pool, met.session):
            if bill.side == conn.role:
                return messages.BillPage(id=ask.id, bill=bill)
        raise Refusal("not_settled" if await self._may_come(conn.view, met) else "not_prepaid", ask.session)

    async def _may_come(self, view: View, met: Met) -> bool:
        """Whether a session without a bill will have one: it costs something."""
        known = view.live.mirror.session(met.session)
        if known is not None:
            return known.rate > 0
        async with self._db.read() as tx:
            return await holds.of_session(tx, view.live.pool, met.session) is not None
