"""The tables of payouts, and the statements on them."""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from billing.store import accounts
from ground.sql import Tx, Words, metadata, put

bank_accounts = sa.Table(
    "bank_accounts",
    metadata,
    sa.Column("pool", sa.Text, primary_key=True),
    sa.Column("expert", sa.Text, primary_key=True),  # "": the account that the pool pays from
    sa.Column("name", Words, nullable=False),
    sa.Column("iban", sa.Text, nullable=False),
    sa.Column("changed_at", sa.BigInteger, nullable=False),
)

batches = sa.Table(
    "payout_batches",
    metadata,
    sa.Column("pool", sa.Text, primary_key=True),
    sa.Column("batch", sa.Text, primary_key=True),
    sa.Column("state", sa.Text, nullable=False),  # open, paid or cancelled
    sa.Column("currency", sa.Text, nullable=False),
    sa.Column("amount", sa.BigInteger, nullable=False),
    sa.Column("count", sa.BigInteger, nullable=False),
    sa.Column("made_at", sa.BigInteger, nullable=False),
    sa.Column("closed_at", sa.BigInteger),  # empty while it is open
)
sa.Index(None, batches.c.pool, batches.c.made_at)

lines = sa.Table(
    "payout_lines",
    metadata,
    sa.Column("pool", sa.Text, primary_key=True),
    sa.Column("batch", sa.Text, primary_key=True),
    sa.Column("line", sa.BigInteger, primary_key=True),
    sa.Column("expert", sa.Text, nullable=False),
    sa.Column("amount", sa.BigInteger, nullable=False),
    sa.Column("name", Words, nullable=False),  # these two as they were when the batch was made
    sa.Column("iban", sa.Text, nullable=False),
    sa.Column("open", sa.Boolean, nullable=False),
    sa.ForeignKeyConstraint(["pool", "batch"], ["payout_batches.pool", "payout_batches.batch"]),
)
sa.Index(
    "ix_payout_lines_one_open",
    lines.c.pool,
    lines.c.expert,
    unique=True,
    sqlite_where=lines.c.open.is_(sa.true()),
    postgresql_where=lines.c.open.is_(sa.true()),
)
sa.Index(None, lines.c.pool, lines.c.expert)

commands = sa.Table(
    "payout_commands",
    metadata,
    sa.Column("pool", sa.Text, primary_key=True),
    sa.Column("op", sa.Text, primary_key=True),
    sa.Column("input_hash", sa.Text, nullable=False),
    sa.Column("batch", sa.Text, nullable=False),  # what the command was answered with
)


async def put_bank_account(tx: Tx, row: Mapping[str, Any]) -> None:
    await put(tx, bank_accounts, [row])


async def bank_account(tx: Tx, pool: str, expert: str) -> dict[str, Any] | None:
    query = sa.select(bank_accounts).where(bank_accounts.c.pool == pool, bank_accounts.c.expert == expert)
    row = (await tx.execute(query)).mappings().first()
    return dict(row) if row else None


async def bank_accounts_of(tx: Tx, pool: str, experts: Sequence[str]) -> dict[str, dict[str, Any]]:
    """By expert; who has none is missing."""
    query = sa.select(bank_accounts).where(bank_accounts.c.pool == pool, bank_accounts.c.expert.in_(experts))
    return {row["expert"]: dict(row) for row in (await tx.execute(query)).mappings()}


async def delete_bank_account(tx: Tx, pool: str, expert: str) -> bool:
    """Whether there was one."""
    gone = sa.delete(bank_accounts).where(bank_accounts.c.pool == pool, bank_accounts.c.expert == expert)
    return bool((await tx.execute(gone)).rowcount)


async def command(tx: Tx, pool: str, op: str) -> tuple[str, str] | None:
    """Hash of the input and batch of a command; None when it has not been given yet."""
    query = sa.select(commands.c.input_hash, commands.c.batch).where(commands.c.pool == pool, commands.c.op == op)
    row = (await tx.execute(query)).first()
    return (row.input_hash, row.batch) if row else None


