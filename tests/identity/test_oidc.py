"""Signing in at an OpenID provider: our server, a real provider on loopback, and browsers between them."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from directory.profiles import Profiles
from ground.clock import SystemClock
from identity import web_keys
from identity.accounts import Accounts
from identity.members import Members
from identity.outside.settings import Provider
from identity.tokens import Identity
from tests.identity.elsewhere import Key, OpenId, key, open_place
from tests.server.test_site import Site, serving

EMAIL = "uma@mail.example"


def client(origin: str = "") -> httpx.AsyncClient:
    """Keeps no connection, so that nobody has to close it."""
    return httpx.AsyncClient(base_url=origin, trust_env=False, limits=httpx.Limits(max_keepalive_connections=0))


class Browser:
    """One browser: its cookies, and how it follows redirects one by one."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.http = client(site.origin)

    async def leave(self, query: str = "", pool: str = "demo") -> httpx.Response:
        return await self.http.get(f"/v1/pools/{pool}/oidc/start{query}")

    async def answer(self, query: str = "", pool: str = "demo") -> str:
        """Off to the provider, and where that sends us back to."""
        left = await self.leave(query, pool)
        assert left.status_code == 302, left.headers
        return (await client().get(left.headers["location"])).headers["location"]

    async def sign_in(self, query: str = "", pool: str = "demo") -> str:
        """The whole way; where it ends."""
        return await self.back(await self.answer(query, pool))

    async def back(self, url: str) -> str:
        came = await self.http.get(url)
        assert came.status_code == 303, came.text
        return came.headers["location"]

    async def account(self, role: str = "user") -> dict[str, Any]:
        """Who the server says we are, {} when nobody."""
        said = await self.http.get(f"/v1/pools/demo/account?role={role}")
        return said.json() if said.status_code == 200 else {}


@pytest.fixture
async def provider() -> AsyncIterator[OpenId]:
    async with open_place(OpenId()) as opened:
        yield opened


def ours(provider: OpenId, *pools: str) -> Provider:
    client, secret = provider.client
    made: dict[str, Any] = {"name": "Mail Example", "client_id": client, "client_secret": secret}
    return Provider(issuer=provider.issuer or provider.url, pools=list(pools or ("demo",)), **made)


@pytest.fixture
async def site(store_url: str, tmp_path: Path, provider: OpenId) -> AsyncIterator[Site]:
    async with serving(store_url, tmp_path, oidc=(ours(provider),)) as running:
        yield running


@pytest.fixture
def browser(site: Site) -> Browser:
    return Browser(site)


FAILED = "/sign-in?pool=demo&problem=sign_in_failed"


async def test_a_stranger_comes_back_with_an_account(site: Site, browser: Browser, provider: OpenId) -> None:
    provider.person |= {"email": EMAIL.upper(), "email_verified": True}
    assert (await browser.http.get("/v1/pools/demo/sign-in-options")).json() == {
        "oidc": "Mail Example", "visitors": True, "password": True,
    }  # fmt: skip
    assert await browser.sign_in("?to=//evil.example&redirect_uri=https://evil.example") == "/p/demo"
    first = await browser.account()
    assert (first["role"], first["email"], first["name"]) == ("user", EMAIL, "Jane Doe")
    assert not first["has_password"] and [one["how"] for one in first["sign_ins"]] == ["host"]
    # Next time, with another name and no address any more, it is the same account.
    provider.person = {"sub": provider.person["sub"], "name": "J. Doe"}
    again = Browser(site)
    await again.sign_in()
    assert (await again.account())["subject"] == first["subject"]
    assert not [name for name in browser.http.cookies if "oidc" in name]


