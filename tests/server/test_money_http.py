"""A pool's money over HTTP: statements, what operators do about wallets, paying experts out; before either database."""

import csv
import io
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as Xml

import pytest

from billing import ledger, meter
from directory.expert import PoolOptions
from identity import audit
from identity.accounts import Accounts
from mail.outbox import Outbox
from tests.billing.books import EUR, MINUTE, check
from tests.databases import database_url, postgres_server
from tests.server.people_site import ADA, NOW, POOL, Browser, PeopleSite, people_site
from tests.server.test_own_data import dump

__all__ = ["database_url", "postgres_server"]
V1 = f"/v1/pools/{POOL}"
IBAN = "DE89370400440532013000"
BASE = "https://line.example"


class People:
    """Uma, who pays; Ada, who earns; an operator."""

    def __init__(self, site: PeopleSite) -> None:
        self.site = site
        self.subjects: dict[str, str] = {}
        self.uma = self.ada = self.boss = site.guest

    async def come(self) -> None:
        await self.site.profiles.put_options(POOL, PoolOptions(prepaid=True, fee_bps=2000, deposit_max=9000))
        for role, name, expert in (("user", "uma", ""), ("expert", "ada", "ada"), ("operator", "boss", "")):
            email = f"{name}@mail.example"
            accounts = Accounts(self.site.database)
            subject = await accounts.open(POOL, role, email, name.title(), now=NOW(), expert=expert)  # type: ignore[arg-type]
            self.subjects[name] = subject
            setattr(self, name, await self.site.signed_in((role, subject)))  # type: ignore[arg-type]

    async def deposit(self, amount: int) -> None:
        user = self.subjects["uma"]
        async with self.site.database.begin() as tx:
            await ledger.deposit(tx, POOL, user, amount, EUR, key=f"d{amount}", now=NOW(), reference=f"dep-{amount}")

    async def talk(self, name: str, ran_ms: int, rate: int = 600) -> None:
        """Uma with Ada, as the books have it in the end."""
        async with self.site.database.begin() as tx:
            await meter.reserve(
                tx, POOL, name, self.subjects["uma"], "ada", rate=rate, free_ms=0, cap_ms=MINUTE, minimum_ms=MINUTE,
                fee_bps=2000, currency=EUR, now=NOW(),
            )  # fmt: skip
            await meter.settle(tx, POOL, name, f"s-{name}", ran_ms=ran_ms, ended_by="user", ended_at=NOW())

    async def letters(self) -> list[Any]:
        return [(one.kind, one.to) for one in (await Outbox(self.site.database).page(POOL))[0] if one.kind != "sign_in"]

    async def done(self) -> list[tuple[str, str, str]]:
        """What operators and experts did, newest first: action, object, reason."""
        return [(one.action, one.object, one.reason) for one in await audit.page(self.site.database, POOL)]


@pytest.fixture
async def people(store_url: str, tmp_path: Path) -> AsyncIterator[People]:
    async with people_site(store_url, f"sqlite:///{tmp_path}/openline.db", tmp_path, base_url=BASE) as site:
        made = People(site)
        await made.come()
        yield made


@pytest.fixture
async def either(store_url: str, database_url: str, tmp_path: Path) -> AsyncIterator[People]:
    async with people_site(store_url, database_url, tmp_path, base_url=BASE) as site:
        made = People(site)
        await made.come()
        yield made


async def told(browser: Browser, path: str, status: int = 200, **more: Any) -> Any:
    answer = await browser.ask(more.pop("method", "GET"), f"{V1}/{path}", **more)
    assert answer.status_code == status, answer.text
    return answer.json()


async def posted(browser: Browser, path: str, status: int = 200, method: str = "POST", **body: Any) -> Any:
    return await told(browser, path, status, method=method, json=body)


async def table(browser: Browser, path: str) -> list[dict[str, str]]:
    answer = await browser.get(f"{V1}/{path}")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8" and answer.content.startswith(b"\xef\xbb\xbf")
    assert answer.headers["content-disposition"].startswith('attachment; filename="openline-demo-')
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))


