"""One-use links: once means once, on both databases."""

import asyncio

import pytest
import sqlalchemy as sa

from ground.errors import Refusal
from ground.sql import Database
from identity import store
from identity.arrivals import Arrivals
from identity.links import KEPT_MS, Links

NOW = 1_750_000_000_000


async def test_a_link_says_who_you_are_once(database: Database) -> None:
    arrivals = Arrivals(database)
    token = await Links(database).create("demo", "expert", "ada", "Ada", now=NOW, ttl_s=60)
    who = await arrivals.by_link(token, now=NOW + 59_999)
    assert (who.pool, who.role, who.subject, who.name) == ("demo", "expert", "ada", "Ada")
    with pytest.raises(Refusal, match="link_used"):
        await arrivals.by_link(token, now=NOW + 59_999)


async def test_of_many_who_come_at_once_one_gets_in(database: Database, database_url: str) -> None:
    other = await Database.open(database_url)
    here, there = Arrivals(database), Arrivals(other)
    token = await Links(database).create("demo", "operator", "op", now=NOW)
    asked = (arrivals.by_link(token, now=NOW + 1) for _ in range(15) for arrivals in (here, there))
    answers = await asyncio.gather(*asked, return_exceptions=True)
    await other.close()
    refused = [answer.code for answer in answers if isinstance(answer, Refusal)]
    assert refused == ["link_used"] * 29


async def test_a_late_and_an_unknown_link_are_refused(database: Database) -> None:
    arrivals = Arrivals(database)
    token = await Links(database).create("demo", "user", "u", now=NOW, ttl_s=60)
    with pytest.raises(Refusal, match="link_expired"):
        await arrivals.by_link(token, now=NOW + 60_000)
    for unknown in ("", token[:-1], token + "x", "\x00\ud800", "x" * 100_000):
        with pytest.raises(Refusal, match="link_unknown"):
            await arrivals.by_link(unknown, now=NOW)


async def test_the_token_is_not_in_the_database(database: Database) -> None:
    token = await Links(database).create("demo", "user", "u", now=NOW)
    assert len(token) == 43
    async with database.read() as tx:
        row = (await tx.execute(sa.select(store.links))).mappings().one()
    assert token not in repr(dict(row))


async def test_links_that_are_long_over_are_forgotten(database: Database) -> None:
    links = Links(database)
    await links.create("demo", "user", "u", now=NOW, ttl_s=1)
    await links.create("demo", "user", "u", now=NOW + KEPT_MS + 1001)
    async with database.read() as tx:
        assert (await tx.execute(sa.select(sa.func.count()).select_from(store.links))).scalar_one() == 1


@pytest.mark.parametrize("ttl_s", [0, -1, 8 * 86_400])
async def test_a_link_that_can_not_be_is_not_made(database: Database, ttl_s: int) -> None:
    with pytest.raises(ValueError, match="a link needs"):
        await Links(database).create("demo", "user", "u", now=NOW, ttl_s=ttl_s)
    with pytest.raises(ValueError, match="a link needs"):
        await Links(database).create("demo", "guest", "u", now=NOW)  # type: ignore[arg-type]
