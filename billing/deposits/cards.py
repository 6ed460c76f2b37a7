"""A card that the processor keeps for a user, and deposits that it makes by itself when the balance is low.

We know of the card what may be shown. A reload is a deposit like any other: credited when the processor tells that it
is paid. One at a time, few a day, with longer and longer pauses after failures, and none after the third in a row.
"""

from typing import Any, Final

import structlog
from msgspec import Struct

from billing import ledger
from billing.deposits import store, units
from billing.deposits.answers import Card, Payment
from billing.deposits.checkout import check_wallet, opened
from billing.deposits.crediting import credit
from billing.deposits.processor import ProcessorDown, ProcessorRefused
from billing.deposits.tools import Tools, Whose
from ground.errors import Refusal
from ground.sql import Tx

FAILURES_MAX: Final = 3
A_DAY: Final = 5
DAY_MS: Final = 86_400_000
PAUSE_MS: Final = 10 * 60_000
"""The pause after a failure, so much longer after each further one."""
HANGS_MS: Final = 120_000
"""How long a reload may be under way before it is asked about again."""
KEY_MS: Final = 20 * 3_600_000
"""How long the processor surely knows an operation by its key."""
AT_ONCE: Final = 20
_NO_CARD: Final[dict[str, Any]] = {
    "method": "", "brand": "", "last4": "", "exp_month": 0, "exp_year": 0, "reload_on": False, "failures": 0,
}  # fmt: skip
_DEAD: Final = ("requires_payment_method", "requires_action", "requires_confirmation", "canceled")
"""States of a payment without its holder from which it does not come to an end by itself."""
_log = structlog.get_logger("openline.deposits")


class Reload(Struct, frozen=True, kw_only=True):
    """What a user wishes: with less than `threshold` to spend, `amount` is paid in. `failures` in a row."""

    on: bool
    threshold: int
    amount: int
    failures: int = 0


class Kept(Struct, frozen=True, kw_only=True):
    """What a user has here; `card` is None where none is kept."""

    card: Card | None
    reload: Reload
    refunding: bool


async def kept(tx: Tx, pool: str, user: str) -> Kept:
    """A user's card and wishes."""
    row = await store.payer(tx, pool, user)
    shown = {name: row[name] for name in Card.__struct_fields__}
    reload = Reload(
        on=row["reload_on"], threshold=row["reload_threshold"], amount=row["reload_amount"], failures=row["failures"]
    )
    return Kept(card=Card(**shown) if row["method"] else None, reload=reload, refunding=bool(row["refunding"]))


async def keep(tx: Tx, row: store.Row, card: Card) -> None:
    """The card that the deposit `row` was paid with is kept from now on, in place of another."""
    await store.set_payer(
        tx, row["pool"], row["user"], method=card.method, brand=card.brand, last4=card.last4, exp_month=card.exp_month,
        exp_year=card.exp_year, failures=0, paused_until=0,
    )  # fmt: skip


