"""A call's news: each state once and in order, whatever comes late or twice."""

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from sessions.phone.engine import CallState, ended_by
from sessions.phone.progress import DIGITS_MAX, ORDER, Progress


async def told(progress: Progress) -> list[str]:
    return [news.state async for news in progress.news()]


@given(st.lists(st.sampled_from(ORDER), max_size=12))
def test_each_state_once_and_in_order(steps: list[CallState]) -> None:
    async def run() -> None:
        progress = Progress()
        for step in steps:
            progress.step(step, "hung_up" if step == "ended" else None)
        progress.step("ended", "failed")
        states = await told(progress)
        assert states[0] == "calling" and states[-1] == "ended"
        assert states == sorted(set(states), key=ORDER.index)
        assert not progress.step("answered")

    asyncio.run(run())


async def test_a_phone_that_never_rang_was_not_reached() -> None:
    silent, rang, answered = Progress(), Progress(), Progress()
    rang.step("ringing")
    answered.step("answered")
    assert silent.time_is_up() and rang.time_is_up() and not answered.time_is_up()
    assert [news async for news in silent.news()][-1] == ("ended", "failed", 408)
    assert [news async for news in rang.news()][-1] == ("ended", "no_answer", 408)
    assert answered.state == "answered"


async def test_keys_are_bounded_and_end_with_the_call() -> None:
    progress = Progress()
    for _ in range(DIGITS_MAX + 10):
        progress.press("1")
    progress.step("ended", "hung_up")
    progress.press("2")
    assert [key async for key in progress.digits()] == ["1"] * DIGITS_MAX


def test_words_for_codes() -> None:
    words = {code: ended_by(code) for code in (0, 403, 404, 408, 480, 486, 487, 500, 503, 600, 603)}
    assert {word for code, word in words.items() if code in (0, 403, 404, 500, 503)} == {"failed"}
    assert [words[code] for code in (408, 480, 487)] == ["no_answer"] * 3
    assert (words[486], words[600], words[603]) == ("busy", "busy", "declined")
