"""How experts stand: what counts, and that one vote doesn't top the list; on both databases."""

from typing import Any

import pytest

from ground.sql import Database, put_once
from sessions.feedback.store import feedback
from sessions.standing import NONE, PRIOR, PRIOR_WEIGHT, WEIGHT, pool_mean, standing, standings
from tests.sessions.logged import log, session


async def rate(db: Database, pool: str, expert: str, *stars: int, **more: Any) -> None:
    rows = [
        {"pool": pool, "session": f"{expert}-{stars}-{n}", "feedback": f"f-{expert}-{stars}-{n}", "expert": expert,
         "user": f"u{n}", "op": "", "stars": one, "text": "", "may_teach": False, "at": n, "answer": "",
         "answered_at": 0, "answer_op": "", "pinned": 0, "hidden": False, "hidden_reason": ""} | more
        for n, one in enumerate(stars)
    ]  # fmt: skip
    async with db.begin() as tx:
        await put_once(tx, feedback, rows)


@pytest.mark.claim("A11")
async def test_one_vote_does_not_top_the_list(database: Database, pool: str) -> None:
    await rate(database, pool, "once", 5)
    await rate(database, pool, "often", *[5] * 40, *[4] * 10)
    await rate(database, pool, "fair", *[3] * 50)
    found = await standings(database, pool)
    assert sorted(found, key=lambda expert: -found[expert].stars) == ["often", "once", "fair"]
    mean = (PRIOR_WEIGHT * PRIOR + 5 + 240 + 150) / (PRIOR_WEIGHT + 101)
    assert found["once"].stars == round((WEIGHT * mean + 5) / (WEIGHT + 1), 2)
    assert found["often"].distribution == (0, 0, 0, 10, 40) and found["often"].ratings == 50
    assert (await standings(database, pool, ["once"])) == {"once": found["once"]}


async def test_only_what_counts_is_counted(database: Database, pool: str) -> None:
    await log(
        database, pool, session("s1"), session("s2", "max"), session("short", ended_at=300 + 29_999),
        session("exact", ended_at=300 + 30_000), session("never", live_at=0),
        session("open", cause="live", state="live", ended_at=0), session("bobs", expert="bob"),
    )  # fmt: skip
    await rate(database, pool, "ada", 4, 4)
    await rate(database, pool, "ada", 1, 1, 1, hidden=True)
    await rate(database, f"{pool}x", "ada", 1)
    found = await standings(database, pool)
    assert {expert: (one.sessions, one.ratings) for expert, one in found.items()} == {"ada": (3, 2), "bob": (1, 0)}
    assert (found["ada"].stars, found["bob"].stars) == (round((WEIGHT * pool_mean(2, 8) + 8) / (WEIGHT + 2), 2), 0.0)
    assert await standings(database, pool, ["eve"]) == {}
    assert await standings(database, pool, []) == {}


def test_the_first_vote_of_a_pool_weighs_little() -> None:
    assert pool_mean(0, 0) == PRIOR
    assert standing(0, (0, 0, 0, 0, 1), pool_mean(1, 5)).stars == 3.81
    assert standing(0, NONE.distribution, 4.0) == NONE
    assert standing(7, NONE.distribution, PRIOR).sessions == 7


@pytest.mark.parametrize("stars", [1, 5])
def test_the_mean_stays_within_one_to_five(stars: int) -> None:
    votes = (1000, 0, 0, 0, 0) if stars == 1 else (0, 0, 0, 0, 1000)
    assert abs(standing(0, votes, 3.0).stars - stars) < 0.05
