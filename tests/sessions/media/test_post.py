"""Letters between server processes and media workers: answered, in time or not at all, and never another's."""

import asyncio
import contextlib
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec
import pytest
from redis.asyncio import Redis

from ground import keys
from ground.errors import Refusal
from ground.journal import Journal
from ground.store import Store
from sessions.media import post, workers
from sessions.media.orders import Answer, BadLetter, Done, Order, Probe, Refused, Result, read_order, write
from sessions.media.post import Post, Unanswered
from sessions.media.workers import Workers


@pytest.fixture(autouse=True)
def place(monkeypatch: pytest.MonkeyPatch) -> str:
    """A slot of the test's own: all tests share one store."""
    name = f"~media-{uuid.uuid4().hex[:8]}"
    monkeypatch.setattr(workers, "EVERYWHERE", name)
    monkeypatch.setattr(post, "EVERYWHERE", name)
    return name


@asynccontextmanager
async def running(store: Store, name: str, work: post.Work | None = None) -> AsyncIterator[Post]:
    made = Post(store, Journal(store), name, work)
    task = asyncio.create_task(made.run())
    try:
        await made.listening(5)
        yield made
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def echo(order: Order) -> Result:
    assert isinstance(order, Probe)
    match order.sdp:
        case "refuse":
            raise Refusal("bad_sdp", "audio")
        case "break":
            raise ZeroDivisionError
        case "wait":
            await asyncio.Event().wait()
    return Answer(order.sdp.upper())


async def test_an_order_brings_its_own_result_among_many_of_two_processes(store: Store) -> None:
    async with running(store, "m1", echo), running(store, "w1") as one, running(store, "w2") as two:
        await Workers(store).enlist("m1", 10, 0)
        asked = [(each, f"{each.name} {n} é\x00") for n in range(20) for each in (one, two)]
        results = await asyncio.gather(*(each.ask("m1", Probe("p", sdp), 5) for each, sdp in asked))
        assert results == [Answer(sdp.upper()) for _each, sdp in asked]


async def test_refusals_come_back_by_name_and_what_breaks_says_nothing_of_itself(store: Store) -> None:
    async with running(store, "m1", echo), running(store, "w1") as server:
        await Workers(store).enlist("m1", 10, 0)
        assert await server.ask("m1", Probe("p", "refuse"), 5) == Refused("bad_sdp", "audio")
        assert await server.ask("m1", Probe("p", "break"), 5) == Refused("no_media")
        assert await server.ask("m1", Probe("p", "still there"), 5) == Answer("STILL THERE")


async def test_who_is_not_there_is_known_at_once_and_who_says_nothing_after_the_deadline(store: Store) -> None:
    async with running(store, "m1", echo), running(store, "w1") as server:
        with pytest.raises(Refusal, match="no_media"):
            await server.ask("m1", Probe("p", "x"), 5)
        await Workers(store).enlist("m1", 10, 0)
        with pytest.raises(Unanswered):
            await server.ask("m1", Probe("p", "wait"), 0.1)
        await Workers(store).enlist("dead", 10, 0)
        with pytest.raises(Unanswered):
            await server.ask("dead", Probe("p", "x"), 0.1)


async def test_a_process_that_waits_for_too_much_says_so_of_itself(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Were it told as a worker's silence, sessions would be taken from a worker that is well."""
    monkeypatch.setattr(post, "WAITING_MAX", 1)
    async with running(store, "m1", echo), running(store, "w1") as asking:
        await Workers(store).enlist("m1", 10, 0)
        first = asyncio.create_task(asking.ask("m1", Probe("p", "wait"), 5))
        await asyncio.sleep(0)
        with pytest.raises(Refusal, match="rate_limited"):
            await asking.ask("m1", Probe("p", "x"), 5)
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)


async def test_letters_that_nobody_can_read_harm_nobody(store: Store, place: str) -> None:
    async with running(store, "m1", echo), running(store, "w1") as server:
        registry = Workers(store)
        await registry.enlist("m1", 10, 0)
        for body in ("", "{", '{"o":"nothing"}', '{"o":"probe","peer":1,"sdp":2}', "x" * 140_000):
            await registry.post("m1", "w1", "l1", body)
            await registry.post("w1", "m1", "l2", body, answers="l-nobody-waits")
        epoch, _seq = await Journal(store).tail(place)
        unknown = msgspec.msgpack.encode([epoch, 0, 1, [{"k": "of a newer release"}, {"k": "post", "to": "m1"}]])
        client = Redis.from_url(store.url)
        await client.execute_command("SPUBLISH", keys.key(place, "live"), unknown)
        await client.aclose()
        assert await server.ask("m1", Probe("p", "well"), 5) == Answer("WELL")


async def test_mail_goes_on_after_the_store_was_away(store: Store) -> None:
    async with running(store, "m1", echo), running(store, "w1") as server:
        await Workers(store).enlist("m1", 10, 0)
        client = Redis.from_url(store.url)
        await client.execute_command("CLIENT", "KILL", "TYPE", "pubsub")
        await client.aclose()
        await server.listening(5)
        async with asyncio.timeout(5):
            while True:
                with contextlib.suppress(Unanswered):
                    assert await server.ask("m1", Probe("p", "again"), 0.5) == Answer("AGAIN")
                    return


def test_a_letter_is_short_and_read_whole() -> None:
    with pytest.raises(BadLetter):
        write(Probe("p", "x" * 140_000))
    for sdp in ("v=0", "\x01" * 16_384):
        assert read_order(write(Probe("p", sdp))) == Probe("p", sdp)
    for text in (write(Done()), '{"o":"probe","peer":"p","sdp":"s","more":1}', "[]"):
        with pytest.raises(BadLetter):
            read_order(text)
