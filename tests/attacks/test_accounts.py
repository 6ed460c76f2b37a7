"""Accounts under attack: who is known, links raced, cookies of before, words in logs, mails in masses."""

import asyncio
import contextlib
import re
import statistics
import time
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest
import websockets
from websockets.exceptions import ConnectionClosed
from websockets.typing import Origin, Subprotocol

from ground.clock import SystemClock
from identity import cookies, store
from identity.accounts import LINKS_AN_HOUR, Accounts
from identity.tokens import Identity, Tokens
from tests.chaos.town import Town
from tests.server.browsing import Browser, browsing, mailed, token_for
from tests.server.rig import JSON
from wire import messages

NOW = SystemClock().now_ms
WORD = "a-horse-of-paper-417"
# What differs between any two answers.
PASSING = {"date", "x-request-id"}


async def members(site: Town, pool: str, count: int) -> list[str]:
    """So many addresses with an account in the pool."""
    accounts = Accounts(site.database)
    found = [f"known-{n:03}@line.example" for n in range(count)]
    hashed = await accounts.words.hash(WORD)
    for email in found:
        subject = await accounts.open(pool, "user", email, "Kim", now=NOW())
        async with site.database.begin() as tx:
            await store.set_account(tx, subject, password=hashed)
    return found


def said(answer: httpx.Response) -> tuple[int, bytes, list[tuple[str, str]]]:
    """All of an answer, but for what is never the same twice."""
    kept = [(name, value) for name, value in answer.headers.multi_items() if name not in PASSING]
    plain = [(name, re.sub(r"=[\w-]{32};", "=…;", value)) for name, value in kept]
    return answer.status_code, answer.content, plain


async def timed(ask: Callable[[], Awaitable[httpx.Response]]) -> tuple[httpx.Response, float]:
    began = time.perf_counter()
    answer = await ask()
    return answer, time.perf_counter() - began


