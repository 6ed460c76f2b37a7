"""Hours through the whole house: from the directory into force, overridden for a sitting, and told when they end."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import pytest_asyncio
from msgspec.structs import replace

from directory.hours import Schedule
from ground.errors import Refusal
from ground.store import Store
from presence.presence import NEVER
from server import forecasts, roster
from server.roster import in_force
from tests.server.hall import EXPERTS, Hall, Page, hall
from wire import messages as m

MINUTE = 60_000


@pytest_asyncio.fixture
async def house(store: Store, pool: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Hall]:
    monkeypatch.setattr(forecasts, "EVERY_S", 0.05)
    async with hall(store, pool, tmp_path) as made:
        yield made


@pytest_asyncio.fixture
async def second(house: Hall) -> AsyncIterator[Hall]:
    """Another process on the same store and the same books."""
    other = Hall(house.store, house.db, house.pool)
    yield other
    await other.fanout.close()
    await other.attachments.release()


@contextlib.asynccontextmanager
async def conducted(house: Hall) -> AsyncIterator[None]:
    leading = asyncio.create_task(house.conductor().run())
    try:
        yield
    finally:
        leading.cancel()
        await asyncio.wait([leading])


def around_today(what: str) -> str:
    """An exception for yesterday, today and tomorrow."""
    today = datetime.fromtimestamp(time.time(), UTC).date()
    return f"{today - timedelta(days=1)}..{today + timedelta(days=1)} {what}"


async def change_ada(house: Hall, **fields: str) -> None:
    await house.profiles.put_experts(house.pool, [replace(EXPERTS[0], **fields)])


async def light(page: Page, indicator: str, closes: bool = False) -> m.Light:
    """Ada's light as soon as the page is told that it is so, and whether it knows when it closes."""

    def ada(said: m.Lights) -> list[m.Light]:
        found = [one for one in said.lights if one.expert == "ada"]
        return [one for one in found if one.indicator == indicator and bool(one.closes) is closes]

    return ada(await page.until(m.Lights, lambda said: bool(ada(said))))[0]


async def refused(answer: object) -> str:
    try:
        await answer  # type: ignore[misc]
    except Refusal as refusal:
        return refusal.code
    return ""


@pytest.mark.claim("A4")
async def test_hours_are_in_force_soon_after_the_profile_changed(house: Hall) -> None:
    await house.expert("ada")
    user = await house.page("user", "ann")
    async with conducted(house):
        await change_ada(house, exceptions=around_today("closed"))
        await light(user, "closed")
        assert await refused(user.ask(m.Join, experts=["ada"])) == "line_closed"
        await change_ada(house, exceptions=around_today("00:00-24:00"), hours="mon 09:00-09:01")
        assert (await light(user, "free", closes=True)).closes > time.time() * 1000


@pytest.mark.claim("A6")
async def test_a_client_that_asks_directly_is_refused_at_every_process(house: Hall, second: Hall) -> None:
    await change_ada(house, exceptions=around_today("closed"))
    await house.expert("ada")
    for process in (house, second):
        user = await process.page("user", f"u{process.process}")
        assert await refused(user.ask(m.Join, experts=["ada"])) == "line_closed"
        assert await refused(user.ask(m.Join, experts=["bob", "ada"])) == "expert_offline"
        assert await refused(user.ask(m.Connect, expert="ada")) == "line_closed"
    eve = await house.expert("eve")
    await eve.ask(m.Declare, status="away", reason="tea")
    user = await second.page("user", "ben")
    await user.ask(m.Join, experts=["eve"])
    assert await refused(user.ask(m.Switch, expert="ada")) == "line_closed"
    assert [t.user for t in second.fanout.pool(second.pool).mirror.line("eve")] == ["ben"]


@pytest.mark.claim("A6")
async def test_the_expert_overrides_for_one_sitting_and_everybody_is_told(house: Hall, second: Hall) -> None:
    await change_ada(house, exceptions=around_today("closed"))
    ada = await house.expert("ada")
    user = await second.page("user", "ann")
    assert await refused(user.ask(m.Join, experts=["ada"])) == "line_closed"
    answer = await ada.ask(m.OpenFor, minutes=30)
    assert isinstance(answer, m.Ok)
    assert answer.seq > 0
    shown = await light(user, "free", closes=True)
    mine = await ada.until(m.MyStatus, lambda said: said.open_until > 0)
    assert mine.open_until == shown.closes
    assert 0 < shown.closes - time.time() * 1000 <= 30 * MINUTE
    joined = await user.ask(m.Join, experts=["ada"])
    assert isinstance(joined, m.Joined)
    assert isinstance(await ada.ask(m.OpenFor, minutes=0), m.Ok)
    await light(user, "closed")
    other = await second.page("user", "ben")
    assert await refused(other.ask(m.Join, experts=["ada"])) == "line_closed"


