"""The tables of deposits, and the statements on them.

Whoever changes what one user has here locks the row of `payers` first, then other rows, then the accounts of the
ledger: in one order, so that nobody waits in a circle.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from ground.sql import Tx, metadata, put_once

payers = sa.Table(
    "payers",
    metadata,
    sa.Column("pool", sa.Text, primary_key=True),
    sa.Column("user", sa.Text, primary_key=True),
    sa.Column("customer", sa.Text, nullable=False),  # the processor's name for the user; "" until there is one
    sa.Column("method", sa.Text, nullable=False),  # the processor's name for the card that is kept, or ""
    sa.Column("brand", sa.Text, nullable=False),
    sa.Column("last4", sa.Text, nullable=False),
    sa.Column("exp_month", sa.BigInteger, nullable=False),
    sa.Column("exp_year", sa.BigInteger, nullable=False),
    sa.Column("reload_on", sa.Boolean, nullable=False),
    sa.Column("reload_threshold", sa.BigInteger, nullable=False),
    sa.Column("reload_amount", sa.BigInteger, nullable=False),
    sa.Column("failures", sa.BigInteger, nullable=False),  # of reloads, one after the other
    sa.Column("paused_until", sa.BigInteger, nullable=False),
    sa.Column("reloading", sa.Text, nullable=False),  # the deposit of the reload that is under way, or ""
    sa.Column("refunding", sa.Text, nullable=False),  # the refund that is under way, or ""
    sa.Column("forget", sa.Boolean, nullable=False),  # the processor is to forget the customer
)
sa.Index(None, payers.c.forget)

deposits = sa.Table(
    "deposits",
    metadata,
    sa.Column("deposit", sa.Text, primary_key=True),
    sa.Column("pool", sa.Text, nullable=False),
    sa.Column("user", sa.Text, nullable=False),
    sa.Column("op", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),  # page, reload
    sa.Column("amount", sa.BigInteger, nullable=False),
    sa.Column("currency", sa.Text, nullable=False),
    sa.Column("back", sa.Text, nullable=False),
    sa.Column("keep_card", sa.Boolean, nullable=False),
    sa.Column("state", sa.Text, nullable=False),  # open, paid, failed, expired
    sa.Column("checkout", sa.Text),  # the processor's session
    sa.Column("payment", sa.Text),  # the processor's payment
    sa.Column("url", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("returned", sa.BigInteger, nullable=False),  # refunded, or about to be
    sa.Column("disputed", sa.BigInteger, nullable=False),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("changed_at", sa.BigInteger, nullable=False),
    sa.Column("due_at", sa.BigInteger, nullable=False),  # when one that is open is looked at again
)
sa.Index(None, deposits.c.pool, deposits.c.user, deposits.c.op, unique=True)
sa.Index(None, deposits.c.checkout, unique=True)
sa.Index(None, deposits.c.payment, unique=True)
sa.Index(None, deposits.c.pool, deposits.c.user, deposits.c.created_at)
sa.Index(None, deposits.c.kind, deposits.c.state, deposits.c.due_at)

events = sa.Table(
    "processor_events",
    metadata,
    sa.Column("event", sa.Text, primary_key=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("at", sa.BigInteger, nullable=False, index=True),
)

refunds = sa.Table(
    "refunds",
    metadata,
    sa.Column("refund", sa.Text, primary_key=True),
    sa.Column("pool", sa.Text, nullable=False),
    sa.Column("user", sa.Text, nullable=False),
    sa.Column("op", sa.Text, nullable=False),
    sa.Column("amount", sa.BigInteger, nullable=False),
    sa.Column("currency", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),  # open, done
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("changed_at", sa.BigInteger, nullable=False),
)
sa.Index(None, refunds.c.pool, refunds.c.user, refunds.c.op, unique=True)

parts = sa.Table(
    "refund_parts",
    metadata,
    sa.Column("part", sa.Text, primary_key=True),
    sa.Column("refund", sa.Text, nullable=False, index=True),
    sa.Column("deposit", sa.Text, nullable=False),
    sa.Column("payment", sa.Text, nullable=False),
    sa.Column("amount", sa.BigInteger, nullable=False),
    sa.Column("currency", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),  # waiting, sent, failed
    sa.Column("sent", sa.Text),  # the processor's refund
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("attempts", sa.BigInteger, nullable=False),
    sa.Column("due_at", sa.BigInteger, nullable=False),
)
sa.Index(None, parts.c.sent, unique=True)
sa.Index(None, parts.c.state, parts.c.due_at)

disputes = sa.Table(
    "disputes",
    metadata,
    sa.Column("dispute", sa.Text, primary_key=True),
    sa.Column("pool", sa.Text, nullable=False),
    sa.Column("user", sa.Text, nullable=False),
    sa.Column("deposit", sa.Text, nullable=False),
    sa.Column("amount", sa.BigInteger, nullable=False),
    sa.Column("currency", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),  # noted, taken, returned
    sa.Column("status", sa.Text, nullable=False),  # the processor's word
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("changed_at", sa.BigInteger, nullable=False),
)
sa.Index(None, disputes.c.pool, disputes.c.user)

Row = dict[str, Any]
_NOBODY: Row = {
    "customer": "", "method": "", "brand": "", "last4": "", "exp_month": 0, "exp_year": 0, "reload_on": False,
    "reload_threshold": 0, "reload_amount": 0, "failures": 0, "paused_until": 0, "reloading": "", "refunding": "",
    "forget": False,
}  # fmt: skip


# ---------------------------------------------------------------- who pays


async def lock_payer(tx: Tx, pool: str, user: str) -> Row:
    """The row of a user, made if it isn't there, locked until the end of the transaction."""
    await put_once(tx, payers, [{"pool": pool, "user": user} | _NOBODY])
    query = sa.select(payers).where(*_of(payers, pool, user)).with_for_update()
    return dict((await tx.execute(query)).mappings().one())


