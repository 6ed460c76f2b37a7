"""A guest becomes a user without losing the place in line: real sockets, real cookies, one server."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
import redis.asyncio
import websockets
from websockets.typing import Origin, Subprotocol

from ground.clock import SystemClock
from ground.ids import new_id
from identity.accounts import Accounts
from identity.outside.settings import HostSite
from tests.identity.elsewhere import key
from tests.server.test_site import Site, serving

MODE = {"mode": "chat"}


class Socket:
    """One page's socket: asks, and waits for what it is told."""

    def __init__(self, ws: websockets.ClientConnection) -> None:
        self._ws = ws
        self._n = 10
        self.told: list[dict[str, Any]] = []

    async def ask(self, name: str, **fields: Any) -> dict[str, Any]:
        self._n += 1
        number = self._n
        await self._ws.send(json.dumps({"t": name, "id": number} | fields))
        return await self.until(lambda said: said.get("id") == number)

    async def command(self, name: str, **fields: Any) -> dict[str, Any]:
        return await self.ask(name, op=new_id("op"), **fields)

    async def until(self, holds: Callable[[dict[str, Any]], Any]) -> dict[str, Any]:
        """The latest that holds, or the first that will."""
        async with asyncio.timeout(15):
            found: dict[str, Any] | None = next((said for said in reversed(self.told) if holds(said)), None)
            if found is not None:
                return found
            while True:
                heard: dict[str, Any] = json.loads(await self._ws.recv())
                self.told.append(heard)
                if holds(heard):
                    return heard

    async def ticket(self) -> dict[str, Any]:
        return await self.until(lambda said: said["t"] == "my_ticket" and said["ticket"])

    async def line(self) -> list[dict[str, Any]]:
        """Who stands in Ada's line now, as Ada sees it."""
        await self.ask("watch", all=True, lines=["ada"])  # the snapshot comes before the answer
        shot = await self.until(lambda said: said["t"] == "snapshot" and said["queues"])
        waiters: list[dict[str, Any]] = shot["queues"][0]["waiters"]
        return waiters

    async def close_code(self) -> int:
        with contextlib.suppress(websockets.ConnectionClosed):
            async with asyncio.timeout(15):
                while True:
                    self.told.append(json.loads(await self._ws.recv()))
        return self._ws.close_code or 0


class Browser:
    """A browser: one jar of cookies."""

    def __init__(self, site: Site) -> None:
        self.site = site
        keep = httpx.Limits(max_keepalive_connections=0)
        self.http = httpx.AsyncClient(
            base_url=site.origin, headers={"origin": site.origin}, trust_env=False, limits=keep
        )

    async def visit(self) -> str:
        made = await self.http.post("/v1/pools/demo/visitor")
        return str(made.json()["member"])

    async def follow_link(self, role: str, subject: str) -> dict[str, Any]:
        said = await self.http.post("/v1/sign-in", json={"token": await self.site.link(role, subject)})
        assert said.status_code == 200, said.text
        return said.json()  # type: ignore[no-any-return]

    @contextlib.asynccontextmanager
    async def socket(self, role: str = "user", token: str = "") -> AsyncIterator[Socket]:
        jar = "; ".join(f"{name}={value}" for name, value in self.http.cookies.items())
        async with websockets.connect(
            f"ws://127.0.0.1:{self.site.port}/v1/ws?as={role}", subprotocols=[Subprotocol("openline.v1.json")],
            origin=Origin(self.site.origin), additional_headers={"Cookie": jar},
        ) as ws:  # fmt: skip
            made = Socket(ws)
            await made.ask("hello", pool="demo", token=token)
            await made.ask("watch", all=True)
            yield made


async def keys_of_demo(client: redis.asyncio.Redis) -> list[bytes]:
    return [key async for key in client.scan_iter("ol:{demo}:*", count=1000)]


async def forget_demo(store_url: str) -> None:
    async with redis.asyncio.Redis.from_url(store_url) as client:
        if keys := await keys_of_demo(client):
            await client.delete(*keys)