@pytest.mark.claim("A14", "A15", "A16")
async def test_everybody_reads_their_own_account_and_operators_read_all(either: People) -> None:
    people, uma = either, either.subjects["uma"]
    await people.site.profiles.put_experts(POOL, [ADA])
    await people.deposit(5000)
    await people.talk("long", 40_500)
    await people.talk("short", 30_000)
    wallet = await told(people.uma, "statement")
    assert (wallet["balance"], wallet["held"], wallet["currency"], wallet["more"]) == (4595, 0, EUR, False)
    session, deposit = wallet["items"]
    assert session | {"id": 0, "at": 0} == {
        "id": 0, "at": 0, "kind": "session", "amount": -405, "balance": 4595, "session": "s-long", "seconds": 40,
        "rate": 600, "gross": 405, "fee": 0, "partner": "Ada Quill", "reference": "",
    }  # fmt: skip
    assert (deposit["kind"], deposit["amount"], deposit["reference"]) == ("deposit", 5000, "dep-5000")
    earned = (await told(people.ada, "statement?role=expert"))["items"]
    assert [(one["amount"], one["gross"], one["fee"], one["partner"]) for one in earned] == [(324, 405, 81, "")]
    assert (await told(people.boss, "statements/earnings/ada"))["items"][0]["partner"] == uma
    assert (await told(people.boss, f"statements/wallet/{uma}"))["items"][0]["fee"] == 81
    assert (await told(people.boss, "statements/fees/pool"))["balance"] == 81
    assert (await told(people.boss, "statements/wallet/nobody"))["items"] == []
    assert (await told(people.boss, "statements/purse/x", 404))["code"] == "not_found"
    sums = await told(people.boss, "money")
    assert (sums["wallets"]["amount"], sums["owed"]["amount"], sums["fees"], sums["processor"]) == (
        4595,
        324,
        81,
        -5000,
    )
    for who, path, status in (
        (people.uma, "statement?role=expert", 401), (people.uma, "statements/fees/pool", 401),
        (people.ada, f"statements/wallet/{uma}", 401), (people.boss, "statement?role=operator", 401),
        (people.boss, "statement?role=boss", 400),
        (people.uma, "statement?before=x", 400), (people.uma, "statement?limit=-1", 400), (people.uma, "money", 401),
    ):  # fmt: skip
        await told(who, path, status)
    page = await told(people.uma, f"statement?limit=1&before={session['id']}")
    assert [one["id"] for one in page["items"]] == [deposit["id"]] and not page["more"]
    await check(people.site.database)


async def test_the_table_adds_up_to_the_balance_and_runs_nothing(people: People) -> None:
    await people.site.profiles.put_experts(POOL, [ADA.__class__(expert="ada", name="=1+1")])
    await people.deposit(5000)
    for number in range(3):
        await people.talk(f"t{number}", 31_234 + number, rate=599 + number)
    await posted(
        people.boss, f"wallets/{people.subjects['uma']}/credit", op="op-12345", amount=5, reason="=cmd|' /C x'!A"
    )
    rows = await table(people.uma, "statement.csv")
    balance = (await told(people.uma, "statement"))["balance"]
    cents = [round(float(row["Amount"]) * 100) for row in rows]
    assert sum(cents) == balance == round(float(rows[-1]["Balance"]) * 100)
    assert [row["What"] for row in rows] == ["deposit", *["session"] * 3, "goodwill"]
    assert rows[1]["With"] == "'=1+1" and rows[-1]["Reference"] == "'=cmd|' /C x'!A"
    assert rows[1]["Seconds"] == "31.234" and rows[1]["Time (UTC)"].endswith("+00:00")
    assert (rows[1]["Rate per minute"], rows[1]["Fee"], rows[0]["Seconds"]) == ("5.99", "0.00", "")
    german = await table(people.boss, "statements/earnings/ada.csv?language=de-AT")
    assert sum(round(float(row["Betrag"]) * 100) for row in german) == (
        await told(people.ada, "statement?role=expert")
    )["balance"]  # fmt: skip
    assert (await people.ada.get(f"{V1}/statement.csv")).status_code == 401
    assert (await people.uma.get(f"{V1}/statements/earnings/ada.csv")).status_code == 401


