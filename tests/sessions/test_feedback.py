"""Feedback: once, by its user, answered once, hidden and pinned; on both databases."""

import asyncio
from typing import Any

import pytest
import pytest_asyncio

from ground.errors import Refusal
from ground.sql import Database, Tx
from ground.store import Store
from identity import audit
from sessions.conversation import Conversation
from sessions.feedback import PINS_MAX, Feedback, Given
from sessions.standing import standings
from tests.sessions.logged import log, session

AFTER_S = 30


@pytest_asyncio.fixture
async def feedback(store: Store, database: Database) -> Feedback:
    return Feedback(database, Conversation(store, database))


async def give(feedback: Feedback, pool: str, name: str, user: str = "uma", **more: Any) -> Given:
    given: dict[str, Any] = {
        "stars": 5,
        "text": "good",
        "after_s": AFTER_S,
        "op": f"op-{name}-{user}",
        "now": 100_000,
    } | more
    stars, text = given.pop("stars"), given.pop("text")
    return await feedback.give(pool, name, user, stars, text, **given)


async def code(call: Any) -> str:
    with pytest.raises(Refusal) as refused:
        await call
    return refused.value.code


@pytest.mark.claim("A13")
async def test_feedback_is_given_once_and_only_by_its_user(feedback: Feedback, database: Database, pool: str) -> None:
    await log(database, pool, session("s1"))
    strangers = [give(feedback, pool, "s1", "max"), give(feedback, pool, "s9"), give(feedback, f"{pool}x", "s1")]
    assert [await code(stranger) for stranger in strangers] == ["no_such_session"] * 3
    first = await give(feedback, pool, "s1", text="  very good\n", op="op-first")
    assert (first.expert, first.stars, first.text, first.at) == ("ada", 5, "very good", 100_000)
    assert await give(feedback, pool, "s1", stars=1, text="no", op="op-first") == first
    assert await code(give(feedback, pool, "s1", stars=1, op="op-second")) == "feedback_given"
    assert (await feedback.page(pool, "ada")).items == [first]
    assert "uma" not in repr(first) and "s1" not in first.feedback


@pytest.mark.parametrize(
    ("changes", "refused"),
    [
        ({"state": "live", "cause": "live", "ended_at": 0}, "session_open"),
        ({"state": "connecting", "cause": "matched", "ended_at": 0, "live_at": 0}, "session_open"),
        ({"ended_at": 300 + AFTER_S * 1000 - 1}, "too_short_to_rate"),
        ({"live_at": 0}, "too_short_to_rate"),
        ({"ended_at": 300 + AFTER_S * 1000}, ""),
    ],
)
async def test_a_session_has_to_have_counted(
    feedback: Feedback, database: Database, pool: str, changes: dict[str, Any], refused: str
) -> None:
    await log(database, pool, session("s1", **changes))
    if refused:
        assert await code(give(feedback, pool, "s1")) == refused
        assert not (await feedback.page(pool, "ada")).items
    else:
        assert (await give(feedback, pool, "s1")).stars == 5


async def test_a_session_that_never_was_live_is_too_short_even_where_any_length_will_do(
    feedback: Feedback, database: Database, pool: str
) -> None:
    await log(database, pool, session("s1", live_at=0), session("s2", ended_at=301))
    assert await code(give(feedback, pool, "s1", after_s=0)) == "too_short_to_rate"
    assert (await give(feedback, pool, "s2", after_s=0)).stars == 5


@pytest.mark.claim("A13")
async def test_of_twenty_at_once_one_is_given(feedback: Feedback, database: Database, pool: str) -> None:
    await log(database, pool, session("s1"), session("s2"))
    tries = [give(feedback, pool, "s1", stars=1 + n % 5, op=f"op-{n}") for n in range(20)]
    results = await asyncio.gather(*tries, return_exceptions=True)
    given = [result for result in results if isinstance(result, Given)]
    refused = [result.code for result in results if isinstance(result, Refusal)]
    assert (len(given), refused) == (1, ["feedback_given"] * 19)
    repeats = await asyncio.gather(*(give(feedback, pool, "s2", op="op-same") for _ in range(20)))
    assert len({repeat.feedback for repeat in repeats}) == 1
    assert len((await feedback.page(pool, "ada")).items) == 2


async def test_what_is_written_with_it_is_written_once_or_not_at_all(
    feedback: Feedback, database: Database, pool: str
) -> None:
    await log(database, pool, session("s1"))
    runs: list[int] = []

    async def also(_tx: Tx) -> None:
        runs.append(len(runs))
        if len(runs) == 1:
            raise RuntimeError("the index is full")

    with pytest.raises(RuntimeError):
        await give(feedback, pool, "s1", also=also)
    assert not (await feedback.page(pool, "ada")).items
    await give(feedback, pool, "s1", also=also)
    await give(feedback, pool, "s1", also=also)
    assert runs == [0, 1]


async def test_the_expert_answers_once(feedback: Feedback, database: Database, pool: str) -> None:
    await log(database, pool, session("s1"))
    name = (await give(feedback, pool, "s1")).feedback
    for stranger in (feedback.answer(pool, name, "bob", "mine", op="o1", now=7),
                     feedback.answer(pool, "f-nowhere", "ada", "mine", op="o1", now=7)):  # fmt: skip
        assert await code(stranger) == "no_such_feedback"
    assert await code(feedback.answer(pool, name, "ada", " \n", op="o1", now=7)) == "empty_text"
    said = await feedback.answer(pool, name, "ada", "thank you", op="o1", now=7)
    assert (said.answer, said.answered_at) == ("thank you", 7)
    assert await feedback.answer(pool, name, "ada", "changed", op="o1", now=8) == said
    assert await code(feedback.answer(pool, name, "ada", "changed", op="o2", now=8)) == "feedback_answered"
    assert (await feedback.page(pool, "ada")).items == [said]


