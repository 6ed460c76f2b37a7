"""Whoever forges, replays, reorders or bends what the card processor says gets nothing credited; neither does whoever
comes back from a page without having paid. Card numbers and keys are nowhere."""

import asyncio
import json
import random
import sqlite3
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
import sqlalchemy as sa

from billing.deposits import store
from tests import processor as tp
from tests.server.paying_site import PayingSite, paying_site, signed
from tests.server.people_site import POOL
from tests.stories.talker import talking
from wire import messages

V1 = f"/v1/pools/{POOL}"
HOUR = 3600.0


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def house(store_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[PayingSite]:
    folder: Path = tmp_path_factory.mktemp("webhooks")
    async with paying_site(store_url, f"sqlite:///{folder / 'books.db'}", folder) as made:
        yield made


pytestmark = pytest.mark.asyncio(loop_scope="session")
_number = iter(range(10_000_000, 99_999_999))


async def page(house: PayingSite, user: str, amount: int = 2500, **more: Any) -> str:
    browser = await house.site.signed_in(("user", user))
    body = {"op": f"op-{next(_number)}", "amount": amount, **more}
    answer = await browser.ask("POST", f"{V1}/deposits", json=body)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["url"])


async def row_of(house: PayingSite, user: str) -> dict[str, Any]:
    async with house.site.database.read() as tx:
        return (await store.all_of(tx, POOL, user))["deposits"][-1]


async def completed(house: PayingSite, user: str, amount: int = 2500) -> bytes:
    """The processor's own event of a payment that the server has not heard of."""
    house.road.closed = True
    before = len([one for one in house.road.came if b"checkout.session.completed" in one[0]])
    await tp.pay(await page(house, user, amount))
    events = await house.road.all_of("checkout.session.completed", before + 1)
    house.road.closed = False
    return events[-1][0]


async def test_what_is_not_signed_by_the_processor_lately_is_nothing(house: PayingSite) -> None:
    body = await completed(house, "forger")
    now, good = time.time(), signed(body)
    stamp, _comma, mac = good.partition(",")
    forged = [
        "", "x", "t=,v1=", stamp, mac, f"{stamp},v1=", f"{stamp},v0={mac[3:]}", f"{stamp},{mac[:-1]}",
        f"{stamp},v1={'0' * 64}", f"t={int(now) + 1},{mac}", f"t=nan,{mac}", f"t=-1,{mac}", f"t={'9' * 400},{mac}",
        f"{stamp},{mac.replace('v1', 'V1')}", "t=1," + "v1=" + "0" * 64 + ",v1=" * 400, signed(body, "whsec_other"),
        signed(body, tp.KEY), signed(body, ""), signed(body + b" "), signed(body.replace(b"2500", b"9999")),
        signed(body, at=now - 301), signed(body, at=now + 400), signed(body, at=1),
        f"t={int(now)}," + signed(body, at=now - HOUR), f"x=1, t={int(now)}," + signed(body, at=now - HOUR),
        signed(body, at=now - HOUR) + f",t={int(now)}", signed(body, at=now - HOUR) + f", t={int(now)}", "\u0660" * 20,
    ]  # fmt: skip
    for signature in forged:
        answer = await house.road.send(body, signature.encode())
        assert answer.status_code == 400, signature
    for other in (b"", b"{}", b"[]", b"null", b"\xff", body[:-1], body + b" "):
        assert (await house.road.send(other, good)).status_code == 400
    for nothing in (b"{}", b"[]", b'{"id": 1}', b'{"id":"e","type":"checkout.session.completed","data":{"object":{}}}'):
        assert (await house.road.send(nothing, signed(nothing))).status_code == 400, "signed, and no event"
    big = body[:-1] + b" " * 70_000 + b"}"
    assert (await house.road.send(big, signed(big))).status_code == 413
    assert await house.balance("forger") == 0
    assert (await house.road.send(body, good, origin="https://evil.example")).status_code == 200
    assert await house.balance("forger") == 2500, "the honest one is good from anywhere"


