"""What the audit asks of the ledger's tables (`billing/store.py`), bit by bit, whatever the books hold."""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, Final

import sqlalchemy as sa

from billing.store import accounts, commands, holds, transactions, transfers
from ground.sql import Tx

_FETCHED: Final = 2_000
_escrow = accounts.alias("escrow")


async def one_snapshot(tx: Tx) -> None:
    """All that is read in this transaction is of one moment. SQLite reads so by itself."""
    if tx.dialect.name == "postgresql":
        await tx.execute(sa.text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"))


async def count(tx: Tx, pool: str) -> dict[str, int]:
    """How many there are: accounts, transactions, of these `sessions`, holds that are `posted`, commands."""
    questions: dict[str, sa.Select[Any]] = {
        "accounts": sa.select(sa.func.count(accounts.c.account)).where(_in(accounts, pool)),
        "transactions": sa.select(sa.func.count(transactions.c.id)).where(_in(transactions, pool)),
        "sessions": sa.select(sa.func.count(transactions.c.id)).where(
            _in(transactions, pool), transactions.c.kind == "session"
        ),
        "posted": sa.select(sa.func.count(holds.c.hold)).where(_in(holds, pool), holds.c.state == "posted"),
        "commands": sa.select(sa.func.count(commands.c.key)).where(_in(commands, pool)),
    }
    return {name: int((await tx.execute(question)).scalar_one()) for name, question in questions.items()}


async def sums(tx: Tx, pool: str) -> list[tuple[str, str, int]]:
    """Pool, currency and the sum of all balances."""
    query = sa.select(accounts.c.pool, accounts.c.currency, sa.func.sum(accounts.c.balance))
    rows = await tx.execute(query.where(_in(accounts, pool)).group_by(accounts.c.pool, accounts.c.currency))
    return [(name, currency, int(total)) for name, currency, total in rows]


async def accounts_after(tx: Tx, pool: str, last: int, limit: int) -> Sequence[sa.RowMapping]:
    query = sa.select(accounts).where(_in(accounts, pool), accounts.c.account > last)
    return (await tx.execute(query.order_by(accounts.c.account).limit(limit))).mappings().all()


async def pending(tx: Tx, first: int, last: int) -> Mapping[int, int]:
    """What open holds set aside, by wallet, of the accounts `first` to `last`."""
    query = sa.select(holds.c.wallet, sa.func.sum(holds.c.amount)).where(holds.c.wallet.between(first, last))
    rows = await tx.execute(query.where(holds.c.state == "pending").group_by(holds.c.wallet))
    return {wallet: int(total) for wallet, total in rows}


async def moves(tx: Tx, first: int, last: int) -> AsyncIterator[sa.Row[Any]]:
    """Account, pool, currency, transfer, change and balance after it, of the accounts `first` to `last`, in order."""
    sides: list[tuple[Any, Any, Any]] = [
        (transfers.c.debit, -transfers.c.amount, transfers.c.debit_after),
        (transfers.c.credit, transfers.c.amount, transfers.c.credit_after),
    ]
    both = [
        sa.select(
            account.label("account"), transfers.c.pool, transfers.c.currency, transfers.c.id.label("transfer"),
            change.label("change"), after.label("after"),
        ).where(account.between(first, last))
        for account, change, after in sides
    ]  # fmt: skip
    async for row in _streamed(tx, sa.union_all(*both).order_by("account", "transfer")):
        yield row


async def booked(tx: Tx, pool: str, first: int, last: int) -> AsyncIterator[sa.RowMapping]:
    """The transactions `first` to `last` with the sums of their transfers, their hold and their command."""
    x, h = transfers.c, holds.c
    net = sa.case((x.credit == _escrow.c.account, x.amount), (x.debit == _escrow.c.account, -x.amount), else_=0)
    facts = (transactions.c.id, transactions.c.pool, transactions.c.kind, transactions.c.key, transactions.c.reference)
    held = (h.hold, h.session, h.posted, h.fee, h.amount, h.rate, h.free_ms, h.ran_ms, h.fee_bps, commands.c.answer)
    query = (
        sa.select(
            *facts,
            *held,
            sa.func.count(x.id).label("transfers"),
            sa.func.coalesce(sa.func.sum(net), 0).label("escrow"),
            sa.func.coalesce(sa.func.sum(sa.case((x.debit == h.wallet, x.amount), else_=0)), 0).label("paid"),
            sa.func.coalesce(sa.func.sum(sa.case((x.credit == h.earnings, x.amount), else_=0)), 0).label("earned"),
        )
        .join_from(transactions, transfers, x.transaction_id == transactions.c.id, isouter=True)
        .outerjoin(_escrow, sa.and_(_escrow.c.pool == transactions.c.pool, _escrow.c.kind == "escrow"))
        .outerjoin(holds, h.transaction_id == transactions.c.id)
        .outerjoin(commands, sa.and_(commands.c.pool == transactions.c.pool, commands.c.key == transactions.c.key))
        .where(_in(transactions, pool), transactions.c.id.between(first, last))
        .group_by(*facts, *held)
    )
    async for row in _streamed(tx, query.order_by(transactions.c.id)):
        yield row._mapping


async def last_transaction(tx: Tx) -> int:
    return int((await tx.execute(sa.select(sa.func.max(transactions.c.id)))).scalar_one() or 0)


async def _streamed(tx: Tx, query: sa.Executable) -> AsyncIterator[sa.Row[Any]]:
    async for row in await tx.stream(query, execution_options={"yield_per": _FETCHED}):
        yield row


def _in(table: sa.Table, pool: str) -> sa.ColumnElement[bool]:
    return table.c.pool == pool if pool else sa.true()
