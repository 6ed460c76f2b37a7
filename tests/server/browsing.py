"""A browser without a window: cookies of its own, the origin of the server's pages, and a look into the outbox."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx

from ground.sql import Database
from mail.outbox import Outbox

LINK = re.compile(r"/sign-in(?:\?[^\s#]*)?#([\w-]{43})")


class Browser:
    """`cookie` is what it would send along with a socket."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self.http = http

    @property
    def cookie(self) -> str:
        return "; ".join(f"{one.name}={one.value}" for one in self.http.cookies.jar)

    async def get(self, path: str, **query: Any) -> httpx.Response:
        return await self.http.get(path, params=query)

    async def post(self, path: str, body: Any = None, **headers: str) -> httpx.Response:
        return await self.http.post(path, json={} if body is None else body, headers=headers)

    async def put(self, path: str, body: Any, **query: Any) -> httpx.Response:
        return await self.http.put(path, json=body, params=query)

    async def follow(self, token: str) -> httpx.Response:
        return await self.post("/v1/sign-in", {"token": token})


@asynccontextmanager
async def browsing(base: str, agent: str = "Browser") -> AsyncIterator[Browser]:
    headers = {"origin": base, "user-agent": agent}
    async with httpx.AsyncClient(base_url=base, trust_env=False, headers=headers, timeout=30) as http:
        yield Browser(http)


async def mailed(db: Database, pool: str, to: str) -> list[tuple[str, str]]:
    """Kind and text of the mails to an address, the oldest first."""
    found, _more = await Outbox(db).page(pool, limit=200)
    return [(mail.kind, mail.text) for mail in found[::-1] if mail.to == to]


async def token_for(db: Database, pool: str, to: str) -> str:
    """The token of the link in the last mail to an address."""
    found = LINK.search((await mailed(db, pool, to))[-1][1])
    assert found, "no link"
    return found[1]
