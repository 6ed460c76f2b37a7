"""What each expert's indicator was, when, and why: kept from the journal, for timelines and times in each state."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from ground.sql import Database, Recorded, Stamp, Tx
from presence import store
from presence.facts import ExpertFacts, Indicator

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


async def record(tx: Tx, pool: str, entries: Sequence[Recorded]) -> None:
    """Write what journal entries, in their order, say about experts; events of other kinds are passed over.

    A state that lasts is closed, and a new one opened, only when the indicator changed. The same entry written
    again changes nothing, nor does an earlier one of the epoch. Many entries cost one look and one insert per expert.
    """
    by_expert: dict[str, list[tuple[Stamp, int, ExpertFacts]]] = {}
    for stamp, events in entries:
        of_entry: Counter[str] = Counter()
        for event in events:
            if isinstance(event, ExpertFacts):
                by_expert.setdefault(event.expert, []).append((stamp, of_entry[event.expert], event))
                of_entry[event.expert] += 1
    for expert, told in by_expert.items():
        await _write(tx, pool, expert, told)


async def _write(tx: Tx, pool: str, expert: str, told: Sequence[tuple[Stamp, int, ExpertFacts]]) -> None:
    before = await store.last(tx, pool, expert)
    last, added = before, list[dict[str, Any]]()
    for stamp, n, fact in told:
        if before is not None and before["epoch"] == stamp.epoch and before["seq"] >= stamp.seq:
            continue
        key = {"pool": pool, "expert": expert, "epoch": stamp.epoch, "seq": stamp.seq, "n": n}
        ended, begun = _follow(last, fact, key, stamp.at)
        if last is not None and ended is not None:
            if last is before:
                await store.close(tx, last, ended)
            last = {**last, "to_ms": ended}
            if added:
                added[-1] = last
        if begun is not None:
            last = begun
            added.append(begun)
    await store.add(tx, added)


async def timeline(db: Database, pool: str, expert: str, from_ms: int, to_ms: int) -> list[Span]:
    """The spans that touch [from_ms, to_ms), oldest first, whole (not cut at the edges); `SPANS_MAX` at most."""
    async with db.read() as tx:
        rows = await store.touching(tx, pool, expert, from_ms, to_ms, SPANS_MAX)
    return [_span(row) for row in rows]


async def time_in_state(db: Database, pool: str, expert: str, from_ms: int, to_ms: int) -> dict[str, int]:
    """Milliseconds in each indicator within [from_ms, to_ms). A state that lasts counts to `to_ms`: pass no future."""
    async with db.read() as tx:
        return await store.sums(tx, pool, expert, from_ms, to_ms)


def _span(row: dict[str, Any]) -> Span:
    return Span(
        indicator=row["indicator"],
        cause=row["cause"],
        reason=row["reason"],
        by=row["by"],
        from_ms=row["from_ms"],
        to_ms=row["to_ms"] or 0,
    )


def _follow(
    last: dict[str, Any] | None, fact: ExpertFacts, key: dict[str, Any], at: int
) -> tuple[int | None, dict[str, Any] | None]:
    """From the state `last` to that of `fact`: when the last ended, if it did, and the new row, if any."""
    is_open = last is not None and last["to_ms"] is None
    retired = fact.cause == "retired"
    if last is not None and is_open and last["indicator"] == fact.indicator and not retired:
        return None, None
    since = _begin(last, fact.since, at)
    ended = since if is_open else None
    if retired:
        return ended, None
    row = key | {"indicator": fact.indicator, "cause": fact.cause, "reason": fact.reason, "by": fact.by}
    return ended, row | {"from_ms": since, "to_ms": None}


def _begin(last: dict[str, Any] | None, since: int, at: int) -> int:
    """When the new state began: what the fact says, but neither after its entry nor before the state it follows."""
    begin = min(since or at, at)
    return begin if last is None else max(begin, last["from_ms"])
