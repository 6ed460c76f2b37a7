"""Paying in through the server: a page to pay at, the balance live on every page, and one's money over HTTP."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from identity.accounts import Accounts
from server.web.words import LANGUAGES, text
from tests import processor as tp
from tests.server.paying_site import PayingSite, paying_site
from tests.server.people_site import NOW, POOL, people_site
from tests.stories.talker import Talker, talking
from wire import messages

V1 = f"/v1/pools/{POOL}"


@pytest_asyncio.fixture
async def house(store_url: str, tmp_path: Path) -> AsyncIterator[PayingSite]:
    async with paying_site(store_url, f"sqlite:///{tmp_path / 'books.db'}", tmp_path) as made:
        yield made


async def pay(house: PayingSite, talker: Talker, amount: int, **more: Any) -> None:
    """Pay in from a page, until the page shows it."""
    wallet = talker.latest(messages.Wallet)
    assert wallet is not None
    page = await talker.ask(messages.Deposit, amount=amount, **more)
    assert isinstance(page, messages.DepositPage) and page.url.startswith(house.found.api), page
    assert (await tp.pay(page.url)).status == 303
    await talker.until(messages.Wallet, lambda said: said.balance + said.held == wallet.balance + wallet.held + amount)


@pytest.mark.claim("A16", "A18", "A19")
async def test_a_deposit_before_and_during_a_call_loses_neither_place_nor_call(house: PayingSite) -> None:
    uma, ada = await house.site.signed_in(("user", "uma")), await house.site.signed_in(("expert", "ada"))
    port = house.site.port
    async with (
        talking(port, POOL, cookie=ada.cookie) as expert,
        talking(port, POOL, cookie=uma.cookie) as user,
    ):
        await expert.ask(messages.OpenFor, minutes=60)
        await expert.ask(messages.Declare, status="online")
        assert (await user.until(messages.Wallet)).balance == 0
        refused = await user.ask(messages.Join, experts=["ada"])
        assert (refused.code, (await user.ask(messages.Quote, expert="ada")).deposits) == (
            "balance_too_low", [1000, 2500],
        )  # fmt: skip
        await pay(house, user, 1000)
        ticket = await user.ask(messages.Join, experts=["ada"])
        offer = (await expert.until(messages.Offer)).offer
        await pay(house, user, 1100, back="session")
        assert user.latest(messages.MyTicket).ticket == ticket.ticket
        await expert.ask(messages.Accept, offer=offer)
        session = (await user.until(messages.Session)).session
        for side in (user, expert):
            await side.ask(messages.Connected, session=session)
        clock = await user.until(messages.Meter, lambda said: said.running_since > 0)
        await pay(house, user, 1200, back="session")
        for side in (user, expert):
            longer = await side.until(messages.Meter, lambda said: said.budget_ms > clock.budget_ms)
            assert longer.running_since == clock.running_since
            assert longer.ends_at - clock.ends_at == longer.budget_ms - clock.budget_ms == 600_000
        assert (await user.ask(messages.End, session=session)).seq


@pytest.mark.parametrize("what", ["visitor", "not prepaid", "guest", "expert"])
async def test_who_may_not_pay_in_is_told_why(house: PayingSite, what: str) -> None:
    site = house.site
    if what == "not prepaid":
        await house.set_options(prepaid=False)
    visitor = await site.guest.ask("POST", f"{V1}/visitor", json={})
    who = {"visitor": visitor.headers["set-cookie"].split(";")[0], "guest": ""}
    role: Any = "expert" if what == "expert" else "user"
    cookie = who.get(what, (await site.signed_in((role, "ada"))).cookie)
    codes = {"visitor": "no_account", "not prepaid": "not_prepaid", "guest": "not_signed_in", "expert": "not_allowed"}
    async with talking(site.port, POOL, cookie=cookie) as talker:
        assert (await talker.ask(messages.Deposit, amount=2500)).code == codes[what]
    if what in ("visitor", "not prepaid"):
        headers = {"cookie": cookie}
        body = {"op": "op-00000001", "amount": 2500}
        assert (await site.guest.ask("POST", f"{V1}/deposits", json=body, headers=headers)).json()["code"] == codes[
            what
        ]
        wallet = await site.guest.get(f"{V1}/wallet", headers=headers)
        assert (wallet.json()["deposits"], wallet.json()["prepaid"]) == ([], what == "visitor")


@pytest.mark.claim("A16")
async def test_a_wallet_with_a_card_that_is_kept_a_reload_and_money_back(house: PayingSite) -> None:
    site = house.site
    await Accounts(site.database).open(POOL, "user", "uma@line.example", "Uma", now=NOW())
    browser, other = await site.signed_in(("user", "uma")), await site.signed_in(("user", "viktor"))
    empty = {
        "prepaid": True, "currency": "EUR", "balance": 0, "held": 0, "frozen": False, "deposits": [1000, 2500],
        "deposit_max": 20_000, "card": None, "refundable": 0, "refunding": False,
        "reload": {"on": False, "threshold": 0, "amount": 0, "failures": 0},
    }  # fmt: skip
    assert (await browser.get(f"{V1}/wallet")).json() == empty
    asked = {"op": "op-00000001", "amount": 2500, "back": "account", "keep_card": True}
    url = (await browser.ask("POST", f"{V1}/deposits", json=asked)).json()["url"]
    assert (await browser.ask("POST", f"{V1}/deposits", json=asked)).json() == {"url": url}
    assert (await browser.ask("POST", f"{V1}/deposits", json=asked | {"amount": 2501})).json()["code"] == "op_reused"
    paid = await tp.pay(url)
    assert paid.to == f"http://localhost:0/p/{POOL}/account?deposit=done"
    await house.until_balance("uma", 2500)
    wallet = (await browser.get(f"{V1}/wallet")).json()
    assert wallet == empty | {
        "balance": 2500, "card": {"brand": "visa", "last4": "4242", "exp": "12/34"}, "refundable": 2500,
    }  # fmt: skip
    wish = {"on": True, "threshold": 3000, "amount": 1500}
    assert (await browser.ask("PUT", f"{V1}/reload", json=wish)).json() == wish | {"failures": 0}
    await house.until_balance("uma", 4000)
    back = await browser.ask("POST", f"{V1}/refunds", json={"op": "op-00000002", "amount": 3500})
    assert (back.status_code, back.json()["amount"]) == (202, 3500)
    async with asyncio.timeout(15):
        while (wallet := (await browser.get(f"{V1}/wallet")).json())["refunding"]:
            await asyncio.sleep(0.05)
    assert (wallet["balance"], wallet["refundable"]) == (500, 500)
    sent = (await house.client.v1.refunds.list_async()).data
    assert sorted(one.amount for one in sent) == [1500, 2000]
    assert (await browser.ask("DELETE", f"{V1}/card")).status_code == 200
    assert (await browser.ask("DELETE", f"{V1}/card")).json()["code"] == "no_card"
    assert (await browser.get(f"{V1}/wallet")).json()["card"] is None
    assert (await other.get(f"{V1}/wallet")).json() == empty
    assert (await other.ask("POST", f"{V1}/refunds", json={"op": "op-00000002", "amount": 1})).json()[
        "code"
    ] == "balance_too_low"
    await house.set_options(prepaid=False)
    rest = await browser.ask("POST", f"{V1}/refunds", json={"op": "op-00000003", "amount": 500})
    assert rest.status_code == 202, "nobody's money stays behind when a pool charges no more"


async def test_without_a_processor_nobody_pays_in(store_url: str, tmp_path: Path) -> None:
    async with people_site(store_url, f"sqlite:///{tmp_path / 'books.db'}", tmp_path) as site:
        pool = await site.profiles.pool(POOL)
        await site.profiles.put_options(POOL, type(pool.options)(prepaid=True))
        browser = await site.signed_in(("user", "uma"))
        async with talking(site.port, POOL, cookie=browser.cookie) as user:
            assert (await user.ask(messages.Deposit, amount=2500)).code == "no_deposits"
            assert (await user.ask(messages.Quote, expert="ada")).deposits == []
        assert (await browser.get(f"{V1}/wallet")).json()["deposits"] == []
        for method, path, body in (
            ("POST", "deposits", {"op": "op-00000001", "amount": 2500}),
            ("POST", "refunds", {"op": "op-00000001", "amount": 1}),
            ("PUT", "reload", {"on": False, "threshold": 0, "amount": 0}), ("DELETE", "card", None),
        ):  # fmt: skip
            assert (await browser.ask(method, f"{V1}/{path}", json=body)).json()["code"] == "no_deposits"
        assert (await browser.ask("POST", "/v1/processor/webhook", json={})).json()["code"] == "no_deposits"


@pytest.mark.parametrize("language", LANGUAGES)
async def test_the_window_in_which_somebody_paid_says_how_it_ended(house: PayingSite, language: str) -> None:
    for path, name in (("paid", "paid"), ("not-paid", "not_paid")):
        answer = await house.site.guest.get(f"/p/{POOL}/{path}?lang={language}")
        assert answer.status_code == 200 and text(language, f"page.{name}.title") in answer.text
        assert f'<a href="/p/{POOL}">' in answer.text and "<script" not in answer.text
    assert (await house.site.guest.get(f"/p/nowhere/paid?lang={language}")).status_code == 404
