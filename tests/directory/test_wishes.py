"""Who wants to be told when an expert is free: once, by whoever asked, and not for ever."""

import pytest

from directory import wishes
from directory.expert import Expert
from directory.profiles import Profiles
from directory.wishes import Wish
from ground.errors import Refusal
from ground.sql import Database

NOW = 1_800_000_000_000


@pytest.fixture(autouse=True)
async def people(database: Database) -> None:
    profiles = Profiles(database)
    for pool in ("acme", "else"):
        await profiles.create_pool(pool, "The line")
    await profiles.put_experts("acme", [Expert(expert="ada", name="Ada Quill"), Expert(expert="bob", name="Bob Salt")])


def wish(expert: str = "ada", address: str = "Uma@mail.example", subject: str = "uma", pool: str = "acme") -> Wish:
    return Wish(pool=pool, expert=expert, address=address, subject=subject, language="de")


async def put(db: Database, *those: Wish, now: int = NOW) -> list[bool]:
    async with db.begin() as tx:
        return [await wishes.put(tx, one, now) for one in those]


async def true(db: Database, *experts: str, now: int = NOW) -> list[tuple[str, str]]:
    async with db.begin() as tx:
        return sorted((told.expert, told.address) for told in await wishes.come_true(tx, "acme", experts, now))


async def test_a_wish_comes_true_once(database: Database) -> None:
    await put(database, wish(), wish("bob"), wish(address="zoe@mail.example", subject=""), wish(pool="else"))
    assert await wishes.wanted(database, "acme", "ada", "uma", NOW)
    assert not await wishes.wanted(database, "acme", "ada", "zoe", NOW)
    async with database.begin() as tx:
        (uma, zoe) = sorted(await wishes.come_true(tx, "acme", ["ada", "eve"], NOW), key=lambda told: told.address)
    assert (uma.expert_name, uma.pool_name, uma.address, uma.language) == (
        "Ada Quill",
        "The line",
        "uma@mail.example",
        "de",
    )
    assert zoe.address == "zoe@mail.example"
    assert await true(database, "ada") == []
    assert await true(database, "bob") == [("bob", "uma@mail.example")]
    assert await wishes.wanted(database, "else", "ada", "uma", NOW), "the same name in another pool is another"


async def test_it_holds_only_if_the_transaction_does(database: Database) -> None:
    await put(database, wish())

    async def failing() -> None:
        async with database.begin() as tx:
            assert await wishes.come_true(tx, "acme", ["ada"], NOW)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await failing()
    assert await true(database, "ada") == [("ada", "uma@mail.example")]


async def test_the_same_wish_is_one_and_begins_its_week_anew(database: Database) -> None:
    assert await put(database, wish(), wish(address="uma@MAIL.example")) == [True, False]
    assert await put(database, wish(), now=NOW + 1) == [False]
    assert await true(database, "ada", now=NOW + wishes.KEPT_MS) == [("ada", "uma@mail.example")]


async def test_after_a_week_nobody_is_told(database: Database) -> None:
    await put(database, wish())
    assert not await wishes.wanted(database, "acme", "ada", "uma", NOW + wishes.KEPT_MS)
    assert await true(database, "ada", now=NOW + wishes.KEPT_MS) == []


async def test_an_address_waits_for_ten_experts_at_most(database: Database) -> None:
    await put(database, *(wish(f"e{n}") for n in range(wishes.OPEN_MAX)))
    with pytest.raises(Refusal, match="too_many_wishes"):
        await put(database, wish("one-more", address="UMA@mail.example", subject="another"))
    await put(database, wish("e3"), wish("one-more", pool="else"), wish("one-more", address="zoe@mail.example"))
    await put(database, wish("one-more"), now=NOW + wishes.KEPT_MS)


async def test_one_takes_back_ones_own_wish_only(database: Database) -> None:
    guest = wish(address="zoe@mail.example", subject="")
    await put(database, wish(), guest)
    async with database.begin() as tx:
        for subject, address in (("", "uma@mail.example"), ("mal", "uma@mail.example"), ("", "mal@mail.example")):
            await wishes.take_back(tx, "acme", "ada", subject=subject, address=address)
        await wishes.take_back(tx, "acme", "bob", subject="uma", address="")
    assert await wishes.wanted(database, "acme", "ada", "uma", NOW)
    async with database.begin() as tx:
        await wishes.take_back(tx, "acme", "ada", subject="uma", address="")
        await wishes.take_back(tx, "acme", "ada", subject="", address="Zoe@mail.example")
    assert await true(database, "ada") == []


async def test_an_address_can_be_forgotten(database: Database) -> None:
    await put(database, wish(), wish("bob"), wish(address="zoe@mail.example", subject=""))
    async with database.begin() as tx:
        await wishes.forget(tx, "acme", "UMA@mail.example")
    assert await true(database, "ada", "bob") == [("ada", "zoe@mail.example")]
