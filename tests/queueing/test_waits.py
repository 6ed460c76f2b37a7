"""Who stood in whose line: fed as the conductor feeds it, on both databases."""

from typing import Any

import pytest

from ground.sql import Database, Stamp
from queueing.facts import SessionFacts, TicketFacts
from queueing.store import close_lost
from queueing.waits import record, waits

Lines = list[tuple[str, int]]


def ticket(id_: str, cause: str, lines: Lines, reason: str = "", **changes: Any) -> TicketFacts:
    values: dict[str, Any] = {
        "cause": cause, "ticket": id_, "user": "u1", "name": "Uma", "mode": "chat",
        "state": "waiting" if lines else "done", "lines": lines, "joined_at": 0, "connected": True, "paused_until": 0,
        "pause_reason": "", "must_confirm": False, "offer": "", "session": "", "reason": reason, "by": "",
    }  # fmt: skip
    return TicketFacts(**(values | changes))


def matched(name: str, expert: str, user: str = "u1") -> list[object]:
    session = SessionFacts(
        cause="matched", session=f"s-{name}", expert=expert, user=user, name="Uma", ticket=name, mode="chat",
        state="connecting", joined_at=0, matched_at=0, live_at=0, ended_at=0, cap_until=0, user_on=False,
        expert_on=False, gone_side="", gone_until=0, overtook=[], reason="", by="",
    )  # fmt: skip
    return [ticket(name, "matched", [], user=user, state="matched", session=session.session), session]


ENTRIES: list[list[object]] = [
    [ticket("t1", "joined", [("ada", 1), ("bob", 1)]), "an event of another room"],
    [ticket("t2", "joined", [("ada", 2)], user="u2", name="Max")],
    [ticket("t2", "switched", [("bob", 2)], user="u2", name="Max")],
    [ticket("t2", "switched", [("ada", 3)], user="u2", name="Max")],
    matched("t1", "ada"),
    [ticket("t1", "done", [], "served", session="s-t1")],
    [ticket("t2", "moved", [("ada", 0)], user="u2", name="Max")],
    [ticket("t2", "moved", [("bob", 3)], user="u2", name="Max")],
    [ticket("t2", "done", [], "expert_offline", user="u2", name="Max")],
    [ticket("t3", "joined", [("ada", 4)])],
]


async def feed(db: Database, *entries: tuple[int, list[object]]) -> None:
    async with db.begin() as tx:
        await record(tx, "demo", [(Stamp("e1", seq, seq * 100), events) for seq, events in entries])


async def told(db: Database, expert: str, from_ms: int = 0, to_ms: int = 9999) -> list[tuple[Any, ...]]:
    found = await waits(db, "demo", expert, from_ms, to_ms)
    return [(one.ticket, one.from_ms, one.to_ms, one.outcome, one.reason) for one in found]


ADA = [
    ("t3", 1000, 0, "", ""),
    ("t2", 400, 800, "moved", ""),
    ("t2", 200, 300, "switched", ""),
    ("t1", 100, 500, "matched", ""),
]
BOB = [
    ("t2", 800, 900, "dropped", "expert_offline"),
    ("t2", 300, 400, "switched", ""),
    ("t1", 100, 500, "elsewhere", ""),
]


@pytest.mark.claim("B12")
@pytest.mark.parametrize("at_once", [True, False])
async def test_every_stay_in_a_line_has_its_times_and_its_end(database: Database, at_once: bool) -> None:
    entries = list(enumerate(ENTRIES, start=1))
    for batch in [entries] if at_once else [[entry] for entry in entries]:
        await feed(database, *batch)
    assert await told(database, "ada") == ADA
    assert await told(database, "bob") == BOB
    assert await waits(database, "other", "ada", 0, 9999) == []
    assert [one[0] for one in await told(database, "ada", 500, 1000)] == ["t2"]
    assert [one[0] for one in await told(database, "ada", 800, 5000)] == ["t3"]


async def test_entries_applied_again_change_nothing(database: Database) -> None:
    entries = list(enumerate(ENTRIES, start=1))
    await feed(database, *entries)
    for entry in [*entries, *reversed(entries)]:
        await feed(database, entry)
        assert (await told(database, "ada"), await told(database, "bob")) == (ADA, BOB)


async def test_a_visitor_who_became_a_user_waited_as_that_user(database: Database) -> None:
    await feed(
        database, (1, [ticket("t1", "joined", [("ada", 1)], user="v1", name="")]),
        (2, [ticket("t1", "adopted", [("ada", 1)], user="uma", name="Uma")]),
    )  # fmt: skip
    assert [(one.user, one.name, one.from_ms) for one in await waits(database, "demo", "ada", 0, 999)] == [
        ("uma", "Uma", 100)
    ]


async def test_what_the_live_store_lost_waits_no_more(database: Database) -> None:
    await feed(database, (1, [ticket("t1", "joined", [("ada", 1)])]), (2, [ticket("t2", "joined", [("ada", 2)])]))
    for count in (1, 0):
        async with database.begin() as tx:
            assert await close_lost(tx, "demo", ["t2"], 700, "lost") == count
    assert await told(database, "ada") == [("t2", 200, 0, "", ""), ("t1", 100, 700, "dropped", "lost")]