async def test_an_event_again_counts_once_whatever_its_id_and_its_order(house: PayingSite) -> None:
    seed = random.randrange(2**32)
    body = await completed(house, "twice")
    event = json.loads(body)
    others = [json.dumps(event | {"id": f"evt_{n}"}).encode() for n in range(4)]
    kinds = ("checkout.session.async_payment_succeeded", "checkout.session.expired",
             "checkout.session.async_payment_failed")  # fmt: skip
    others += [json.dumps(event | {"id": f"evt_x{n}", "type": kind}).encode() for n, kind in enumerate(kinds)]
    deliveries = [body] * 5 + others * 2
    random.Random(seed).shuffle(deliveries)
    for n in range(0, len(deliveries), 3):
        three = [house.road.send(one, signed(one)) for one in deliveries[n : n + 3]]
        assert {answer.status_code for answer in await asyncio.gather(*three)} == {200}
    assert await house.balance("twice") == 2500, seed
    assert (await row_of(house, "twice"))["state"] == "paid"


@pytest.mark.parametrize("wrong", ["amount", "currency", "checkout", "user"])
async def test_a_payment_that_is_not_what_was_asked_for_is_left_to_people(house: PayingSite, wrong: str) -> None:
    """The signature and the payment are right; it only isn't the one of our row."""
    user = f"bent-{wrong}"
    body = await completed(house, user)
    bent: dict[str, dict[str, Any]] = {
        "amount": {"amount": 999_999}, "currency": {"currency": "USD"}, "checkout": {"checkout": "cs_other"},
        "user": {"deposit": "dep-other"},
    }  # fmt: skip
    row = await row_of(house, user)
    async with house.site.database.begin() as tx:
        await tx.execute(
            sa.update(store.deposits).where(store.deposits.c.deposit == row["deposit"]).values(bent[wrong])
        )
    assert (await house.road.send(body, signed(body))).status_code == 200
    assert await house.balance(user) == 0


async def test_sessions_that_the_server_never_asked_for_credit_nobody(house: PayingSite) -> None:
    await page(house, "victim", 1000)
    row = await row_of(house, "victim")
    price = {"currency": "eur", "unit_amount": 100, "product_data": {"name": "x"}}
    for reference, noted in (
        (row["deposit"], row["deposit"]), (row["deposit"], "dep-else"), ("dep-none", row["deposit"]), ("x", ""),
    ):  # fmt: skip
        session = await house.client.v1.checkout.sessions.create_async({
            "mode": "payment", "line_items": [{"price_data": price, "quantity": 1}], "client_reference_id": reference,
            "metadata": {"deposit": noted}, "success_url": "https://a.example/", "cancel_url": "https://a.example/",
        })  # fmt: skip
        count = len(house.road.came)
        assert (await tp.pay(session.url)).status == 303
        async with asyncio.timeout(10):
            while len(house.road.came) == count:
                await asyncio.sleep(0.02)
    unknown: dict[str, Any] = {
        "id": "evt_u",
        "type": "checkout.session.completed",
        "data": {"object": {"id": "cs_test_none"}},
    }
    elsewhere: dict[str, Any] = {"data": {"object": {"id": "../payment_intents/x?y"}}}
    for event in (unknown, unknown | {"type": "customer.created"}, unknown | {"type": "x" * 900}, unknown | elsewhere):
        body = json.dumps(event).encode()
        assert (await house.road.send(body, signed(body))).status_code == 200
    assert await house.balance("victim") == 0
    assert (await row_of(house, "victim"))["state"] == "open"


async def test_coming_back_from_the_page_credits_nothing(house: PayingSite) -> None:
    url = await page(house, "walker", back="panel")
    async with httpx.AsyncClient(base_url=house.site.origin, trust_env=False) as http:
        for path in (f"/p/{POOL}/paid", f"/p/{POOL}/paid?session_id={url.rpartition('/')[2]}&payment_status=paid"):
            assert (await http.get(path)).status_code == 200
    assert await house.balance("walker") == 0


BACKS = [
    "//evil.example", "/\\evil.example", "https:evil.example", "https://evil.example", "http://a@evil.example",
    "%2f%2fevil.example", "/p/demo\r\nLocation: https://evil.example", "javascript:alert(1)", "panel/../../x", "panel ",
    "Panel", "", "account?next=https://evil.example", "session#https://evil.example", "\u2215\u2215evil.example",
]  # fmt: skip


