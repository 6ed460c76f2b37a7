"""What the pop-up says of an expert, and what two know of their meetings, through the real house."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from directory.expert import Expert, PoolOptions
from ground.store import Store
from presence.facts import ExpertFacts
from server import catalogue
from server.desks.about import AboutDesk, with_override
from tests.server.hall import Hall, conducted, hall
from tests.server.test_commands import refused, talk
from tests.server.test_conductor import written
from tests.sessions.logged import log, session
from wire import messages as m

HOUR = 3_600_000
DAY = 24 * HOUR


@pytest_asyncio.fixture
async def house(store: Store, pool: str, tmp_path: Path) -> AsyncIterator[Hall]:
    async with hall(store, pool, tmp_path) as made:
        await made.profiles.put_options(pool, PoolOptions(feedback_after_s=0))
        yield made


@pytest.mark.claim("A5")
async def test_the_hours_of_the_next_seven_days_as_instants(house: Hall) -> None:
    late = Expert(expert="leo", name="Leo", timezone="Europe/Berlin", hours="daily 09:00-12:00 22:00-02:00")
    await house.profiles.put_experts(house.pool, [late])
    guest = await house.page()
    about = await guest.ask(m.About, expert="leo")
    now = house.clock.now_ms()
    assert (about.timezone, about.always, about.page) == ("Europe/Berlin", False, f"/p/{house.pool}/x/leo")
    assert about.windows == sorted(about.windows) and 14 <= len(about.windows) <= 15
    assert all(end > now - 60_000 and start < now + 7 * DAY + 60_000 for start, end in about.windows)
    always = await guest.ask(m.About, expert="ada")
    assert (always.always, always.windows) == (True, [])
    assert await refused(guest, m.About, expert="nobody") == ("unknown_expert", "nobody")


def facts(open_until: int) -> ExpertFacts:
    return ExpertFacts(
        cause="opened", expert="ada", indicator="free", declared="online", reason="", forced=False, present=True,
        open=True, engagement="idle", since=0, until=0, offer="", session="", by="", open_until=open_until,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("open_until", "windows", "shown"),
    [
        (0, [(20, 30)], [(20, 30)]),
        (10, [(20, 30)], [(20, 30)]),
        (15, [(20, 30)], [(10, 15), (20, 30)]),
        (20, [(20, 30)], [(10, 30)]),
        (25, [(5, 12), (20, 30), (40, 50)], [(5, 30), (40, 50)]),
        (15, [], [(10, 15)]),
    ],
)
def test_available_now_joins_the_hours(
    open_until: int, windows: list[tuple[int, int]], shown: list[tuple[int, int]]
) -> None:
    assert with_override(windows, facts(open_until), 10) == shown
    assert with_override(windows, None, 10) == windows


@pytest.mark.claim("B7")
async def test_two_know_how_often_they_met_and_nobody_else_does(house: Hall) -> None:
    async with conducted(house):
        expert = await house.expert("ada")
        user = await house.page("user", "ann")
        sessions = []
        for _ in range(2):
            sessions.append(await talk(expert, user, "ada"))
            await user.ask(m.End, session=sessions[-1])
            await expert.until(m.Session, lambda said: said.state == "ended")
            await expert.ask(m.FinishWrapUp)
            expert.told.clear()
        await user.ask(m.GiveFeedback, session=sessions[0], stars=4)
        await written(house)
    about = await user.ask(m.About, expert="ada")
    assert about.met == 2 and 0 < about.met_at <= house.clock.now_ms() + 1000
    mine = await expert.ask(m.AboutUser, user="ann")
    assert (mine.met, mine.met_at) == (2, about.met_at)
    assert [(one.session, one.stars) for one in mine.meetings] == [(sessions[1], 0), (sessions[0], 4)]
    nothing = {"met": 0, "met_at": 0, "meetings": []}
    bob, max_ = await house.page("expert", "bob"), await house.page("user", "max")
    for asker, whom in ((bob, "ann"), (bob, "nobody"), (expert, "max")):
        answer = await asker.ask(m.AboutUser, user=whom)
        assert {field: getattr(answer, field) for field in nothing} == nothing
    for other in (max_, await house.page(), await house.page("expert", "ada"), await house.page("operator", "olga")):
        assert (await other.ask(m.About, expert="ada")).met == 0


async def test_who_asked_to_be_told_is_told_so(house: Hall) -> None:
    async def wants(pool: str, expert: str, user: str) -> bool:
        return (pool, expert, user) == (house.pool, "ada", "ann")

    house.commands._desks |= AboutDesk(house.db, house.clock, wants).handlers()
    ann, max_ = await house.page("user", "ann"), await house.page("user", "max")
    told = [(await page.ask(m.About, expert=expert)).told_when_free
            for page in (ann, max_) for expert in ("ada", "bob")]  # fmt: skip
    assert told == [True, False, False, False]


async def test_what_nobody_announced_is_counted_now_and_then(house: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalogue, "REFRESH_S", 0.01)
    guest = await house.page()
    await log(house.db, house.pool, session("s1", "ann"))
    assert (await house.catalogue.open(house.pool)).profiles["ada"].sessions == 0
    keeping = asyncio.create_task(house.catalogue.keep())
    async with asyncio.timeout(10):
        while (await house.catalogue.open(house.pool)).profiles["ada"].sessions != 1:
            await asyncio.sleep(0.01)
    keeping.cancel()
    assert (await guest.ask(m.About, expert="ada")).ratings == 0