async def test_there_is_nothing_to_override_while_the_hours_are_open(house: Hall) -> None:
    ada = await house.expert("ada")
    assert await refused(ada.ask(m.OpenFor, minutes=30)) == "not_closed"
    assert (await house.presence.open_for(house.pool, "ada", 0))["open_until"] == 0


async def test_an_override_outlives_a_change_of_the_hours(house: Hall) -> None:
    await change_ada(house, exceptions=around_today("closed"))
    ada = await house.expert("ada")
    await ada.ask(m.OpenFor, minutes=30)
    await change_ada(house, exceptions=around_today("closed"), hours="mon 09:00-10:00")
    await house.roster.install(house.pool)
    shot = await house.line.snapshot(house.pool)
    assert [(e.indicator, e.open) for e in shot.experts if e.expert == "ada"] == [("free", True)]


async def test_whoever_waits_is_told_once_and_later_comers_see_it_in_the_forecast(house: Hall, second: Hall) -> None:
    await house.expert("ada")
    users = [await process.page("user", name) for process in (house, second) for name in (f"a{process.process}",)]
    for user in users:
        await user.ask(m.Join, experts=["ada"])
    begin = int(time.time() * 1000)
    await house.presence.set_hours(house.pool, "ada", [(begin - MINUTE, begin + 2 * MINUTE)])
    first, waiting = users
    notice = await waiting.until(m.Notice)
    assert (notice.code, notice.expert) == ("closing_soon", "ada")
    told = await waiting.until(m.Forecast, lambda said: said.expert == "ada" and any(said.outlooks))
    assert len(told.outlooks) == len(told.places) == 3
    assert notice.detail == told.outlooks[1]
    assert told.outlooks[2] in ("unsure", "unlikely")
    await house.presence.open_for(house.pool, "ada", 600)
    late = Page(second, "user", "late")
    await late.come()
    await late.watch("ada")
    after = await late.until(m.Forecast, lambda said: said.expert == "ada" and not any(said.outlooks))
    assert len(after.places) == 3
    assert len(waiting.heard(m.Notice)) == 1
    assert first.heard(m.Notice) == []


# ------------------------------------------------------------ the roster


async def test_only_hours_that_changed_are_set_again(house: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    await house.roster.install(house.pool)
    set_hours = house.presence.set_hours

    async def noted(pool: str, expert: str, *more: object) -> dict[str, object]:
        asked.append(expert)
        return await set_hours(pool, expert, *more)  # type: ignore[arg-type]

    monkeypatch.setattr(house.presence, "set_hours", noted)
    await change_ada(house, headline="New words")
    await house.roster.install(house.pool)
    assert asked == []
    await change_ada(house, holidays="DE")
    await house.roster.install(house.pool)
    assert asked == ["ada"]
    monkeypatch.setattr(roster, "AGAIN_MS", 0)
    await house.roster.install(house.pool)
    house.roster.forget(house.pool)
    await house.roster.install(house.pool)
    assert sorted(asked) == ["ada", "ada", "ada", "bob", "bob", "eve", "eve"]


async def test_hours_that_nobody_can_read_any_more_are_closed(house: Hall) -> None:
    """A country that a later release of the library drops must not stop the pool, nor open anybody's line."""
    await house.profiles.put_experts(house.pool, [replace(EXPERTS[1], exceptions=around_today("closed"))])
    async with house.db.begin() as tx:
        await tx.exec_driver_sql("UPDATE experts SET holidays = 'XX' WHERE expert = 'ada'")
    await house.roster.install(house.pool)
    shot = await house.line.snapshot(house.pool)
    assert {e.expert: e.open for e in shot.experts} == {"ada": False, "bob": False, "eve": True}


def test_an_opening_beyond_what_is_looked_at_has_no_end() -> None:
    now = int(datetime(2026, 6, 3, 12, tzinfo=UTC).timestamp()) * 1000
    assert in_force(Schedule(), now) is None
    ((begin, end),) = in_force(Schedule("daily 00:00-24:00"), now) or []
    assert (begin < now, end) == (True, NEVER)
    ((_begin, end),) = in_force(Schedule("", exceptions="2026-06-10..2026-06-20 closed"), now) or []
    assert end == int(datetime(2026, 6, 10, tzinfo=UTC).timestamp()) * 1000
    office = in_force(Schedule("mon-fri 09:00-17:00"), now) or []
    assert (len(office), max(edge for window in office for edge in window) < NEVER) == (11, True)
