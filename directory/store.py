"""The tables of the directory, pools and their experts, and the statements on them."""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from ground.sql import Database, Tx, Words, metadata, put

pools = sa.Table(
    "pools",
    metadata,
    sa.Column("pool", sa.Text, primary_key=True),
    sa.Column("name", Words, nullable=False),
    sa.Column("settings", sa.JSON, nullable=False),
    sa.Column("options", sa.JSON),  # empty in pools of an older schema: the defaults
    sa.Column("revision", sa.BigInteger, nullable=False),  # grows with every change of the pool or its experts
)

experts = sa.Table(
    "experts",
    metadata,
    sa.Column("pool", sa.Text, sa.ForeignKey("pools.pool"), primary_key=True),
    sa.Column("expert", sa.Text, primary_key=True),
    sa.Column("name", Words, nullable=False),
    sa.Column("headline", Words, nullable=False),
    sa.Column("biography", Words, nullable=False),
    sa.Column("categories", sa.JSON, nullable=False),
    sa.Column("languages", sa.JSON, nullable=False),
    sa.Column("modes", sa.JSON, nullable=False),
    sa.Column("timezone", sa.Text, nullable=False),
    sa.Column("hours", sa.Text, nullable=False),
    sa.Column("exceptions", sa.Text, nullable=False, server_default=sa.text("''")),
    sa.Column("holidays", sa.Text, nullable=False, server_default=sa.text("''")),
    sa.Column("started_on", sa.Text, nullable=False),
    sa.Column("rate", sa.BigInteger, nullable=False, server_default=sa.text("0")),
    sa.Column("email", sa.Text, nullable=False, server_default=sa.text("''")),
    sa.Column("photo", sa.Text, nullable=False),
)


async def add_pool(db: Database, row: Mapping[str, Any]) -> bool:
    """Insert a pool; False when there is one of that id."""
    try:
        async with db.begin() as tx:
            await tx.execute(sa.insert(pools).values(row))
    except sa.exc.IntegrityError:
        return False
    return True


async def find_pool(tx: Tx, pool: str) -> sa.RowMapping | None:
    return (await tx.execute(sa.select(pools).where(pools.c.pool == pool))).mappings().one_or_none()


async def all_pools(tx: Tx) -> Sequence[sa.RowMapping]:
    return (await tx.execute(sa.select(pools).order_by(pools.c.pool))).mappings().all()


async def set_settings(tx: Tx, pool: str, settings: dict[str, Any]) -> None:
    changed = {"settings": settings, "revision": pools.c.revision + 1}
    await tx.execute(sa.update(pools).where(pools.c.pool == pool).values(changed))


async def set_options(tx: Tx, pool: str, options: dict[str, Any]) -> None:
    changed = {"options": options, "revision": pools.c.revision + 1}
    await tx.execute(sa.update(pools).where(pools.c.pool == pool).values(changed))


async def touch_pool(tx: Tx, pool: str) -> None:
    """Something of the pool's experts has changed."""
    await tx.execute(sa.update(pools).where(pools.c.pool == pool).values(revision=pools.c.revision + 1))


async def put_experts(tx: Tx, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert or overwrite; a photo stays where the new row has none."""
    for pictured in (True, False):
        those = [row for row in rows if bool(row["photo"]) is pictured]
        await put(tx, experts, those, keep=() if pictured else ("photo",))


async def expert_ids(tx: Tx, pool: str) -> set[str]:
    return set(await tx.scalars(sa.select(experts.c.expert).where(experts.c.pool == pool)))


async def all_experts(tx: Tx, pool: str) -> Sequence[sa.RowMapping]:
    return (await tx.execute(sa.select(experts).where(experts.c.pool == pool))).mappings().all()


async def find_expert(tx: Tx, pool: str, expert: str) -> sa.RowMapping | None:
    query = sa.select(experts).where(experts.c.pool == pool, experts.c.expert == expert)
    return (await tx.execute(query)).mappings().one_or_none()
