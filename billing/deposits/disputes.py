"""A payer disputes a payment: the processor takes the money back, and so do the books.

What the wallet still has goes first, the pool bears the rest, and the wallet is frozen until an operator has looked.
A dispute that is won brings the money back; the wallet stays frozen.
"""

from typing import Final

import structlog

from billing import ledger
from billing.deposits import store, units
from billing.deposits.answers import Disputed, Event
from billing.deposits.processor import ProcessorRefused
from billing.deposits.tools import Tools, Whose
from ground.sql import Tx

TAKEN: Final = ("needs_response", "under_review", "lost")
"""States in which the processor has taken the money. (A mere enquiry, `warning_…`, takes none.)"""
REASON: Final = "chargeback"
_log = structlog.get_logger("openline.disputes")


class NotYet(Exception):
    """It is about a payment of which the event is still to come: this one has to come again."""


class Disputes:
    """Follows disputes."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools

    async def told(self, event: Event) -> Whose | None:
        """Something happened to a dispute. Raises NotYet."""
        found = await self._tools.processor.dispute(event.thing)
        row = await self._deposit(found)
        if row is None:
            _log.error("event_not_ours", event_id=event.event, kind=event.kind, thing=event.thing)
            return None
        async with self._tools.db.begin() as tx:
            row = await store.locked(tx, row)
            if row["state"] != "paid":
                raise NotYet
            if not await store.remember(tx, event.event, event.kind, self._tools.clock.now_ms()):
                return None
            return await self._follow(tx, row, found)

    async def _deposit(self, found: Disputed) -> store.Row | None:
        async with self._tools.db.read() as tx:
            row = await store.deposit_of_payment(tx, found.payment)
        if row is not None or not found.payment:
            return row
        try:
            name = (await self._tools.processor.payment(found.payment)).deposit
        except ProcessorRefused:
            return None
        async with self._tools.db.read() as tx:
            return await store.deposit(tx, name) if name else None

    async def _follow(self, tx: Tx, row: store.Row, found: Disputed) -> Whose | None:
        now = self._tools.clock.now_ms()
        known = await store.dispute(tx, found.dispute)
        if known is None:
            known = self._noted(row, found, now)
            await store.add_dispute(tx, known)
            _log.warning("payment_disputed", pool=row["pool"], deposit=row["deposit"], reason=found.reason)
        state = known["state"]
        if state == "noted" and found.status in TAKEN:
            await self._take(tx, known, now)
            state = "taken"
        elif state == "taken" and found.status == "won":
            await self._return(tx, known, now)
            state = "returned"
        await store.set_dispute(tx, found.dispute, state=state, status=found.status, changed_at=now)
        return (row["pool"], row["user"]) if state != known["state"] else None

    async def _take(self, tx: Tx, known: store.Row, now: int) -> None:
        pool, user, amount, key = known["pool"], known["user"], known["amount"], f"dispute:{known['dispute']}"
        await store.count_disputed(tx, known["deposit"], amount)
        taken = (pool, user, amount, known["currency"])
        reference = known["deposit"]
        await ledger.chargeback(tx, *taken, key=key, now=now, reference=reference, memo=known["reason"])
        await ledger.freeze(tx, pool, user, known["currency"], reason=REASON, now=now)
        await self._tools.note(tx, pool, now, "chargeback", f"user:{user}", known["dispute"])

    async def _return(self, tx: Tx, known: store.Row, now: int) -> None:
        pool, user, key = known["pool"], known["user"], f"dispute:{known['dispute']}"
        await store.count_disputed(tx, known["deposit"], -known["amount"])
        await ledger.reverse(tx, pool, key, key=f"{key}:won", now=now, memo="won")
        await self._tools.note(tx, pool, now, "chargeback_won", f"user:{user}", known["dispute"])

    def _noted(self, row: store.Row, found: Disputed, now: int) -> store.Row:
        same = found.currency == row["currency"]
        amount = units.ours(found.amount, row["currency"], self._tools.exponent(row["currency"])) if same else 0
        return {
            "dispute": found.dispute, "pool": row["pool"], "user": row["user"], "deposit": row["deposit"],
            "amount": min(amount, row["amount"]) or row["amount"], "currency": row["currency"], "state": "noted",
            "status": found.status, "reason": found.reason, "created_at": now, "changed_at": now,
        }  # fmt: skip