async def lock_known(tx: Tx, pool: str, user: str) -> None:
    """As `lock_payer`, for whoever has a row; nobody gets one."""
    await tx.execute(sa.select(payers.c.user).where(*_of(payers, pool, user)).with_for_update())


async def payer(tx: Tx, pool: str, user: str) -> Row:
    """The row of a user as it is, empty where there is none."""
    found = (await tx.execute(sa.select(payers).where(*_of(payers, pool, user)))).mappings().one_or_none()
    return dict(found) if found else {"pool": pool, "user": user} | _NOBODY


async def set_payer(tx: Tx, pool: str, user: str, **changed: Any) -> None:
    await tx.execute(sa.update(payers).where(*_of(payers, pool, user)).values(changed))


async def to_forget(tx: Tx, most: int) -> list[Row]:
    """Payers whom the processor is to forget."""
    found = await tx.execute(sa.select(payers).where(payers.c.forget).limit(most))
    return [dict(row) for row in found.mappings()]


async def delete_payer(tx: Tx, pool: str, user: str) -> None:
    await tx.execute(sa.delete(payers).where(*_of(payers, pool, user)))


# ---------------------------------------------------------------- deposits


async def add_deposit(tx: Tx, row: Mapping[str, Any]) -> None:
    await tx.execute(sa.insert(deposits).values(row))


async def deposit(tx: Tx, name: str, *, lock: bool = False) -> Row | None:
    query = sa.select(deposits).where(deposits.c.deposit == name)
    return await _one(tx, query.with_for_update() if lock else query)


async def locked(tx: Tx, row: Row) -> Row:
    """The row of a deposit as it is now, locked behind its payer."""
    while True:
        await lock_known(tx, row["pool"], row["user"])
        found = await deposit(tx, row["deposit"], lock=True)
        assert found is not None, "deposits are never deleted"
        if found["user"] == row["user"]:
            return found
        row = found  # its user was just forgotten


async def deposit_of_op(tx: Tx, pool: str, user: str, op: str) -> Row | None:
    return await _one(tx, sa.select(deposits).where(*_of(deposits, pool, user), deposits.c.op == op))


async def deposit_of_payment(tx: Tx, payment: str) -> Row | None:
    return await _one(tx, sa.select(deposits).where(deposits.c.payment == payment))