# Attack row 24 of ../shared/failures-and-attacks.md.
@pytest.mark.parametrize(
    ("path", "more", "addresses"),
    [
        ("sign-in-link", {}, 40),
        ("sign-up", {"name": "Kim"}, 40),
        ("sign-up", {"name": "Kim", "password": WORD}, 12),
        ("password-sign-in", {"password": "a guess of mine"}, 12),
    ],
    ids=["link", "sign-up", "sign-up with a password", "password"],
)
async def test_nothing_tells_whether_an_address_is_known(
    site: Town, path: str, more: dict[str, Any], addresses: int
) -> None:
    pool = await site.new_pool("ada")
    known = await members(site, pool, addresses)
    strange = [email.replace("known", "other") for email in known]
    took: dict[bool, list[float]] = {True: [], False: []}
    answers = set()
    async with browsing(site.books.base) as http:
        # Alternated, and now one first, now the other, so that what else the machine does hits both.
        for n in range(2 * len(known)):
            pair = [(True, known[n // 2]), (False, strange[n // 2])]
            for is_known, email in pair if n % 2 else pair[::-1]:
                body = {"email": email} | more

                async def ask(body: dict[str, Any] = body) -> httpx.Response:
                    http.http.cookies.clear()
                    return await http.post(f"/v1/pools/{pool}/{path}", body)

                answer, seconds = await timed(ask)
                took[is_known].append(seconds)
                answers.add(repr(said(answer)))
    assert len(answers) == 1, answers
    # Pair by pair, since the load of the machine moves both alike: 5 ms, or a quarter where both take much longer.
    later = statistics.median(one - other for one, other in zip(took[True], took[False], strict=True))
    usual = statistics.median(took[False])
    assert abs(later) < max(0.005, usual / 4), f"known {later * 1000:+.2f} ms beside {usual * 1000:.2f} ms"


async def test_a_link_that_twenty_follow_at_once_lets_one_in(site: Town) -> None:
    pool = await site.new_pool("ada")
    async with browsing(site.books.base) as uma:
        await uma.post(f"/v1/pools/{pool}/sign-up", {"email": "uma@race.example", "name": "Uma"})
    token = await token_for(site.database, pool, "uma@race.example")

    async def follow() -> tuple[int, bool]:
        async with browsing(site.books.base) as one:
            answer = await one.follow(token)
            return answer.status_code, "openline-user" in one.cookie

    came = await asyncio.gather(*(follow() for _ in range(20)))
    assert sorted(came) == [(200, True)] + [(403, False)] * 19


async def test_a_mail_never_names_a_host_that_the_request_named(site: Town) -> None:
    pool = await site.new_pool("ada")
    async with browsing(site.books.base) as uma:
        asked, path = {"email": "uma@host.example"}, f"/v1/pools/{pool}/sign-in-link"
        assert (await uma.post(path, asked, host="evil.example")).status_code == 421
        forged = {"x-forwarded-host": "evil.example", "forwarded": "host=evil.example", "x-forwarded-proto": "https"}
        assert (await uma.post(path, asked, **forged)).status_code == 202
    ((_kind, text),) = await mailed(site.database, pool, "uma@host.example")
    assert "evil.example" not in text and f"{site.books.base}/sign-in?" in text


async def test_nobody_s_mailbox_is_filled(site: Town) -> None:
    pool = await site.new_pool("ada")
    async with browsing(site.books.base) as mallory:
        for n in range(12):
            spelled = "Victim@mass.example" if n % 2 else "victim@MASS.example"
            path = "sign-up" if n % 3 else "sign-in-link"
            asked = {"email": spelled} | ({"name": f"Buy {n} http://evil.example"} if n % 3 else {})
            assert (await mallory.post(f"/v1/pools/{pool}/{path}", asked)).status_code == 202
    sent = await mailed(site.database, pool, "victim@mass.example")
    assert len(sent) == LINKS_AN_HOUR
    assert all("evil.example" not in text for _kind, text in sent), "no stranger's words go to a stranger"


async def test_cookies_that_were_planted_copied_or_changed_are_worth_nothing(site: Town) -> None:
    pool = await site.new_pool("ada")
    tokens = Tokens(site.config.keys)
    async with browsing(site.books.base) as uma, browsing(site.books.base) as mallory:
        await signed_up(site, pool, uma, "uma@cookie.example")
        own = (await uma.get(f"/v1/pools/{pool}/account")).json()
        good = uma.cookie
        jti = own["sign_ins"][0]["id"]
        mine: dict[str, Any] = {"pool": pool, "subject": own["subject"], "name": "", "expires_at": 0, "token_id": jti}
        made = [
            Identity(role="operator", **mine),  # another role with a sign-in of a user
            Identity(role="user", **mine | {"subject": "another"}),
            Identity(role="user", **mine | {"token_id": "never-written-down"}),
            Identity(role="user", **mine | {"token_id": ""}),  # as the release before made them
        ]
        for who in made:
            header = cookies.sign_in(tokens, who, now=NOW(), secure=False).split(";")[0]
            assert await status(mallory, pool, header, who.role) == 401
        name, _equals, value = good.partition("=")
        for changed in (value[:-2] + "AA", value + "A", value.replace(".", "..", 1), "", "null", value[::-1]):
            assert await status(mallory, pool, f"{name}={changed}", "user") == 401
        assert await status(mallory, pool, good, "user") == 200, "the vectors are wrong only in what they change"
        await uma.post("/v1/sign-out", {"pool": pool})
        assert await status(mallory, pool, good, "user") == 401
        # A cookie planted before the sign-in is not the one of afterwards.
        uma.http.cookies.set(name, value, domain="localhost.local")
        await uma.post(f"/v1/pools/{pool}/sign-in-link", {"email": "uma@cookie.example"})
        await uma.follow(await token_for(site.database, pool, "uma@cookie.example"))
        assert await status(mallory, pool, good, "user") == 401


async def status(browser: Browser, pool: str, cookie: str, role: str) -> int:
    browser.http.cookies.clear()
    answer = await browser.http.get(f"/v1/pools/{pool}/account", params={"role": role}, headers={"cookie": cookie})
    return answer.status_code


async def test_no_one_ends_or_sees_the_sign_ins_of_another(site: Town) -> None:
    pool = await site.new_pool("ada")
    at = f"/v1/pools/{pool}/account"
    async with browsing(site.books.base) as uma, browsing(site.books.base) as mallory:
        await signed_up(site, pool, uma, "uma@others.example")
        await signed_up(site, pool, mallory, "mallory@others.example")
        (hers,) = (await uma.get(at)).json()["sign_ins"]
        not_mine = await mallory.post(f"{at}/sign-ins/{hers['id']}/end")
        not_there = await mallory.post(f"{at}/sign-ins/{'x' * len(hers['id'])}/end")
        assert said(not_mine) == said(not_there) and not_mine.status_code == 404
        assert [one["current"] for one in (await mallory.get(at)).json()["sign_ins"]] == [True]
        assert (await uma.get(at)).status_code == 200


async def test_no_password_is_in_logs_metrics_or_books(site: Town) -> None:
    pool = await site.new_pool("ada")
    at, words = f"/v1/pools/{pool}", [f"{WORD}-{n}" for n in range(4)]
    async with browsing(site.books.base) as uma:
        await signed_up(site, pool, uma, "uma@logs.example", password=words[0])
        asked = {"email": "uma@logs.example", "password": words[1]}
        await uma.post(f"{at}/password-sign-in", asked)
        await uma.post(f"{at}/password-sign-in", asked | {"extra": words[2]})
        await uma.put(f"{at}/account/password", {"password": words[3], "old": words[0]})
        await uma.http.post(f"{at}/password-sign-in", content=f'{{"password": "{words[2]}'.encode())
        metrics = (await uma.get("/metrics")).text
    books = b"".join(path.read_bytes() for path in site.folder.glob("openline.db*"))
    for word in words:
        assert word not in site.processes[0].said() and word not in metrics and word.encode() not in books


async def signed_up(site: Town, pool: str, browser: Browser, email: str, **more: str) -> None:
    asked = {"email": email, "name": "Uma"} | more
    assert (await browser.post(f"/v1/pools/{pool}/sign-up", asked)).status_code == 202
    assert (await browser.follow(await token_for(site.database, pool, email))).status_code == 200


async def test_a_sign_in_ended_while_a_hello_is_under_way_leaves_no_socket(site: Town) -> None:
    """Hellos race the end of their own sign-in; none outlives it."""
    pool = await site.new_pool("ada")
    async with browsing(site.books.base) as uma:
        await signed_up(site, pool, uma, "uma@racing.example")
        coming = [asyncio.create_task(come(site, pool, uma.cookie, n / 500)) for n in range(8)]
        await asyncio.sleep(0.008)
        assert (await uma.post("/v1/sign-out", {"pool": pool})).status_code == 200
        assert set(await asyncio.gather(*coming)) <= {"guest", "4402"}


async def come(site: Town, pool: str, cookie: str, delay: float) -> str:
    """What became of a socket with this cookie: it is a guest's, or was closed with a code. Raises TimeoutError."""
    await asyncio.sleep(delay)
    url, spoken = f"ws://localhost:{site.ports[0]}/v1/ws", [Subprotocol(JSON.subprotocol)]
    async with websockets.connect(
        url, subprotocols=spoken, origin=Origin(site.books.base), additional_headers={"Cookie": cookie}
    ) as ws:
        await ws.send(JSON.encode(messages.Hello(id=1, pool=pool)), text=True)
        with contextlib.suppress(ConnectionClosed):
            async with asyncio.timeout(15):
                async for frame in ws:
                    if getattr(JSON.decode_server(frame), "role", "") == "guest":
                        return "guest"
        return str(ws.close_code)
