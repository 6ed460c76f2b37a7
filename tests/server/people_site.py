"""A running server of either database with a pool, and browsers that are signed in: for what people do over HTTP."""

import contextlib
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import httpx

from directory.expert import Expert
from directory.profiles import Profiles
from ground.clock import SystemClock
from ground.sql import Database
from identity.links import Links
from identity.tokens import Member, Secret
from server.app import create_app
from server.config import Config
from server.run import settings_of
from tests import stores
from tests.databases import open_migrated
from tests.listening import listening

NOW = SystemClock().now_ms
POOL = "demo"
ADA = Expert(
    expert="ada", name="Ada Quill", headline="Numbers that have to add up", biography="I **count**.",
    categories=["Money/Taxes"], languages=["en", "de"], modes=["chat", "audio"], timezone="Europe/Berlin",
    hours="mon-fri 09:00-17:00", started_on="2019-05-31", rate=120, email="ada@line.example",
)  # fmt: skip
BOB = Expert(expert="bob", name="Bob Salt")


class Browser:
    """Somebody's browser: sends our own origin and the cookies it was given."""

    def __init__(self, http: httpx.AsyncClient, origin: str, cookie: str = "") -> None:
        self._http = http
        self._headers = {"origin": origin} | ({"cookie": cookie} if cookie else {})
        self.cookie = cookie

    async def ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        headers: Mapping[str, str] = more.pop("headers", {})
        self._http.cookies.clear()  # the client is shared, its cookies are not
        return await self._http.request(method, path, headers={**self._headers, **headers}, **more)

    async def get(self, path: str, **more: Any) -> httpx.Response:
        return await self.ask("GET", path, **more)


class PeopleSite:
    """The server, its database, and whoever comes."""

    def __init__(self, port: int, http: httpx.AsyncClient, database: Database) -> None:
        self.port = port
        self.database = database
        self.profiles = Profiles(database)
        self.origin = f"http://127.0.0.1:{port}"
        self._http = http
        self.guest = Browser(http, self.origin)

    async def signed_in(self, *who: tuple[Member, str]) -> Browser:
        """A browser with these sign-ins."""
        cookies = []
        for role, subject in who:
            token = await Links(self.database).create(POOL, role, subject, subject.title(), now=NOW())
            answer = await self.guest.ask("POST", "/v1/sign-in", json={"token": token})
            cookies.append(answer.headers["set-cookie"].split(";")[0])
        return Browser(self._http, self.origin, "; ".join(cookies))


@contextlib.asynccontextmanager
async def people_site(store_url: str, database_url: str, folder: Path, **more: Any) -> AsyncIterator[PeopleSite]:
    """A server before the store and the database, with `ADA` and `BOB` in its pool."""
    await stores.forget(store_url, POOL)
    database = await open_migrated(database_url)
    profiles = Profiles(database)
    await profiles.create_pool(POOL, "The demo line")
    await profiles.put_experts(POOL, [ADA, BOB])
    keys = (Secret(kid="k", value=b"s" * 32),)
    config = Config(
        store=store_url,
        database=database_url,
        keys=keys,
        state_dir=folder,
        port=0,
        hosts=("127.0.0.1", "localhost"),
        **more,
    )
    async with (
        contextlib.AsyncExitStack() as stack,
        listening(settings_of(config, create_app(config))) as port,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=60) as http,
    ):
        stack.push_async_callback(database.close)
        yield PeopleSite(port, http, database)