async def test_an_account_is_joined_by_a_verified_address_only(site: Site, browser: Browser, provider: OpenId) -> None:
    subject = await Accounts(site.database).open("demo", "user", EMAIL, "Uma", now=SystemClock().now_ms())
    for n, said in enumerate((False, None, "true", 1)):
        provider.person = {"sub": f"mallory{n}", "email": EMAIL, "email_verified": said, "name": "Mallory"}
        stranger = Browser(site)
        assert await stranger.sign_in() == "/p/demo"
        other = await stranger.account()
        assert (other["email"], other["name"]) == ("", "Mallory") and other["subject"] != subject
    provider.person = {"sub": "uma", "email": EMAIL, "email_verified": True}
    await browser.sign_in()
    assert (await browser.account())["subject"] == subject


async def test_a_provider_gets_no_account_that_is_a_member_elsewhere(
    site: Site, browser: Browser, provider: OpenId
) -> None:
    """Who could sign in here as an operator of there could set a password that is good there, too."""
    await Profiles(site.database).create_pool("other", "Another tenant's")
    subject = await Accounts(site.database).open("other", "operator", EMAIL, "Olga", now=SystemClock().now_ms())
    provider.person |= {"email": EMAIL, "email_verified": True}
    assert await browser.sign_in() == "/p/demo"
    mine = await browser.account()
    assert mine["email"] == "" and mine["subject"] != subject


async def test_an_address_may_stand_in_the_userinfo(browser: Browser, provider: OpenId) -> None:
    provider.userinfo_only = True
    provider.person |= {"email": EMAIL, "email_verified": True}
    await browser.sign_in()
    assert (await browser.account())["email"] == EMAIL


async def test_roles_are_memberships_and_not_wishes(site: Site, browser: Browser, provider: OpenId) -> None:
    provider.person |= {"email": EMAIL, "email_verified": True}
    assert await browser.sign_in("?role=operator") == "/sign-in?pool=demo&problem=not_allowed"
    assert await browser.account("operator") == {}
    assert (await browser.leave("?role=root")).status_code == 400
    await Accounts(site.database).open("demo", "operator", EMAIL, "Olga", now=SystemClock().now_ms())
    assert await browser.sign_in("?role=operator") == "/p/demo/operator"
    assert (await browser.account("operator"))["email"] == EMAIL


async def test_who_is_blocked_stays_out(site: Site, browser: Browser, provider: OpenId) -> None:
    await browser.sign_in()
    mine = await browser.account()
    olga = Identity(pool="demo", role="operator", subject="olga", name="", expires_at=0, token_id="")
    now = SystemClock().now_ms()
    await Members(site.database).block("demo", "user", mine["subject"], "abuse", by=olga, now=now)
    assert await Browser(site).sign_in() == "/sign-in?pool=demo&problem=blocked"


async def test_a_visitor_grows_into_the_new_account(site: Site, browser: Browser, provider: OpenId) -> None:
    made = await browser.http.post("/v1/pools/demo/visitor", headers={"origin": site.origin})
    assert await browser.sign_in() == "/p/demo"
    assert (await browser.account())["subject"] == made.json()["member"]
    # The visitor's own cookie is worth nothing any more.
    old = made.headers["set-cookie"].split(";")[0]
    assert (await site.hello(old))["role"] == "guest"


# ---------------------------------------------------------------- what goes wrong


SPOILED: list[dict[str, Any]] = [
    {"nonce": "another"},
    {"nonce": None},
    {"aud": "somebody-else"},
    {"aud": ["openline", "somebody-else"]},
    {"azp": "somebody-else"},
    {"iss": "https://evil.example"},
    {"exp": int(time.time()) - 120},
    {"exp": None},
    {"iat": int(time.time()) + 3600},
    {"sub": None},
    {"sub": 7},
]


async def test_a_token_for_another_purpose_signs_nobody_in(browser: Browser, provider: OpenId) -> None:
    for spoil in SPOILED:
        provider.spoil = spoil
        assert await browser.sign_in() == FAILED, spoil
        assert await browser.account() == {}
    provider.spoil = {}
    assert await browser.sign_in() == "/p/demo"


