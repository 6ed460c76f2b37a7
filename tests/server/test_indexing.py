"""The index follows the directory: whoever changes it, in the process that leads, soon."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from directory.expert import Expert
from directory.index.index import Index
from ground.store import Store
from server import indexing
from server.indexing import Indexing
from tests.server.hall import Hall, hall

ANN = Expert(expert="ann", name="Ann", biography="Gardens and roses")


@pytest.fixture
async def house(store: Store, pool: str, tmp_path: Path) -> AsyncIterator[Hall]:
    async with hall(store, pool, tmp_path) as made:
        yield made


@contextlib.asynccontextmanager
async def running(house: Hall, leading: set[str]) -> AsyncIterator[Indexing]:
    made = Indexing(house.index, leading)
    task = asyncio.create_task(made.run())
    yield made
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def found(house: Hall, question: str) -> list[str]:
    return [hit.expert for hit in await house.index.search(house.pool, question)]


async def until(house: Hall, question: str, *experts: str) -> None:
    async with asyncio.timeout(20):
        while await found(house, question) != list(experts):
            await asyncio.sleep(0.02)


async def test_whatever_is_written_is_soon_found(house: Hall) -> None:
    async with running(house, {house.pool}):
        await until(house, "lovelace", "ada")
        await house.profiles.put_experts(house.pool, [ANN])
        await until(house, "roses", "ann")
        await house.profiles.put_experts(house.pool, [Expert(expert="ann", name="Ann", biography="Tulips")])
        await until(house, "tulips", "ann")
        assert await found(house, "roses ") == []
        async with house.db.begin() as tx:
            await tx.execute(sa.text("DELETE FROM experts WHERE expert = 'ann'"))
        await until(house, "tulips ")


async def test_news_of_a_profile_are_indexed_at_once(house: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(indexing, "LOOK_S", 600.0)
    await house.indexed()
    await house.page()
    async with running(house, {house.pool}) as made:
        house.fanout.pool(house.pool)._profile_changed = made.changed
        await asyncio.sleep(0)
        await house.profiles.put_experts(house.pool, [ANN])
        await house.news.profile(house.pool, "ann")
        await until(house, "roses", "ann")


async def test_who_does_not_lead_leaves_it_to_who_does(house: Hall) -> None:
    leading: set[str] = set()
    async with running(house, leading) as made:
        await house.page()
        made.changed(house.fanout.pool(house.pool), "ada")
        async with asyncio.timeout(20):
            while made._told.is_set():
                await asyncio.sleep(0.02)
        assert await found(house, "lovelace") == []
        leading.add(house.pool)
        await until(house, "lovelace", "ada")


async def test_only_what_is_indexed_of_a_profile_makes_work(house: Hall) -> None:
    async def entry() -> object:
        async with house.db.read() as tx:
            return (await tx.execute(sa.text("SELECT * FROM index_entries WHERE expert = 'ann'"))).one()

    await house.profiles.put_experts(house.pool, [ANN])
    await house.indexed()
    async with house.db.begin() as tx:
        await tx.execute(sa.text("UPDATE index_entries SET biography = 'untouched' WHERE expert = 'ann'"))
    before = await entry()
    hours = Expert(expert="ann", name="Ann", biography=ANN.biography, hours="mon 09:00-10:00", rate=5)
    await house.profiles.put_experts(house.pool, [hours])
    assert await house.index.behind() == {house.pool}
    await house.indexed()
    assert await entry() == before
    assert await house.index.behind() == set()


async def test_a_change_while_it_is_being_indexed_is_indexed_again(
    house: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between reading the profile and writing its terms somebody saves another one."""
    await house.profiles.put_experts(house.pool, [ANN])
    take = Index._take

    async def late(self: Index, *arguments: Any) -> None:
        monkeypatch.setattr(Index, "_take", take)
        await house.profiles.put_experts(house.pool, [Expert(expert="ann", name="Ann", biography="Tulips")])
        await take(self, *arguments)

    monkeypatch.setattr(Index, "_take", late)
    await house.indexed()
    assert await found(house, "tulips") == ["ann"]
    assert await found(house, "roses ") == []


async def test_an_error_does_not_end_it(house: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    behind, calls = Index.behind, 0

    async def fails(self: Index) -> set[str]:
        nonlocal calls
        calls += 1
        if calls < 3:
            raise OSError if calls == 1 else RuntimeError
        return await behind(self)

    monkeypatch.setattr(Index, "behind", fails)
    monkeypatch.setattr(indexing, "LOOK_S", 0.01)
    async with running(house, {house.pool}):
        await until(house, "lovelace", "ada")
