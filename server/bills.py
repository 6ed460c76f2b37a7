"""What a session came to, in the words of the wire: for its user what was paid, for its expert what was earned too."""

from typing import cast

import msgspec

from billing import ledger, meter
from billing.meter import BillFacts
from ground.sql import Database, Tx
from server.catalogue import Catalogue
from sessions import store as sessions
from wire import messages


class Bills:
    """Reads bills from the books."""

    def __init__(self, database: Database, catalogue: Catalogue) -> None:
        self._database = database
        self._catalogue = catalogue

    async def both(self, pool: str, session: str) -> list[tuple[str, messages.Bill]]:
        """The bill for each side with whose it is; empty while the session is not settled, or cost nothing at all."""
        logged = await sessions.find(self._database, pool, session)
        if logged is None:
            return []
        names = await self._catalogue.names(pool)
        async with self._database.read() as tx:
            facts = await meter.bill(tx, pool, session)
            if facts is None:
                return []
            return [
                (logged.user, _for_user(facts, names(logged.expert), await spendable(tx, pool, facts.user))),
                (logged.expert, _for_expert(facts, logged.name, await ledger.owed_to(tx, pool, facts.expert))),
            ]


async def spendable(tx: Tx, pool: str, user: str) -> int:
    """What a user may spend now."""
    return (await ledger.balance_of(tx, pool, user)).available


def _for_expert(facts: BillFacts, partner: str, owed: int) -> messages.Bill:
    return messages.Bill(
        session=facts.session,
        side="expert",
        partner=partner,
        outcome=cast(messages.BillOutcome, facts.outcome),
        ms=facts.ran_ms,
        rate=facts.rate,
        free_ms=facts.free_ms,
        amount=facts.amount,
        fee=facts.fee,
        credit=facts.credit,
        balance=owed,
        currency=facts.currency,
        ended_at=facts.ended_at,
    )


def _for_user(facts: BillFacts, partner: str, balance: int) -> messages.Bill:
    """What of the amount is whose is between the expert and the pool."""
    return msgspec.structs.replace(_for_expert(facts, partner, balance), side="user", fee=0, credit=0)
