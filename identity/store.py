"""The tables of identity, one-use sign-in links and what operators did, and the statements on them."""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from ground.sql import Tx, Words, metadata, put_once

links = sa.Table(
    "sign_in_links",
    metadata,
    sa.Column("digest", sa.Text, primary_key=True),  # SHA-256 of the token, which is stored nowhere
    sa.Column("pool", sa.Text, nullable=False),
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("name", Words, nullable=False),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("expires_at", sa.BigInteger, nullable=False, index=True),
    sa.Column("used_at", sa.BigInteger),  # empty until it is used
)

actions = sa.Table(
    "operator_actions",
    metadata,
    sa.Column("pool", sa.Text, primary_key=True),
    sa.Column("key", sa.Text, primary_key=True),  # what makes an action the same one: see identity/audit.py
    sa.Column("at", sa.BigInteger, nullable=False),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("action", sa.Text, nullable=False),
    sa.Column("object", sa.Text, nullable=False),
    sa.Column("reason", Words, nullable=False),
    sa.Column("epoch", sa.Text, nullable=False),
    sa.Column("seq", sa.BigInteger, nullable=False),
)
sa.Index(None, actions.c.pool, actions.c.at)


async def add_link(tx: Tx, row: Mapping[str, Any]) -> None:
    await tx.execute(sa.insert(links).values(row))


async def forget_links(tx: Tx, before: int) -> None:
    """Delete the links that ended before `before` (ms)."""
    await tx.execute(sa.delete(links).where(links.c.expires_at < before))


async def take_link(tx: Tx, digest: str, now: int) -> dict[str, Any] | None:
    """Use up a link in one statement: of several who ask at once, one gets the row."""
    usable = (links.c.digest == digest, links.c.used_at.is_(None), links.c.expires_at > now)
    taken = sa.update(links).where(*usable).values(used_at=now).returning(links)
    return _plain((await tx.execute(taken)).mappings().one_or_none())


async def find_link(tx: Tx, digest: str) -> dict[str, Any] | None:
    return _plain((await tx.execute(sa.select(links).where(links.c.digest == digest))).mappings().one_or_none())


def _plain(row: sa.RowMapping | None) -> dict[str, Any] | None:
    return None if row is None else {column.name: row[column] for column in links.columns}


async def add_action(tx: Tx, row: Mapping[str, Any]) -> None:
    """Append an action, unless it is there."""
    await put_once(tx, actions, [row])


async def newest_actions(tx: Tx, pool: str, before: int, limit: int) -> Sequence[sa.RowMapping]:
    query = sa.select(actions).where(actions.c.pool == pool).order_by(actions.c.at.desc(), actions.c.seq.desc())
    if before:
        query = query.where(actions.c.at < before)
    return (await tx.execute(query.limit(limit))).mappings().all()