async def test_where_a_page_leads_back_to_is_ours_alone(house: PayingSite) -> None:
    browser = await house.site.signed_in(("user", "opener"))
    for back in BACKS:
        body = {"op": f"op-{next(_number)}", "amount": 1000, "back": back}
        answer = await browser.ask("POST", f"{V1}/deposits", json=body)
        assert (answer.status_code, answer.json()["code"]) == (400, "malformed"), back
    for name in ("success_url", "cancel_url", "url", "return_url", "price", "minutes", "user", "currency"):
        body = {"op": f"op-{next(_number)}", "amount": 1000, "back": "panel", name: "https://evil.example"}
        assert (await browser.ask("POST", f"{V1}/deposits", json=body)).json()["code"] == "malformed"
    async with talking(house.site.port, POOL, cookie=browser.cookie) as user:
        await user.socket.send(
            json.dumps({"t": "deposit", "id": 90, "op": "op-90000000", "amount": 1000, "back": BACKS[0]})
        )
        assert (await user.until(messages.Refused, lambda said: said.id == 90)).code == "bad_field"
    for back in ("panel", "session", "account"):
        paid = await tp.pay(await page(house, "opener", 1000, back=back))
        assert paid.to.startswith(f"http://localhost:0/p/{POOL}/"), paid.to


async def test_amounts_that_are_none_are_refused(house: PayingSite) -> None:
    browser = await house.site.signed_in(("user", "trickster"))
    for amount in (-1, 0, 1, 999, 20_001, 10**30, 1.5, "2500", None, True, [2500], {"a": 1}):
        body = {"op": f"op-{next(_number)}", "amount": amount}
        answer = await browser.ask("POST", f"{V1}/deposits", json=body)
        assert answer.status_code >= 400 and answer.json()["code"] in ("malformed", "bad_amount"), amount
    for raw in (b'{"op":"op-99999999","amount":NaN}', b'{"op":"op-99999999","amount":1e30}'):
        assert (await browser.ask("POST", f"{V1}/deposits", content=raw)).json()["code"] == "malformed"
    async with house.site.database.read() as tx:
        assert (await store.all_of(tx, POOL, "trickster"))["deposits"] == []


async def test_fifty_refunds_at_once_give_back_no_more_than_there_is(house: PayingSite) -> None:
    await tp.pay(await page(house, "many", 2500))
    await house.until_balance("many", 2500)
    browser = await house.site.signed_in(("user", "many"))

    async def ask(n: int) -> str:
        body = {"op": f"op-{next(_number)}", "amount": 1000 + n}
        answer = await browser.ask("POST", f"{V1}/refunds", json=body)
        return "" if answer.status_code == 202 else str(answer.json()["code"])

    codes = await asyncio.gather(*(ask(n) for n in range(50)))
    async with asyncio.timeout(20):
        while (await browser.get(f"{V1}/wallet")).json()["refunding"]:
            await asyncio.sleep(0.05)
    assert set(codes) <= {"", "refund_open", "balance_too_low"} and codes.count("") in (1, 2)
    payment = (await row_of(house, "many"))["payment"]
    sent = (await house.client.v1.refunds.list_async({"payment_intent": payment})).data
    assert sum(one.amount for one in sent) == 2500 - await house.balance("many") <= 2500


async def test_no_card_number_and_no_key_is_kept_or_logged(
    house: PayingSite, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    await tp.pay(await page(house, "secretive", 2500, keep_card=True), tp.ASKS_ONCE)
    await house.until_balance("secretive", 2500)
    body = await completed(house, "secretive", 1000)
    await house.road.send(body, signed(body, "whsec_other"))
    out = capsys.readouterr()
    database = house.site.database._engine.url.database
    assert database
    with sqlite3.connect(database) as books:
        kept = "\n".join(books.iterdump())
    for text in (kept, out.out + out.err, caplog.text):
        for number in (tp.ASKS_ONCE, tp.PAYS.replace(" ", ""), tp.PAYS, tp.SECRET, tp.KEY, "whsec_other"):
            assert number not in text
    assert "3155" in kept, "what may be shown of a card is"
