"""Pools and profiles, on both databases."""

import asyncio

import pytest

from directory.editing import Changes
from directory.expert import Expert
from directory.profiles import Profiles
from ground.errors import Refusal
from ground.sql import Database

ADA = Expert(
    expert="ada",
    name="Ada",
    headline="First programmer",
    biography="Wrote about\nthe Engine.",
    categories=["math", "Maschinen, größer"],
    languages=["en", "pt-BR"],
    modes=["audio", "chat"],
    timezone="Europe/London",
    hours="mon-fri 09:00-17:00",
    started_on="2019-05-31",
    photo="p-1",
)


@pytest.fixture
async def profiles(database: Database) -> Profiles:
    profiles = Profiles(database)
    await profiles.create_pool("demo", "Demo", {"line_limit": 5})
    return profiles


async def test_pools_are_made_once_and_found(profiles: Profiles) -> None:
    await profiles.create_pool("another", "Another")
    assert [pool.pool for pool in await profiles.pools()] == ["another", "demo"]
    assert (await profiles.pool("demo")).settings == {"line_limit": 5}
    with pytest.raises(Refusal, match="pool_exists"):
        await profiles.create_pool("demo", "Again")
    with pytest.raises(Refusal, match="no_such_pool: nowhere"):
        await profiles.pool("nowhere")


async def test_of_several_who_make_the_same_pool_one_does(profiles: Profiles) -> None:
    made = await asyncio.gather(*(profiles.create_pool("new", f"N{n}") for n in range(5)), return_exceptions=True)
    assert sum(isinstance(answer, Refusal) for answer in made) == 4


@pytest.mark.parametrize(("pool", "name"), [("a b", "x"), ("", "x"), ("../x", "x"), ("ok", " "), ("ok", "x" * 101)])
async def test_a_pool_that_can_not_be_is_refused(profiles: Profiles, pool: str, name: str) -> None:
    with pytest.raises(Refusal, match="bad_profile"):
        await profiles.create_pool(pool, name)


async def test_settings_are_replaced_whole(profiles: Profiles) -> None:
    await profiles.put_settings("demo", {"ring_ms": 1000})
    assert (await profiles.pool("demo")).settings == {"ring_ms": 1000}
    with pytest.raises(Refusal, match="no_such_pool"):
        await profiles.put_settings("nowhere", {})


@pytest.mark.claim("B1")
async def test_a_profile_comes_back_as_it_went_in(profiles: Profiles) -> None:
    await profiles.put_experts("demo", [ADA])
    assert await profiles.expert("demo", "ada") == ADA
    with pytest.raises(Refusal, match="unknown_expert: bob"):
        await profiles.expert("demo", "bob")


async def test_experts_are_listed_by_name_and_of_their_pool_only(profiles: Profiles) -> None:
    await profiles.create_pool("other", "Other")
    await profiles.put_experts("demo", [Expert(expert=name, name=name) for name in ("zoe", "Ada", "bob")])
    await profiles.put_experts("other", [Expert(expert="ada", name="Another Ada")])
    assert [expert.expert for expert in await profiles.experts("demo")] == ["Ada", "bob", "zoe"]
    with pytest.raises(Refusal, match="no_such_pool"):
        await profiles.experts("nowhere")


async def test_a_photo_stays_when_the_new_profile_has_none(profiles: Profiles) -> None:
    await profiles.put_experts("demo", [ADA])
    written = await profiles.put_experts("demo", [Expert(expert="ada", name="Ada L"), Expert(expert="bob", name="Bob")])
    assert (written.added, written.updated) == (1, 1)
    found = await profiles.expert("demo", "ada")
    assert (found.name, found.photo, found.biography) == ("Ada L", "p-1", "")


async def test_one_bad_profile_refuses_all(profiles: Profiles) -> None:
    with pytest.raises(Refusal, match="bad_profile: bob: timezone"):
        await profiles.put_experts("demo", [ADA, Expert(expert="bob", name="Bob", timezone="Nowhere")])
    assert await profiles.experts("demo") == []


async def test_changes_name_only_who_changed_since(profiles: Profiles) -> None:
    await profiles.put_experts("demo", [Expert(expert="ada", name="Ada"), Expert(expert="bob", name="Bob")])
    first = await profiles.changes("demo", -1)
    assert ([one.expert for one in first.changed], first.ids) == (["ada", "bob"], {"ada", "bob"})
    assert (await profiles.changes("demo", first.pool.revision)).ids is None
    await profiles.change("demo", "bob", Changes(name="Aaron"), "expert")
    await profiles.put_experts("demo", [Expert(expert="eve", name="Eve")])
    later = await profiles.changes("demo", first.pool.revision)
    assert ([one.name for one in later.changed], later.ids) == (["Aaron", "Eve"], {"ada", "bob", "eve"})


async def test_of_many_changes_at_once_no_reader_misses_one(profiles: Profiles) -> None:
    """A revision is seen only after all before it: whoever read up to one misses nothing by going on from there."""
    await profiles.put_experts("demo", [Expert(expert=f"e{n}", name="?") for n in range(20)])
    seen: dict[str, str] = {}
    revision, done = -1, asyncio.Event()

    async def read() -> None:
        nonlocal revision
        told = await profiles.changes("demo", revision)
        seen.update({one.expert: one.name for one in told.changed})
        revision = told.pool.revision

    async def follow() -> None:
        while not done.is_set():
            await read()

    reader = asyncio.create_task(follow())
    await asyncio.gather(*(profiles.change("demo", f"e{n}", Changes(name=f"N{n}"), "expert") for n in range(20)))
    done.set()
    await reader
    await read()
    assert seen == {f"e{n}": f"N{n}" for n in range(20)}
