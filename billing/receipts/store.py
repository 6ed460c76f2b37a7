"""The tables of receipts and the statements on them."""

from collections.abc import Sequence
from typing import Any, Final

import sqlalchemy as sa

from ground.sql import Tx, metadata, put, put_once

NOWHERE: Final = 2**62
"""The end of a stay that lasts."""

places = sa.Table(
    "receipt_places",
    metadata,
    sa.Column("pool", sa.Text, primary_key=True),
    sa.Column("expert", sa.Text, primary_key=True),
    sa.Column("ticket", sa.Text, primary_key=True),
    sa.Column("from_pos", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("came_pos", sa.BigInteger, nullable=False),  # when the ticket came to the line, whatever moved it since
    sa.Column("to_pos", sa.BigInteger, nullable=False),
    sa.Column("from_ms", sa.BigInteger, nullable=False),
    sa.Column("to_ms", sa.BigInteger, nullable=False),
    sa.Column("ordinal", sa.BigInteger, nullable=False),
    sa.Column("rate", sa.BigInteger, nullable=False),
    sa.Column("free_ms", sa.BigInteger, nullable=False),
    sa.Column("by", sa.Text, nullable=False),  # who put it there: user, operator or unknown
    sa.Column("why", sa.Text, nullable=False),  # why it is there no more
)
sa.Index(None, places.c.pool, places.c.ticket, places.c.to_pos)
sa.Index(None, places.c.pool, places.c.expert, places.c.to_pos)

facts = sa.Table(
    "receipt_facts",
    metadata,
    sa.Column("pool", sa.Text, primary_key=True),
    sa.Column("ticket", sa.Text, primary_key=True),
    sa.Column("pos", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("n", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("expert", sa.Text, nullable=False),
    sa.Column("body", sa.Text, nullable=False),  # JSON
)

receipts = sa.Table(
    "receipts",
    metadata,
    sa.Column("pool", sa.Text, primary_key=True),
    sa.Column("session", sa.Text, primary_key=True),
    sa.Column("sealed_at", sa.BigInteger, nullable=False),
    sa.Column("body", sa.Text, nullable=False),  # JSON
)

keys = sa.Table(
    "receipt_keys",
    metadata,
    sa.Column("key", sa.Text, primary_key=True),  # base64url
    sa.Column("first_used_at", sa.BigInteger, nullable=False),
)

Row = dict[str, Any]
UNKNOWN: Final = "unknown"
"""Who put a ticket where it stands, when we have not seen it come."""
SEEN: Final = "seen"
_MARK: Final[Row] = {
    "expert": "", "ticket": "", "from_pos": 0, "came_pos": 0, "to_pos": 0, "from_ms": 0, "to_ms": 0, "ordinal": 0,
    "rate": 0, "free_ms": 0, "why": "",
}  # fmt: skip
"""Nobody's place. Where it is, the pool's places are kept; its `by` says whether all of them were seen."""

# ---------------------------------------------------------------- places


async def open_places(tx: Tx, pool: str, tickets: Sequence[str]) -> list[Row]:
    """Where these tickets stand."""
    mine = (places.c.pool == pool, places.c.ticket.in_(tickets), places.c.to_pos == NOWHERE)
    return await _rows(tx, sa.select(places).where(*mine))


async def put_places(tx: Tx, rows: Sequence[Row]) -> None:
    await put(tx, places, rows)


async def stays_of(tx: Tx, pool: str, expert: str, ticket: str) -> list[Row]:
    """The stays of a ticket in one line, oldest first; a move begins another."""
    mine = (places.c.pool == pool, places.c.expert == expert, places.c.ticket == ticket)
    return await _rows(tx, sa.select(places).where(*mine).order_by(places.c.from_pos))


async def stays_since(tx: Tx, pool: str, expert: str, pos: int) -> list[Row]:
    """All stays in a line that lasted beyond `pos`."""
    query = sa.select(places).where(places.c.pool == pool, places.c.expert == expert, places.c.to_pos > pos)
    return await _rows(tx, query.order_by(places.c.from_pos))


async def forget_stays(tx: Tx, pool: str, experts: Sequence[str]) -> None:
    """Delete the stays in these lines that ended before anybody came who still waits there."""
    waiting = places.alias("waiting")
    still = (waiting.c.pool == places.c.pool, waiting.c.expert == places.c.expert, waiting.c.to_pos == NOWHERE)
    needed = sa.exists().where(*still, waiting.c.came_pos < places.c.to_pos)
    over = (places.c.pool == pool, places.c.expert.in_(experts), places.c.to_pos < NOWHERE)
    await tx.execute(sa.delete(places).where(*over, ~needed))


async def mark(tx: Tx, pool: str, *, seen: bool) -> None:
    """From now on the places of a pool are kept. Unless everybody was `seen` to come, it is blind."""
    await put_places(tx, [_MARK | {"pool": pool, "by": SEEN if seen else UNKNOWN}])


async def is_kept(tx: Tx, pool: str) -> bool:
    """Whether the places of a pool are kept."""
    return await _marked(tx, pool) is not None


async def is_blind(tx: Tx, pool: str) -> bool:
    """Whether somebody may stand in a line of whom nothing is kept."""
    return await _marked(tx, pool) != SEEN


async def _marked(tx: Tx, pool: str) -> str | None:
    mine = (places.c.pool == pool, places.c.expert == "", places.c.ticket == "")
    by: str | None = await tx.scalar(sa.select(places.c.by).where(*mine))
    return by


async def forget_places(tx: Tx, pool: str) -> None:
    """Delete where everybody stands and stood. A pool whose places are kept is blind from now on."""
    was_kept = await is_kept(tx, pool)
    await tx.execute(sa.delete(places).where(places.c.pool == pool))
    if was_kept:
        await mark(tx, pool, seen=False)


async def doubt(tx: Tx, pool: str, experts: Sequence[str]) -> None:
    """Those who stand in these lines may have come behind somebody of whom nothing was kept."""
    mine = (places.c.pool == pool, places.c.expert.in_(experts), places.c.to_pos == NOWHERE)
    await tx.execute(sa.update(places).where(*mine).values(by=UNKNOWN))


async def forget_others(tx: Tx, pool: str, tickets: Sequence[str]) -> None:
    """Delete what is kept of all tickets but these."""
    for table in (places, facts):
        kept = await tx.scalars(sa.select(table.c.ticket).where(table.c.pool == pool).distinct())
        if gone := sorted({*kept} - {*tickets, ""}):
            await tx.execute(sa.delete(table).where(table.c.pool == pool, table.c.ticket.in_(gone)))


# ---------------------------------------------------------------- facts and receipts


async def add_facts(tx: Tx, rows: Sequence[Row]) -> None:
    await put_once(tx, facts, rows)


async def facts_of(tx: Tx, pool: str, ticket: str) -> list[Row]:
    query = sa.select(facts).where(facts.c.pool == pool, facts.c.ticket == ticket)
    return await _rows(tx, query.order_by(facts.c.pos, facts.c.n))


async def forget_facts(tx: Tx, pool: str, tickets: Sequence[str]) -> None:
    await tx.execute(sa.delete(facts).where(facts.c.pool == pool, facts.c.ticket.in_(tickets)))


async def add_receipt(tx: Tx, pool: str, session: str, body: str, at: int) -> None:
    await put_once(tx, receipts, [{"pool": pool, "session": session, "sealed_at": at, "body": body}])


async def receipt(tx: Tx, pool: str, session: str) -> str | None:
    """The receipt as JSON."""
    query = sa.select(receipts.c.body).where(receipts.c.pool == pool, receipts.c.session == session)
    body: str | None = await tx.scalar(query)
    return body


async def add_key(tx: Tx, key: str, at: int) -> None:
    await put_once(tx, keys, [{"key": key, "first_used_at": at}])


async def all_keys(tx: Tx) -> list[Row]:
    return await _rows(tx, sa.select(keys).order_by(keys.c.first_used_at, keys.c.key))


async def _rows(tx: Tx, query: sa.Select[Any]) -> list[Row]:
    return [dict(row) for row in (await tx.execute(query)).mappings()]
