"""Who stood in whose line and for how long: kept from the journal, one row for each stay of a ticket in a line."""

from collections.abc import Sequence
from typing import Any, Final

from msgspec import Struct

from ground.sql import Database, Recorded, Stamp, Tx
from queueing import store
from queueing.facts import SessionFacts, TicketFacts

WAITS_MAX: Final = 1000
"""The most that one look gives."""
Row = dict[str, Any]


class Wait(Struct, kw_only=True, frozen=True):
    """A stay in the line of `expert`, from `from_ms` to `to_ms` (ms since 1970; 0 while it lasts).

    `outcome`: "" while it lasts, `matched`, `elsewhere` (matched with another expert of several), `switched`, `moved`
    (by an operator into another line), `left`, `dropped`; `reason` says more, as the journal does.
    """

    ticket: str
    expert: str
    user: str
    name: str
    from_ms: int
    to_ms: int
    outcome: str
    reason: str


async def record(tx: Tx, pool: str, entries: Sequence[Recorded]) -> None:
    """Write what journal entries, in their order, say of tickets; events of other kinds are passed over.

    The same entry written again changes nothing, nor does an earlier one of the epoch.
    """
    told = [(stamp, events, event) for stamp, events in entries for event in events if isinstance(event, TicketFacts)]
    if not told:
        return
    rows = await store.stays(tx, pool, sorted({facts.ticket for _stamp, _events, facts in told}))
    changed: dict[tuple[str, str, int], Row] = {}
    for stamp, events, facts in told:
        stays = rows.setdefault(facts.ticket, [])
        if any(row["epoch"] == stamp.epoch and row["seq"] > stamp.seq for row in stays):
            continue
        for row in _follow(pool, stays, stamp, facts, _met(events, facts.ticket)):
            changed[row["ticket"], row["expert"], row["from_ms"]] = row
    await store.put_stays(tx, list(changed.values()))


async def waits(db: Database, pool: str, expert: str, from_ms: int, to_ms: int) -> list[Wait]:
    """The stays in the line of `expert` that touch [from_ms, to_ms), newest first, whole; `WAITS_MAX` at most."""
    async with db.read() as tx:
        return [_wait(row) for row in await store.stays_touching(tx, pool, expert, from_ms, to_ms, WAITS_MAX)]


async def waits_of_user(tx: Tx, pool: str, user: str) -> list[Wait]:
    """Every stay of a user, oldest first."""
    return [_wait(row) for row in await store.stays_of_user(tx, pool, user)]


def _wait(row: Row) -> Wait:
    values = {field: row[field] for field in Wait.__struct_fields__}
    return Wait(**(values | {"to_ms": row["to_ms"] or 0}))


def _met(events: Sequence[object], ticket: str) -> str:
    """Whom a ticket was matched with in this entry, or ""."""
    return next((event.expert for event in events if isinstance(event, SessionFacts) and event.ticket == ticket), "")


def _follow(pool: str, stays: list[Row], stamp: Stamp, facts: TicketFacts, met: str) -> list[Row]:
    """Carry the stays of one ticket on by one fact; the rows that it changed."""
    now_in = {expert for expert, _ordinal in facts.lines}
    changed = []
    for row in stays:
        before = dict(row)
        row |= {"user": facts.user, "name": facts.name}  # a visitor may have become a user
        if row["to_ms"] is None and row["expert"] not in now_in:
            outcome = _outcome(facts, row["expert"], met)
            row |= {"to_ms": max(stamp.at, row["from_ms"]), "outcome": outcome, "reason": facts.reason}
        if row != before:
            changed.append(row)
    still_in = {row["expert"] for row in stays if row["to_ms"] is None}
    for expert in sorted(now_in - still_in):
        begun = {
            "pool": pool, "ticket": facts.ticket, "expert": expert, "from_ms": stamp.at, "to_ms": None,
            "user": facts.user, "name": facts.name, "outcome": "", "reason": "",
        }  # fmt: skip
        stays.append(begun)
        changed.append(begun)
    for row in changed:
        row |= {"epoch": stamp.epoch, "seq": stamp.seq}
    return changed


def _outcome(facts: TicketFacts, expert: str, met: str) -> str:
    if facts.cause == "matched":
        return "matched" if expert == met else "elsewhere"
    if facts.cause in ("switched", "moved"):
        return facts.cause
    return "left" if facts.reason in ("", "left") else "dropped"