async def set_deposit(tx: Tx, name: str, **changed: Any) -> None:
    await tx.execute(sa.update(deposits).where(deposits.c.deposit == name).values(changed))


async def count_since(tx: Tx, pool: str, user: str, kind: str, since: int, *, unpaid: bool = False) -> int:
    """How many deposits of a kind a user has begun since the time `since` (ms); with `unpaid`, of those not paid."""
    which = [*_of(deposits, pool, user), deposits.c.kind == kind, deposits.c.created_at > since]
    which += [deposits.c.state != "paid"] if unpaid else []
    return await tx.scalar(sa.select(sa.func.count()).select_from(deposits).where(*which)) or 0


async def paid(tx: Tx, pool: str, user: str, currency: str, *, lock: bool = False) -> list[Row]:
    """What a user has paid in and not had back wholly, the newest first."""
    left = deposits.c.amount - deposits.c.returned - deposits.c.disputed
    which = (*_of(deposits, pool, user), deposits.c.state == "paid", deposits.c.currency == currency, left > 0)
    query = sa.select(deposits).where(*which, deposits.c.payment.is_not(None))
    query = query.order_by(deposits.c.created_at.desc(), deposits.c.deposit.desc())
    return [dict(row) for row in (await tx.execute(query.with_for_update() if lock else query)).mappings()]


async def open_pages(tx: Tx, pool: str, user: str) -> list[str]:
    """The processor's names for the pages at which a user could pay still."""
    mine = (*_of(deposits, pool, user), deposits.c.kind == "page", deposits.c.state == "open")
    return list((await tx.scalars(sa.select(deposits.c.checkout).where(*mine, deposits.c.checkout.is_not(None)))).all())


async def hanging(tx: Tx, kind: str, now: int, most: int) -> list[Row]:
    """Deposits of a kind that are open, and whose time to be looked at has come."""
    which = (deposits.c.kind == kind, deposits.c.state == "open", deposits.c.due_at <= now)
    found = await tx.execute(sa.select(deposits).where(*which).order_by(deposits.c.due_at).limit(most))
    return [dict(row) for row in found.mappings()]


async def put_off(tx: Tx, row: Row, until: int) -> bool:
    """Put the next look at a deposit off: of several who look at once, one does."""
    which = (deposits.c.deposit == row["deposit"], deposits.c.due_at == row["due_at"])
    return (await tx.execute(sa.update(deposits).where(*which).values(due_at=until))).rowcount == 1


# ---------------------------------------------------------------- what the processor told


async def remember(tx: Tx, event: str, kind: str, now: int) -> bool:
    """Note an event; False when it was noted before."""
    if await knows(tx, event):
        return False
    await tx.execute(sa.insert(events).values(event=event, kind=kind, at=now))
    return True


async def knows(tx: Tx, event: str) -> bool:
    return (await tx.scalar(sa.select(events.c.event).where(events.c.event == event))) is not None


async def forget_events(tx: Tx, before: int) -> None:
    await tx.execute(sa.delete(events).where(events.c.at < before))


# ---------------------------------------------------------------- refunds


async def add_refund(tx: Tx, row: Mapping[str, Any], of: Sequence[Mapping[str, Any]]) -> None:
    await tx.execute(sa.insert(refunds).values(row))
    await tx.execute(sa.insert(parts), list(of))


async def refund(tx: Tx, name: str) -> Row | None:
    return await _one(tx, sa.select(refunds).where(refunds.c.refund == name))


async def refund_of_op(tx: Tx, pool: str, user: str, op: str) -> Row | None:
    return await _one(tx, sa.select(refunds).where(*_of(refunds, pool, user), refunds.c.op == op))


async def set_refund(tx: Tx, name: str, **changed: Any) -> None:
    await tx.execute(sa.update(refunds).where(refunds.c.refund == name).values(changed))


async def part(tx: Tx, name: str, *, lock: bool = False) -> Row | None:
    query = sa.select(parts).where(parts.c.part == name)
    return await _one(tx, query.with_for_update() if lock else query)


