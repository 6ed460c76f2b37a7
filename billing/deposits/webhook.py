"""What the card processor tells, and the only thing that credits a deposit.

An event says no more than that something happened to something. What it is now is asked of the processor, held against
our own row, and followed: so events may come five times, in any order, all at once, or too late. What is not ours is
answered as taken and changes nothing; what can't be done now raises, and is delivered again.
"""

from collections.abc import Awaitable, Callable
from typing import Final

import structlog

from billing.deposits import store, units
from billing.deposits.answers import Card, CheckoutState, Event, Payment
from billing.deposits.cards import Reloads, keep
from billing.deposits.crediting import credit
from billing.deposits.disputes import Disputes
from billing.deposits.processor import ProcessorRefused
from billing.deposits.refunds import Refunds
from billing.deposits.tools import Tools, Whose
from ground.sql import Tx

KINDS: Final = (
    "checkout.session.completed", "checkout.session.async_payment_succeeded", "checkout.session.async_payment_failed",
    "checkout.session.expired", "payment_intent.succeeded", "payment_intent.payment_failed", "charge.dispute.created",
    "charge.dispute.funds_withdrawn", "charge.dispute.closed", "charge.dispute.funds_reinstated", "refund.updated",
    "refund.failed",
)  # fmt: skip
"""The events to ask the processor for."""
KEPT_MS: Final = 90 * 86_400_000
"""How long an event is remembered; the processor repeats for days, its people by hand for a month."""
_log = structlog.get_logger("openline.deposits")
Handler = Callable[[Event], Awaitable[Whose | None]]


class Webhook:
    """Takes events."""

    def __init__(self, tools: Tools, reloads: Reloads, refunds: Refunds, disputes: Disputes) -> None:
        self._tools = tools
        self._reloads = reloads
        self._handlers: dict[str, Handler] = {
            "checkout": self._checkout, "payment_intent": self._payment, "charge": disputes.told,
            "refund": refunds.told,
        }  # fmt: skip

    async def take(self, body: bytes, signature: str) -> Whose | None:
        """Follow one event; whose money it has moved, None: nobody's. Raises BadSignature; and ProcessorDown, NotYet
        and what the database raises for one that has to come again."""
        event = await self._tools.processor.event(body, signature)
        if event.kind not in KINDS:
            return None
        async with self._tools.db.read() as tx:
            if await store.knows(tx, event.event):
                return None
        try:
            return await self._handlers[event.kind.partition(".")[0]](event)
        except ProcessorRefused as refused:
            _log.error("event_of_nothing", event_id=event.event, kind=event.kind, thing=event.thing, code=refused.code)
            return None

    # ------------------------------------------------------------ a page

    async def _checkout(self, event: Event) -> Whose | None:
        found = await self._tools.processor.checkout_state(event.thing)
        row = await self._row(event, found.reference)
        if row is None or not self._is_of(row, found):
            self._foreign(event, row)
            return None
        card = await self._card(row, found)
        async with self._tools.db.begin() as tx:
            row = await store.locked(tx, row)
            if not await store.remember(tx, event.event, event.kind, self._tools.clock.now_ms()):
                return None
            if found.paid:
                return await self._paid(tx, row, found, card)
            await self._unpaid(tx, row, event, found)
            return None

    async def _paid(self, tx: Tx, row: store.Row, found: CheckoutState, card: Card | None) -> Whose | None:
        key = f"checkout:{found.checkout}"
        if not await credit(tx, self._tools, row, key, found.payment, checkout=found.checkout):
            return None
        if card is not None:
            await keep(tx, row, card)
        return row["pool"], row["user"]

    async def _unpaid(self, tx: Tx, row: store.Row, event: Event, found: CheckoutState) -> None:
        failed = event.kind == "checkout.session.async_payment_failed"
        if row["state"] == "open" and (failed or found.expired):
            state, now = "failed" if failed else "expired", self._tools.clock.now_ms()
            await store.set_deposit(tx, row["deposit"], state=state, checkout=found.checkout, changed_at=now)

    def _is_of(self, row: store.Row, found: CheckoutState) -> bool:
        """Whether what the processor has is the page of our row, and paid as our row says, if it is."""
        ours = row["kind"] == "page" and row["checkout"] in (None, found.checkout) and found.mode == "payment"
        if not ours or found.deposit != row["deposit"]:
            return False
        return not found.paid or (bool(found.payment) and self._fits(row, found.amount, found.currency))

    async def _card(self, row: store.Row, found: CheckoutState) -> Card | None:
        """The card that was paid with, if the user wants it kept."""
        if not (found.paid and row["keep_card"]):
            return None
        method = (await self._tools.processor.payment(found.payment)).method
        return await self._tools.processor.card(method) if method else None

    # ------------------------------------------------------------ a kept card

    async def _payment(self, event: Event) -> Whose | None:
        """Payments of pages come here, too: their pages tell more, and are told of."""
        found = await self._tools.processor.payment(event.thing)
        row = await self._row(event, found.deposit) if found.deposit else None
        if row is not None and row["kind"] == "page":
            return None
        if row is None or not await self._is_reload(row, found):
            self._foreign(event, row)
            return None
        async with self._tools.db.begin() as tx:
            row = await store.locked(tx, row)
            if not await store.remember(tx, event.event, event.kind, self._tools.clock.now_ms()):
                return None
            return await self._reloads.settle(tx, row, found)

    async def _is_reload(self, row: store.Row, found: Payment) -> bool:
        async with self._tools.db.read() as tx:
            known = await store.payer(tx, row["pool"], row["user"])
        # Whoever was forgotten meanwhile is nobody's customer any more, and has paid all the same.
        ours = row["payment"] in (None, found.payment) and known["customer"] in ("", found.customer)
        paid = found.status == "succeeded"
        return ours and (not paid or self._fits(row, found.received, found.currency))

    # ------------------------------------------------------------ what they share

    async def _row(self, event: Event, deposit: str) -> store.Row | None:
        async with self._tools.db.read() as tx:
            return await store.deposit(tx, deposit) if deposit else None

    def _fits(self, row: store.Row, amount: int, currency: str) -> bool:
        due = units.processors(row["amount"], row["currency"], self._tools.exponent(row["currency"]))
        return (amount, currency) == (due, row["currency"])

    def _foreign(self, event: Event, row: store.Row | None) -> None:
        """It isn't ours, or isn't what we asked for: somebody has to look at it."""
        known = row["deposit"] if row else ""
        _log.error("event_not_ours", event_id=event.event, kind=event.kind, thing=event.thing, deposit=known)
