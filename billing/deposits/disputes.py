"""A payer disputes a payment: the processor takes the money back, and so do the books.

What the wallet still has goes first, the pool bears the rest, and the wallet is frozen until an operator has looked.
What a session had set aside, or a refund was about to bring, may be in the wallet again by then: `make_good` gives it
to the pool. A dispute that is won brings the money back, to both; the wallet stays frozen.
"""

from collections.abc import AsyncIterator
from typing import Final

import msgspec
import structlog

from billing import ledger
from billing import store as booked
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
        async for made, _amount in _made_good(tx, pool, known["dispute"]):
            await ledger.reverse(tx, pool, made, key=f"{made}:won", now=now, memo="won")
        await self._tools.note(tx, pool, now, "chargeback_won", f"user:{user}", known["dispute"])

    def _noted(self, row: store.Row, found: Disputed, now: int) -> store.Row:
        same = found.currency == row["currency"]
        amount = units.ours(found.amount, row["currency"], self._tools.exponent(row["currency"])) if same else 0
        return {
            "dispute": found.dispute, "pool": row["pool"], "user": row["user"], "deposit": row["deposit"],
            "amount": min(amount, row["amount"]) or row["amount"], "currency": row["currency"], "state": "noted",
            "status": found.status, "reason": found.reason, "created_at": now, "changed_at": now,
        }  # fmt: skip


async def make_good(tx: Tx, pool: str, user: str, currency: str, now: int) -> int:
    """Give the pool what it bore of a user's disputed payments, as far as the wallet has it by now; how much that was.

    Call it when a wallet has just been unfrozen, in the same transaction. Else the user would have the money twice:
    from the bank, and here.
    """
    given = 0
    for dispute in await store.lost_to(tx, pool, user):
        before = [amount async for _key, amount in _made_good(tx, pool, dispute)]
        available = (await ledger.balance_of(tx, pool, user)).available
        amount = min(available, await _borne(tx, pool, dispute) - sum(before))
        if amount > 0:
            key, memo = f"dispute:{dispute}:borne:{len(before) + 1}", "a payment that was taken back"
            await ledger.forfeit(tx, pool, user, amount, currency, key=key, now=now, memo=memo)
            given += amount
    return given


async def _borne(tx: Tx, pool: str, dispute: str) -> int:
    """What of a dispute the wallet could not bear."""
    told = await booked.command(tx, pool, f"dispute:{dispute}")
    return msgspec.json.decode(told[1], type=ledger.Chargeback).from_fees if told else 0


async def _made_good(tx: Tx, pool: str, dispute: str) -> AsyncIterator[tuple[str, int]]:
    """The keys of what has been made good of a dispute, with the amounts."""
    n = 1
    while done := await booked.transaction(tx, pool, key := f"dispute:{dispute}:borne:{n}"):
        yield key, sum(row["amount"] for row in await booked.legs_of(tx, done["id"]))
        n += 1
