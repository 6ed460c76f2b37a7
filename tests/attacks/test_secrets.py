"""Tokens, links and cookies: used again, late, forged, past their end; and no trace of one in logs or metrics."""

import asyncio
import time
from typing import Any

import httpx
import jwt
import pytest
import websockets
from websockets.typing import Subprotocol

from ground.clock import SystemClock
from ground.errors import Refusal
from identity.arrivals import Arrivals
from identity.cookies import cookie_name
from identity.links import Links
from tests.chaos.town import Town
from tests.server.browsing import browsing
from tests.server.rig import JSON
from tests.stories.talker import Talker, talking
from wire import messages


def forged(site: Town, pool: str, key: bytes = b"", algorithm: str = "HS256", kid: Any = "", **changes: Any) -> str:
    """A token as the server would make it, but for what is given."""
    own = site.config.keys[0]
    now = int(time.time())
    claims = {
        "iss": "openline", "aud": f"openline:{pool}", "iat": now, "exp": now + 60, "jti": "j", "sub": "mal",
        "pool": pool, "role": "operator", "name": "Mal",
    } | changes  # fmt: skip
    return jwt.encode(claims, key or own.value, algorithm=algorithm, headers={"kid": kid or own.kid})


async def refused(site: Town, pool: str, token: str) -> tuple[str, int]:
    """What a hello with this token gets: the refusal and the close code."""
    url = f"ws://localhost:{site.ports[0]}/v1/ws"
    async with websockets.connect(url, subprotocols=[Subprotocol(JSON.subprotocol)], compression=None) as ws:
        await ws.send(JSON.encode(messages.Hello(id=1, pool=pool, token=token)), text=True)
        answer = JSON.decode_server(await ws.recv())
        assert isinstance(answer, messages.Refused), answer
        async with asyncio.timeout(5):
            await ws.wait_closed()
        return f"{answer.code} {answer.detail}", ws.close_code or 0


async def test_forged_tokens_get_one_answer_at_the_socket(site: Town) -> None:
    pool = await site.new_pool("ada")
    none = jwt.encode(
        {"role": "operator", "pool": pool}, "", algorithm="none", headers={"kid": site.config.keys[0].kid}
    )
    vectors = [
        "nonsense", "a.b.c", none, none + "AAAA",
        forged(site, pool, key=b"x" * 32),
        forged(site, pool, key=b"y" * 64, algorithm="HS512"),
        forged(site, pool, kid="../../../../dev/null"),
        forged(site, pool, kid="' OR 1=1 --"),
        forged(site, pool, exp=int(time.time()) - 5),
        forged(site, pool, exp=int(time.time()) + 86_400),
        forged(site, pool, iat=int(time.time()) + 3600, exp=int(time.time()) + 3660),
        forged(site, pool, aud="openline-cookie"),
        forged(site, pool, iss="another"),
        forged(site, pool, role="root"),
        forged(site, pool, role=["operator"]),
        site.token("another-pool", "operator", "mal"),
    ]  # fmt: skip
    answers = {await refused(site, pool, vector) for vector in vectors}
    assert answers == {("bad_token ", 4401)}
    async with talking(site.ports[0], pool, forged(site, pool, role="user")):
        pass  # the vectors are wrong only in what they change


async def test_a_link_signs_in_once_and_not_late(site: Town) -> None:
    pool = await site.new_pool("ada")
    links = Links(site.database)
    token = await links.create(pool, "user", "uma", "Uma", now=SystemClock().now_ms())
    late = await links.create(pool, "user", "uma", "Uma", now=SystemClock().now_ms() - 120_000, ttl_s=60)
    origin = {"origin": site.books.base}
    async with httpx.AsyncClient(base_url=site.books.base, trust_env=False, headers=origin) as http:
        answers = await asyncio.gather(*(http.post("/v1/sign-in", json={"token": token}) for _ in range(8)))
        statuses = sorted(answer.status_code for answer in answers)
        assert statuses == [200] + [403] * 7
        assert (await http.post("/v1/sign-in", json={"token": token})).json()["code"] == "link_used"
        assert (await http.post("/v1/sign-in", json={"token": late})).status_code == 403
    with pytest.raises(Refusal):
        await Arrivals(site.database).by_link(token, now=SystemClock().now_ms())


