"""A running server of either database with two pools and everybody who may come, for attacks over HTTP."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode

import msgspec
import sqlalchemy as sa
from starlette.applications import Starlette
from starlette.routing import Route

from billing.payouts import bank_accounts, payouts
from billing.payouts.bank_accounts import POOL as POOLS_OWN
from billing.receipts import store as receipts
from directory.expert import Expert, PoolOptions
from directory.photos import Photos
from directory.profiles import Profiles
from directory.testimonials import Testimonials
from ground.clock import SystemClock
from ground.sql import Database, Stamp, metadata
from identity import links
from identity.accounts import Accounts
from identity.tokens import Member, Secret
from mail import outbox
from mail.letter import Letter
from queueing.facts import SessionFacts
from server.app import create_app
from server.config import Config
from server.limits import Bounds, Rate
from server.run import settings_of
from sessions import store as sessions
from tests.attacks.http_rows import ELSEWHERE, POOL, ROLES
from tests.billing.books import drop
from tests.databases import open_migrated
from tests.directory import pictures
from tests.listening import listening
from tests.processor import processor

NOW = SystemClock().now_ms
SHOP = "https://shop.example"
# What the server writes by itself.
MOVING = {"journal_cursor", "index_entries", "index_pools", "index_words", "index_stale", "expert_states"}
Truth = dict[str, list[str]]


class Answer(NamedTuple):
    """An answer as it came: header names in small letters."""

    status_code: int
    headers: dict[str, str]
    content: bytes

    @property
    def text(self) -> str:
        return self.content.decode()

    def json(self) -> Any:
        return msgspec.json.decode(self.content)


class Wire:
    """One connection that is kept, and opened anew when the server has hung up. Requests are sent as they are: no
    library mends them, and thousands of them take no time."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._lines: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Answer:
        given = {"host": f"127.0.0.1:{self._port}", "content-length": str(len(body))} | headers
        head = "".join(f"{name}: {value}\r\n" for name, value in given.items() if value)
        reader, writer = self._lines or await asyncio.open_connection("127.0.0.1", self._port)
        writer.write(f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode("latin-1") + body)
        async with asyncio.timeout(60):
            first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").strip().split("\r\n")
            found = {name.lower(): value for name, _colon, value in (line.partition(": ") for line in lines)}
            assert len(found) == len(lines), "a header came twice"
            status = int(first.split()[1])
            content = await self._body(reader, found)
        self._lines = (reader, writer)
        if found.get("connection") == "close" or (status >= 400 and len(body) > 60_000):
            self.close()  # the server does not read to the end what it has refused
        return Answer(status, found, content)

    async def _body(self, reader: asyncio.StreamReader, headers: dict[str, str]) -> bytes:
        if headers.get("transfer-encoding") != "chunked":
            return await reader.readexactly(int(headers.get("content-length", "0")))
        pieces = []
        while length := int(await reader.readline(), 16):
            pieces.append((await reader.readexactly(length + 2))[:-2])
        await reader.readline()
        return b"".join(pieces)

    def close(self) -> None:
        if self._lines:
            self._lines[1].close()
        self._lines = None


class Browser:
    """Somebody's browser. Cookies of answers are not kept: who comes stays who they are."""

    def __init__(self, wire: Wire, origin: str, cookie: str = "") -> None:
        self._wire = wire
        self._headers = {"origin": origin, "cookie": cookie}
        self.cookie = cookie

    async def ask(
        self, method: str, path: str, *, query: dict[str, str] | None = None, origin: str | None = None,
        body: object = None, content: bytes = b"",
    ) -> Answer:  # fmt: skip
        """`body` goes as JSON, `content` as it is."""
        headers = self._headers if origin is None else self._headers | {"origin": origin}
        sent = content if body is None else msgspec.json.encode(body)
        return await self._wire.ask(method, f"{path}?{urlencode(query)}" if query else path, headers, sent)


