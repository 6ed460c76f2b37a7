"""The ticket log: how every ticket's wait ended. Kept from the journal; the forecast learns patience from it.

And the table of stays in lines, which `queueing/waits.py` keeps.
"""

from collections.abc import Sequence
from typing import Any, Literal

import sqlalchemy as sa

from ground.sql import Database, Recorded, Tx, Words, metadata, put, put_once
from queueing.facts import TicketFacts

Outcome = Literal["matched", "left", "dropped"]

GAVE_UP = ("left", "grace", "not_ready")
"""Reasons by which a wait ended because its user had enough: left, stayed away, or did not answer."""

ticket_log = sa.Table(
    "ticket_log",
    metadata,
    sa.Column("pool", sa.Text, primary_key=True),
    sa.Column("ticket", sa.Text, primary_key=True),
    sa.Column("user", sa.Text, nullable=False),
    sa.Column("name", Words, nullable=False),
    sa.Column("joined_at", sa.BigInteger, nullable=False),
    sa.Column("left_at", sa.BigInteger, nullable=False),
    sa.Column("waited_ms", sa.BigInteger, nullable=False),
    sa.Column("outcome", sa.Text, nullable=False),
    sa.Column("reason", Words, nullable=False),
    sa.Column("by", sa.Text, nullable=False),
)
sa.Index(None, ticket_log.c.pool, ticket_log.c.left_at)

line_stays = sa.Table(
    "line_stays",
    metadata,
    sa.Column("pool", sa.Text, primary_key=True),
    sa.Column("ticket", sa.Text, primary_key=True),
    sa.Column("expert", sa.Text, primary_key=True),
    sa.Column("from_ms", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("to_ms", sa.BigInteger),  # empty while the ticket stands in the line
    sa.Column("user", sa.Text, nullable=False),
    sa.Column("name", Words, nullable=False),
    sa.Column("outcome", sa.Text, nullable=False),
    sa.Column("reason", Words, nullable=False),
    sa.Column("epoch", sa.Text, nullable=False),
    sa.Column("seq", sa.BigInteger, nullable=False),
)
sa.Index(None, line_stays.c.pool, line_stays.c.expert, line_stays.c.from_ms)
sa.Index(None, line_stays.c.pool, line_stays.c.user)


async def record(tx: Tx, pool: str, entries: Sequence[Recorded]) -> None:
    """Write the tickets whose wait ended in these journal entries; events of other kinds are passed over.

    A wait ends once, so the first word about a ticket stands, whichever entry repeats it.
    """
    ended = [
        _row(pool, stamp.at, event, outcome)
        for stamp, events in entries
        for event in events
        if isinstance(event, TicketFacts) and (outcome := _outcome(event))
    ]
    await put_once(tx, ticket_log, ended)


async def patience(db: Database, pool: str, limit: int = 2000) -> list[tuple[int, bool]]:
    """How long the last `limit` tickets waited (ms), newest first, and whether the user gave up.

    False is a wait that was cut short by something else (a match, an operator, an expert gone): the user would
    have waited at least so long.
    """
    query = (
        sa.select(ticket_log.c.waited_ms, ticket_log.c.outcome, ticket_log.c.reason)
        .where(ticket_log.c.pool == pool)
        .order_by(ticket_log.c.left_at.desc(), ticket_log.c.ticket)
        .limit(limit)
    )
    async with db.read() as tx:
        rows = await tx.execute(query)
        return [(row.waited_ms, row.outcome != "matched" and row.reason in GAVE_UP) for row in rows]


async def stays(tx: Tx, pool: str, tickets: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
    """All stays of these tickets."""
    found: dict[str, list[dict[str, Any]]] = {}
    for row in await _stays(
        tx, sa.select(line_stays).where(line_stays.c.pool == pool, line_stays.c.ticket.in_(tickets))
    ):
        found.setdefault(row["ticket"], []).append(row)
    return found


async def put_stays(tx: Tx, rows: Sequence[dict[str, Any]]) -> None:
    await put(tx, line_stays, rows)


async def stays_touching(tx: Tx, pool: str, expert: str, from_ms: int, to_ms: int, limit: int) -> list[dict[str, Any]]:
    """The stays in an expert's line that touch [from_ms, to_ms), newest first."""
    lasts = sa.or_(line_stays.c.to_ms.is_(None), line_stays.c.to_ms > from_ms)
    query = sa.select(line_stays).where(line_stays.c.pool == pool, line_stays.c.expert == expert, lasts)
    query = query.where(line_stays.c.from_ms < to_ms)
    return await _stays(tx, query.order_by(line_stays.c.from_ms.desc(), line_stays.c.ticket).limit(limit))


async def somebody_waits(tx: Tx, pool: str, before_ms: int) -> bool:
    """Whether somebody stands in a line since before that time."""
    open_ = (line_stays.c.pool == pool, line_stays.c.to_ms.is_(None), line_stays.c.from_ms < before_ms)
    return (await tx.execute(sa.select(line_stays.c.ticket).where(*open_).limit(1))).first() is not None


async def stays_of_user(tx: Tx, pool: str, user: str) -> list[dict[str, Any]]:
    """All stays of a user, oldest first."""
    query = sa.select(line_stays).where(line_stays.c.pool == pool, line_stays.c.user == user)
    return await _stays(tx, query.order_by(line_stays.c.from_ms, line_stays.c.expert))


async def close_lost(tx: Tx, pool: str, known: Sequence[str], at: int, reason: str) -> int:
    """End at `at` the stays of tickets that are none of `known`: the live store lost them. Returns how many."""
    open_ = sa.and_(line_stays.c.pool == pool, line_stays.c.to_ms.is_(None))
    rows = await _stays(tx, sa.select(line_stays).where(open_))
    lost = [row for row in rows if row["ticket"] not in set(known)]
    ended = {"outcome": "dropped", "reason": reason}
    await put_stays(tx, [row | ended | {"to_ms": max(at, row["from_ms"])} for row in lost])
    return len(lost)


async def forget_user(tx: Tx, pool: str, user: str, pseudonym: str) -> None:
    """A user's waits stay, under a pseudonym and without the name."""
    for table in (ticket_log, line_stays):
        own = sa.and_(table.c.pool == pool, table.c.user == user)
        await tx.execute(sa.update(table).where(own).values(user=pseudonym, name=""))


async def _stays(tx: Tx, query: sa.Select[Any]) -> list[dict[str, Any]]:
    rows = (await tx.execute(query)).mappings()
    return [{column.name: row[column] for column in line_stays.columns} for row in rows]


def _outcome(facts: TicketFacts) -> Outcome | None:
    if facts.cause == "matched":
        return "matched"
    if facts.cause != "done" or facts.session:  # after a session: the wait ended with the match
        return None
    return "left" if facts.reason == "left" else "dropped"


def _row(pool: str, at: int, facts: TicketFacts, outcome: Outcome) -> dict[str, Any]:
    return {
        "pool": pool,
        "ticket": facts.ticket,
        "user": facts.user,
        "name": facts.name,
        "joined_at": facts.joined_at,
        "left_at": at,
        "waited_ms": max(0, at - facts.joined_at),
        "outcome": outcome,
        "reason": facts.reason,
        "by": facts.by,
    }
