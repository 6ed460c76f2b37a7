"""PostgreSQL: the full text as a tsvector beside each entry, under a GIN index."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import sqlalchemy as sa

from ground.sql import Tx

COLUMNS: Final = ("name", "headline", "expertise", "biography", "chats")
CLASSES: Final = ("A", "A", "A", "B", "C")
"""The weight class of each column: PostgreSQL has four."""
_VECTOR: Final = " || ".join(
    f"setweight(to_tsvector('simple', CAST(:{column} AS text)), '{letter}')"
    for column, letter in zip(COLUMNS, CLASSES, strict=True)
)
_WRITE: Final = sa.text(f"INSERT INTO index_fts (entry, pool, vector) VALUES (:entry, :pool, {_VECTOR})")  # noqa: S608
_FORGET: Final = sa.text("DELETE FROM index_fts WHERE entry = ANY(:entries)")
TEXT_MAX: Final = 400_000
"""A tsvector holds a megabyte: more of one column than this isn't looked at."""


async def write(tx: Tx, rows: Sequence[Mapping[str, Any]]) -> None:
    """Add entries to the full text."""
    if rows:
        cut = [{column: row[column][:TEXT_MAX] for column in COLUMNS} for row in rows]
        values = [{"entry": row["entry"], "pool": row["pool"]} | text for row, text in zip(rows, cut, strict=True)]
        await tx.execute(_WRITE, values)


async def forget(tx: Tx, rows: Sequence[Mapping[str, Any]]) -> None:
    """Take entries out of the full text."""
    if rows:
        await tx.execute(_FORGET, {"entries": [row["entry"] for row in rows]})


async def find(
    tx: Tx,
    pool: str,
    groups: Sequence[tuple[Sequence[str], float]],
    weights: Sequence[float],
    most: int,
    looked: int,
    *,
    whole: bool,
) -> Sequence[sa.Row[Any]]:
    """Who is found with any of the terms, the likeliest first: expert and texts if `whole`, else entry and expert.

    The rank of each word is weighted by how rare it is, which PostgreSQL by itself doesn't know. `weights` in the
    order of `COLUMNS`, a class has its highest; only `looked` of all who have a term are looked at."""
    columns = ", ".join(f"e.{name}" for name in ("expert", *COLUMNS)) if whole else "e.entry, e.expert"
    values: dict[str, Any] = {"pool": pool, "most": most, "looked": looked, "classes": _classes(weights)}
    ranks = []
    for number, (terms, rarity) in enumerate(groups):
        values |= {f"t{number}": " | ".join(terms), f"r{number}": rarity}
        ranks.append(f":r{number} * ts_rank(CAST(:classes AS real[]), f.vector, CAST(:t{number} AS tsquery), 1)")
    values["asked"] = " | ".join(term for terms, _ in groups for term in terms)
    query = (  # only names of parameters are put together here
        f"SELECT {columns} FROM"  # noqa: S608
        f" (SELECT f.entry, {' + '.join(ranks)} AS place FROM"
        " (SELECT entry, vector FROM index_fts WHERE pool = :pool AND vector @@ CAST(:asked AS tsquery)"
        " LIMIT :looked) AS f"
        " ORDER BY place DESC, f.entry LIMIT :most) AS found"
        " JOIN index_entries AS e ON e.entry = found.entry ORDER BY found.place DESC, e.expert"
    )
    return (await tx.execute(sa.text(query), values)).all()


def _classes(weights: Sequence[float]) -> list[float]:
    """The weights of the classes D, C, B and A, as shares of the greatest."""
    of = {letter: max(w for w, other in zip(weights, CLASSES, strict=True) if other == letter) for letter in CLASSES}
    return [of.get(letter, 0.0) / max(weights) for letter in "DCBA"]
