"""The ticket log: how every ticket's wait ended. Kept from the journal; the forecast learns patience from it."""

from collections.abc import Sequence
from typing import Any, Literal

import sqlalchemy as sa

from ground.sql import Database, Recorded, Tx, Words, metadata, put_once
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
    sa.Column("experts", sa.JSON, nullable=False),
    sa.Column("joined_at", sa.BigInteger, nullable=False),
    sa.Column("left_at", sa.BigInteger, nullable=False),
    sa.Column("waited_ms", sa.BigInteger, nullable=False),
    sa.Column("outcome", sa.Text, nullable=False),
    sa.Column("reason", Words, nullable=False),
    sa.Column("by", sa.Text, nullable=False),
)
sa.Index(None, ticket_log.c.pool, ticket_log.c.left_at)


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
        "experts": [expert for expert, _ordinal in facts.lines],
        "joined_at": facts.joined_at,
        "left_at": at,
        "waited_ms": max(0, at - facts.joined_at),
        "outcome": outcome,
        "reason": facts.reason,
        "by": facts.by,
    }
