"""What each expert's indicator was, when, and why: kept from the journal, for timelines and times in each state."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from msgspec import Struct

from ground.sql import Database, Stamp, Tx
from presence.facts import ExpertFacts, Indicator
from presence.store import expert_states as states

SPANS_MAX = 10_000
"""The most spans that one timeline gives."""


class Span(Struct, kw_only=True, frozen=True):
    """A stretch of time in one indicator. Milliseconds since 1970; `to_ms` is 0 while it lasts."""

    indicator: Indicator
    cause: str
    reason: str
    by: str
    from_ms: int
    to_ms: int


async def record(tx: Tx, pool: str, stamp: Stamp, events: Sequence[object]) -> None:
    """Write what the journal entry `stamp` says about experts; events of other kinds are passed over.

    A state that lasts is closed, and a new one opened, only when the indicator changed. The same entry written
    again changes nothing, nor does an earlier one of the epoch.
    """
    by_expert: dict[str, list[ExpertFacts]] = {}
    for event in events:
        if isinstance(event, ExpertFacts):
            by_expert.setdefault(event.expert, []).append(event)
    for expert, facts in by_expert.items():
        last = await _last(tx, pool, expert)
        if last is not None and last["epoch"] == stamp.epoch and last["seq"] >= stamp.seq:
            continue
        for n, fact in enumerate(facts):
            key = {"pool": pool, "expert": expert, "epoch": stamp.epoch, "seq": stamp.seq, "n": n}
            last = await _follow(tx, last, fact, key, stamp.at)


async def timeline(db: Database, pool: str, expert: str, from_ms: int, to_ms: int) -> list[Span]:
    """The spans that touch [from_ms, to_ms), oldest first, whole (not cut at the edges); `SPANS_MAX` at most."""
    query = (
        sa.select(states.c.indicator, states.c.cause, states.c.reason, states.c.by, states.c.from_ms, states.c.to_ms)
        .where(_touching(pool, expert, from_ms, to_ms))
        .order_by(states.c.from_ms, states.c.seq, states.c.n)
        .limit(SPANS_MAX)
    )
    async with db.read() as tx:
        rows = (await tx.execute(query)).mappings()
        return [Span(**{**row, "to_ms": row["to_ms"] or 0}) for row in rows]


async def time_in_state(db: Database, pool: str, expert: str, from_ms: int, to_ms: int) -> dict[str, int]:
    """Milliseconds in each indicator within [from_ms, to_ms). A state that lasts counts to `to_ms`: pass no future."""
    ended = sa.func.coalesce(states.c.to_ms, to_ms)
    end = sa.case((ended < to_ms, ended), else_=to_ms)
    start = sa.case((states.c.from_ms > from_ms, states.c.from_ms), else_=from_ms)
    query = (
        sa.select(states.c.indicator, sa.cast(sa.func.sum(end - start), sa.BigInteger))
        .where(_touching(pool, expert, from_ms, to_ms))
        .group_by(states.c.indicator)
    )
    async with db.read() as tx:
        return {row[0]: row[1] for row in await tx.execute(query)}


def _touching(pool: str, expert: str, from_ms: int, to_ms: int) -> sa.ColumnElement[bool]:
    lasts = sa.or_(states.c.to_ms.is_(None), states.c.to_ms > from_ms)
    return sa.and_(states.c.pool == pool, states.c.expert == expert, states.c.from_ms < to_ms, lasts)


async def _last(tx: Tx, pool: str, expert: str) -> dict[str, Any] | None:
    query = (
        sa.select(states)
        .where(states.c.pool == pool, states.c.expert == expert)
        .order_by(states.c.from_ms.desc(), states.c.seq.desc(), states.c.n.desc())
        .limit(1)
    )
    row = (await tx.execute(query)).mappings().first()
    return None if row is None else dict(row)


async def _follow(
    tx: Tx, last: dict[str, Any] | None, fact: ExpertFacts, key: dict[str, Any], at: int
) -> dict[str, Any] | None:
    """Go on from the state `last` to that of `fact`; returns what is then the last state."""
    is_open = last is not None and last["to_ms"] is None
    retired = fact.cause == "retired"
    if last is not None and is_open and last["indicator"] == fact.indicator and not retired:
        return last
    since = _begin(last, fact.since, at)
    if last is not None and is_open:
        await tx.execute(sa.update(states).where(*_is(last)).values(to_ms=since))
        last = {**last, "to_ms": since}
    if retired:
        return last
    row = key | {"indicator": fact.indicator, "cause": fact.cause, "reason": fact.reason, "by": fact.by}
    row |= {"from_ms": since, "to_ms": None}
    await tx.execute(sa.insert(states).values(row))
    return row


def _begin(last: dict[str, Any] | None, since: int, at: int) -> int:
    """When the new state began: what the fact says, but neither after its entry nor before the state it follows."""
    begin = min(since or at, at)
    return begin if last is None else max(begin, last["from_ms"])


def _is(row: dict[str, Any]) -> list[sa.ColumnElement[bool]]:
    return [column == row[column.name] for column in states.primary_key]
