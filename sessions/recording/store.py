"""The recordings in the books: that there is one, where, and until when."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from ground.sql import Tx, metadata, put_once

recordings = sa.Table(
    "recordings",
    metadata,
    sa.Column("pool", sa.Text, primary_key=True),
    sa.Column("session", sa.Text, primary_key=True),
    sa.Column("user", sa.Text, nullable=False),
    sa.Column("expert", sa.Text, nullable=False),
    sa.Column("started_at", sa.BigInteger, nullable=False),
    sa.Column("ended_at", sa.BigInteger, nullable=False),
    sa.Column("length_ms", sa.BigInteger, nullable=False),
    sa.Column("bytes", sa.BigInteger, nullable=False),
    sa.Column("sha256", sa.Text, nullable=False),
    sa.Column("path", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("erase_at", sa.BigInteger, nullable=False),
)
sa.Index(None, recordings.c.state, recordings.c.erase_at)
sa.Index(None, recordings.c.pool, recordings.c.user)
sa.Index(None, recordings.c.pool, recordings.c.expert)

Row = dict[str, Any]
"""A row by the names of its columns."""
_FRESH = {"ended_at": 0, "length_ms": 0, "bytes": 0, "sha256": "", "state": "pending"}
_GONE = {"length_ms": 0, "bytes": 0, "sha256": "", "path": "", "state": "erased"}


async def begin(tx: Tx, row: Row) -> None:
    """A recording is being made. One of that session that is there already stays as it is."""
    await put_once(tx, recordings, [row | _FRESH])


async def end(tx: Tx, pool: str, session: str, ended_at: int, user: str = "") -> None:
    """Its session is over; `user` is who they were in the end (a visitor may have signed in; "": as before)."""
    # The days count from the end.
    longer = recordings.c.erase_at + ended_at - recordings.c.started_at
    values: dict[str, Any] = {"ended_at": ended_at, "erase_at": longer}
    if user:
        values["user"] = user
    open_now = sa.and_(_of(pool, session), recordings.c.ended_at == 0, recordings.c.state != "erased")
    await tx.execute(sa.update(recordings).where(open_now).values(values))


async def ready(tx: Tx, pool: str, session: str, length_ms: int, size: int, sha256: str) -> bool:
    """Its file is made; False when the recording was erased meanwhile, and the file is to go."""
    values = {"state": "ready", "length_ms": length_ms, "bytes": size, "sha256": sha256}
    return await _from_pending(tx, pool, session, values)


async def failed(tx: Tx, pool: str, session: str) -> bool:
    """No file can be made of it."""
    return await _from_pending(tx, pool, session, {"state": "failed"})


async def _from_pending(tx: Tx, pool: str, session: str, values: dict[str, Any]) -> bool:
    update = sa.update(recordings).where(_of(pool, session), recordings.c.state == "pending").values(values)
    return (await tx.execute(update)).rowcount > 0


async def erased(tx: Tx, pool: str, session: str) -> None:
    """Its file is gone; that there was one stays."""
    await tx.execute(sa.update(recordings).where(_of(pool, session)).values(_GONE))


async def pending(tx: Tx, folder: str, ended_before: int, began_before: int, limit: int) -> list[Row]:
    """Those in `folder` to make a file of: over before `ended_before`, or begun so early that their end was lost."""
    over = sa.and_(recordings.c.ended_at > 0, recordings.c.ended_at <= ended_before)
    lost = sa.and_(recordings.c.ended_at == 0, recordings.c.started_at <= began_before)
    query = sa.select(recordings).where(_in(folder), recordings.c.state == "pending", sa.or_(over, lost))
    return await _rows(tx, query.order_by(recordings.c.ended_at).limit(limit))


async def due(tx: Tx, folder: str, now: int, limit: int) -> list[Row]:
    """Those in `folder` whose time is up."""
    query = sa.select(recordings).where(_in(folder), recordings.c.state != "erased", recordings.c.erase_at <= now)
    return await _rows(tx, query.order_by(recordings.c.erase_at).limit(limit))


async def find(tx: Tx, pool: str, session: str) -> Row | None:
    return next(iter(await _rows(tx, sa.select(recordings).where(_of(pool, session)))), None)


async def of_sessions(tx: Tx, pool: str, sessions: Sequence[str]) -> list[Row]:
    return await _rows(tx, sa.select(recordings).where(recordings.c.pool == pool, recordings.c.session.in_(sessions)))


async def known(tx: Tx, paths: Sequence[str]) -> set[str]:
    """Which of `paths` are of a recording that is kept."""
    return set((await tx.execute(sa.select(recordings.c.path).where(recordings.c.path.in_(paths)))).scalars())


async def of_user(tx: Tx, pool: str, user: str) -> list[Row]:
    query = sa.select(recordings).where(recordings.c.pool == pool, recordings.c.user == user)
    return await _rows(tx, query.order_by(recordings.c.started_at, recordings.c.session))


async def forget_user(tx: Tx, pool: str, user: str, pseudonym: str) -> None:
    """The recordings of `user` are a pseudonym's, and due: their files go as soon as somebody looks (`upkeep.py`)."""
    own = sa.and_(recordings.c.pool == pool, recordings.c.user == user)
    await tx.execute(sa.update(recordings).where(own).values(user=pseudonym, erase_at=0))


async def forget_expert(tx: Tx, pool: str, expert: str) -> None:
    """The recordings of `expert` are due: their voice is in them as well."""
    own = sa.and_(recordings.c.pool == pool, recordings.c.expert == expert)
    await tx.execute(sa.update(recordings).where(own).values(erase_at=0))


async def _rows(tx: Tx, query: sa.Select[Any]) -> list[Row]:
    return [dict(row) for row in (await tx.execute(query)).mappings()]


def _of(pool: str, session: str) -> sa.ColumnElement[bool]:
    return sa.and_(recordings.c.pool == pool, recordings.c.session == session)


def _in(folder: str) -> sa.ColumnElement[bool]:
    return recordings.c.path.like(f"{folder}/%")
