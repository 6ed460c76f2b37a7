"""Line feeds and protocol words in every argument of the store's functions, and in every text of the socket."""

import inspect
import re
import uuid
from typing import Any

import pytest
import redis.exceptions
from redis.asyncio import Redis

from ground.errors import Refusal
from ground.functions import library
from presence.presence import Presence
from queueing.line import Line
from queueing.settings import PoolSettings
from sessions.conversation import Conversation
from tests.chaos.town import Town
from tests.stories.talker import talking
from wire import messages

MARK = "zzMARKzz"
HOSTILE = [
    f"{MARK}\r\n+OK\r\n", f"{MARK}\r\n-ERR gone\r\n", f"{MARK}\n$3\r\nfoo\r\n", f"\r\n*1\r\n$8\r\nFLUSHALL\r\n{MARK}",
    f"{MARK}\x00\x1a", f'{MARK}" .. redis.call("FLUSHALL") .. "', f"{MARK}]] error()", f"{MARK}:*{{other}}:head", "",
]  # fmt: skip
TEXTS = [text for text in HOSTILE if "\x00" not in text and text]
OUR_KEY = re.compile(rb"ol:\{p[0-9a-f]{10}\}:[a-z]+(:|$)")
FUNCTIONS = sorted(library().headers)


@pytest.mark.parametrize("function", FUNCTIONS)
async def test_no_argument_of_a_function_breaks_out_or_comes_back_in_an_error(site: Town, function: str) -> None:
    pool = await a_pool(site)
    arguments = sorted(library().headers[function].args)
    for hostile in HOSTILE:
        for name in arguments:
            given: dict[str, Any] = {each: hostile if each == name else "ada" for each in arguments}
            await call(site, function, pool, given)
        await call(site, function, pool, dict.fromkeys(arguments, hostile))
        await call(site, function, pool, {each: [hostile] for each in arguments})
    strays = [key for key in await every_key(site) if MARK.encode() in key and not OUR_KEY.match(key)]
    assert strays == []
    assert (await site.store.call("tail", pool))["epoch"], "the pool still answers"


async def a_pool(site: Town) -> str:
    """One that the server does not know: what is done to it here no page could do."""
    pool = f"p{uuid.uuid4().hex[:10]}"
    await site.line.configure(pool, PoolSettings())
    await site.presence.enrol(pool, ["ada"])
    await site.presence.attach(pool, "w-test", "expert", "ada")
    await site.presence.declare(pool, "ada", "online")
    return pool


async def call(site: Town, function: str, pool: str, given: dict[str, Any]) -> None:
    """A refusal, an answer, or the store's own complaint without a word of ours in it."""
    try:
        await site.store.call(function, pool, given, op=f"{uuid.uuid4().hex}{MARK}\r\n+OK", who=f"user:{MARK}\r\n")
    except Refusal:
        return
    except redis.exceptions.ResponseError as error:
        complaint = str(error)
    else:
        return
    assert MARK not in complaint, f"{function} repeats an argument in its error"


async def every_key(site: Town) -> list[bytes]:
    client: Any = Redis.from_url(site.config.store)
    try:
        return [key async for key in client.scan_iter(count=1000)]
    finally:
        await client.aclose()


async def test_texts_of_the_socket_arrive_as_they_were_said(site: Town) -> None:
    pool = await site.new_pool("ada")
    name = TEXTS[0]
    token = site.token(pool, "user", "uma", name)
    async with site.expert(pool, "ada") as ada, talking(site.ports[0], pool, token) as uma:
        await uma.ask(messages.Join, experts=["ada"])
        offer = await ada.until(messages.Offer)
        assert offer.partner == name
        await ada.ask(messages.Accept, offer=offer.offer)
        session = (await uma.until(messages.Session)).session
        for talker in (uma, ada):
            await talker.ask(messages.Connected, session=session)
        for text in TEXTS:
            assert isinstance(await uma.ask(messages.Say, session=session, text=text), messages.Ok)
            await uma.ask(messages.Signal, session=session, kind="description", data=text)
            await ada.until(messages.Signalled, lambda told, text=text: told.data == text)  # type: ignore[misc]
        page = await ada.ask(messages.History, session=session)
        assert [line.text for line in page.lines] == TEXTS
        await ada.ask(messages.Declare, status="away", reason=TEXTS[1])
        assert next(e.reason for e in (await site.truth(pool)).experts if e.expert == "ada") == TEXTS[1]
        assert isinstance(await ada.ask(messages.End, session=session, reason=TEXTS[2]), messages.Ok)


@pytest.mark.parametrize("hostile", HOSTILE)
async def test_names_of_things_are_refused_before_they_reach_the_store(site: Town, hostile: str) -> None:
    pool = await site.new_pool("ada")
    async with site.talker(pool, "user", "uma") as uma:
        for kind, field in ((messages.Accept, "offer"), (messages.Say, "session"), (messages.Connect, "expert")):
            fields = {"text": "x"} if kind is messages.Say else {}
            answer = await uma.ask(kind, **fields, **{field: hostile})
            assert isinstance(answer, messages.Refused) and answer.code == "bad_field"
            assert MARK not in repr(answer)
        answer = await uma.ask(messages.ComeBack, op=f"12345678{hostile}" if hostile else "")
        assert isinstance(answer, messages.Refused) and answer.code in ("bad_field", "too_long")


async def test_every_door_says_who_asks() -> None:
    """An operation id is always of a member: two members who use the same one are not taken for each other."""
    for door in (Line, Conversation, Presence):
        for name, method in inspect.getmembers(door, inspect.isfunction):
            if "op" in inspect.signature(method).parameters:
                assert "who=" in inspect.getsource(method), f"{door.__name__}.{name}"
