"""A running server where people pay in by card, and the road between it and its card processor, with somebody on it."""

import asyncio
import contextlib
import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from msgspec import structs
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from billing import ledger
from directory.expert import PoolOptions
from tests import processor as tp
from tests.listening import listening
from tests.server.people_site import POOL, PeopleSite, people_site

WEBHOOK = "/v1/processor/webhook"
OPTIONS = PoolOptions(prepaid=True, fee_bps=2000, visitors=True, deposits=[1000, 2500], deposit_max=20_000)


class Road:
    """What the processor sends comes by here. Nothing is handed on while it is `closed`; all is kept."""

    def __init__(self) -> None:
        self.to = ""
        self.closed = False
        self.came: list[tuple[bytes, str]] = []

    async def receive(self, request: Request) -> Response:
        body, signature = await request.body(), request.headers["stripe-signature"]
        self.came.append((body, signature))
        return Response(status_code=200 if self.closed else (await self.send(body, signature)).status_code)

    async def send(self, body: bytes, signature: str | bytes, **headers: str) -> httpx.Response:
        """Knock at the server's webhook."""
        given: dict[str, Any] = {"content-type": "application/json", "stripe-signature": signature, **headers}
        async with httpx.AsyncClient(trust_env=False, timeout=30) as http:
            return await http.post(self.to, content=body, headers={k: v for k, v in given.items() if v})

    async def all_of(self, kind: str, count: int = 1) -> list[tuple[bytes, str]]:
        """The events of a kind, once there are so many."""
        async with asyncio.timeout(15):
            while len(found := [one for one in self.came if json.loads(one[0])["type"] == kind]) < count:
                await asyncio.sleep(0.02)
        return found


class PayingSite:
    """The server (`site`), its processor (`found`, with the real SDK's `client`), and the road."""

    def __init__(self, site: PeopleSite, found: tp.Processor, road: Road) -> None:
        self.site = site
        self.found = found
        self.road = road
        self.client = found.client()

    async def set_options(self, **changed: Any) -> None:
        await self.site.profiles.put_options(POOL, structs.replace(OPTIONS, **changed))

    async def balance(self, user: str) -> int:
        async with self.site.database.read() as tx:
            return (await ledger.balance_of(tx, POOL, user)).balance

    async def until_balance(self, user: str, amount: int) -> None:
        async with asyncio.timeout(15):
            while await self.balance(user) != amount:
                await asyncio.sleep(0.02)


def signed(body: bytes, secret: str = tp.SECRET, at: float = 0) -> str:
    """A signature as the processor makes it, at a time (s; 0: now)."""
    when = int(at or time.time())
    mac = hmac.new(secret.encode(), b"%d.%s" % (when, body), hashlib.sha256)
    return f"t={when},v1={mac.hexdigest()}"


@contextlib.asynccontextmanager
async def paying_site(store_url: str, database_url: str, folder: Path, **more: Any) -> AsyncIterator[PayingSite]:
    """A server whose pool is prepaid, with a test processor of its own. `more` are settings of the processor."""
    road = Road()
    app = Starlette(routes=[Route("/road", road.receive, methods=["POST"])])
    async with (
        listening(uvicorn.Config(app, log_config=None, lifespan="off")) as port,
        tp.processor(f"http://127.0.0.1:{port}/road", **more) as found,
        people_site(
            store_url, database_url, folder, stripe_key=found.key, stripe_webhook_secret=found.secret,
            stripe_api=found.api,
        ) as site,
    ):  # fmt: skip
        road.to = f"{site.origin}{WEBHOOK}"
        made = PayingSite(site, found, road)
        await made.set_options()
        yield made
