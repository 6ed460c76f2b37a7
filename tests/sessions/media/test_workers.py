"""The registry of media workers: leases, who is chosen, what is booked."""

import asyncio
import uuid

import pytest

from ground.errors import Refusal
from ground.store import Store
from sessions.media import workers
from sessions.media.workers import LEASE_S, Caller, Listed, Workers, key_of

NOW = 1_900_000_000_000


@pytest.fixture
def registry(store: Store, monkeypatch: pytest.MonkeyPatch) -> Workers:
    """A registry of the test's own: all tests share one store."""
    monkeypatch.setattr(workers, "EVERYWHERE", f"~media-{uuid.uuid4().hex[:8]}")
    return Workers(store)


async def refused(asking) -> str:
    with pytest.raises(Refusal) as refusal:
        await asking
    return refusal.value.code


async def test_without_a_worker_there_is_none(registry: Workers) -> None:
    assert await registry.listed(now=NOW) == []
    assert await refused(registry.choose("p/s1", now=NOW)) == "no_media"
    assert await refused(registry.choose("p/s1", phone=1, now=NOW)) == "no_media"


async def test_the_least_loaded_takes_the_next_by_its_share_of_what_it_takes(registry: Workers) -> None:
    await registry.enlist("small", 10, 3, now=NOW)
    await registry.enlist("large", 100, 20, now=NOW)
    assert await registry.choose("p/s1", now=NOW) == "large"
    await registry.enlist("large", 100, 40, now=NOW)
    assert await registry.choose("p/s2", now=NOW) == "small"


async def test_a_call_of_its_own_is_made_by_one_that_speaks_if_there_is_any(registry: Workers) -> None:
    assert await refused(registry.choose_caller(now=NOW)) == "no_media"
    await registry.enlist("mute", 10, 0, 3, now=NOW)
    assert await registry.choose_caller(now=NOW) == Caller("mute", False)
    await registry.enlist("speaks", 10, 5, 1, now=NOW, speaks=True)
    await registry.enlist("no-phone", 10, 0, 0, now=NOW, speaks=True)
    assert [await registry.choose_caller(now=NOW) for _ in range(3)] == [Caller("speaks", True)] * 3
    assert [one.worker for one in await registry.listed(now=NOW) if one.speaks] == ["no-phone", "speaks"]
    assert await registry.choose_caller(2, now=NOW) == Caller("mute", False)
    await registry.enlist("speaks", 10, 5, 1, now=NOW, speaks=False)
    assert await registry.choose_caller(now=NOW) == Caller("mute", False)
    assert await refused(registry.choose_caller(4, now=NOW)) == "phone_full"


async def test_what_is_chosen_is_booked_until_the_worker_counts_it_or_never_took_it(registry: Workers) -> None:
    await registry.enlist("one", 2, 0, now=NOW)
    for session in ("s1", "s2"):
        assert await registry.choose(key_of("p", session), now=NOW) == "one"
    assert await refused(registry.choose("p/s3", now=NOW)) == "media_full"
    await registry.enlist("one", 2, 1, took=["p/s1"], now=NOW + 10)
    assert await registry.listed(now=NOW + 10) == [Listed("one", 2, 2, 0)]
    assert await refused(registry.choose("p/s3", now=NOW + 10)) == "media_full"
    later = NOW + int(LEASE_S * 1000)
    await registry.enlist("one", 2, 1, now=later - 1)
    assert await registry.choose("p/s3", now=later) == "one"


async def test_both_sides_of_a_session_are_sent_to_the_same_worker(registry: Workers) -> None:
    for name in ("a", "b", "c"):
        await registry.enlist(name, 10, 0, now=NOW)
    chosen = await asyncio.gather(*(registry.choose("p/s1", now=NOW) for _ in range(20)))
    assert len(set(chosen)) == 1
    assert sorted(each.carries for each in await registry.listed(now=NOW)) == [0, 0, 1]
    other = await registry.choose("p/s1", not_worker=chosen[0], now=NOW)
    assert other != chosen[0]


async def test_a_key_of_nothing_books_nothing(registry: Workers) -> None:
    await registry.enlist("one", 1, 0, now=NOW)
    assert [await registry.choose("", now=NOW) for _ in range(3)] == ["one"] * 3


async def test_telephone_lines_are_booked_as_well(registry: Workers) -> None:
    await registry.enlist("mute", 100, 0, now=NOW)
    await registry.enlist("phone", 100, 50, 3, now=NOW)
    assert await registry.choose("p/s1", phone=2, now=NOW) == "phone"
    assert await refused(registry.choose("p/s2", phone=2, now=NOW)) == "phone_full"
    assert await registry.choose("p/s2", phone=1, now=NOW) == "phone"
    assert await registry.choose("p/s3", now=NOW) == "mute"


async def test_who_says_no_more_is_gone_after_the_lease_and_at_once_when_it_says_so(registry: Workers) -> None:
    await registry.enlist("dies", 9, 0, now=NOW)
    await registry.enlist("stops", 9, 5, now=NOW)
    await registry.stand_down("stops", now=NOW)
    lapse = NOW + int(LEASE_S * 1000)
    assert [each.worker for each in await registry.listed(now=lapse - 1)] == ["dies"]
    assert await refused(registry.choose("p/s1", now=lapse)) == "no_media"


async def test_not_more_workers_than_can_be_looked_through(registry: Workers) -> None:
    for n in range(256):
        await registry.enlist(f"w{n}", 1, 0, now=NOW)
    assert await refused(registry.enlist("one-more", 1, 0, now=NOW)) == "media_full"
    await registry.enlist("w3", 1, 1, now=NOW)


async def test_a_hundred_at_once_fill_what_there_is_and_not_one_more(registry: Workers) -> None:
    for name, most in (("a", 30), ("b", 20), ("c", 10)):
        await registry.enlist(name, most, 0, now=NOW)

    async def ask(n: int) -> str:
        try:
            return await registry.choose(f"p/s{n}", now=NOW)
        except Refusal as refusal:
            return refusal.code

    said = await asyncio.gather(*(ask(n) for n in range(100)))
    assert {name: said.count(name) for name in set(said)} == {"a": 30, "b": 20, "c": 10, "media_full": 40}