class Reloads:
    """Reloads, and what users say about them."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools

    async def wish(self, pool: str, user: str, wish: Reload, least: int, most: int) -> Kept:
        """Set what a user wishes. Refused `no_card`, `bad_amount`."""
        fits = least <= wish.amount <= most and 0 < wish.threshold <= most
        if not (fits if wish.on else 0 <= wish.amount <= most and 0 <= wish.threshold <= most):
            raise Refusal("bad_amount", f"{least} to {most}")
        async with self._tools.db.begin() as tx:
            row = await store.lock_payer(tx, pool, user)
            if wish.on and not row["method"]:
                raise Refusal("no_card")
            wished = {"reload_on": wish.on, "reload_threshold": wish.threshold, "reload_amount": wish.amount}
            again = {} if row["reload_on"] == wish.on else {"failures": 0, "paused_until": 0}
            await store.set_payer(tx, pool, user, **wished, **again)
            return await kept(tx, pool, user)

    async def drop_card(self, pool: str, user: str) -> None:
        """Keep the card no longer: here at once, at the processor as far as it answers. Refused `no_card`."""
        async with self._tools.db.begin() as tx:
            row = await store.lock_payer(tx, pool, user)
            if not row["method"]:
                raise Refusal("no_card")
            await store.set_payer(tx, pool, user, **_NO_CARD)
        try:
            await self._tools.processor.drop_card(row["method"])
        except ProcessorDown:
            _log.warning("card_not_dropped", pool=pool, method=row["method"])

    # ------------------------------------------------------------ a reload

    async def look(self, pool: str, user: str, currency: str, most: int) -> bool:
        """Begin a reload if the user wishes one now; whether one began. A deposit may have `most`. Never raises
        Refusal: a session goes on without it."""
        async with self._tools.db.read() as tx:
            if not await self._wanted(tx, await store.payer(tx, pool, user)):
                return False
        try:
            row = await self._begin(pool, user, currency, most)
        except Refusal as refusal:
            _log.warning("reload_not_begun", pool=pool, code=refusal.code)
            return False
        if row is not None:
            await self._charge(row)
        return row is not None

    async def _wanted(self, tx: Tx, row: store.Row) -> bool:
        """Whether a reload is to begin: on, with a card, none under way, no pause, and little left to spend."""
        if not (row["reload_on"] and row["method"]) or row["reloading"]:
            return False
        if row["paused_until"] > self._tools.clock.now_ms():
            return False
        balance = await ledger.balance_of(tx, row["pool"], row["user"])
        return balance.available < int(row["reload_threshold"])

    async def _begin(self, pool: str, user: str, currency: str, most: int) -> store.Row | None:
        """The row of a reload: of several who look at once, one makes it."""
        now = self._tools.clock.now_ms()
        async with self._tools.db.begin() as tx:
            payer = await store.lock_payer(tx, pool, user)
            if not await self._wanted(tx, payer):
                return None
            await check_wallet(tx, pool, user, currency)
            if await store.count_since(tx, pool, user, "reload", now - DAY_MS) >= A_DAY:
                await store.set_payer(tx, pool, user, paused_until=now + PAUSE_MS)
                raise Refusal("rate_limited")
            row = opened("reload", pool, user, "", min(payer["reload_amount"], most), currency, now)
            row |= {"op": row["deposit"], "due_at": now + HANGS_MS}
            units.processors(row["amount"], currency, self._tools.exponent(currency))
            await store.add_deposit(tx, row)
            await store.set_payer(tx, pool, user, reloading=row["deposit"])
        return row

    async def _charge(self, row: store.Row) -> None:
        """Charge the card. When it is paid the processor tells us; a refusal is known at once."""
        async with self._tools.db.read() as tx:
            payer = await store.payer(tx, row["pool"], row["user"])
        amount = units.processors(row["amount"], row["currency"], self._tools.exponent(row["currency"]))
        ask = (row["deposit"], payer["customer"], payer["method"], amount, row["currency"])
        try:
            found = await self._tools.processor.charge(*ask)
        except ProcessorDown:
            return  # what became of it is asked in a while
        except ProcessorRefused as refused:
            async with self._tools.db.begin() as tx:
                await self._failed(tx, await store.locked(tx, row), refused.code)
            return
        async with self._tools.db.begin() as tx:
            row = await store.locked(tx, row)
            if row["state"] == "open":
                await store.set_deposit(tx, row["deposit"], payment=found.payment)

    async def settle(self, tx: Tx, row: store.Row, found: Payment) -> Whose | None:
        """Follow what the processor has of a reload, whose payer and row are locked."""
        if found.status == "succeeded":
            if not await credit(tx, self._tools, row, f"payment:{found.payment}", found.payment):
                return None
            await store.set_payer(tx, row["pool"], row["user"], failures=0, paused_until=0)
            await self._over(tx, row)
            return row["pool"], row["user"]
        if found.status in _DEAD:
            await self._failed(tx, row, found.reason or found.status)
        return None

    async def _failed(self, tx: Tx, row: store.Row, reason: str) -> None:
        """A reload has failed: written down once, told to the user, and switched off after the third in a row."""
        if row["state"] != "open":
            return
        pool, user, now = row["pool"], row["user"], self._tools.clock.now_ms()
        payer = await store.payer(tx, pool, user)
        failures = payer["failures"] + 1
        off = failures >= FAILURES_MAX
        await store.set_deposit(tx, row["deposit"], state="failed", reason=reason, changed_at=now)
        paused = now + failures * PAUSE_MS
        switched = {"reload_on": False} if off else {}
        await store.set_payer(tx, pool, user, failures=failures, paused_until=paused, **switched)
        await self._over(tx, row)
        balance = (await ledger.balance_of(tx, pool, user)).available
        told = (pool, user, row["amount"], row["currency"], balance, now)
        await self._tools.letters.reload_failed(tx, *told, off=off, key=row["deposit"])
        _log.info("reload_failed", pool=pool, deposit=row["deposit"], reason=reason, off=off)

    async def _over(self, tx: Tx, row: store.Row) -> None:
        payer = await store.payer(tx, row["pool"], row["user"])
        if payer["reloading"] == row["deposit"]:
            await store.set_payer(tx, row["pool"], row["user"], reloading="")

    # ------------------------------------------------------------ what hangs

    async def resume(self) -> None:
        """Look again at reloads of which nothing was heard: a process may have died in the middle. Several processes
        may do this at once."""
        now = self._tools.clock.now_ms()
        async with self._tools.db.read() as tx:
            rows = await store.hanging(tx, "reload", now, AT_ONCE)
        for row in rows:
            async with self._tools.db.begin() as tx:
                mine = await store.put_off(tx, row, now + max(HANGS_MS, now - row["created_at"]))
            if mine:
                await self._resume(row, now)

    async def _resume(self, row: store.Row, now: int) -> None:
        if row["payment"] is None and now - row["created_at"] < KEY_MS:
            await self._charge(row)
            return
        try:
            found = await self._tools.processor.payment(row["payment"]) if row["payment"] else None
        except (ProcessorDown, ProcessorRefused):
            return
        async with self._tools.db.begin() as tx:
            row = await store.locked(tx, row)
            if found is None:
                await self._failed(tx, row, "not_heard_of")
            elif found.status in _DEAD:
                await self._failed(tx, row, found.reason or found.status)
            elif found.status == "succeeded" and row["state"] == "open":
                _log.error("paid_and_not_told", deposit=row["deposit"])  # is the webhook's address still right?
