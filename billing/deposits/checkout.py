"""A page of the card processor to pay at: one for each operation of a user, however often it is asked for.

Our row comes first, then the page, which has the row's name as its key at the processor. So a crash between the two
leaves nothing that a repeat would not find. What is paid there is credited by `webhook.py` alone.
"""

from typing import Any, Final

import structlog
from msgspec import Struct

from billing import ledger
from billing.deposits import store, units
from billing.deposits.answers import PayPage
from billing.deposits.processor import ProcessorDown, ProcessorRefused
from billing.deposits.tools import Tools
from ground.errors import Refusal
from ground.ids import new_id

OPEN_AN_HOUR: Final = 20
"""Pages that one user may ask for in an hour without paying."""
HOUR_MS: Final = 3_600_000
TITLE_MAX: Final = 120
LOOK_MS: Final = 600_000
"""When a page that is still open is looked at, and then after twice as long each time."""
GONE_MS: Final = 2 * 86_400_000
"""No page lives so long."""
AT_ONCE: Final = 20
_log = structlog.get_logger("openline.deposits")


class Asked(Struct, frozen=True):
    """What a user asks for: `amount` in minor units; `back` names where the page leads afterwards."""

    op: str
    amount: int
    back: str
    keep_card: bool = False


class Shop(Struct, frozen=True, kw_only=True):
    """The pool as the page shows it, the least and the most that may be paid in at once, and where the page leads."""

    pool: str
    title: str
    currency: str
    least: int
    most: int
    success: str
    cancel: str


