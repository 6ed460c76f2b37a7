"""A sign-in that ended at one process is over at all of them."""

import asyncio
import time

import httpx

from ground.clock import SystemClock
from identity.links import Links
from tests.chaos.town import Town


async def test_signing_out_closes_the_tabs_at_every_process_within_two_seconds(pair: Town) -> None:
    pool = await pair.new_pool("ada")
    link = await Links(pair.database).create(pool, "user", "uma", "Uma", now=SystemClock().now_ms())
    origin = {"origin": pair.books.base}
    async with (
        httpx.AsyncClient(base_url=pair.books.base, trust_env=False, headers=origin) as http,
        pair.talker(pool, "user", "uma", 0) as here,
        pair.talker(pool, "user", "uma", 1) as there,
        pair.talker(pool, "user", "other", 1) as other,
    ):
        assert (await http.post("/v1/sign-in", json={"token": link})).status_code == 200
        began = time.monotonic()
        assert (await http.post("/v1/sign-out", json={"pool": pool, "role": "user"})).status_code == 200
        for tab in (here, there):
            async with asyncio.timeout(5):
                await tab.socket.wait_closed()
            assert tab.socket.close_code == 4402
        assert time.monotonic() - began < 2
        assert other.socket.close_code is None, "nobody else is signed out"
