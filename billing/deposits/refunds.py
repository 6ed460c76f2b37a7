"""Unused balance goes back to the cards that it came from, the newest deposit first.

The money leaves the balance first, in the transaction that writes down what is to be sent. Then each part is sent until
the processor has taken it or will never take it, by whichever process is alive; what it will not take comes back.
"""

from collections.abc import Sequence
from typing import Final

import structlog
from msgspec import Struct

from billing import ledger, meter
from billing.deposits import store, units
from billing.deposits.answers import Event, Returned
from billing.deposits.processor import ProcessorDown, ProcessorRefused
from billing.deposits.tools import Tools, Whose
from ground.errors import Refusal
from ground.ids import new_id
from ground.sql import Tx

FIRST_PAUSE_MS: Final = 15_000
LONGEST_PAUSE_MS: Final = 3_600_000
AT_ONCE: Final = 20
LATE: Final = 10
"""From so many attempts on, somebody should look."""
_DEAD: Final = ("failed", "canceled")
_log = structlog.get_logger("openline.refunds")


class Refunding(Struct, frozen=True):
    """A refund: `open` while a part of it is not sent, then `done`."""

    refund: str
    amount: int
    state: str


class Share(Struct, frozen=True):
    """What of a refund goes back by the payment of one deposit."""

    deposit: str
    payment: str
    amount: int


def split(amount: int, paid: Sequence[store.Row], step: int) -> list[Share]:
    """`amount` over deposits, in their order, each at most what is left of it, in multiples of `step`. Pure.

    Raises Refusal (`nothing_to_refund`, its detail says how much there would be; `bad_amount`)."""
    shares, rest = [], amount
    for row in paid:
        if part := min(rest, _left(row, step)):
            shares.append(Share(row["deposit"], row["payment"], part))
            rest -= part
    if rest:
        raise Refusal("nothing_to_refund", str(amount - rest))
    if amount <= 0 or amount % step:
        raise Refusal("bad_amount", str(step))
    return shares


