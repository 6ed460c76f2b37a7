"""The statements' reads of the ledger. It has no tables of its own: see `billing/store.py`."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from billing.store import accounts, holds, transactions, transfers
from ground.sql import Tx

_user, _expert = accounts.alias("wallets"), accounts.alias("earners")
_other = accounts.alias("others")


async def lines(tx: Tx, account: int, limit: int, *, before: int = 0, after: int = -1) -> Sequence[sa.RowMapping]:
    """The transfers of `account`: the newest before the transfer `before` (0: of all), newest first; or with `after`
    (0: from the first) the oldest after that one, oldest first. Amounts are signed: more than 0 came in."""
    forward = after >= 0
    moved = sa.union_all(*(_side(account, side, limit, before, after) for side in ("debit", "credit"))).subquery(
        "moved"
    )
    query = (
        sa.select(moved, transactions.c.at, transactions.c.kind, transactions.c.reference, transactions.c.memo)
        .add_columns(holds.c.session, holds.c.ran_ms, holds.c.rate, holds.c.posted.label("gross"), holds.c.fee)
        .add_columns(_user.c.owner.label("user"), _expert.c.owner.label("expert"), _other.c.owner.label("other"))
        .join_from(moved, transactions, transactions.c.id == moved.c.transaction_id)
        .join(_other, _other.c.account == moved.c.against)
        .outerjoin(holds, holds.c.transaction_id == moved.c.transaction_id)
        .outerjoin(_user, _user.c.account == holds.c.wallet)
        .outerjoin(_expert, _expert.c.account == holds.c.earnings)
        .order_by(moved.c.id.asc() if forward else moved.c.id.desc())
        .limit(limit)
    )
    return (await tx.execute(query)).mappings().all()


def _side(account: int, side: str, limit: int, before: int, after: int) -> sa.Select[Any]:
    """Each side by its own index: a union of two short pieces, however long the account is."""
    mine, sign = transfers.c[side], 1 if side == "credit" else -1
    other = transfers.c.debit if side == "credit" else transfers.c.credit
    piece = sa.select(
        transfers.c.id,
        transfers.c.transaction_id,
        (transfers.c.amount * sign).label("amount"),
        transfers.c[f"{side}_after"].label("balance"),
        other.label("against"),
    ).where(mine == account)
    if after >= 0:
        piece = piece.where(transfers.c.id > after).order_by(transfers.c.id.asc())
    else:
        piece = piece.where(transfers.c.id < before) if before else piece
        piece = piece.order_by(transfers.c.id.desc())
    return sa.select(piece.limit(limit).subquery())


async def last_line(tx: Tx, account: int) -> int:
    """The newest transfer of `account`; 0 when it has none."""
    sides = (transfers.c.debit, transfers.c.credit)
    newest = [sa.select(sa.func.max(transfers.c.id)).where(side == account) for side in sides]
    return max([(await tx.execute(one)).scalar() or 0 for one in newest])


async def totals(tx: Tx, pool: str) -> Sequence[sa.RowMapping]:
    """By kind of account: how many there are, what is in them, what of it is set aside, how many are frozen."""
    frozen = sa.func.count(accounts.c.frozen_at)
    query = sa.select(
        accounts.c.kind,
        sa.func.count().label("count"),
        sa.cast(sa.func.sum(accounts.c.balance), sa.BigInteger).label("balance"),
        sa.cast(sa.func.sum(accounts.c.pending), sa.BigInteger).label("pending"),
        frozen.label("frozen"),
    )
    return (await tx.execute(query.where(accounts.c.pool == pool).group_by(accounts.c.kind))).mappings().all()


async def booked(tx: Tx, pool: str, kinds: Sequence[str]) -> dict[str, tuple[int, int]]:
    """By kind of transaction how many there are, and what they moved in all."""
    query = (
        sa.select(
            transactions.c.kind,
            sa.func.count(sa.distinct(transactions.c.id)),
            sa.cast(sa.func.sum(transfers.c.amount), sa.BigInteger),
        )
        .join_from(transactions, transfers, transfers.c.transaction_id == transactions.c.id)
        .where(transactions.c.pool == pool, transactions.c.kind.in_(kinds))
        .group_by(transactions.c.kind)
    )
    return {kind: (int(count), int(amount)) for kind, count, amount in await tx.execute(query)}


async def open_holds(tx: Tx, pool: str) -> tuple[int, int]:
    """How many holds are pending, and what they set aside in all."""
    query = sa.select(sa.func.count(), sa.cast(sa.func.coalesce(sa.func.sum(holds.c.amount), 0), sa.BigInteger))
    count, amount = (await tx.execute(query.where(holds.c.pool == pool, holds.c.state == "pending"))).one()
    return int(count), int(amount)


async def frozen_wallets(tx: Tx, pool: str, limit: int) -> Sequence[sa.RowMapping]:
    """The wallets that are frozen, the latest first."""
    query = sa.select(accounts.c.owner, accounts.c.balance, accounts.c.frozen_at, accounts.c.frozen_reason)
    query = query.where(accounts.c.pool == pool, accounts.c.kind == "wallet", accounts.c.frozen_at.is_not(None))
    return (await tx.execute(query.order_by(accounts.c.frozen_at.desc()).limit(limit))).mappings().all()
