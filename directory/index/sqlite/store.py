"""SQLite: the full text in a virtual table of FTS5 that keeps no text of its own.

The pool is a column, too, so that one pool's question never walks through the words of another.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import sqlalchemy as sa

from ground.sql import Tx

COLUMNS: Final = ("name", "headline", "expertise", "biography", "chats")
_INTO: Final = f"INTO index_fts (rowid, pool, {', '.join(COLUMNS)})"
_WRITE: Final = f"INSERT {_INTO} VALUES (?, ?, ?, ?, ?, ?, ?)"  # noqa: S608 (our own names)
_FORGET: Final = _WRITE.replace("(rowid,", "(index_fts, rowid,").replace("VALUES (", "VALUES ('delete', ")
_FOUND: Final = (
    " FROM (SELECT entry, place FROM (SELECT rowid AS entry, rank AS place FROM index_fts"
    " WHERE index_fts MATCH :asked AND rank MATCH :weights LIMIT :looked) ORDER BY place LIMIT :most) AS found"
    " JOIN index_entries AS e ON e.entry = found.entry ORDER BY found.place, e.expert"
)
_NAMES: Final = sa.text("SELECT e.entry, e.expert" + _FOUND)
_TEXTS: Final = sa.text(f"SELECT e.expert, {', '.join(f'e.{column}' for column in COLUMNS)}{_FOUND}")


async def write(tx: Tx, rows: Sequence[Mapping[str, Any]]) -> None:
    """Add entries to the full text."""
    if rows:
        await tx.exec_driver_sql(_WRITE, [_values(row) for row in rows])


async def forget(tx: Tx, rows: Sequence[Mapping[str, Any]]) -> None:
    """Take entries out of the full text; `rows` hold what was written."""
    if rows:
        await tx.exec_driver_sql(_FORGET, [_values(row) for row in rows])


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
    `weights` in the order of `COLUMNS`; only the first `looked` of all who have a term are looked at."""
    asked = " OR ".join(f'"{term}"' for terms, _ in groups for term in terms)
    bm25 = f"bm25(0.0, {', '.join(str(float(weight)) for weight in weights)})"
    values = {"asked": f'pool : "{_pool(pool)}" AND ({asked})', "weights": bm25, "most": most, "looked": looked}
    return (await tx.execute(_TEXTS if whole else _NAMES, values)).all()


def _values(row: Mapping[str, Any]) -> tuple[Any, ...]:
    return (row["entry"], _pool(row["pool"]), *(row[column] for column in COLUMNS))


def _pool(pool: str) -> str:
    return "p" + pool.encode().hex()