async def add_command(tx: Tx, row: Mapping[str, Any]) -> None:
    await tx.execute(sa.insert(commands).values(row))


async def add_batch(tx: Tx, row: Mapping[str, Any], its_lines: Sequence[Mapping[str, Any]]) -> None:
    await tx.execute(sa.insert(batches).values(row))
    await tx.execute(sa.insert(lines), list(its_lines))


async def batch(tx: Tx, pool: str, name: str, *, lock: bool = False) -> dict[str, Any] | None:
    query = sa.select(batches).where(batches.c.pool == pool, batches.c.batch == name)
    row = (await tx.execute(query.with_for_update() if lock else query)).mappings().first()
    return dict(row) if row else None


async def newest_batches(tx: Tx, pool: str, before: int, limit: int) -> list[dict[str, Any]]:
    """Those made before the time `before` (ms; 0: all)."""
    query = sa.select(batches).where(batches.c.pool == pool)
    query = query.where(batches.c.made_at < before) if before else query
    query = query.order_by(batches.c.made_at.desc(), batches.c.batch).limit(limit)
    return [dict(row) for row in (await tx.execute(query)).mappings()]


async def lines_of(tx: Tx, pool: str, name: str) -> list[dict[str, Any]]:
    query = sa.select(lines).where(lines.c.pool == pool, lines.c.batch == name).order_by(lines.c.line)
    return [dict(row) for row in (await tx.execute(query)).mappings()]


async def close_batch(tx: Tx, pool: str, name: str, state: str, now: int) -> None:
    its = (batches.c.pool == pool, batches.c.batch == name)
    await tx.execute(sa.update(batches).where(*its).values(state=state, closed_at=now))
    its_lines = (lines.c.pool == pool, lines.c.batch == name)
    await tx.execute(sa.update(lines).where(*its_lines).values(open=False))


async def open_lines(tx: Tx, pool: str) -> dict[str, tuple[str, int]]:
    """The batch and the amount of every expert who stands in one that is open."""
    query = sa.select(lines.c.expert, lines.c.batch, lines.c.amount)
    rows = await tx.execute(query.where(lines.c.pool == pool, lines.c.open.is_(sa.true())))
    return {expert: (name, amount) for expert, name, amount in rows}


async def payouts_of(tx: Tx, pool: str, expert: str) -> list[dict[str, Any]]:
    """An expert's lines with the state of their batches, oldest first."""
    query = (
        sa.select(lines.c.batch, lines.c.amount, lines.c.name, lines.c.iban, batches.c.state, batches.c.made_at)
        .join(batches, sa.and_(batches.c.pool == lines.c.pool, batches.c.batch == lines.c.batch))
        .where(lines.c.pool == pool, lines.c.expert == expert)
        .order_by(batches.c.made_at)
    )
    return [dict(row) for row in (await tx.execute(query)).mappings()]


async def unname_lines(tx: Tx, pool: str, expert: str) -> None:
    """Forget whose account the closed payouts of an expert went to; what was paid, and when, stays."""
    closed = (lines.c.pool == pool, lines.c.expert == expert, lines.c.open.is_(sa.false()))
    await tx.execute(sa.update(lines).where(*closed).values(name="", iban=""))


async def earnings(
    tx: Tx, pool: str, limit: int | None, experts: Sequence[str] | None = None
) -> Sequence[sa.RowMapping]:
    """The experts' accounts with something on them, the largest first; of `experts` alone when they are named."""
    query = sa.select(accounts.c.owner, accounts.c.balance)
    query = query.where(accounts.c.pool == pool, accounts.c.kind == "earnings", accounts.c.balance > 0)
    if experts is not None:
        query = query.where(accounts.c.owner.in_(experts))
    return (await tx.execute(query.order_by(accounts.c.balance.desc(), accounts.c.owner).limit(limit))).mappings().all()