async def test_an_end_of_sign_in_closes_every_tab_within_two_seconds(site: Town) -> None:
    pool = await site.new_pool("ada")
    token = site.token(pool, "user", "uma", ttl_s=2)
    end = int(jwt.decode(token, options={"verify_signature": False})["exp"])
    port = site.ports[0]
    async with (
        talking(port, pool, token) as one,
        talking(port, pool, token) as two,
        talking(port, pool, token) as three,
    ):
        for tab in (one, two, three):
            told = await tab.until(messages.SignedOut)
            assert told.reason == "expired"
            async with asyncio.timeout(5):
                await tab.socket.wait_closed()
            assert tab.socket.close_code == 4402
        assert end <= time.time() < end + 2.5


async def test_signing_out_closes_every_tab_within_two_seconds(site: Town) -> None:
    pool = await site.new_pool("ada")
    link = await Links(site.database).create(pool, "user", "uma", "Uma", now=SystemClock().now_ms())
    async with browsing(site.books.base) as uma:
        assert (await uma.follow(link)).status_code == 200
        async with (
            talking(site.ports[0], pool, cookie=uma.cookie) as one,
            talking(site.ports[0], pool, cookie=uma.cookie) as two,
        ):
            began = time.monotonic()
            assert (await uma.post("/v1/sign-out", {"pool": pool, "role": "user"})).status_code == 200
            for tab in (one, two):
                async with asyncio.timeout(5):
                    await tab.socket.wait_closed()
            assert time.monotonic() - began < 2


async def test_logs_and_metrics_hold_no_secret(site: Town) -> None:
    pool = await site.new_pool("ada")
    link = await Links(site.database).create(pool, "expert", "ada", "Ada", now=SystemClock().now_ms())
    token = site.token(pool, "user", "uma")
    wrong = forged(site, pool, key=b"y" * 32)
    secrets = [link, token, wrong]
    async with httpx.AsyncClient(base_url=site.books.base, trust_env=False) as http:
        signed = await http.post("/v1/sign-in", json={"token": link}, headers={"origin": site.books.base})
        secrets.append(signed.cookies.jar.__iter__().__next__().value or "")
        for path in (f"/p/{pool}", "/sign-in", "/v1/ws", "/no/such/page"):
            await http.get(path, params={"token": token}, headers={"referer": f"{site.books.base}/?t={token}"})
            await http.get(path, headers={"authorization": f"Bearer {token}", "x-request-id": token})
        await http.post("/v1/sign-in", content=link + "{", headers={"origin": site.books.base})
        await refused(site, pool, wrong)
        async with talking(site.ports[0], pool, token) as uma:
            await say_everywhere(uma, token)
        metrics = (await http.get("/metrics")).text
    for secret in secrets:
        for part in (secret, secret[-24:]):
            assert part not in site.processes[0].said()
            assert part not in metrics


async def say_everywhere(talker: Talker, secret: str) -> None:
    """The secret where a user may write something, so that what is refused could show it."""
    await talker.socket.send('{"t":"' + secret[:40] + '","id":7}')
    await talker.socket.send('{"t":"join","id":8,"' + secret[:40] + '":1}')
    await talker.until(messages.Refused, lambda answer: answer.id == 8)
    assert all(secret[:40] not in str(told) for told in talker.told)


async def test_a_socket_token_is_no_cookie(site: Town) -> None:
    pool = await site.new_pool("ada")
    own = site.token(pool, "operator", "olga")
    origin = {"origin": site.books.base, "cookie": f"{cookie_name(pool, 'operator', secure=False)}={own}"}
    async with (
        httpx.AsyncClient(base_url=site.books.base, trust_env=False, headers=origin) as http,
        talking(site.ports[0], pool, own) as olga,
    ):
        answer = await http.post("/v1/sign-out", json={"pool": pool, "role": "operator"})
        assert answer.status_code == 200, "it does not say whether anybody was signed in"
        await olga.send(messages.Ping)
        told = len(olga.told)
        await olga.until(messages.Beat, lambda _beat: len(olga.told) > told)