async def test_operators_freeze_and_give_and_it_is_noted(people: People) -> None:
    uma, boss = people.subjects["uma"], people.boss
    at = f"wallets/{uma}"
    assert (await posted(boss, f"{at}/credit", op="op-12345", amount=700, reason="The line was noisy"))[
        "balance"
    ] == 700
    again = await posted(boss, f"{at}/credit", op="op-12345", amount=700, reason="The line was noisy")
    assert again["balance"] == 700
    refused = [
        await posted(boss, f"{at}/credit", 409, op="op-12345", amount=701, reason="x"),
        await posted(boss, f"{at}/credit", 409, op="op-other", amount=9001, reason="x"),
        await posted(boss, "wallets/nobody/credit", 404, op="op-other", amount=1, reason="x"),
        await posted(boss, "wallets/nobody/freeze", 404, reason="x"),
    ]
    assert [one["code"] for one in refused] == ["op_reused", "bad_amount", "not_found", "not_found"]
    for bad in (0, -1, 1.5, "7", 10**30, None, True):
        assert (await posted(boss, f"{at}/credit", 400, op="op-other", amount=bad, reason="x"))["code"] == "malformed"
    assert (await posted(boss, f"{at}/freeze", reason="Disputed"))["frozen"] is True
    assert (await told(people.uma, "statement"))["frozen"] is True
    (frozen,) = (await told(boss, "money"))["frozen"]
    assert (frozen["user"], frozen["balance"], frozen["reason"]) == (uma, 700, "Disputed")
    assert (await posted(boss, f"{at}/unfreeze", reason="Settled"))["frozen"] is False
    assert (await told(people.uma, "statement"))["items"][0]["reference"] == "The line was noisy"
    assert (await people.done())[:3] == [
        ("unfreeze_wallet", f"user:{uma}", "Settled"), ("freeze_wallet", f"user:{uma}", "Disputed"),
        ("credit_wallet", f"user:{uma}", "700 EUR: The line was noisy"),
    ]  # fmt: skip
    await check(people.site.database)


