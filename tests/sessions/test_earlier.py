"""One's own sessions that are over, in the books; on both databases."""

import pytest

from ground.sql import Database
from sessions.earlier import PAGE, page
from sessions.erasure import erase_user
from tests.sessions.logged import MINUTE, log, said, session


@pytest.mark.claim("B7")
async def test_they_are_ones_own_on_that_side_and_the_last_first(database: Database, pool: str) -> None:
    await log(
        database, pool, session("s1", ended_at=90_000), session("s2", ended_at=70_000, went_to="bob", mode="audio"),
        session("s3", user="max", ended_at=80_000), session("s4", user="ada", expert="uma", ended_at=60_000),
        session("open", state="live", ended_at=0), said("s2", 1, "user", "a"), said("s2", 2, "user", "b"),
    )  # fmt: skip
    uma, more = await page(database, pool, "user", "uma")
    assert ([one.session for one in uma], more) == (["s1", "s2"], False)
    assert [(one.spoken, one.went_to, one.mode, one.at) for one in uma] == [
        (False, "", "chat", 300), (True, "bob", "audio", 300)
    ]  # fmt: skip
    ada, _more = await page(database, pool, "expert", "ada")
    assert [(one.session, one.name) for one in ada] == [("s1", "Uma"), ("s3", "Max"), ("s2", "Uma")]
    assert [one.session for one in (await page(database, pool, "expert", "uma")).sessions] == ["s4"]
    assert await page(database, f"{pool}x", "user", "uma") == await page(database, pool, "user", "") == ([], False)


async def test_how_long_they_were_connected(database: Database, pool: str) -> None:
    await log(
        database, pool, session("free", ended_at=300 + MINUTE), session("never", live_at=0, matched_at=700),
        session("paid", rate=120, ran_ms=45_000, ended_at=300 + 2 * MINUTE),
        session("frozen", rate=120, ran_ms=0, ended_at=400),
    )  # fmt: skip
    found = {one.session: one for one in (await page(database, pool, "user", "uma")).sessions}
    ran = {name: one.ran_ms for name, one in found.items()}
    assert ran == {"free": MINUTE, "never": 0, "paid": 45_000, "frozen": 0} and found["never"].at == 700


async def test_pages_leave_nothing_out_and_show_nothing_twice(database: Database, pool: str) -> None:
    """Many ended at the same moment: with the store that knew them."""
    names = [f"s{n:03}" for n in range(2 * PAGE + 5)]
    await log(database, pool, *(session(name, ended_at=1_000 + n // 15) for n, name in enumerate(names)))
    seen, before, sizes = list[str](), None, list[int]()
    while True:
        found, more = await page(database, pool, "user", "uma", before)
        seen += [one.session for one in found]
        sizes.append(len(found))
        if not more:
            break
        before = (found[-1].ended_at, found[-1].session)
    assert seen == names[::-1] and sizes == [PAGE, PAGE, 5]
    assert await page(database, pool, "user", "uma", (0, "s1")) == ([], False)


async def test_who_is_forgotten_has_none_and_is_nameless_for_the_other(database: Database, pool: str) -> None:
    await log(database, pool, session("s1"), said("s1", 1, "user", "my name is Uma"))
    async with database.begin() as tx:
        await erase_user(tx, pool, "uma")
    assert (await page(database, pool, "user", "uma")).sessions == []
    (one,) = (await page(database, pool, "expert", "ada")).sessions
    assert (one.name, one.spoken) == ("", False)