async def test_answers_at_once_are_one(feedback: Feedback, database: Database, pool: str) -> None:
    await log(database, pool, session("s1"))
    name = (await give(feedback, pool, "s1")).feedback
    tries = [feedback.answer(pool, name, "ada", f"answer {n}", op=f"o{n}", now=7) for n in range(10)]
    results = await asyncio.gather(*tries, return_exceptions=True)
    assert sum(isinstance(result, Given) for result in results) == 1
    assert {result.code for result in results if isinstance(result, Refusal)} == {"feedback_answered"}


async def test_an_operator_hides_with_a_reason_and_shows_again(
    feedback: Feedback, database: Database, pool: str
) -> None:
    await log(database, pool, session("s1"), session("s2", "max"))
    bad = (await give(feedback, pool, "s1", stars=1)).feedback
    good = (await give(feedback, pool, "s2", "max", stars=5)).feedback
    await feedback.pin(pool, "ada", [bad, good])
    for _ in range(2):
        hidden = await feedback.hide(pool, bad, True, "insults", "olga", now=9)
        assert (hidden.hidden, hidden.hidden_reason, hidden.pinned) == (True, "insults", False)
    assert [one.feedback for one in (await feedback.page(pool, "ada")).items] == [good]
    assert {one.feedback for one in (await feedback.page(pool, "ada", hidden=True)).items} == {bad, good}
    assert [one.feedback for one in await feedback.pinned(pool, "ada")] == [good]
    assert (await standings(database, pool))["ada"].distribution == (0, 0, 0, 0, 1)
    assert await code(feedback.answer(pool, bad, "ada", "no!", op="o1", now=9)) == "no_such_feedback"
    shown = await feedback.hide(pool, bad, False, "looked again", "olga", now=10)
    assert (shown.hidden, shown.hidden_reason) == (False, "")
    assert (await standings(database, pool))["ada"].distribution == (1, 0, 0, 0, 1)
    lines = [(line.at, line.actor, line.action, line.object, line.reason) for line in await audit.page(database, pool)]
    assert lines == [
        (10, "olga", "show_feedback", f"feedback:{bad}", "looked again"),
        (9, "olga", "hide_feedback", f"feedback:{bad}", "insults"),
    ]
    assert await code(feedback.hide(pool, "f-nowhere", True, "why", "olga", now=9)) == "no_such_feedback"
    assert await code(feedback.hide(f"{pool}x", good, True, "why", "olga", now=9)) == "no_such_feedback"


@pytest.mark.claim("A11")
async def test_pages_lose_nothing_and_repeat_nothing(feedback: Feedback, database: Database, pool: str) -> None:
    times = [1, 2, 2, 2, 3, 4, 4, 5]
    await log(database, pool, *(session(f"s{n}") for n in range(len(times))), session("s-bob", expert="bob"))
    for n, at in enumerate(times):
        await give(feedback, pool, f"s{n}", text=str(n), now=at)
    await give(feedback, pool, "s-bob")
    seen: list[int] = []
    before, more = 0, True
    while more:
        page = await feedback.page(pool, "ada", before, 2)
        seen += [one.at for one in page.items]
        before, more = page.items[-1].at, page.more
        assert len(page.items) >= 2 or not more
    assert seen == sorted(times, reverse=True)
    assert (await feedback.page(pool, "ada", 1)).items == []
    assert len((await feedback.page(pool, "ada", 0, len(times))).items) == len(times)
    assert not (await feedback.page(pool, "ada", 0, len(times))).more
    assert [one.expert for one in await feedback.newest(pool, 0, 1)] == ["bob"]


@pytest.mark.claim("B3")
async def test_an_expert_pins_what_is_really_there(feedback: Feedback, database: Database, pool: str) -> None:
    names = [f"s{n}" for n in range(PINS_MAX + 1)]
    await log(database, pool, *(session(name) for name in names), session("s-bob", expert="bob"))
    mine = [(await give(feedback, pool, name)).feedback for name in names]
    theirs = (await give(feedback, pool, "s-bob")).feedback
    await feedback.pin(pool, "ada", [mine[2], mine[0]])
    assert [one.feedback for one in await feedback.pinned(pool, "ada")] == [mine[2], mine[0]]
    for wrong, refused in (
        (mine, "too_many_pinned"), ([theirs], "no_such_feedback"), (["f-nowhere"], "no_such_feedback"),
        ([mine[1], mine[1]], "no_such_feedback"),
    ):  # fmt: skip
        assert await code(feedback.pin(pool, "ada", wrong)) == refused
    assert [one.feedback for one in await feedback.pinned(pool, "ada")] == [mine[2], mine[0]]
    await feedback.hide(pool, mine[3], True, "why", "olga", now=9)
    assert await code(feedback.pin(pool, "ada", [mine[3]])) == "no_such_feedback"
    await feedback.pin(pool, "ada", [mine[1]])
    assert [one.feedback for one in (await feedback.page(pool, "ada")).items if one.pinned] == [mine[1]]
    await feedback.pin(pool, "ada", [])
    assert await feedback.pinned(pool, "ada") == []
