"""One's own money, to take along; and when somebody is forgotten: their money first, then their name on it.

What was booked stays, for books are kept; whose it was becomes a pseudonym that nothing else knows.
"""

from typing import Any, Final, NamedTuple

from msgspec import to_builtins

from billing import ledger
from billing.booking import FEES, Command, Leg, book, lock, remember
from billing.deposits import erasure as deposits
from billing.ledger import Booked
from billing.payouts import payouts
from billing.statements import statements
from billing.store import Kind, account
from ground.errors import Refusal
from ground.ids import new_id
from ground.sql import Database, Tx

_KINDS: Final[dict[str, Kind]] = {"user": "wallet", "expert": "earnings"}

_LINE: Final = ("id", "at", "kind", "amount", "balance", "session", "ran_ms", "rate", "gross", "reference")
"""What its owner is told of a line."""


class Left(NamedTuple):
    """What is still on somebody's account."""

    amount: int
    currency: str


async def settle_up(tx: Tx, pool: str, role: str, subject: str, *, forfeit: bool, now: int) -> Left | None:
    """See to it that nothing is left on the account of somebody who wants to be forgotten.

    With `forfeit` what is left goes to the pool, and is answered. Else refused `money_left` (how much): it can be
    refunded or paid out first. Also refused `in_session` while something is set aside, `wallet_frozen`,
    `refund_open`, and `money_left` (`payout`) while a payout to them is under way.
    """
    kind = _KINDS.get(role)
    if role == "user":
        await deposits.check_free(tx, pool, subject)
    found = await account(tx, pool, kind, subject) if kind else None
    if kind is None or found is None:
        return None
    if found["frozen_at"] is not None:
        raise Refusal("wallet_frozen")
    if found["pending"]:
        raise Refusal("in_session")
    if kind == "earnings" and await payouts.in_open_batch(tx, pool, subject):
        raise Refusal("money_left", "payout")
    left = Left(found["balance"], found["currency"])
    if left.amount and not forfeit:
        raise Refusal("money_left", f"{left.amount} {left.currency}")
    return await _give_up(tx, pool, kind, subject, left, now) if left.amount else None


async def forget(tx: Tx, pool: str, role: str, subject: str) -> None:
    """Take somebody's name off their account and delete where their money went. Refused `in_session` and `money_left`
    for what has come up since `settle_up`: ask again when it is over."""
    kind, pseudonym = _KINDS.get(role), new_id("erased")
    if kind is None:
        return
    if kind == "wallet":
        await deposits.forget(tx, pool, subject, pseudonym)
    elif await payouts.in_open_batch(tx, pool, subject):
        raise Refusal("money_left", "payout")
    else:
        await payouts.forget(tx, pool, subject)
    await ledger.rename_owner(tx, pool, kind, subject, pseudonym)


async def export(db: Database, pool: str, role: str, subject: str) -> dict[str, Any]:
    """All that is kept of somebody's money, as plain data; {} for who can have none. Times in ms."""
    kind = _KINDS.get(role)
    if kind is None:
        return {}
    async with db.read() as tx:
        found = await statements.statement(tx, pool, kind, subject, limit=0)
        more = await deposits.export(tx, pool, subject) if kind == "wallet" else await payouts.export(tx, pool, subject)
    lines = [line async for some in statements.all_lines(db, pool, kind, subject) for line in some]
    names = ("currency", "balance", "held", "frozen", "set_aside")
    return {
        kind: {name: to_builtins(getattr(found, name)) for name in names} if found else None,
        "statement": [{name: getattr(line, name) for name in _LINE} for line in lines],
    } | more


async def _give_up(tx: Tx, pool: str, kind: Kind, owner: str, left: Left, now: int) -> Left:
    key, memo = f"forfeit:{new_id('leaving')}", "given up by whoever asked to be forgotten"
    if kind == "wallet":
        await ledger.forfeit(tx, pool, owner, left.amount, left.currency, key=key, now=now, memo=memo)
        return left
    ask = Command(pool, key, "forfeit", {"amount": left.amount, "currency": left.currency}, now)
    accounts = await lock(tx, pool, left.currency, (kind, owner), FEES)
    legs = [Leg((kind, owner), FEES, left.amount)]
    made = await book(tx, pool, accounts, "forfeit", key, legs, now=now, memo=memo)
    await remember(tx, ask, Booked(made, left.amount, accounts[kind, owner].balance))
    return left
