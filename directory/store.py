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
    sa.Column("mode_rates", sa.JSON),  # empty in rows of earlier releases
    sa.Column("email", sa.Text, nullable=False, server_default=sa.text("''")),
    sa.Column("photo", sa.Text, nullable=False),
    # That of the pool when this expert was last changed.
    sa.Column("revision", sa.BigInteger, nullable=False, server_default=sa.text("0")),
)

photos = sa.Table(
    "photos",
    metadata,
    sa.Column("pool", sa.Text, primary_key=True),
    sa.Column("expert", sa.Text, primary_key=True),
    sa.Column("size", sa.Text, primary_key=True),
    sa.Column("digest", sa.Text, nullable=False),
    sa.Column("body", sa.LargeBinary, nullable=False),
    sa.Index("ix_photos_pool_digest", "pool", "digest"),
)

testimonials = sa.Table(
    "testimonials",
    metadata,
    sa.Column("pool", sa.Text, primary_key=True),
    sa.Column("testimonial", sa.Text, primary_key=True),
    sa.Column("expert", sa.Text, nullable=False),
    sa.Column("text", Words, nullable=False),
    sa.Column("by", Words, nullable=False),  # who said it, as the operator wrote it
    sa.Column("at", sa.BigInteger, nullable=False),
    sa.Index("ix_testimonials_pool_expert", "pool", "expert"),
)

wishes = sa.Table(
    "wishes",
    metadata,
    sa.Column("pool", sa.Text, primary_key=True),
    sa.Column("expert", sa.Text, primary_key=True),
    sa.Column("address", sa.Text, primary_key=True),
    sa.Column("subject", sa.Text, nullable=False),  # the user, or "" for one who is not signed in
    sa.Column("language", sa.Text, nullable=False),
    sa.Column("expires_at", sa.BigInteger, nullable=False, index=True),
)
sa.Index(None, wishes.c.pool, wishes.c.address)


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


async def touch_pool(tx: Tx, pool: str) -> int:
    """Some of the pool's experts change now: the revision to write beside them. The pool's row stays locked until the
    end of the transaction, so that revisions are seen in their order."""
    touched = sa.update(pools).where(pools.c.pool == pool).values(revision=pools.c.revision + 1)
    return int((await tx.execute(touched.returning(pools.c.revision))).scalar_one())


