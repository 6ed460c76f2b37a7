"""The table of feedback and the statements on it."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from ground.sql import Tx, Words, metadata, put_once

feedback = sa.Table(
    "feedback",
    metadata,
    sa.Column("pool", sa.Text, primary_key=True),
    sa.Column("session", sa.Text, primary_key=True),  # once a session; the feedback's own id when its user is erased
    sa.Column("feedback", sa.Text, nullable=False),
    sa.Column("expert", sa.Text, nullable=False),
    sa.Column("user", sa.Text, nullable=False),  # "" when erased
    sa.Column("op", sa.Text, nullable=False),
    sa.Column("stars", sa.BigInteger, nullable=False),
    sa.Column("text", Words, nullable=False),
    sa.Column("may_teach", sa.Boolean, nullable=False),
    sa.Column("at", sa.BigInteger, nullable=False),
    sa.Column("answer", Words, nullable=False),
    sa.Column("answered_at", sa.BigInteger, nullable=False),
    sa.Column("answer_op", sa.Text, nullable=False),
    sa.Column("pinned", sa.BigInteger, nullable=False),  # 1 is the first of the pinned, 0 is not pinned
    sa.Column("hidden", sa.Boolean, nullable=False),
    sa.Column("hidden_reason", Words, nullable=False),
)
sa.Index(None, feedback.c.pool, feedback.c.feedback, unique=True)
sa.Index(None, feedback.c.pool, feedback.c.expert, feedback.c.at)
sa.Index(None, feedback.c.pool, feedback.c.hidden, feedback.c.expert, feedback.c.stars)
sa.Index(None, feedback.c.pool, feedback.c.user)

Row = dict[str, Any]


async def add(tx: Tx, row: Row) -> Row:
    """Insert `row` unless its session has feedback; what the session has then."""
    await put_once(tx, feedback, [row])
    found = await tx.execute(sa.select(feedback).where(_session(row["pool"], row["session"])))
    return _plain(found.mappings().one())


async def one(tx: Tx, pool: str, name: str) -> Row | None:
    """The feedback `name`, locked until the end of a transaction that writes."""
    query = sa.select(feedback).where(feedback.c.pool == pool, feedback.c.feedback == name).with_for_update()
    found = (await tx.execute(query)).mappings().first()
    return None if found is None else _plain(found)


async def change(tx: Tx, row: Row, **values: Any) -> None:
    await tx.execute(sa.update(feedback).where(_session(row["pool"], row["session"])).values(values))


async def newest(tx: Tx, pool: str, expert: str, before: int, limit: int, hidden: bool) -> tuple[list[Row], bool]:
    """The newest before the time `before` (0: from the end) and whether there are older ones.

    Those of one millisecond stay on one page, which may so hold a few more than `limit`: the next begins before it.
    """
    where = _shown(pool, expert, hidden)
    if before:
        where = sa.and_(where, feedback.c.at < before)
    newest_first = sa.select(feedback.c.at).where(where).order_by(feedback.c.at.desc())
    oldest = (await tx.execute(newest_first.offset(limit - 1).limit(1))).scalar()
    query = sa.select(feedback).where(where).order_by(feedback.c.at.desc(), feedback.c.feedback)
    if oldest is None:
        return await _all(tx, query), False
    rows = await _all(tx, query.where(feedback.c.at >= oldest))
    older = await tx.execute(sa.select(feedback.c.at).where(where, feedback.c.at < oldest).limit(1))
    return rows, older.scalar() is not None


async def newest_in_pool(tx: Tx, pool: str, before: int, limit: int) -> list[Row]:
    """Of all experts, hidden or not."""
    query = sa.select(feedback).where(feedback.c.pool == pool).order_by(feedback.c.at.desc(), feedback.c.feedback)
    if before:
        query = query.where(feedback.c.at < before)
    return await _all(tx, query.limit(limit))


async def pinned(tx: Tx, pool: str, expert: str) -> list[Row]:
    """In the order in which the expert pinned them."""
    query = sa.select(feedback).where(_shown(pool, expert, False), feedback.c.pinned > 0).order_by(feedback.c.pinned)
    return await _all(tx, query)


async def visible(tx: Tx, pool: str, expert: str, names: Sequence[str]) -> set[str]:
    """Which of `names` are feedback on `expert` that everybody sees."""
    query = sa.select(feedback.c.feedback).where(_shown(pool, expert, False), feedback.c.feedback.in_(names))
    return set((await tx.execute(query.with_for_update())).scalars())


async def pin(tx: Tx, pool: str, expert: str, names: Sequence[str]) -> None:
    """Pin `names`, in this order, and nothing else of `expert`."""
    own = sa.and_(feedback.c.pool == pool, feedback.c.expert == expert)
    await tx.execute(sa.update(feedback).where(own, feedback.c.pinned > 0).values(pinned=0))
    for place, name in enumerate(names, start=1):
        await tx.execute(sa.update(feedback).where(own, feedback.c.feedback == name).values(pinned=place))


async def of_user(tx: Tx, pool: str, user: str) -> list[Row]:
    """Everything a user gave, oldest first."""
    query = sa.select(feedback).where(feedback.c.pool == pool, feedback.c.user == user).order_by(feedback.c.at)
    return await _all(tx, query)


async def stars_given(tx: Tx, pool: str, sessions: Sequence[str]) -> dict[str, int]:
    """The stars of those of `sessions` that have feedback."""
    query = sa.select(feedback.c.session, feedback.c.stars)
    found = await tx.execute(query.where(feedback.c.pool == pool, feedback.c.session.in_(sessions)))
    return {row.session: row.stars for row in found}


async def forget_user(tx: Tx, pool: str, user: str) -> None:
    """Make what a user gave anonymous: neither the user nor the session is known any more."""
    own = sa.and_(feedback.c.pool == pool, feedback.c.user == user)
    await tx.execute(sa.update(feedback).where(own).values(user="", session=feedback.c.feedback, op=""))


async def counts(tx: Tx, pool: str, experts: Sequence[str] | None) -> dict[str, tuple[int, int, int, int, int]]:
    """How often each expert got one star to five; hidden feedback doesn't count. None is everybody who has any."""
    of = [sa.func.sum(sa.case((feedback.c.stars == stars, 1), else_=0)) for stars in range(1, 6)]
    query = sa.select(feedback.c.expert, *of).where(feedback.c.pool == pool, feedback.c.hidden.is_(False))
    if experts is not None:
        query = query.where(feedback.c.expert.in_(experts))
    return {row[0]: (row[1], row[2], row[3], row[4], row[5]) for row in
            await tx.execute(query.group_by(feedback.c.expert))}  # fmt: skip


async def all_stars(tx: Tx, pool: str) -> tuple[int, int]:
    """How many votes count in a pool, and their stars in sum."""
    query = sa.select(sa.func.count(), sa.func.sum(feedback.c.stars))
    count, total = (await tx.execute(query.where(feedback.c.pool == pool, feedback.c.hidden.is_(False)))).one()
    return count, int(total or 0)


async def _all(tx: Tx, query: sa.Select[Any]) -> list[Row]:
    return [_plain(row) for row in (await tx.execute(query)).mappings()]


def _plain(row: sa.RowMapping) -> Row:
    return {column.name: row[column] for column in feedback.columns}


def _session(pool: str, session: str) -> sa.ColumnElement[bool]:
    return sa.and_(feedback.c.pool == pool, feedback.c.session == session)


def _shown(pool: str, expert: str, hidden: bool) -> sa.ColumnElement[bool]:
    where = sa.and_(feedback.c.pool == pool, feedback.c.expert == expert)
    return where if hidden else sa.and_(where, feedback.c.hidden.is_(False))
