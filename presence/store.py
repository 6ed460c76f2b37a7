"""The table of presence, the history of every expert's indicator, and the statements on it."""

from typing import Any

import sqlalchemy as sa

from ground.sql import Tx, Words, metadata

states = sa.Table(
    "expert_states",
    metadata,
    sa.Column("pool", sa.Text, primary_key=True),
    sa.Column("expert", sa.Text, primary_key=True),
    sa.Column("epoch", sa.Text, primary_key=True),
    sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("n", sa.BigInteger, primary_key=True, autoincrement=False),  # one entry may hold several states
    sa.Column("indicator", sa.Text, nullable=False),
    sa.Column("cause", sa.Text, nullable=False),
    sa.Column("reason", Words, nullable=False),
    sa.Column("by", sa.Text, nullable=False),
    sa.Column("from_ms", sa.BigInteger, nullable=False),
    sa.Column("to_ms", sa.BigInteger),  # empty while the state lasts
)
sa.Index(None, states.c.pool, states.c.expert, states.c.from_ms)


async def last(tx: Tx, pool: str, expert: str) -> dict[str, Any] | None:
    """The newest state of an expert, whole, or None."""
    query = (
        sa.select(states)
        .where(states.c.pool == pool, states.c.expert == expert)
        .order_by(states.c.from_ms.desc(), states.c.seq.desc(), states.c.n.desc())
        .limit(1)
    )
    row = (await tx.execute(query)).mappings().first()
    return None if row is None else _plain(row)


async def add(tx: Tx, rows: list[dict[str, Any]]) -> None:
    if rows:
        await tx.execute(sa.insert(states), rows)


async def close(tx: Tx, row: dict[str, Any], to_ms: int) -> None:
    """End the state `row` at `to_ms`."""
    key = [column == row[column.name] for column in states.primary_key]
    await tx.execute(sa.update(states).where(*key).values(to_ms=to_ms))


async def touching(tx: Tx, pool: str, expert: str, from_ms: int, to_ms: int, limit: int) -> list[dict[str, Any]]:
    """The states of an expert that touch [from_ms, to_ms), oldest first."""
    query = sa.select(states).where(_touch(pool, expert, from_ms, to_ms))
    query = query.order_by(states.c.from_ms, states.c.seq, states.c.n).limit(limit)
    return [_plain(row) for row in (await tx.execute(query)).mappings()]


async def sums(tx: Tx, pool: str, expert: str, from_ms: int, to_ms: int) -> dict[str, int]:
    """Milliseconds in each indicator within [from_ms, to_ms); a state that lasts counts to `to_ms`."""
    ended = sa.func.coalesce(states.c.to_ms, to_ms)
    end = sa.case((ended < to_ms, ended), else_=to_ms)
    start = sa.case((states.c.from_ms > from_ms, states.c.from_ms), else_=from_ms)
    spent = sa.cast(sa.func.sum(end - start), sa.BigInteger)
    query = sa.select(states.c.indicator, spent).where(_touch(pool, expert, from_ms, to_ms))
    return {row[0]: row[1] for row in await tx.execute(query.group_by(states.c.indicator))}


def _plain(row: sa.RowMapping) -> dict[str, Any]:
    return {column.name: row[column] for column in states.columns}


def _touch(pool: str, expert: str, from_ms: int, to_ms: int) -> sa.ColumnElement[bool]:
    lasts = sa.or_(states.c.to_ms.is_(None), states.c.to_ms > from_ms)
    return sa.and_(states.c.pool == pool, states.c.expert == expert, states.c.from_ms < to_ms, lasts)
