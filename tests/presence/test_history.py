"""The history of experts' indicators, fed as the conductor feeds it, on both databases."""

import asyncio
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ground.sql import Database, Stamp
from presence.facts import ExpertFacts, Indicator
from presence.history import record, time_in_state, timeline


def fact(
    indicator: Indicator, expert: str = "ada", since: int = 0, cause: str = "declared", **more: Any
) -> ExpertFacts:
    values: dict[str, Any] = {
        "cause": cause, "expert": expert, "indicator": indicator, "declared": "online", "reason": "", "forced": False,
        "present": True, "open": True, "engagement": "idle", "since": since, "until": 0, "offer": "",
        "session": "", "by": "",
    }  # fmt: skip
    return ExpertFacts(**(values | more))


async def feed(db: Database, seq: int, at: int, *facts: object, epoch: str = "e1") -> None:
    async with db.begin() as tx:
        await record(tx, "demo", [(Stamp(epoch, seq, at), facts)])


async def spans(db: Database, expert: str = "ada") -> list[tuple[str, int, int]]:
    return [(s.indicator, s.from_ms, s.to_ms) for s in await timeline(db, "demo", expert, 0, 10**15)]


@pytest.mark.claim("B11")
async def test_a_day_of_an_expert(database: Database) -> None:
    await feed(database, 1, 100, fact("offline", cause="enrolled"), "an event of another room")
    await feed(database, 2, 200, fact("free", cause="declared"), fact("away", "bob", reason="lunch"))
    await feed(database, 3, 250, fact("free", cause="present"))
    await feed(database, 4, 300, fact("ringing", cause="ringing"))
    await feed(database, 5, 310, fact("busy", cause="in_session"))
    await feed(database, 6, 900, fact("wrap-up", cause="wrap_up"))
    assert await spans(database) == [
        ("offline", 100, 200), ("free", 200, 300), ("ringing", 300, 310), ("busy", 310, 900), ("wrap-up", 900, 0),
    ]  # fmt: skip
    spent = await time_in_state(database, "demo", "ada", 150, 1000)
    assert spent == {"offline": 50, "free": 100, "ringing": 10, "busy": 590, "wrap-up": 100}
    (bob,) = await timeline(database, "demo", "bob", 0, 10**15)
    assert (bob.indicator, bob.reason, bob.cause) == ("away", "lunch", "declared")


async def test_a_timeline_holds_what_touches_it(database: Database) -> None:
    for seq, (at, indicator) in enumerate([(100, "free"), (200, "busy"), (300, "away")]):
        await feed(database, seq, at, fact(indicator))  # type: ignore[arg-type]
    assert [s.indicator for s in await timeline(database, "demo", "ada", 200, 300)] == ["busy"]
    assert [s.indicator for s in await timeline(database, "demo", "ada", 199, 301)] == ["free", "busy", "away"]
    assert await time_in_state(database, "demo", "ada", 0, 50) == {}


async def test_entries_applied_again_change_nothing(database: Database) -> None:
    entries = [(1, 100, fact("free")), (2, 200, fact("busy")), (3, 300, fact("busy")), (4, 400, fact("free"))]
    for entry in entries:
        await feed(database, *entry)
    once = await spans(database)
    for entry in entries:
        await feed(database, *entry)
    assert await spans(database) == once == [("free", 100, 200), ("busy", 200, 400), ("free", 400, 0)]


async def test_a_new_epoch_counts_from_one_again(database: Database) -> None:
    await feed(database, 50, 100, fact("free"))
    await feed(database, 1, 200, fact("offline"), epoch="e2")
    assert await spans(database) == [("free", 100, 200), ("offline", 200, 0)]


async def test_the_beginning_is_what_the_fact_says_within_reason(database: Database) -> None:
    """A deadline that was run late lies before its entry, but nothing lies before what came before."""
    await feed(database, 1, 1000, fact("busy", since=900))
    await feed(database, 2, 2000, fact("wrap-up", since=1500), fact("free", since=1800))
    await feed(database, 3, 3000, fact("away", since=9999))
    await feed(database, 4, 4000, fact("free", since=5))
    assert await spans(database) == [
        ("busy", 900, 1500), ("wrap-up", 1500, 1800), ("free", 1800, 3000), ("away", 3000, 3000), ("free", 3000, 0),
    ]  # fmt: skip


async def test_who_is_retired_has_no_state(database: Database) -> None:
    await feed(database, 1, 100, fact("free"))
    await feed(database, 2, 200, fact("offline", cause="retired"))
    assert await spans(database) == [("free", 100, 200)]
    await feed(database, 3, 500, fact("offline", cause="enrolled"))
    assert await spans(database) == [("free", 100, 200), ("offline", 500, 0)]


INDICATORS = st.sampled_from(["free", "ringing", "busy", "wrap-up", "away", "closed", "offline"])


@pytest.fixture(scope="module")
def numbers() -> list[int]:
    return [0]


async def test_the_spans_fill_the_time_without_gap_or_overlap(database: Database, numbers: list[int]) -> None:
    """For any story, told once or with repeats."""
    stories: list[list[tuple[str, int, bool]]] = []

    @given(st.lists(st.tuples(INDICATORS, st.integers(0, 50), st.booleans()), min_size=1, max_size=12))
    def collect(story: list[tuple[str, int, bool]]) -> None:
        stories.append(story)

    await asyncio.to_thread(collect)
    for story in stories[:40]:
        numbers[0] += 1
        await check(database, f"x{numbers[0]}", story)


async def check(database: Database, expert: str, story: list[tuple[str, int, bool]]) -> None:
    at = 1000
    for seq, (indicator, step, again) in enumerate(story, start=1):
        at += step
        for _ in range(2 if again else 1):
            await feed(database, seq, at, fact(indicator, expert))  # type: ignore[arg-type]
    found = await spans(database, expert)
    assert all(first[2] == second[1] and first[0] != second[0] for first, second in pairwise(found))
    assert [span[2] for span in found].count(0) == 1
    assert found[-1][0] == story[-1][0]
    spent = await time_in_state(database, "demo", expert, 0, at)
    assert sum(spent.values()) == at - found[0][1]
