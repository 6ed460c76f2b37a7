"""Pages, sign-in and health over real HTTP, before a real store and a real database."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import websockets
from websockets.typing import Origin, Subprotocol

from directory.expert import PoolOptions
from directory.importer import import_experts
from directory.profiles import Profiles
from ground.clock import SystemClock
from ground.ids import new_id
from ground.sql import Database
from identity.links import Links
from identity.tokens import Secret
from server.app import create_app
from server.config import Config
from server.limits import Bounds, Rate
from server.middleware import BODY_BYTES
from server.run import settings_of
from tests.databases import open_migrated
from tests.listening import listening
from tests.repo.house import ROOT

NOW = SystemClock().now_ms


class Site:
    """A running server with one pool, and an HTTP client that sends its origin."""

    def __init__(self, port: int, http: httpx.AsyncClient, database: Database) -> None:
        self.port = port
        self.http = http
        self.database = database
        self.origin = f"http://127.0.0.1:{port}"

    async def post(self, path, body=None, origin=None, **headers):
        given = {"origin": self.origin if origin is None else origin} | headers
        return await self.http.post(path, json=body, headers={k: v for k, v in given.items() if v})

    async def link(self, role, subject, ttl_s=60):
        return await Links(self.database).create("demo", role, subject, subject.title(), now=NOW(), ttl_s=ttl_s)

    async def hello(self, cookie="", query="", origin=None):
        headers = {"Cookie": cookie} if cookie else {}
        url = f"ws://127.0.0.1:{self.port}/v1/ws{query}"
        spoken = [Subprotocol("openline.v1.json")]
        async with websockets.connect(
            url, subprotocols=spoken, origin=Origin(origin or self.origin), additional_headers=headers
        ) as ws:
            await ws.send(json.dumps({"t": "hello", "id": 1, "pool": "demo"}))
            return json.loads(await ws.recv())


@contextlib.asynccontextmanager
async def serving(store_url, tmp_path, bounds=None, **more) -> AsyncIterator[Site]:
    database_url = f"sqlite:///{tmp_path / 'openline.db'}"
    database = await open_migrated(database_url)
    profiles = Profiles(database)
    await profiles.create_pool("demo", "The demo line")
    await profiles.put_options("demo", PoolOptions(visitors=True))
    await import_experts(profiles, "demo", (ROOT / "demo" / "experts.csv").read_bytes())
    keys = (Secret(kid="k", value=b"s" * 32),)
    given: dict[str, Any] = {"hosts": ("127.0.0.1",), "origins": ("https://shop.example",), "demo": True} | more
    config = Config(store=store_url, database=database_url, keys=keys, state_dir=tmp_path, port=0, **given)
    async with (
        contextlib.AsyncExitStack() as stack,
        listening(settings_of(config, create_app(config, bounds))) as port,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as http,
    ):
        stack.push_async_callback(database.close)
        yield Site(port, http, database)


@pytest.fixture
async def site(store_url, tmp_path):
    async with serving(store_url, tmp_path) as running:
        yield running


async def test_a_link_signs_in_once_and_the_cookie_opens_the_socket(site):
    token = await site.link("expert", "ada")
    answers = await asyncio.gather(*(site.post("/v1/sign-in", {"token": token}) for _ in range(5)))
    good = [answer for answer in answers if answer.status_code == 200]
    assert len(good) == 1 and good[0].json() == {"to": "/p/demo/expert"}
    assert {answer.json()["code"] for answer in answers if answer not in good} == {"link_used"}
    set_cookie = good[0].headers["set-cookie"]
    assert "HttpOnly" in set_cookie and "SameSite=Lax" in set_cookie
    cookie = set_cookie.split(";")[0]
    welcome = await site.hello(cookie, "?as=expert")
    assert (welcome["t"], welcome["role"], welcome["member"]) == ("welcome", "expert", "ada")
    assert (await site.hello(cookie, "?as=user"))["role"] == "guest"
    assert (await site.hello(cookie + "x", "?as=expert"))["role"] == "guest"


async def test_three_roles_live_in_one_browser(site):
    cookies = []
    for role, subject in (("user", "uma"), ("expert", "ada"), ("operator", "olga")):
        answer = await site.post("/v1/sign-in", {"token": await site.link(role, subject)})
        cookies.append(answer.headers["set-cookie"].split(";")[0])
    for role in ("user", "expert", "operator", "guest"):
        assert (await site.hello("; ".join(cookies), f"?as={role}"))["role"] == role


async def test_links_that_are_no_good_say_why(site):
    old = await Links(site.database).create("demo", "user", "uma", now=NOW() - 120_000, ttl_s=60)
    expired = await site.post("/v1/sign-in", {"token": old})
    unknown = await site.post("/v1/sign-in", {"token": "x" * 43})
    assert (expired.status_code, expired.json()["code"]) == (403, "link_expired")
    assert (unknown.status_code, unknown.json()["code"]) == (403, "link_unknown")
    for body in (None, {}, {"token": 1}, {"token": "x" * 300}, {"token": "x" * 43, "to": "//evil.example"}):
        assert (await site.post("/v1/sign-in", body)).status_code == 400


async def test_no_post_without_our_own_or_an_allowed_origin(site):
    token = await site.link("user", "uma")
    for origin in ("null", "https://evil.example", "http://127.0.0.1", f"{site.origin}.evil.example", ""):
        answer = await site.post("/v1/sign-in", {"token": token}, origin=origin)
        assert (answer.status_code, answer.json()["code"]) == (403, "wrong_origin")
    assert (await site.post("/v1/sign-in", {"token": token})).status_code == 200


async def test_signing_out_takes_the_cookie_and_closes_the_sockets(site):
    signed = await site.post("/v1/sign-in", {"token": await site.link("user", "uma")})
    cookie = signed.headers["set-cookie"].split(";")[0]
    spoken = [Subprotocol("openline.v1.json")]
    async with websockets.connect(
        f"ws://127.0.0.1:{site.port}/v1/ws", subprotocols=spoken, origin=site.origin,
        additional_headers={"Cookie": cookie},
    ) as ws:  # fmt: skip
        await ws.send(json.dumps({"t": "hello", "id": 1, "pool": "demo"}))
        assert json.loads(await ws.recv())["role"] == "user"
        answer = await site.post("/v1/sign-out", {"pool": "demo", "role": "user"}, cookie=cookie)
        assert answer.status_code == 200 and "Max-Age=0" in answer.headers["set-cookie"]
        async with asyncio.timeout(2):
            await ws.wait_closed()
        assert ws.close_code == 4402


async def test_a_pool_with_visitors_makes_users_and_gives_a_token_only_to_other_allowed_origins(site):
    own = await site.post("/v1/pools/demo/visitor")
    assert own.status_code == 200 and "token" not in own.json() and "set-cookie" in own.headers
    other = await site.post("/v1/pools/demo/visitor", origin="https://shop.example")
    assert other.json()["token"] and other.headers["access-control-allow-origin"] == "https://shop.example"
    assert (await site.post("/v1/pools/other/visitor")).status_code == 404


async def test_there_are_no_made_up_users_where_the_pool_wants_none(store_url, tmp_path):
    async with serving(store_url, tmp_path, demo=False) as site:
        await Profiles(site.database).put_options("demo", PoolOptions(visitors=False))
        refused = await site.post("/v1/pools/demo/visitor")
        assert (refused.status_code, refused.json()["code"]) == (403, "no_visitors")
        assert (await site.http.get("/")).status_code == 404


async def test_sign_ins_have_a_rate_per_address_that_forwarded_headers_do_not_beat(store_url, tmp_path):
    bounds = Bounds(sign_ins_per_address=Rate(3, 0.001))
    async with serving(store_url, tmp_path, bounds, trusted_proxies=("127.0.0.1",)) as site:
        seen = []
        for n in range(6):
            spoofed = {"x-forwarded-for": f"9.9.9.{n}, 8.8.8.8"}
            seen.append((await site.post("/v1/sign-in", {"token": "x" * 43}, **spoofed)).status_code)
        assert seen == [403] * 3 + [429] * 3


@pytest.mark.claim("B1")
async def test_profiles_are_public_and_cached_by_their_etag(site):
    first = await site.http.get("/v1/pools/demo/experts")
    assert first.status_code == 200 and len(first.json()["experts"]) == 12
    assert first.headers["access-control-allow-origin"] == "*"
    again = await site.http.get("/v1/pools/demo/experts", headers={"if-none-match": first.headers["etag"]})
    assert again.status_code == 304 and again.content == b""
    for pool in ("nowhere", "..%2f..%2fetc", "%00", "x" * 100):
        assert (await site.http.get(f"/v1/pools/{pool}/experts")).status_code == 404


async def test_staff_pages_and_sign_in_stand_in_nobody_elses_frame(site):
    for path in ("/p/demo/expert", "/p/demo/operator", "/sign-in"):
        policy = (await site.http.get(path)).headers["content-security-policy"]
        assert policy.endswith("frame-ancestors 'self'") and "default-src 'none'" in policy


async def test_every_answer_carries_the_security_headers_and_a_request_id(site):
    for path in ("/nothing/here", "/healthz", "/v1/pools/demo/experts"):
        headers = (await site.http.get(path)).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy and "unsafe" not in policy
        assert "frame-ancestors 'self' https://shop.example" in policy
        assert headers["x-content-type-options"] == "nosniff" and headers["referrer-policy"] == "no-referrer"
        assert headers["x-request-id"].startswith("r-") and "server" not in headers
        assert "strict-transport-security" not in headers


@pytest.mark.claim("B31")
@pytest.mark.claim("B29")
async def test_https_behind_a_named_proxy_gets_hsts_and_secure_cookies(store_url, tmp_path):
    async with serving(store_url, tmp_path, trusted_proxies=("127.0.0.1",)) as site:
        origin = f"https://127.0.0.1:{site.port}"
        answer = await site.post("/v1/pools/demo/visitor", origin=origin, **{"x-forwarded-proto": "https"})
        assert answer.status_code == 200 and "strict-transport-security" in answer.headers
        assert answer.headers["set-cookie"].startswith("__Host-") and "Secure" in answer.headers["set-cookie"]


async def test_foreign_hosts_get_nothing(site):
    answer = await site.http.get("/p/demo", headers={"host": "evil.example"})
    assert (answer.status_code, answer.json()["code"]) == (421, "wrong_host")


async def test_bodies_are_bounded_with_and_without_a_length(site):
    assert (await site.post("/v1/sign-in", {"token": "x" * BODY_BYTES})).status_code == 413

    async def endless():
        for _ in range(100):
            yield b"x" * 8192

    answer = await site.http.post("/v1/sign-in", content=endless(), headers={"origin": site.origin})
    assert answer.status_code == 413


async def test_no_path_of_a_request_becomes_a_path_of_the_disk(site):
    for path in ("/..%2fpyproject.toml", "/%2e%2e/pyproject.toml", "/server/app.py", "/.env", "/openline.js/../x"):
        assert (await site.http.get(path)).status_code == 404


async def test_the_sign_in_page_runs_its_own_script_only(site):
    page = await site.http.get("/sign-in")
    assert page.status_code == 200 and "<script>" not in page.text and "onclick" not in page.text
    script = await site.http.get("/sign-in.js")
    assert script.headers["content-type"].startswith("text/javascript")
    assert script.headers["access-control-allow-origin"] == "*"


async def test_ready_says_what_is_not_well(site):
    assert (await site.http.get("/healthz")).text == "alive\n"
    ready = await site.http.get("/readyz")
    assert ready.status_code == 200
    assert ready.json()["checks"] == {"store": True, "database": True, "journal": True, "accepting": True}


async def test_metrics_count_what_happened_and_tell_no_secret(site):
    token = await site.link("user", "uma")
    cookie = (await site.post("/v1/sign-in", {"token": token})).headers["set-cookie"].split(";")[0]
    await site.hello(cookie)
    await site.http.get(f"/{new_id('x')}")
    text = (await site.http.get("/metrics")).text
    assert 'name="hello"' in text and "openline_handshakes_total" in text
    assert "openline_command_seconds_bucket" in text and "openline_view_age_seconds" in text
    assert "openline_media_workers{" in text and "openline_media_sessions{" in text
    assert token not in text and cookie.split("=")[1] not in text
