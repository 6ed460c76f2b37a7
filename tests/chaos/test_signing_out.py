"""A sign-in that ended at one process is over at all of them; whoever is blocked is out everywhere."""

import asyncio
import time
from contextlib import AsyncExitStack

import pytest

from ground.clock import SystemClock
from ground.sql import Database
from identity.links import Links
from identity.sign_ins import SignIns
from identity.tokens import Identity
from tests.chaos.town import Town
from tests.server.browsing import Browser, browsing
from tests.stories.talker import Talker, talking
from wire import messages


async def signed_in(pair: Town, pool: str, browser: Browser, role: str = "user", subject: str = "uma") -> None:
    now = SystemClock().now_ms()
    link = await Links(pair.database).create(pool, role, subject, subject.title(), now=now)  # type: ignore[arg-type]
    assert (await browser.follow(link)).status_code == 200


async def gone(tab: Talker) -> int | None:
    async with asyncio.timeout(10):
        await tab.socket.wait_closed()
    return tab.socket.close_code


async def test_signing_out_closes_the_tabs_of_that_browser_at_every_process_within_two_seconds(pair: Town) -> None:
    pool = await pair.new_pool("ada")
    here, there = pair.ports
    async with browsing(pair.books.base) as laptop, browsing(pair.books.base) as phone, AsyncExitStack() as open_tabs:
        for browser in (laptop, phone):
            await signed_in(pair, pool, browser)
        tabs = [
            await open_tabs.enter_async_context(talking(port, pool, cookie=laptop.cookie)) for port in (here, there)
        ]
        others = [
            await open_tabs.enter_async_context(talking(there, pool, cookie=phone.cookie)),
            await open_tabs.enter_async_context(pair.talker(pool, "user", "other", 1)),
        ]
        began = time.monotonic()
        assert (await laptop.post("/v1/sign-out", {"pool": pool, "role": "user"})).status_code == 200
        assert [await gone(tab) for tab in tabs] == [4402, 4402]
        assert time.monotonic() - began < 2
        for other in others:
            await other.send(messages.Ping)
            await other.until(messages.Beat)
            assert other.socket.close_code is None, "neither another device nor anybody else is signed out"


async def test_a_block_closes_every_tab_of_every_device_at_every_process_within_two_seconds(pair: Town) -> None:
    pool = await pair.new_pool("ada")
    async with browsing(pair.books.base) as olga, browsing(pair.books.base) as uma, AsyncExitStack() as open_tabs:
        await signed_in(pair, pool, olga, "operator", "olga")
        await signed_in(pair, pool, uma)
        tabs = [
            await open_tabs.enter_async_context(talking(pair.ports[1], pool, cookie=uma.cookie)),
            await open_tabs.enter_async_context(pair.talker(pool, "user", "uma", 0)),
            await open_tabs.enter_async_context(pair.talker(pool, "user", "uma", 1)),
        ]
        began = time.monotonic()
        asked = {"role": "user", "subject": "uma", "blocked": True, "reason": "threats"}
        assert (await olga.post(f"/v1/pools/{pool}/people/block", asked)).status_code == 200
        assert [await gone(tab) for tab in tabs] == [4403] * 3
        assert time.monotonic() - began < 2
        for port in pair.ports:
            with pytest.raises(AssertionError, match="blocked"):
                async with talking(port, pool, pair.token(pool, "user", "uma")):
                    pass


async def test_an_end_that_nobody_whispered_is_found_in_the_books(pair: Town) -> None:
    """The store was out, or another program wrote it."""
    pool = await pair.new_pool("ada")
    async with browsing(pair.books.base) as uma, AsyncExitStack() as open_tabs:
        await signed_in(pair, pool, uma)
        tabs = [await open_tabs.enter_async_context(talking(port, pool, cookie=uma.cookie)) for port in pair.ports]
        await end_all(pair.database, pool)
        assert [await gone(tab) for tab in tabs] == [4402, 4402]


async def end_all(db: Database, pool: str) -> None:
    nobody = Identity(pool=pool, role="user", subject="uma", name="", expires_at=0, token_id="another")
    assert await SignIns(db).end_others(nobody, SystemClock().now_ms())
