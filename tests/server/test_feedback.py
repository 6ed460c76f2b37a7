"""Feedback through the real house: after a session, at once in every process, and nobody else's business."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from directory.expert import PoolOptions
from ground.errors import Refusal
from ground.store import Store
from identity import audit
from tests.server.hall import Hall, Page, hall
from tests.server.test_commands import refused, talk
from wire import messages as m

ANY_LENGTH = PoolOptions(feedback_after_s=0)


@pytest_asyncio.fixture
async def house(store: Store, pool: str, tmp_path: Path) -> AsyncIterator[Hall]:
    async with hall(store, pool, tmp_path) as made:
        await made.profiles.put_options(pool, ANY_LENGTH)
        yield made


async def met(house: Hall, user: str = "ann") -> tuple[Page, Page, str]:
    """Ada and a user whose session has just ended."""
    expert, page = await house.expert("ada"), await house.page("user", user)
    session = await talk(expert, page, "ada")
    await page.ask(m.Say, session=session, text="my landlord wants the deposit")
    await page.ask(m.End, session=session)
    return expert, page, session


@pytest.mark.claim("A13")
@pytest.mark.claim("A11")
async def test_feedback_shows_at_once_also_in_another_process(house: Hall, store: Store) -> None:
    other = Hall(store, house.db, house.pool)
    try:
        everywhere = await other.page()
        watcher, elsewhere = Page(other, "guest", ""), Page(other, "guest", "")
        for page, expert in ((watcher, "ada"), (elsewhere, "bob")):
            await page.come()
            await page.watch(expert)
        assert [one.stars for one in (await watcher.until(m.Snapshot)).profiles] == [0.0]
        _expert, user, session = await met(house)
        # Nobody keeps the books here: what has just happened is known all the same.
        assert isinstance(await user.ask(m.GiveFeedback, session=session, stars=4, text="clear words"), m.Ok)
        for page in (watcher, everywhere):
            news = await page.until(m.ProfileNews)
            assert (news.profile.expert, news.profile.stars, news.profile.ratings) == ("ada", 3.6, 1)
        found = await watcher.ask(m.FeedbackOf, expert="ada")
        assert (found.stars, found.ratings, found.distribution) == (3.6, 1, [0, 0, 0, 1, 0])
        assert [(one.stars, one.text, one.answer, one.label) for one in found.items] == [(4, "clear words", "", "")]
        assert not found.more and "ann" not in repr(found).lower() and session not in repr(found)
        assert (await elsewhere.ask(m.About, expert="ada")).ratings == 1
        assert elsewhere.heard(m.ProfileNews) == []
    finally:
        await other.fanout.close()
        await other.told.close()


@pytest.mark.claim("A13")
async def test_once_and_only_by_its_user_and_only_afterwards(house: Hall) -> None:
    expert, user = await house.expert("ada"), await house.page("user", "ann")
    stranger = await house.page("user", "max")
    session = await talk(expert, user, "ada")
    assert await refused(user, m.GiveFeedback, session=session, stars=5) == ("session_open", session)
    assert await refused(stranger, m.GiveFeedback, session=session, stars=1) == ("no_such_session", session)
    await user.ask(m.End, session=session)
    assert await refused(stranger, m.GiveFeedback, session=session, stars=1) == ("no_such_session", session)
    assert await refused(stranger, m.GiveFeedback, session="s9zz", stars=1) == ("no_such_session", "s9zz")
    tries = [user.ask(m.GiveFeedback, session=session, stars=1 + n % 5) for n in range(20)]
    results = await asyncio.gather(*tries, return_exceptions=True)
    assert sum(isinstance(result, m.Ok) for result in results) == 1
    assert {one.code for one in results if isinstance(one, Refusal)} == {"feedback_given"}
    assert (await stranger.ask(m.FeedbackOf, expert="ada")).ratings == 1


async def test_a_repeat_of_the_same_operation_is_answered_again(house: Hall) -> None:
    _expert, user, session = await met(house)
    for _ in range(3):
        assert isinstance(await user.ask(m.GiveFeedback, session=session, stars=5, op="op-the-same"), m.Ok)
    assert (await user.ask(m.FeedbackOf, expert="ada")).ratings == 1


@pytest.mark.claim("A13")
async def test_a_short_session_is_not_rated(store: Store, pool: str, tmp_path: Path) -> None:
    async with hall(store, pool, tmp_path) as house:  # with the options as they are
        _expert, user, session = await met(house)
        assert await refused(user, m.GiveFeedback, session=session, stars=5) == ("too_short_to_rate", session)
        assert (await user.ask(m.FeedbackOf, expert="ada")).items == []


async def test_the_expert_answers_and_an_operator_hides(house: Hall) -> None:
    expert, user, session = await met(house)
    bob, operator = await house.page("expert", "bob"), await house.page("operator", "olga")
    guest = await house.page()
    await user.ask(m.GiveFeedback, session=session, stars=1, text="rude")
    (given,) = (await guest.ask(m.FeedbackOf, expert="ada")).items
    name = given.feedback
    assert await refused(bob, m.AnswerFeedback, feedback=name, text="mine") == ("no_such_feedback", name)
    assert await refused(bob, m.AnswerFeedback, feedback="f-none", text="mine") == ("no_such_feedback", "f-none")
    await expert.ask(m.AnswerFeedback, feedback=name, text="I am sorry")
    assert await refused(expert, m.AnswerFeedback, feedback=name, text="or not") == ("feedback_answered", name)
    assert (await guest.ask(m.FeedbackOf, expert="ada")).items[0].answer == "I am sorry"
    await operator.ask(m.HideFeedback, feedback=name, hidden=True, reason="insults")
    await guest.until(m.ProfileNews, lambda news: news.profile.ratings == 0)
    seen = await guest.ask(m.FeedbackOf, expert="ada")
    assert (seen.items, seen.ratings, seen.stars) == ([], 0, 0.0)
    hidden = (await operator.ask(m.FeedbackOf, expert="ada")).items[0]
    assert (hidden.hidden, hidden.hidden_reason, hidden.text) == (True, "insults", "rude")
    (line,) = await audit.page(house.db, house.pool)
    assert (line.actor, line.action, line.object) == ("olga", "hide_feedback", f"feedback:{name}")
    await operator.ask(m.HideFeedback, feedback=name, hidden=False, reason="looked again")
    await guest.until(m.ProfileNews, lambda news: news.profile.ratings == 1)
    assert (await guest.ask(m.FeedbackOf, expert="ada")).items[0].hidden_reason == ""


async def test_unknown_experts_have_no_feedback_page(house: Hall) -> None:
    assert await refused(await house.page(), m.FeedbackOf, expert="nobody") == ("unknown_expert", "nobody")


@pytest.mark.parametrize("may_teach", [True, False])
async def test_the_words_of_a_chat_help_to_find_its_expert_only_with_consent(house: Hall, may_teach: bool) -> None:
    expert, user = await house.expert("ada"), await house.page("user", "ann")
    session = await talk(expert, user, "ada")
    await user.ask(m.Say, session=session, text="may my landlord keep the deposit?")
    await expert.ask(m.Say, session=session, text="two months are lawful")
    await user.ask(m.End, session=session)
    await house.indexed()
    for _ in range(2):
        await user.ask(m.GiveFeedback, session=session, stars=5, may_teach=may_teach, op="op-the-same")
    guest = await house.page()
    for words in ("deposit", "lawful"):
        found = await guest.ask(m.Find, words=words)
        why = [(one.profile.expert, [(hit.word, hit.source) for hit in one.why]) for one in found.experts]
        assert why == ([("ada", [(words, "chats")])] if may_teach else [])
        assert "landlord" not in repr(found)