class Refunds:
    """Refunds."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools

    async def refundable(self, tx: Tx, pool: str, user: str, currency: str) -> int:
        """The most that a user may have back now."""
        balance = await ledger.balance_of(tx, pool, user)
        if balance.frozen:
            return 0
        step = self._step(currency)
        rows = await store.paid(tx, pool, user, currency)
        left = sum(_left(row, step) for row in rows)
        return max(0, min(balance.available, left) // step * step)

    async def ask(self, pool: str, user: str, op: str, amount: int, currency: str) -> Refunding:
        """Take `amount` out of the balance and write down what is to be sent; `resume` sends it.

        Refused `op_reused`, `refund_open`, `wallet_frozen`, `balance_too_low`, `bad_amount`, `nothing_to_refund`.
        """
        async with self._tools.db.begin() as tx:
            payer = await store.lock_payer(tx, pool, user)
            if before := await store.refund_of_op(tx, pool, user, op):
                if before["amount"] != amount:
                    raise Refusal("op_reused")
                return _refunding(before)
            if payer["refunding"]:
                raise Refusal("refund_open")
            await _check_balance(tx, pool, user, amount)
            paid = await store.paid(tx, pool, user, currency, lock=True)
            return await self._begin(tx, pool, user, op, split(amount, paid, self._step(currency)), currency)

    async def _begin(self, tx: Tx, pool: str, user: str, op: str, shares: Sequence[Share], currency: str) -> Refunding:
        name, now, amount = new_id("rf"), self._tools.clock.now_ms(), sum(share.amount for share in shares)
        row = {
            "refund": name, "pool": pool, "user": user, "op": op, "amount": amount, "currency": currency,
            "state": "open", "created_at": now, "changed_at": now,
        }  # fmt: skip
        parts = [_part(name, n, share, currency, now) for n, share in enumerate(shares)]
        await store.add_refund(tx, row, parts)
        for part in parts:
            await store.give_back(tx, part["deposit"], part["amount"])
            given = (pool, user, part["amount"], currency)
            await ledger.refund(tx, *given, key=f"refund:{part['part']}", now=now, reference=part["part"])
        await store.set_payer(tx, pool, user, refunding=name)
        balance = (await ledger.balance_of(tx, pool, user)).available
        await self._tools.letters.refunded(tx, pool, user, amount, currency, balance, now, key=name)
        return _refunding(row)

    # ------------------------------------------------------------ sending

    async def resume(self) -> list[Whose]:
        """Send the parts that are due; whose money came back. Several processes may do this at once."""
        now = self._tools.clock.now_ms()
        async with self._tools.db.read() as tx:
            rows = await store.due_parts(tx, now, AT_ONCE)
        moved = []
        for row in rows:
            pause = min(FIRST_PAUSE_MS << min(row["attempts"], 10), LONGEST_PAUSE_MS)
            async with self._tools.db.begin() as tx:
                mine = await store.take_part(tx, row, now + pause)
            if mine and (whose := await self._send(row)):
                moved.append(whose)
        return moved

    async def _send(self, row: store.Row) -> Whose | None:
        try:
            found = await self._sent_before(row) or await self._tools.processor.refund(
                row["part"],
                row["payment"],
                units.processors(row["amount"], row["currency"], self._tools.exponent(row["currency"])),
            )
        except ProcessorDown:
            if row["attempts"] >= LATE:
                _log.error("refund_hangs", part=row["part"], attempts=row["attempts"])
            return None
        except ProcessorRefused as refused:
            return await self._end(row, "", refused.code)
        return await self._end(row, found.sent, found.reason or found.status if found.status in _DEAD else "")

    async def _sent_before(self, row: store.Row) -> Returned | None:
        """What an earlier attempt, of which we know nothing, has sent. (The processor forgets keys after a day.)"""
        if not row["attempts"]:
            return None
        sent = await self._tools.processor.refunds(row["payment"])
        return next((one for one in sent if one.part == row["part"]), None)

    async def _end(self, row: store.Row, sent: str, failed: str) -> Whose | None:
        async with self._tools.db.begin() as tx:
            refund, part = await self._locked(tx, row)
            return await self._settle(tx, refund, part, sent, failed)

    async def _locked(self, tx: Tx, row: store.Row) -> tuple[store.Row, store.Row]:
        refund = await store.refund(tx, row["refund"])
        assert refund is not None, "refunds are never deleted"
        await store.lock_known(tx, refund["pool"], refund["user"])
        part = await store.part(tx, row["part"], lock=True)
        assert part is not None
        return refund, part

    async def _settle(self, tx: Tx, refund: store.Row, part: store.Row, sent: str, failed: str) -> Whose | None:
        """A part is sent, or (`failed` says why) will never arrive: then its money comes back, once."""
        if part["state"] == "failed" or (part["state"] == "sent" and not failed):
            return None
        now, state = self._tools.clock.now_ms(), "failed" if failed else "sent"
        await store.set_part(tx, part["part"], state=state, sent=sent or part["sent"], reason=failed)
        if not await store.waiting_parts(tx, refund["refund"]):
            await store.set_refund(tx, refund["refund"], state="done", changed_at=now)
            await store.set_payer(tx, refund["pool"], refund["user"], refunding="")
        return await self._come_back(tx, refund, part, failed, now) if failed else None

    async def _come_back(self, tx: Tx, refund: store.Row, part: store.Row, why: str, now: int) -> Whose:
        pool, user, amount = refund["pool"], refund["user"], part["amount"]
        key = f"refund:{part['part']}"
        await store.give_back(tx, part["deposit"], -amount)
        await ledger.reverse(tx, pool, key, key=f"{key}:failed", now=now, memo=why)
        await meter.extend_open(tx, pool, user, now)
        balance = (await ledger.balance_of(tx, pool, user)).available
        told = (pool, user, amount, part["currency"], balance, now)
        await self._tools.letters.refund_failed(tx, *told, key=part["part"])
        _log.warning("refund_failed", pool=pool, part=part["part"], reason=why)
        return pool, user

    # ------------------------------------------------------------ what the processor tells

    async def told(self, event: Event) -> Whose | None:
        """Something happened to a refund."""
        found = await self._tools.processor.refunded(event.thing)
        async with self._tools.db.read() as tx:
            row = await store.part(tx, found.part) if found.part else await store.part_of(tx, found.sent)
        if row is None or row["sent"] not in (None, found.sent):
            _log.error("event_not_ours", event_id=event.event, kind=event.kind, thing=event.thing)
            return None
        failed = found.reason or found.status if found.status in _DEAD else ""
        async with self._tools.db.begin() as tx:
            refund, part = await self._locked(tx, row)
            if not await store.remember(tx, event.event, event.kind, self._tools.clock.now_ms()):
                return None
            return await self._settle(tx, refund, part, found.sent, failed)

    def _step(self, currency: str) -> int:
        return units.step(currency, self._tools.exponent(currency))


async def _check_balance(tx: Tx, pool: str, user: str, amount: int) -> None:
    balance = await ledger.balance_of(tx, pool, user)
    if balance.frozen:
        raise Refusal("wallet_frozen")
    if amount > balance.available:
        raise Refusal("balance_too_low")


def _left(row: store.Row, step: int) -> int:
    """What of a deposit may still go back."""
    left: int = row["amount"] - row["returned"] - row["disputed"]
    return left // step * step


def _part(refund: str, n: int, share: Share, currency: str, now: int) -> store.Row:
    return {
        "part": f"{refund}.{n}", "refund": refund, "deposit": share.deposit, "payment": share.payment,
        "amount": share.amount, "currency": currency, "state": "waiting", "sent": None, "reason": "", "attempts": 0,
        "due_at": now,
    }  # fmt: skip


def _refunding(row: store.Row) -> Refunding:
    return Refunding(row["refund"], row["amount"], row["state"])