async def part_of(tx: Tx, sent: str) -> Row | None:
    """The part that is the processor's refund `sent`."""
    return await _one(tx, sa.select(parts).where(parts.c.sent == sent))


async def set_part(tx: Tx, name: str, **changed: Any) -> None:
    await tx.execute(sa.update(parts).where(parts.c.part == name).values(changed))


async def waiting_parts(tx: Tx, name: str) -> int:
    """How many parts of a refund nothing is known of yet."""
    which = (parts.c.refund == name, parts.c.state == "waiting")
    return await tx.scalar(sa.select(sa.func.count()).select_from(parts).where(*which)) or 0


async def due_parts(tx: Tx, now: int, most: int) -> list[Row]:
    """Parts that wait to be sent, those longest due first."""
    which = (parts.c.state == "waiting", parts.c.due_at <= now)
    found = await tx.execute(sa.select(parts).where(*which).order_by(parts.c.due_at, parts.c.part).limit(most))
    return [dict(row) for row in found.mappings()]


async def take_part(tx: Tx, row: Row, until: int) -> bool:
    """Count one more attempt to send a part, and put the next off: of several who look at once, one does it."""
    mine = (parts.c.part == row["part"], parts.c.state == "waiting", parts.c.due_at == row["due_at"])
    taken = {"attempts": parts.c.attempts + 1, "due_at": until}
    return (await tx.execute(sa.update(parts).where(*mine).values(taken))).rowcount == 1


async def give_back(tx: Tx, name: str, amount: int) -> None:
    """Count `amount` more (or less) of a deposit as returned."""
    counted = deposits.c.returned + amount
    await tx.execute(sa.update(deposits).where(deposits.c.deposit == name).values(returned=counted))


# ---------------------------------------------------------------- disputes


async def dispute(tx: Tx, name: str) -> Row | None:
    return await _one(tx, sa.select(disputes).where(disputes.c.dispute == name))


async def lost_to(tx: Tx, pool: str, user: str) -> list[str]:
    """The disputes by which the processor has taken money of a user's payments, and not brought it back."""
    query = sa.select(disputes.c.dispute).where(*_of(disputes, pool, user), disputes.c.state == "taken")
    return list((await tx.scalars(query.order_by(disputes.c.created_at, disputes.c.dispute))).all())


async def add_dispute(tx: Tx, row: Mapping[str, Any]) -> None:
    await tx.execute(sa.insert(disputes).values(row))


async def count_disputed(tx: Tx, name: str, amount: int) -> None:
    """Count `amount` more (or less) of a deposit as taken back by its payer."""
    counted = deposits.c.disputed + amount
    await tx.execute(sa.update(deposits).where(deposits.c.deposit == name).values(disputed=counted))


async def set_dispute(tx: Tx, name: str, **changed: Any) -> None:
    await tx.execute(sa.update(disputes).where(disputes.c.dispute == name).values(changed))


# ---------------------------------------------------------------- one person


async def all_of(tx: Tx, pool: str, user: str) -> dict[str, list[Row]]:
    """All that is kept of a user here, by kind."""
    found = {}
    for name, table in (("deposits", deposits), ("refunds", refunds), ("disputes", disputes), ("payers", payers)):
        rows = await tx.execute(sa.select(table).where(*_of(table, pool, user)))
        found[name] = [dict(row) for row in rows.mappings()]
    return found


async def rename(tx: Tx, pool: str, user: str, pseudonym: str) -> None:
    """Put `pseudonym` in the place of a user; what they wished for goes."""
    for table in (deposits, refunds, disputes):
        await tx.execute(sa.update(table).where(*_of(table, pool, user)).values(user=pseudonym))
    gone = {"user": pseudonym, "reload_on": False, "method": "", "brand": "", "last4": "", "forget": True}
    await tx.execute(sa.update(payers).where(*_of(payers, pool, user)).values(gone))


def _of(table: sa.Table, pool: str, user: str) -> tuple[sa.ColumnElement[bool], ...]:
    return table.c.pool == pool, table.c.user == user


async def _one(tx: Tx, query: sa.Select[Any]) -> Row | None:
    found = (await tx.execute(query)).mappings().one_or_none()
    return dict(found) if found else None
