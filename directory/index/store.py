"""The tables of the index that are the same on both databases, and the statements on them.

`index_fts` is not here: it is a virtual table of SQLite's FTS5 in one database and a table of tsvectors in the other,
and the `store.py` in `sqlite/` and `postgres/` know it. What is to be indexed anew is written into `index_stale` by
triggers on `experts`, in the transaction of the change, whoever makes it.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

import sqlalchemy as sa

from directory import store as directory
from ground.sql import Tx, metadata, put, put_once

CHATS_MOST = 200
"""Chats of one expert that are looked at: the newest."""

_Number = sa.BigInteger().with_variant(sa.Integer, "sqlite")  # SQLite numbers only an INTEGER by itself
_Term = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")  # for what begins with some letters

entries = sa.Table(
    "index_entries",
    metadata,
    sa.Column("entry", _Number, primary_key=True),
    sa.Column("pool", sa.Text, nullable=False),
    sa.Column("expert", sa.Text, nullable=False),
    sa.Column("digest", sa.Text, nullable=False),  # of what was indexed
    sa.Column("languages", sa.Text, nullable=False),
    *(sa.Column(name, sa.Text, nullable=False) for name in ("name", "headline", "expertise", "biography", "chats")),
    sa.Index("ix_index_entries_pool_expert", "pool", "expert", unique=True),
)
pools = sa.Table(
    "index_pools",
    metadata,
    sa.Column("pool", sa.Text, primary_key=True),
    sa.Column("experts", sa.BigInteger, nullable=False),
    sa.Column("terms", sa.JSON, nullable=False),  # how many each column has of all experts together
    sa.Column("languages", sa.JSON, nullable=False),  # how many experts are indexed in each
)
words = sa.Table(
    "index_words",
    metadata,
    sa.Column("pool", sa.Text, primary_key=True),
    sa.Column("term", _Term, primary_key=True),
    sa.Column("experts", sa.BigInteger, nullable=False),  # with whom it is found
)
chats = sa.Table(
    "index_chats",
    metadata,
    sa.Column("chat", _Number, primary_key=True),
    sa.Column("pool", sa.Text, nullable=False),
    sa.Column("session", sa.Text, nullable=False),
    sa.Column("expert", sa.Text, nullable=False),
    sa.Column("user", sa.Text, nullable=False),
    sa.Column("terms", sa.Text, nullable=False),
    sa.Index("ix_index_chats_pool_session", "pool", "session", unique=True),
    sa.Index("ix_index_chats_pool_expert", "pool", "expert"),
    sa.Index("ix_index_chats_pool_user", "pool", "user"),
)
stale = sa.Table(
    "index_stale",
    metadata,
    sa.Column("pool", sa.Text, primary_key=True),
    sa.Column("expert", sa.Text, primary_key=True),
    sa.Column("mark", sa.BigInteger, nullable=False),  # another one with every change
)


async def lock_pool(tx: Tx, pool: str) -> sa.RowMapping:
    """The totals of a pool, locked until the end of the transaction: who writes into its index does so in turn."""
    await put_once(tx, pools, [{"pool": pool, "experts": 0, "terms": {}, "languages": {}}])
    query = sa.select(pools).where(pools.c.pool == pool).with_for_update()
    return (await tx.execute(query)).mappings().one()


async def find_pool(tx: Tx, pool: str) -> sa.RowMapping | None:
    return (await tx.execute(sa.select(pools).where(pools.c.pool == pool))).mappings().one_or_none()


async def set_pool(tx: Tx, row: Mapping[str, Any]) -> None:
    await put(tx, pools, [row])


async def digests(tx: Tx, pool: str, experts: Sequence[str]) -> dict[str, str]:
    query = sa.select(entries.c.expert, entries.c.digest)
    found = await tx.execute(query.where(entries.c.pool == pool, entries.c.expert.in_(experts)))
    return {row.expert: row.digest for row in found}


async def find_entries(tx: Tx, pool: str, experts: Sequence[str]) -> dict[str, dict[str, Any]]:
    """The entries of `experts`, by expert."""
    query = sa.select(entries).where(entries.c.pool == pool, entries.c.expert.in_(experts))
    return {row["expert"]: dict(row) for row in (await tx.execute(query)).mappings()}


async def texts(tx: Tx, numbers: Sequence[int]) -> Sequence[sa.Row[Any]]:
    """Expert, name, headline, expertise, biography and chats of entries."""
    columns = (entries.c[name] for name in ("expert", "name", "headline", "expertise", "biography", "chats"))
    return (await tx.execute(sa.select(*columns).where(entries.c.entry.in_(numbers)))).all()


async def add_entries(tx: Tx, rows: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """Insert rows of one pool; their numbers, by expert."""
    if not rows:
        return {}
    await tx.execute(sa.insert(entries), list(rows))
    query = sa.select(entries.c.expert, entries.c.entry).where(
        entries.c.pool == rows[0]["pool"], entries.c.expert.in_([row["expert"] for row in rows])
    )
    return {row.expert: row.entry for row in await tx.execute(query)}


async def set_entries(tx: Tx, rows: Sequence[Mapping[str, Any]]) -> None:
    await put(tx, entries, rows)


async def drop_entries(tx: Tx, numbers: Sequence[int]) -> None:
    await tx.execute(sa.delete(entries).where(entries.c.entry.in_(numbers)))


async def count_words(tx: Tx, pool: str, changes: Mapping[str, int]) -> None:
    """Add to the number of experts with whom each term is found."""
    rows = [{"pool": pool, "term": term, "experts": changes[term]} for term in sorted(changes) if changes[term]]
    if not rows:
        return
    if tx.dialect.name == "postgresql":  # one statement for all: a row each would take seconds
        await tx.execute(
            sa.text(
                "INSERT INTO index_words (pool, term, experts)"
                " SELECT :pool, * FROM unnest(CAST(:terms AS text[]), CAST(:experts AS bigint[]))"
                " ON CONFLICT (pool, term) DO UPDATE SET experts = index_words.experts + excluded.experts"
            ),
            {"pool": pool, "terms": [row["term"] for row in rows], "experts": [row["experts"] for row in rows]},
        )
    else:
        statement = (
            "INSERT INTO index_words (pool, term, experts) VALUES (?, ?, ?)"
            " ON CONFLICT (pool, term) DO UPDATE SET experts = experts + excluded.experts"
        )
        await tx.exec_driver_sql(statement, [tuple(row.values()) for row in rows])
    if any(count < 0 for count in changes.values()):
        await tx.execute(sa.delete(words).where(words.c.pool == pool, words.c.experts <= 0))


async def frequencies(tx: Tx, pool: str, terms: Iterable[str]) -> dict[str, int]:
    """With how many experts each of `terms` is found; those with none are left out."""
    query = sa.select(words.c.term, words.c.experts).where(words.c.pool == pool, words.c.term.in_(list(terms)))
    return {row.term: row.experts for row in await tx.execute(query)}


async def beginning_with(tx: Tx, pool: str, start: str, most: int) -> dict[str, int]:
    """The terms that begin with `start` (letters and digits), those found with most experts."""
    query = (
        sa.select(words.c.term, words.c.experts)
        .where(words.c.pool == pool, words.c.term >= start, words.c.term < start + "~")
        .order_by(words.c.experts.desc(), words.c.term)
        .limit(most)
    )
    return {row.term: row.experts for row in await tx.execute(query)}


async def add_chat(tx: Tx, row: Mapping[str, Any]) -> bool:
    """Insert a chat; False when its session is there already."""
    query = sa.select(chats.c.chat).where(chats.c.pool == row["pool"], chats.c.session == row["session"])
    if (await tx.execute(query)).first():
        return False
    await tx.execute(sa.insert(chats).values(row))
    return True


async def drop_chats(tx: Tx, pool: str, what: Literal["session", "user", "expert"], whose: Sequence[str]) -> set[str]:
    """Delete chats; the experts whose they were."""
    query = sa.delete(chats).where(chats.c.pool == pool, chats.c[what].in_(whose)).returning(chats.c.expert)
    return set((await tx.scalars(query)).all())


async def chats_of(tx: Tx, pool: str, experts: Sequence[str]) -> dict[str, str]:
    """The terms of the newest chats of each expert."""
    place = sa.func.row_number().over(partition_by=chats.c.expert, order_by=chats.c.chat.desc()).label("place")
    newest = sa.select(chats.c.expert, chats.c.chat, chats.c.terms, place)
    newest_of = newest.where(chats.c.pool == pool, chats.c.expert.in_(experts)).subquery()
    query = sa.select(newest_of).where(newest_of.c.place <= CHATS_MOST).order_by(newest_of.c.chat)
    found: dict[str, list[str]] = {}
    for row in await tx.execute(query):
        found.setdefault(row.expert, []).append(row.terms)
    return {expert: " ".join(filter(None, terms)) for expert, terms in found.items()}


async def stale_pools(tx: Tx) -> set[str]:
    """The pools in which something is to be indexed anew."""
    return set((await tx.scalars(sa.select(stale.c.pool).distinct())).all())


async def stale_experts(tx: Tx, pool: str, most: int) -> dict[str, int]:
    """Some of the experts who are to be indexed anew, with their marks."""
    query = sa.select(stale.c.expert, stale.c.mark).where(stale.c.pool == pool).order_by(stale.c.expert).limit(most)
    return {row.expert: row.mark for row in await tx.execute(query)}


async def take_stale(tx: Tx, pool: str, marks: Mapping[str, int]) -> set[str]:
    """Take off `marks`. Those that have another one by now have changed since, and keep it; the rest are returned."""
    pairs = sa.tuple_(stale.c.expert, stale.c.mark).in_(list(marks.items()))
    query = sa.delete(stale).where(stale.c.pool == pool, pairs).returning(stale.c.expert)
    return set((await tx.scalars(query)).all())


async def profiles(tx: Tx, pool: str, names: Sequence[str]) -> Sequence[sa.RowMapping]:
    """What the directory says of experts, as far as it is indexed."""
    table = directory.experts
    columns = (table.c[name] for name in ("expert", "name", "headline", "biography", "categories", "languages"))
    query = sa.select(*columns).where(table.c.pool == pool, table.c.expert.in_(names))
    return (await tx.execute(query)).mappings().all()
