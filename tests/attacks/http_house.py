"""A running server of either database with two pools and everybody who may come, for attacks over HTTP."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import sqlalchemy as sa
import uvicorn
from starlette.applications import Starlette
from starlette.routing import Route

from directory.expert import Expert, PoolOptions
from directory.photos import Photos
from directory.profiles import Profiles
from directory.testimonials import Testimonials
from ground.clock import SystemClock
from ground.sql import Database, metadata
from identity import links
from identity.accounts import Accounts
from identity.tokens import Member, Secret
from mail import outbox
from mail.letter import Letter
from server.app import create_app
from server.config import Config
from server.limits import Bounds, Rate
from server.run import settings_of
from tests.attacks.http_rows import ELSEWHERE, POOL, ROLES
from tests.directory import pictures

NOW = SystemClock().now_ms
SHOP = "https://shop.example"
# What the server writes by itself.
MOVING = {"journal_cursor", "index_entries", "index_pools", "index_words", "index_stale", "expert_states"}
Truth = dict[str, list[str]]


class Browser:
    """Somebody's browser. Cookies of answers are not kept: who comes stays who they are."""

    def __init__(self, http: httpx.AsyncClient, origin: str, cookie: str = "") -> None:
        self._http = http
        self.headers = {"origin": origin} | ({"cookie": cookie} if cookie else {})
        self.cookie = cookie

    async def ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        self._http.cookies.clear()
        given: dict[str, str] = self.headers | more.pop("headers", {})
        headers = {name: value for name, value in given.items() if value}
        return await self._http.request(method, path, headers=headers, **more)


class HttpHouse:
    """The server. `things` are what it holds, by path parameter; `others` are those of the pool `ELSEWHERE`, or of the
    other expert."""

    def __init__(self, app: Starlette, port: int, http: httpx.AsyncClient, database: Database) -> None:
        self.database = database
        self.origin = f"http://127.0.0.1:{port}"
        self.app = app
        self.http = http
        self.guest = Browser(http, self.origin)
        self.people: dict[str, Browser] = {"guest": self.guest}
        self.things: dict[str, str] = {"pool": POOL, "expert": "ada", "digest": "", "sign_in": "", "name": "sign-in.js"}
        self.others: dict[str, str] = {"pool": ELSEWHERE, "expert": "bob"}

    def routes(self) -> set[tuple[str, str]]:
        """Method and path of all that the server answers, HEAD aside."""
        routes = [route for route in self.app.router.routes if isinstance(route, Route)]
        assert len(routes) == len(self.app.router.routes), "only plain routes: whatever else there is, is untested"
        # Site's pages give way to those that the server writes itself.
        return {(method, route.path) for route in routes for method in (route.methods or {"*"}) - {"HEAD"}}

    async def fill(self) -> None:
        profiles = Profiles(self.database)
        for pool in (POOL, ELSEWHERE):
            await profiles.create_pool(pool, "A line")
            await profiles.put_options(pool, PoolOptions(visitors=True))
            await profiles.put_experts(pool, [Expert(expert="ada", name="Ada Quill"), Expert(expert="bob", name="Bob")])
        self.things["digest"] = await self._photo(POOL, "ada")
        self.others["digest"] = await self._photo(ELSEWHERE, "bob")
        said = Testimonials(self.database)
        self.things["testimonial"] = (await said.add(POOL, "ada", "She counts.", "A neighbour", NOW())).testimonial
        self.others["testimonial"] = (await said.add(POOL, "bob", "He counts.", "A neighbour", NOW())).testimonial
        self.things["mail"], self.others["mail"] = await self._mail(POOL), await self._mail(ELSEWHERE)

    async def _photo(self, pool: str, expert: str) -> str:
        path = await Photos(self.database).put(pool, expert, pictures.encoded(pictures.photo(), "JPEG"))
        return path.rpartition("/")[2]

    async def _mail(self, pool: str) -> str:
        letter = Letter(kind="free", pool=pool, to=f"to@{pool}.example", subject="x", text="y", secret=False)
        async with self.database.begin() as tx:
            await outbox.put(tx, letter, NOW())
        return (await outbox.Outbox(self.database).page(pool))[0][0].mail

    async def sign_in(self, name: str, pool: str = POOL, again: str = "") -> Browser:
        """One of ROLES, with an account, by a link that came by mail; `again` is another of the same role."""
        role: Any = ROLES[name]
        email, expert = f"{again or name.replace(' ', '.')}@line.example", ""
        if role == "expert" and not again:
            expert = "bob" if name == "peer" else "ada"
        await self._member(pool, role, email, expert)
        async with self.database.begin() as tx:
            link = links.Link(pool=pool, role=role, purpose="sign_in", email=email)
            token = await links.add(tx, link, now=NOW())
        answer = await self.guest.ask("POST", "/v1/sign-in", json={"token": token})
        assert answer.status_code == 200, answer.text
        return Browser(self.http, self.origin, answer.headers["set-cookie"].split(";")[0])

    async def _member(self, pool: str, role: Member, email: str, expert: str) -> str:
        return await Accounts(self.database).open(pool, role, email, "Somebody", now=NOW(), expert=expert)

    async def truth(self) -> Truth:
        """All that is written down, but for what the server writes by itself."""
        found = {}
        async with self.database.read() as tx:
            for name, table in metadata.tables.items():
                if name not in MOVING:
                    found[name] = sorted(repr(tuple(row)) for row in await tx.execute(sa.select(table)))
        return found


@contextlib.asynccontextmanager
async def http_house(store_url: str, database_url: str, folder: Path) -> AsyncIterator[HttpHouse]:
    database = await Database.open(database_url)
    await database.migrate()
    config = Config(
        store=store_url, database=database_url, keys=(Secret(kid="k", value=b"s" * 32),), state_dir=folder, port=0,
        hosts=("127.0.0.1",), origins=(SHOP,),
    )  # fmt: skip
    app = create_app(config, Bounds(passwords_per_account=Rate(10_000, 1000)))
    server = uvicorn.Server(settings_of(config, app))
    listener = socket.create_server(("127.0.0.1", 0))
    task = asyncio.create_task(server._serve([listener]))
    port = listener.getsockname()[1]
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=60) as http:
        while not server.started:
            assert not task.done()
            await asyncio.sleep(0.01)
        try:
            made = HttpHouse(app, port, http, database)
            await made.fill()
            for name in ROLES:
                made.people[name] = await made.sign_in(name, ELSEWHERE if "elsewhere" in name else POOL)
            yield made
        finally:
            server.should_exit = True
            await task
            await database.close()