class Checkout:
    """Makes the pages."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools

    async def page(self, user: str, asked: Asked, shop: Shop) -> str:
        """The address of the page. Refused `bad_amount`, `wallet_frozen`, `op_reused`, `rate_limited`,
        `processor_unavailable`."""
        row = await self._begin(user, asked, shop)
        if row["url"]:
            return str(row["url"])
        if row["state"] != "open":
            raise Refusal("processor_unavailable")
        page = await self._make(row, shop)
        async with self._tools.db.begin() as tx:
            await store.set_deposit(tx, row["deposit"], checkout=page.checkout, url=page.url)
        return page.url

    async def _begin(self, user: str, asked: Asked, shop: Shop) -> store.Row:
        """The row of the deposit, made and committed, or that of an earlier time."""
        now = self._tools.clock.now_ms()
        async with self._tools.db.begin() as tx:
            await store.lock_payer(tx, shop.pool, user)
            if before := await store.deposit_of_op(tx, shop.pool, user, asked.op):
                return _same(before, asked)
            self._check_amount(asked.amount, shop)
            await check_wallet(tx, shop.pool, user, shop.currency)
            if await store.count_since(tx, shop.pool, user, "page", now - HOUR_MS, unpaid=True) >= OPEN_AN_HOUR:
                raise Refusal("rate_limited")
            row = opened("page", shop.pool, user, asked.op, asked.amount, shop.currency, now)
            row |= {"back": asked.back, "keep_card": asked.keep_card, "due_at": now + LOOK_MS}
            await store.add_deposit(tx, row)
        return row

    def _check_amount(self, amount: int, shop: Shop) -> None:
        if not shop.least <= amount <= shop.most:
            raise Refusal("bad_amount", f"{shop.least} to {shop.most}")
        units.processors(amount, shop.currency, self._tools.exponent(shop.currency))

    async def _make(self, row: store.Row, shop: Shop) -> PayPage:
        amount = units.processors(row["amount"], row["currency"], self._tools.exponent(row["currency"]))
        title, keep = shop.title[:TITLE_MAX] or shop.pool, row["keep_card"]
        try:
            customer = await self._customer(row)
            page = await self._tools.processor.checkout(
                row["deposit"], customer, amount, row["currency"], title, shop.success, shop.cancel, keep_card=keep
            )
        except ProcessorDown:
            raise Refusal("processor_unavailable") from None
        except ProcessorRefused as refused:
            await self._give_up(row, refused)
            code = "bad_amount" if refused.code.startswith("amount_too_") else "processor_unavailable"
            raise Refusal(code) from None
        if not self._tools.processor.is_pay_page(page.url):
            _log.error("page_not_the_processors", deposit=row["deposit"])
            raise Refusal("processor_unavailable")
        return page

    async def _customer(self, row: store.Row) -> str:
        """The processor's name for the user, which is made once."""
        pool, user = row["pool"], row["user"]
        async with self._tools.db.read() as tx:
            known = await store.payer(tx, pool, user)
        if known["customer"]:
            return str(known["customer"])
        made = await self._tools.processor.customer(pool, user, f"customer-{row['deposit']}")
        async with self._tools.db.begin() as tx:
            known = await store.lock_payer(tx, pool, user)
            if not known["customer"]:
                await store.set_payer(tx, pool, user, customer=made)
        return str(known["customer"] or made)

    async def _give_up(self, row: store.Row, refused: ProcessorRefused) -> None:
        """The processor will never make this page. A customer whom it no longer knows is made anew the next time."""
        _log.error("page_refused", deposit=row["deposit"], code=refused.code)
        now = self._tools.clock.now_ms()
        async with self._tools.db.begin() as tx:
            await store.lock_payer(tx, row["pool"], row["user"])
            await store.set_deposit(tx, row["deposit"], state="failed", reason=refused.code, changed_at=now)
            if refused.missing:
                await store.set_payer(tx, row["pool"], row["user"], customer="")

    # ------------------------------------------------------------ what nobody tells

    async def resume(self) -> None:
        """Look at pages that are still open: those that have ended are closed. One that is paid is left to the webhook,
        for nothing else credits; but that it was not told is said aloud. Several processes may do this at once."""
        now = self._tools.clock.now_ms()
        async with self._tools.db.read() as tx:
            rows = await store.hanging(tx, "page", now, AT_ONCE)
        for row in rows:
            async with self._tools.db.begin() as tx:
                mine = await store.put_off(tx, row, now + max(LOOK_MS, now - row["created_at"]))
            if mine:
                await self._look(row, now)

    async def _look(self, row: store.Row, now: int) -> None:
        gone = now - row["created_at"] > GONE_MS
        if row["checkout"]:
            try:
                found = await self._tools.processor.checkout_state(row["checkout"])
            except (ProcessorDown, ProcessorRefused):
                return
            if found.paid:
                _log.error("paid_and_not_told", deposit=row["deposit"])  # is the webhook's address still right?
                return
            gone = found.expired
        if gone:
            async with self._tools.db.begin() as tx:
                if (await store.locked(tx, row))["state"] == "open":
                    await store.set_deposit(tx, row["deposit"], state="expired", changed_at=now)


async def check_wallet(tx: Any, pool: str, user: str, currency: str) -> None:
    """Raises Refusal: `wallet_frozen`, and `no_deposits` when the books of the pool are in another currency."""
    known = await ledger.currency_of(tx, pool)
    if known not in (None, currency):
        _log.error("currency_changed", pool=pool, books=known, options=currency)
        raise Refusal("no_deposits")
    if (await ledger.balance_of(tx, pool, user)).frozen:
        raise Refusal("wallet_frozen")


def opened(kind: str, pool: str, user: str, op: str, amount: int, currency: str, now: int) -> store.Row:
    """The row of a deposit that nobody has paid yet."""
    return {
        "deposit": new_id("dep"), "pool": pool, "user": user, "op": op, "kind": kind, "amount": amount,
        "currency": currency, "back": "", "keep_card": False, "state": "open", "checkout": None, "payment": None,
        "url": "", "reason": "", "returned": 0, "disputed": 0, "created_at": now, "changed_at": now, "due_at": 0,
    }  # fmt: skip


def _same(row: store.Row, asked: Asked) -> store.Row:
    given = (asked.amount, asked.back, asked.keep_card)
    if row["kind"] != "page" or (row["amount"], row["back"], row["keep_card"]) != given:
        raise Refusal("op_reused")
    return row