class HttpHouse:
    """The server. `things` are what it holds, by path parameter; `others` are those of the pool `ELSEWHERE`, or of the
    other expert."""

    def __init__(self, app: Starlette, port: int, database: Database) -> None:
        self.database = database
        self.origin = f"http://127.0.0.1:{port}"
        self.app = app
        self.wire = Wire(port)
        self.guest = Browser(self.wire, self.origin)
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
            await profiles.put_options(pool, PoolOptions(visitors=True, prepaid=True))
            ada = Expert(expert="ada", name="Ada Quill", rate=120, email="ada@line.example")
            await profiles.put_experts(pool, [ada, Expert(expert="bob", name="Bob")])
        self.things["digest"] = await self._photo(POOL, "ada")
        self.others["digest"] = await self._photo(ELSEWHERE, "bob")
        said = Testimonials(self.database)
        self.things["testimonial"] = (await said.add(POOL, "ada", "She counts.", "A neighbour", NOW())).testimonial
        self.others["testimonial"] = (await said.add(POOL, "bob", "He counts.", "A neighbour", NOW())).testimonial
        for pool, named in ((POOL, self.things), (ELSEWHERE, self.others)):
            named["user"] = await self._member(pool, "user", f"payer@{pool}.example", "")
            named["batch"] = await self._batch(pool, named["user"])
            named["session"] = await self._receipt(pool, named["user"])
        self.things["mail"], self.others["mail"] = await self._mail(POOL), await self._mail(ELSEWHERE)

    async def _photo(self, pool: str, expert: str) -> str:
        path = await Photos(self.database).put(pool, expert, pictures.encoded(pictures.photo(), "JPEG"))
        return path.rpartition("/")[2]

    async def _batch(self, pool: str, user: str) -> str:
        """Something was earned, and is being paid out."""
        await drop(self.database, pool, "ada", 300, user=user)
        async with self.database.begin() as tx:
            for whose in ("ada", POOLS_OWN):
                await bank_accounts.put(tx, pool, whose, "Ada Quill", "DE89370400440532013000", NOW())
            made, _new = await payouts.make(tx, pool, "EUR", op="op-first", now=NOW(), experts=None, minimum=1)
        return made.batch

    async def _receipt(self, pool: str, user: str) -> str:
        """A session of `user` with a receipt."""
        facts = SessionFacts(
            cause="ended", session=f"s-{pool}", expert="ada", user=user, name="Somebody", ticket="t", mode="chat",
            state="ended", joined_at=1, matched_at=2, live_at=3, ended_at=4, cap_until=0, user_on=False,
            expert_on=False, gone_side="", gone_until=0, overtook=[], reason="", by="user",
        )  # fmt: skip
        async with self.database.begin() as tx:
            await sessions.record(tx, pool, [(Stamp("e", 1, 4), [facts])])
            await receipts.add_receipt(tx, pool, facts.session, "{}", 4)
        return facts.session

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
        answer = await self.guest.ask("POST", "/v1/sign-in", body={"token": token})
        assert answer.status_code == 200, answer.text
        return Browser(self.wire, self.origin, answer.headers["set-cookie"].split(";")[0])

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
    database = await open_migrated(database_url)
    async with contextlib.AsyncExitStack() as stack:
        cards = await stack.enter_async_context(processor())
        config = Config(
            store=store_url, database=database_url, keys=(Secret(kid="k", value=b"s" * 32),), state_dir=folder, port=0,
            hosts=("127.0.0.1",), origins=(SHOP,), stripe_key=cards.key, stripe_webhook_secret=cards.secret,
            stripe_api=cards.api,
        )  # fmt: skip
        app = create_app(config, Bounds(passwords_per_account=Rate(10_000, 1000)))
        stack.push_async_callback(database.close)
        made = HttpHouse(app, await stack.enter_async_context(listening(settings_of(config, app))), database)
        stack.callback(made.wire.close)
        await made.fill()
        for name in ROLES:
            made.people[name] = await made.sign_in(name, ELSEWHERE if "elsewhere" in name else POOL)
        yield made
