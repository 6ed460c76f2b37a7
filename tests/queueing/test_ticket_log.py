"""How waits ended, fed as the conductor feeds it, on both databases."""

from typing import Any

import pytest
import sqlalchemy as sa

from ground.sql import Database, Stamp
from queueing.facts import TicketFacts
from queueing.store import patience, record, ticket_log


def ticket(name: str, cause: str, reason: str = "", **changes: Any) -> TicketFacts:
    values: dict[str, Any] = {
        "cause": cause, "ticket": name, "user": "u1", "name": "Uma", "mode": "chat", "state": "done",
        "lines": [("ada", 3), ("bob", 1)], "joined_at": 1000, "connected": True, "paused_until": 0, "pause_reason": "",
        "must_confirm": False, "offer": "", "session": "", "reason": reason, "by": "",
    }  # fmt: skip
    return TicketFacts(**(values | changes))


async def feed(db: Database, seq: int, at: int, *events: object) -> None:
    async with db.begin() as tx:
        await record(tx, "demo", [(Stamp("e1", seq, at), events)])


async def test_each_end_of_a_wait(database: Database) -> None:
    await feed(database, 1, 1000, ticket("t1", "joined"), ticket("t2", "joined"), "an event of another room")
    await feed(database, 2, 3000, ticket("t1", "matched", session="s1", by="expert:ada"))
    await feed(database, 3, 9000, ticket("t1", "done", "served", session="s1"))
    await feed(database, 4, 5000, ticket("t2", "left", "left", lines=[("bob", 1)]))
    await feed(database, 5, 6000, ticket("t2", "done", "left"))
    await feed(database, 6, 7000, ticket("t3", "done", "expert_offline", by="system"))
    await feed(database, 7, 7500, ticket("t4", "done", "grace", by="system"))
    async with database.read() as tx:
        rows = (await tx.execute(sa.select(ticket_log).order_by(ticket_log.c.left_at))).mappings().all()
    assert [(r["ticket"], r["outcome"], r["reason"], r["waited_ms"]) for r in rows] == [
        ("t1", "matched", "", 2000),
        ("t2", "left", "left", 5000),
        ("t3", "dropped", "expert_offline", 6000),
        ("t4", "dropped", "grace", 6500),
    ]
    assert await patience(database, "demo") == [(6500, True), (6000, False), (5000, True), (2000, False)]
    assert await patience(database, "demo", limit=1) == [(6500, True)]
    assert await patience(database, "other") == []


@pytest.mark.parametrize("repeats", [1, 2])
async def test_entries_applied_again_change_nothing(database: Database, repeats: int) -> None:
    for _ in range(repeats):
        await feed(database, 2, 3000, ticket("t1", "matched", session="s1"))
        await feed(database, 3, 9000, ticket("t1", "done", "served", session="s1"))
    assert await patience(database, "demo") == [(2000, False)]