async def test_an_expert_is_paid_what_was_earned_and_hears_of_it(people: People) -> None:
    await people.deposit(5000)
    await people.talk("long", 45_000)
    assert await told(people.ada, "bank-account?role=expert") == {"name": "", "iban": "", "changed_at": 0}
    for wrong in ("DE89", "DE89370400440532013001", "4242 4242 4242 4242"):
        at = "bank-account?role=expert"
        refusal = await posted(people.ada, at, 422, method="PUT", name="Ada Quill", iban=wrong)
        assert (refusal["code"], refusal["detail"]) == ("bad_iban", "")
    skipped = await posted(people.boss, "payouts", 409, op="op-make-0")
    assert skipped["code"] == "nothing_owed", "nobody without a bank account is in a batch"
    iban = "de89 3704 0044 0532 0130 00"
    shown = await posted(people.ada, "bank-account?role=expert", method="PUT", name="Ada Quill", iban=iban)
    assert (shown["name"], shown["iban"]) == ("Ada Quill", "DE•• 3000")
    owed = await told(people.boss, "owed")
    (due,) = owed["owed"]
    assert (due["expert"], due["name"], due["amount"], due["iban"], due["flags"], owed["total"]) == (
        "ada", "Ada Quill", 360, "DE•• 3000", ["details_changed"], 360
    )  # fmt: skip
    assert await people.letters() == [("bank_details", "ada@mail.example")]
    batch = await posted(people.boss, "payouts", op="op-make-1", experts=["ada"])
    assert (batch["amount"], batch["state"], batch["sepa"]) == (360, "open", True)
    name = batch["batch"]
    assert (await told(people.boss, f"payouts/{name}/file.xml", 422))["detail"] == "pool"
    await posted(people.boss, "bank-account?role=operator", method="PUT", name="Acme GmbH", iban=IBAN)
    file = await people.boss.get(f"{V1}/payouts/{name}/file.xml")
    assert file.headers["content-disposition"] == f'attachment; filename="{name}.xml"'
    assert "3.60" in [element.text for element in Xml.fromstring(file.content).iter()]
    assert IBAN.encode() in (await people.boss.get(f"{V1}/payouts/{name}/file.csv")).content
    for _again in range(2):
        assert (await posted(people.boss, f"payouts/{name}/paid", op="op-paid-1"))["state"] == "paid"
    assert (await posted(people.boss, f"payouts/{name}/cancel", 409, op="op-cancel"))["code"] == "batch_closed"
    assert (await told(people.boss, "payouts/payout-none", 404))["code"] == "no_such_batch"
    assert (await told(people.boss, "payouts"))["batches"][0]["batch"] == name
    assert (await told(people.ada, "statement?role=expert"))["balance"] == 0
    assert await people.letters() == [("payout", "ada@mail.example"), ("bank_details", "ada@mail.example")]
    letter = (await Outbox(people.site.database).page(POOL))[0][0]
    assert "€3.60" in letter.text and "DE•• 3000" in letter.text and f"{BASE}/p/demo/expert/earnings" in letter.text
    assert [action for action, _object, _reason in await people.done()] == [
        "payouts_paid", "payouts_file", "payouts_file", "set_bank_account", "make_payouts", "set_bank_account"
    ]  # fmt: skip
    assert (await told(people.ada, "bank-account?role=expert", method="DELETE"))["iban"] == ""
    for who in (people.ada, people.uma):
        for path in ("owed", "payouts", f"payouts/{name}", f"payouts/{name}/file.csv", f"payouts/{name}/file.xml"):
            await told(who, path, 401)
    assert not [line for line in await people.done() if IBAN in str(line)]
    await check(people.site.database)


async def test_money_goes_along_and_nobody_is_erased_with_some_left(people: People, tmp_path: Path) -> None:
    await people.deposit(5000)
    await people.talk("long", 45_000)
    await posted(people.ada, "bank-account?role=expert", method="PUT", name="Ada Quill", iban=IBAN)
    taken = (await told(people.uma, "account/export"))["pools"][0]
    assert taken["wallet"]["balance"] == 4550 and [one["amount"] for one in taken["statement"]] == [5000, -450]
    theirs = (await told(people.ada, "account/export?role=expert"))["pools"][0]
    assert theirs["bank_account"]["iban"] == IBAN and theirs["earnings"]["balance"] == 360
    refused = await posted(people.uma, "account/erase", 409, confirm="uma@mail.example")
    assert (refused["code"], refused["detail"]) == ("money_left", "4550 EUR")
    refused = await posted(people.ada, "account/erase?role=expert", 409, confirm="ada@mail.example")
    assert (refused["code"], refused["detail"]) == ("money_left", "360 EUR")
    assert (await told(people.uma, "statement"))["balance"] == 4550, "who was refused is still there"
    for who, role, name in ((people.uma, "user", "uma"), (people.ada, "expert", "ada")):
        erased = await posted(who, f"account/erase?role={role}", confirm=f"{name}@mail.example", forfeit=True)
        assert erased == {"done": True}
    sums = await told(people.boss, "money")
    assert (sums["fees"], sums["wallets"]["amount"], sums["owed"]["amount"]) == (5000, 0, 0)
    assert (await told(people.boss, f"statements/wallet/{people.subjects['uma']}"))["items"] == []
    kept = dump(tmp_path)
    assert IBAN.lower() not in kept
    money = [line for line in kept.splitlines() if line.startswith(("ledger", "deposit", "payout", "payer", "refund"))]
    assert money and not [line for line in money if people.subjects["uma"].lower() in line or "'ada'" in line]
    await check(people.site.database)