async def test_keys_rotate_and_strangers_keys_do_not_count(
    browser: Browser, provider: OpenId, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await browser.sign_in() == "/p/demo"
    provider.signer = key(kid="k2")
    provider.keys = [provider.signer.jwk]
    assert await browser.sign_in() == FAILED  # keys that were just read are not read again for every new name
    monkeypatch.setattr(web_keys, "AGAIN_MS", 0)
    assert await browser.sign_in() == "/p/demo"
    provider.signer = Key("RS256", "k2")
    assert await browser.sign_in() == FAILED


async def test_a_state_is_of_one_browser_and_comes_back_once(site: Site, browser: Browser) -> None:
    url = await browser.answer()
    assert await Browser(site).back(url) == "/sign-in?pool=&problem=sign_in_failed"  # another browser: login CSRF
    jar = dict(browser.http.cookies)
    assert await browser.back(url) == "/p/demo"
    thief = Browser(site)
    thief.http.cookies.update(jar)
    assert await thief.back(url) == FAILED
    assert await thief.account() == {}


async def test_two_ways_there_at_once_do_not_disturb_each_other(browser: Browser) -> None:
    first, second = await browser.answer(), await browser.answer()
    assert [await browser.back(url) for url in (second, first)] == ["/p/demo", "/p/demo"]


async def test_ten_at_once_with_one_state_are_one_sign_in(browser: Browser) -> None:
    url = await browser.answer()
    jar = browser.http.cookies
    ends = await asyncio.gather(*(browser.http.get(url, headers={"cookie": _header(jar)}) for _ in range(10)))
    assert sorted(end.headers["location"] for end in ends) == ["/p/demo", *[FAILED] * 9]


def _header(jar: httpx.Cookies) -> str:
    return "; ".join(f"{name}={value}" for name, value in jar.items())


async def test_the_answer_of_another_provider_is_refused(store_url: str, tmp_path: Path, provider: OpenId) -> None:
    """The mix-up attack: what one provider has answered is brought back as another's."""
    async with open_place(OpenId()) as evil:
        both = (ours(provider), ours(evil, "other"))
        async with serving(store_url, tmp_path, oidc=both) as site:
            browser = Browser(site)
            query = {name: values[0] for name, values in parse_qs(urlsplit(await browser.answer()).query).items()}
            assert query["iss"] == provider.url
            wrong = {"iss": [evil.url, ""], "code": ["", "x" * 3000], "error": ["access_denied"]}
            for changed in [{name: value} for name, values in wrong.items() for value in values]:
                url = httpx.URL(f"{site.origin}/v1/oidc/callback", params=query | changed)
                fresh = Browser(site)
                fresh.http.cookies.update(browser.http.cookies)
                assert await fresh.back(str(url)) == FAILED


async def test_a_description_of_another_issuer_is_refused(store_url: str, tmp_path: Path, provider: OpenId) -> None:
    honest = ours(provider)
    provider.issuer = "https://evil.example"
    async with serving(store_url, tmp_path, oidc=(honest,)) as site:
        left = await Browser(site).leave()
        assert left.headers["location"] == "/sign-in?pool=demo&problem=sign_in_unavailable"


async def test_a_provider_that_is_down_and_one_that_is_none(store_url: str, tmp_path: Path) -> None:
    gone = Provider(name="Gone", issuer="http://127.0.0.1:1", client_id="c", pools=["demo"])
    async with serving(store_url, tmp_path, oidc=(gone,)) as site:
        await Profiles(site.database).create_pool("other", "Without a provider")
        browser = Browser(site)
        assert (await browser.leave()).headers["location"] == "/sign-in?pool=demo&problem=sign_in_unavailable"
        assert (await browser.leave(pool="other")).headers["location"] == "/sign-in?pool=other&problem=no_such_provider"
        assert (await browser.http.get("/v1/pools/other/sign-in-options")).json()["oidc"] == ""
        assert (await browser.http.get("/v1/pools/none/sign-in-options")).status_code == 404


async def test_a_wrong_client_secret_signs_nobody_in(browser: Browser, provider: OpenId) -> None:
    provider.client = ("openline", "another")
    assert await browser.sign_in() == FAILED