@pytest.fixture
async def site(store_url: str, tmp_path: Path) -> AsyncIterator[Site]:
    """A server whose pool knows nothing of the tests before."""
    await forget_demo(store_url)
    async with serving(store_url, tmp_path) as running:
        yield running


@pytest.fixture
async def ada(site: Site) -> AsyncIterator[Socket]:
    """The expert, away: her line can be joined and nobody is called."""
    console = Browser(site)
    await console.follow_link("expert", "ada")
    async with console.socket("expert") as socket:
        await socket.command("declare", status="away", reason="")
        yield socket


async def account(site: Site, email: str, name: str) -> str:
    return await Accounts(site.database).open("demo", "user", email, name, now=SystemClock().now_ms())


async def test_second_of_three_signs_in_and_is_second_of_three(site: Site, ada: Socket) -> None:
    vic = await account(site, "vic@mail.example", "Vic")
    first, browser, third = Browser(site), Browser(site), Browser(site)
    for one in (first, browser, third):
        await one.visit()
    async with first.socket() as a, browser.socket() as b, third.socket() as c:
        for socket in (a, b, c):
            await socket.command("join", experts=["ada"], **MODE)
        before = await b.ticket()
        assert len(before["places"][0]["ahead"]) == 1
        said = await browser.follow_link("user", vic)
        assert said == {"to": "/p/demo", "place": "moved"}
        assert await b.close_code() == 4003  # the page comes again with the new cookie
        async with browser.socket() as mine:
            after = await mine.ticket()
            assert (after["ticket"], after["joined_at"]) == (before["ticket"], before["joined_at"])
            assert (after["places"][0]["ordinal"], after["places"][0]["ahead"]) == (
                before["places"][0]["ordinal"], before["places"][0]["ahead"],
            )  # fmt: skip
            waiters = await ada.line()
            assert [waiter["user"] == vic for waiter in waiters] == [False, True, False]
            assert waiters[1]["name"] == "Vic"
            async with asyncio.timeout(10):  # that Vic has come is told by the journal
                while not (await ada.line())[1]["connected"]:
                    await asyncio.sleep(0.02)


async def test_an_offer_and_a_session_go_on(site: Site, ada: Socket) -> None:
    vic = await account(site, "vic@mail.example", "Vic")
    await ada.command("declare", status="online", reason="")
    browser = Browser(site)
    await browser.visit()
    async with browser.socket() as visitor:
        await visitor.command("join", experts=["ada"], **MODE)
        rings = await ada.until(lambda told: told["t"] == "offer")
        assert (await browser.follow_link("user", vic))["place"] == "moved"
    async with browser.socket() as mine:
        offer = await mine.until(lambda told: told["t"] == "offer")
        assert (offer["offer"], offer["ring_until"]) == (rings["offer"], rings["ring_until"])
        await ada.command("accept", offer=offer["offer"])
        session = (await mine.until(lambda told: told["t"] == "session"))["session"]
        for socket in (mine, ada):
            assert (await socket.ask("connected", session=session))["t"] == "ok"
        live = await ada.until(lambda told: told["t"] == "session" and told["state"] == "live")
        assert live["partner"] == "Vic"


async def test_who_has_a_place_keeps_it_and_so_does_the_visitor(site: Site, ada: Socket) -> None:
    vic = await account(site, "vic@mail.example", "Vic")
    desk, phone = Browser(site), Browser(site)
    await desk.follow_link("user", vic)
    await phone.visit()
    async with desk.socket() as at_desk, phone.socket() as at_phone:
        for socket in (at_desk, at_phone):
            await socket.command("join", experts=["ada"], **MODE)
        own, visitors = await at_desk.ticket(), await at_phone.ticket()
        said = await phone.follow_link("user", vic)
        assert said == {"to": "/p/demo#already_in_line", "place": "already_in_line"}
        async with phone.socket() as mine:
            assert (await mine.ticket())["ticket"] == own["ticket"] != visitors["ticket"]