async def put_experts(tx: Tx, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert or overwrite; a photo stays where the new row has none."""
    for pictured in (True, False):
        those = [row for row in rows if bool(row["photo"]) is pictured]
        await put(tx, experts, those, keep=() if pictured else ("photo",))


async def expert_ids(tx: Tx, pool: str) -> set[str]:
    return set(await tx.scalars(sa.select(experts.c.expert).where(experts.c.pool == pool)))


async def all_experts(tx: Tx, pool: str, since: int = -1) -> Sequence[sa.RowMapping]:
    """Everybody, or those who changed after the revision `since`."""
    query = sa.select(experts).where(experts.c.pool == pool, experts.c.revision > since)
    return (await tx.execute(query)).mappings().all()


async def find_expert(tx: Tx, pool: str, expert: str) -> sa.RowMapping | None:
    query = sa.select(experts).where(experts.c.pool == pool, experts.c.expert == expert)
    return (await tx.execute(query)).mappings().one_or_none()


async def set_photo(tx: Tx, pool: str, expert: str, path: str) -> bool:
    """Note where the photo of an expert is; False when there is no such expert."""
    if await find_expert(tx, pool, expert) is None:
        return False
    await change_expert(tx, pool, expert, {"photo": path})
    return True


async def put_photos(tx: Tx, rows: Sequence[Mapping[str, Any]]) -> None:
    await put(tx, photos, rows)


async def delete_photos(tx: Tx, pool: str, expert: str) -> None:
    await tx.execute(sa.delete(photos).where(photos.c.pool == pool, photos.c.expert == expert))


async def find_photo(tx: Tx, pool: str, digest: str, size: str) -> bytes | None:
    mine = (photos.c.pool == pool, photos.c.digest == digest, photos.c.size == size)
    found: bytes | None = await tx.scalar(sa.select(photos.c.body).where(*mine).limit(1))
    return found


async def add_testimonial(tx: Tx, row: Mapping[str, Any]) -> None:
    await tx.execute(sa.insert(testimonials).values(row))


async def delete_testimonial(tx: Tx, pool: str, expert: str, testimonial: str) -> bool:
    """Whether there was one."""
    mine = (
        testimonials.c.pool == pool, testimonials.c.expert == expert, testimonials.c.testimonial == testimonial,
    )  # fmt: skip
    return bool((await tx.execute(sa.delete(testimonials).where(*mine))).rowcount)


async def testimonials_of(tx: Tx, pool: str, expert: str) -> Sequence[sa.RowMapping]:
    """The newest first."""
    query = sa.select(testimonials).where(testimonials.c.pool == pool, testimonials.c.expert == expert)
    newest = query.order_by(testimonials.c.at.desc(), testimonials.c.testimonial)
    return (await tx.execute(newest)).mappings().all()


async def change_expert(tx: Tx, pool: str, expert: str, values: Mapping[str, Any]) -> None:
    revised = {**values, "revision": await touch_pool(tx, pool)}
    await tx.execute(sa.update(experts).where(experts.c.pool == pool, experts.c.expert == expert).values(revised))


async def put_wish(tx: Tx, row: Mapping[str, Any]) -> None:
    await put(tx, wishes, [row])


async def wishes_of(tx: Tx, pool: str, address: str, now: int) -> set[str]:
    """Of which experts somebody at `address` waits to be told."""
    theirs = (wishes.c.pool == pool, wishes.c.address == address, wishes.c.expires_at > now)
    return set(await tx.scalars(sa.select(wishes.c.expert).where(*theirs)))


async def has_wish(tx: Tx, pool: str, expert: str, subject: str, now: int) -> bool:
    """Whether the user `subject` waits to be told of `expert`."""
    theirs = (wishes.c.pool == pool, wishes.c.expert == expert, wishes.c.subject == subject, wishes.c.expires_at > now)
    return await tx.scalar(sa.select(wishes.c.address).where(*theirs).limit(1)) is not None


async def delete_wish(tx: Tx, pool: str, expert: str, subject: str, address: str) -> None:
    """Delete what `subject` wished; what somebody who is not signed in ("") wished for `address`."""
    theirs = [wishes.c.pool == pool, wishes.c.expert == expert, wishes.c.subject == subject]
    if not subject:
        theirs.append(wishes.c.address == address)
    await tx.execute(sa.delete(wishes).where(*theirs))


async def take_wishes(tx: Tx, pool: str, those: Sequence[str]) -> Sequence[sa.RowMapping]:
    """Delete and return all wishes about `those` experts."""
    taken = sa.delete(wishes).where(wishes.c.pool == pool, wishes.c.expert.in_(those)).returning(wishes)
    return (await tx.execute(taken)).mappings().all()


async def forget_wishes(tx: Tx, pool: str, address: str) -> None:
    """Delete what was wished for `address` in `pool`, in all pools for ""."""
    there = [wishes.c.pool == pool] if pool else []
    await tx.execute(sa.delete(wishes).where(*there, wishes.c.address == address))


async def forget_wishes_of(tx: Tx, pool: str, subject: str) -> None:
    """Delete what a user wished."""
    await tx.execute(sa.delete(wishes).where(wishes.c.pool == pool, wishes.c.subject == subject))


async def wishes_for(tx: Tx, address: str) -> Sequence[sa.RowMapping]:
    """All that was wished for `address`, in all pools."""
    return (await tx.execute(sa.select(wishes).where(wishes.c.address == address))).mappings().all()


async def forget_late_wishes(tx: Tx, now: int) -> None:
    await tx.execute(sa.delete(wishes).where(wishes.c.expires_at <= now))
