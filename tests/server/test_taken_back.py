"""Words that were taken back reach nobody any more: not who comes back, not who searches."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from directory.expert import PoolOptions
from ground.store import Store
from tests.server.hall import Hall, Page, hall
from tests.server.test_commands import talk
from wire import messages as m


@pytest.fixture
async def house(store: Store, pool: str, tmp_path: Path) -> AsyncIterator[Hall]:
    async with hall(store, pool, tmp_path) as made:
        await made.profiles.put_options(pool, PoolOptions(feedback_after_s=0))
        yield made


async def test_who_was_away_is_told_that_something_was_said_and_not_what(house: Hall) -> None:
    ada, ann = await house.expert("ada"), await house.page("user", "ann")
    session = await talk(ada, ann, "ada")
    await ann.ask(m.Say, session=session, text="hello")
    before = await ada.until(m.Said)
    other = Page(house, "expert", "ada")  # so that the session goes on
    await other.come()
    await ada.go()
    await ann.ask(m.Say, session=session, text="my password is plum")
    await ann.ask(m.Unsay, session=session, n=2)
    await ann.ask(m.Edit, session=session, n=1, text="hello Ada")
    back = Page(house, "expert", "ada")
    welcome = await back.come(house.fanout.pool(house.pool).mirror.epoch, before.seq)
    assert welcome.resumed
    await back.watch("ada")
    said = {one.line.n: one.line for one in back.heard(m.Said)}
    assert (said[1].text, said[2].text, said[2].unsaid) == ("hello Ada", "", True)
    assert "plum" not in repr(back.told) and "plum" not in repr(await back.ask(m.History, session=session))


async def test_what_was_taken_back_teaches_nothing(house: Hall) -> None:
    ada, ann = await house.expert("ada"), await house.page("user", "ann")
    session = await talk(ada, ann, "ada")
    for words in ("my landlord wants the deposit", "and I grow persimmons", "and marmalade"):
        await ann.ask(m.Say, session=session, text=words)
    await ann.ask(m.Unsay, session=session, n=2)
    await ann.ask(m.Edit, session=session, n=3, text="and tangerines")
    await ann.ask(m.End, session=session)
    await ann.ask(m.GiveFeedback, session=session, stars=5, text="", may_teach=True)
    await house.indexed()

    async def found(words: str) -> list[str]:
        page = await ann.ask(m.Find, words=words)
        return [one.profile.expert for one in page.experts]

    assert await found("landlord") == await found("tangerines") == ["ada"]
    assert await found("persimmons") == await found("marmalade") == []