async def test_only_the_holder_of_the_visitors_cookie_takes_the_place(site: Site, ada: Socket) -> None:
    vic = await account(site, "vic@mail.example", "Vic")
    browser = Browser(site)
    member = await browser.visit()
    async with browser.socket() as visitor:
        await visitor.command("join", experts=["ada"], **MODE)
        ((name, cookie),) = browser.http.cookies.items()
        head, body, signature = cookie.split(".")
        for forged in (f"{head}.{body}.{signature[:-4]}AAAA", f"{head}.{body}.", member, ""):
            thief = Browser(site)
            thief.http.cookies.set(name, forged)
            assert "place" not in await thief.follow_link("user", vic)
        # A visitor who has signed out is nobody's to take over either.
        await browser.http.post("/v1/sign-out", json={"pool": "demo"})
        late = Browser(site)
        late.http.cookies.set(name, cookie)
        assert "place" not in await late.follow_link("user", vic)


async def test_from_one_person_to_another_nothing_goes_over(site: Site, ada: Socket) -> None:
    """Neither from an account, nor from a user whom a link of the command line names."""
    uma, vic = await account(site, "uma@mail.example", "Uma"), await account(site, "vic@mail.example", "Vic")
    for before in (uma, "named"):
        browser = Browser(site)
        await browser.follow_link("user", before)
        async with browser.socket() as page:
            await page.command("join", experts=["ada"], **MODE)
            assert await browser.follow_link("user", vic) == {"to": "/p/demo"}


async def test_a_page_of_another_site_keeps_its_visitor_and_hands_the_place_to_the_hosts_user(
    store_url: str, tmp_path: Path
) -> None:
    """No cookie of ours comes along there: a pass renews the visitor's token, and gives the place up, once."""
    now = int(SystemClock().now_ms() / 1000)
    claims = {
        "iss": "https://shop.example",
        "aud": "openline",
        "sub": "77",
        "name": "Vic",
        "iat": now,
        "exp": now + 600,
    }
    token = key().sign(claims)
    host = HostSite(
        pool="demo", issuer="https://shop.example", audience="openline", prefix="shop", algorithms=["RS256"],
        keys=[key().pem],
    )  # fmt: skip
    await forget_demo(store_url)
    async with serving(store_url, tmp_path, host_sites=(host,)) as site:
        console = Browser(site)
        await console.follow_link("expert", "ada")
        async with console.socket("expert") as ada:
            await ada.command("declare", status="away", reason="")
            shop = Browser(site)
            shop.http.headers["origin"] = "https://shop.example"
            first = (await shop.http.post("/v1/pools/demo/visitor")).json()
            shop.http.cookies.clear()
            again = (await shop.http.post("/v1/pools/demo/visitor", json={"pass": first["pass"]})).json()
            assert (again["member"], again["name"]) == (first["member"], first["name"])
            async with shop.socket(token=again["token"]) as visitor:
                await visitor.command("join", experts=["ada"], **MODE)
                before = await visitor.ticket()
                forged = {"pass": first["pass"][:-3] + "AAA", "token": token}
                refused = await shop.http.post("/v1/pools/demo/adopt", json=forged)
                assert (refused.status_code, refused.json()["code"]) == (401, "bad_token")
                assert refused.headers["access-control-allow-origin"] == "https://shop.example"
                for bad in ({"pass": first["pass"], "token": "x"}, {"pass": again["token"], "token": token}):
                    assert (await shop.http.post("/v1/pools/demo/adopt", json=bad)).json()["code"] == "bad_token"
                grown = await shop.http.post("/v1/pools/demo/adopt", json={"pass": first["pass"], "token": token})
                assert grown.json() == {"place": "moved"}
                assert await visitor.close_code() == 4003
            async with shop.socket(token=token) as mine:
                after = await mine.ticket()
                assert (after["ticket"], after["joined_at"]) == (before["ticket"], before["joined_at"])
            # The pass has done what it was for.
            for what, body in (("visitor", {}), ("adopt", {"token": token})):
                late = await shop.http.post(f"/v1/pools/demo/{what}", json={"pass": first["pass"]} | body)
                assert late.json()["code"] == "bad_token"
