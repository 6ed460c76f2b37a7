"""How long it takes, told to those who stand in a line and to those who think of joining it."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from ground.store import Store
from server import forecasts, pages
from tests.server.hall import Hall, Page, hall
from wire import messages as m


@pytest_asyncio.fixture
async def house(store: Store, pool: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Hall]:
    monkeypatch.setattr(forecasts, "EVERY_S", 0.05)
    async with hall(store, pool, tmp_path) as made:
        yield made


async def guest_of(house: Hall, *experts: str, all: bool = False) -> Page:
    """A guest whose page names those experts."""
    page = Page(house, "guest", "")
    await page.come()
    await page.watch(*experts, all=all)
    return page


@pytest.mark.claim("B12")
async def test_a_guest_is_told_how_long_it_takes_before_joining(house: Hall) -> None:
    await house.expert("ada")
    guest = await guest_of(house, "ada", all=True)
    first = guest.heard(m.Forecast)
    assert [(told.expert, len(told.places)) for told in first] == [("ada", 1)]
    assert isinstance(guest.told[-1], m.Beat)
    for name in ("ann", "ben"):
        user = await house.page("user", name)
        await user.ask(m.Join, experts=["ada"])
    later = await guest.until(m.Forecast, lambda told: len(told.places) == 3)
    assert later.places[-1].p50 > first[0].places[-1].p50


async def test_who_names_nobody_or_looks_away_is_told_no_forecast(house: Hall) -> None:
    await house.expert("ada")
    named = await guest_of(house, "ada", "nobody")
    everybody = await guest_of(house, all=True)
    await named.watch(all=True)
    known = len(named.heard(m.Forecast))
    still_here = await guest_of(house, "ada")
    user = await house.page("user", "ann")
    await user.ask(m.Join, experts=["ada"])
    await still_here.until(m.Forecast, lambda told: len(told.places) == 2)
    assert [told.expert for told in named.heard(m.Forecast)] == ["ada"] * known == ["ada"]
    assert everybody.heard(m.Forecast) == []


async def test_so_many_forecasts_and_no_more(house: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "WATCH_FORECASTS", 2)
    page = await guest_of(house, "ada", "ada", "bob", "eve")
    assert [told.expert for told in page.heard(m.Forecast)] == ["ada", "bob"]


async def test_an_expectation_that_has_aged_is_not_told(house: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    await guest_of(house, "ada")
    monkeypatch.setattr(forecasts, "STALE_S", -1.0)
    forecast = house.forecasts.of(house.fanout.pool(house.pool))
    first = forecast.line("ada")
    async with asyncio.timeout(5):
        while forecast.line("ada").at == first.at:
            await asyncio.sleep(0)
