"""What is written into the directory is marked, indexed once, and never lost between two who write."""

import asyncio

import sqlalchemy as sa

from directory.expert import Expert
from directory.index import store
from directory.profiles import Profiles
from ground.sql import Database
from tests.directory.index.shelf import Shelf

WORDS = ("roses", "tulips", "lilies", "asters", "violets", "peonies")


async def _caught_up(shelf: Shelf) -> int:
    looked = 0
    while now := await shelf.index.catch_up("p", 3):
        looked += now
    return looked


async def test_everybody_who_was_written_is_indexed_in_pieces(database: Database) -> None:
    shelf, profiles = Shelf(database), Profiles(database)
    await profiles.create_pool("p", "P")
    await profiles.put_experts("p", [Expert(expert=f"e{n}", name=f"N{n}", headline="Roses") for n in range(10)])
    assert await shelf.index.behind() == {"p"}
    assert await _caught_up(shelf) == 10
    assert await shelf.index.behind() == set()
    assert len(await shelf.found("roses")) == 10
    assert await _caught_up(shelf) == 0


async def test_who_is_deleted_leaves_with_what_their_chats_taught(database: Database) -> None:
    shelf, profiles = Shelf(database), Profiles(database)
    await profiles.create_pool("p", "P")
    await profiles.put_experts("p", [Expert(expert="ann", name="Ann", headline="Roses")])
    await _caught_up(shelf)
    await shelf.chat("ann", "s1", "greenfly")
    async with database.begin() as tx:
        await tx.execute(sa.text("DELETE FROM experts"))
    assert await _caught_up(shelf) == 1
    assert await shelf.found("roses") == []
    async with database.read() as tx:
        assert (await tx.execute(sa.select(store.chats))).all() == []


async def test_the_last_word_is_indexed_whoever_writes_and_indexes_meanwhile(database: Database) -> None:
    shelf, profiles = Shelf(database), Profiles(database)
    await profiles.create_pool("p", "P")

    async def write(expert: str) -> None:
        for word in WORDS:
            await profiles.put_experts("p", [Expert(expert=expert, name=expert, headline=word)])
            await asyncio.sleep(0)

    async def catch_up() -> None:
        for _ in range(6):
            await shelf.index.catch_up("p", 10)

    names = ["ann", "ben", "cat"]
    await asyncio.gather(*(write(name) for name in names), catch_up(), catch_up())
    await _caught_up(shelf)
    assert sorted(await shelf.found(f"{WORDS[-1]} ")) == names
    assert [await shelf.found(f"{word} ") for word in WORDS[:-1]] == [[]] * (len(WORDS) - 1)
