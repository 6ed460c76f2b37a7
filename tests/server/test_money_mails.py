"""Letters about money: in the reader's language and currency, in the transaction of the money, and never in its way."""

from typing import Any

import pytest

from billing import ledger
from billing.meter import BillFacts
from directory.expert import Expert
from directory.profiles import Profiles
from ground.sql import Database, Tx
from identity import store as identity
from identity.accounts import Accounts
from mail import outbox
from mail.outbox import Claimed, Outbox
from server.money_mails import MoneyMails
from server.web.words import LANGUAGES

NOW = 1_800_000_000_000  # 15 January 2027, 08:00 UTC
MAILS = MoneyMails("https://line.example")


@pytest.fixture
async def uma(database: Database) -> str:
    """A user with an account, of a pool with one expert, who has an account, too."""
    profiles, accounts = Profiles(database), Accounts(database)
    await profiles.create_pool("p", "The line")
    await profiles.put_experts("p", [Expert(expert="ada", name="Ada " + "Quill" * 19)])
    await accounts.open("p", "expert", "ada@mail.example", "Ada", now=NOW, expert="ada")
    return await accounts.open("p", "user", "uma@mail.example", "Uma", now=NOW)


async def speak(db: Database, user: str, language: str) -> None:
    async with db.begin() as tx:
        member = await identity.membership(tx, "p", "user", user)
        assert member
        await identity.set_account(tx, member["account"], language=language)


async def letters(db: Database) -> list[Claimed]:
    return sorted(await Outbox(db).claim(NOW, 100), key=lambda letter: letter.kind)


def a_bill(user: str, amount: int = 405, currency: str = "EUR") -> BillFacts:
    return BillFacts(
        session="s1", hold="o1", user=user, expert="ada", outcome="charged", ran_ms=40_500, rate=600, free_ms=0,
        amount=amount, fee=81, credit=amount - 81, currency=currency, ended_at=NOW,
    )  # fmt: skip


async def write_all(tx: Tx, user: str, currency: str) -> None:
    told: tuple[Any, ...] = (tx, "p", user, 5000, currency, 1234, NOW)
    await MAILS.deposited(*told, key="d1")
    await MAILS.refunded(*told, key="r1")
    await MAILS.refund_failed(*told, key="r1")
    await MAILS.reload_failed(*told, off=False, key="l1")
    await MAILS.charged(tx, "p", a_bill(user, currency=currency), 1234, NOW)


@pytest.mark.claim("A16")
@pytest.mark.parametrize("language", LANGUAGES)
async def test_every_letter_is_whole_in_every_language_and_goes_once(
    database: Database, uma: str, language: str
) -> None:
    await speak(database, uma, language)
    for _again in range(2):
        async with database.begin() as tx:
            await write_all(tx, uma, "KWD")
            await MAILS.paid_out(tx, "p", "ada", 5000, "KWD", "DE•• 3000", NOW, key="b1")
    found = await letters(database)
    kinds = ["charge", "deposit", "payout", "refund", "refund_failed", "reload_failed"]
    assert [letter.kind for letter in found] == kinds
    for letter in found:
        assert letter.to == ("ada@mail.example" if letter.kind == "payout" else "uma@mail.example")
        assert letter.subject.splitlines() == [letter.subject] and "{" not in letter.text
        place = "expert/earnings" if letter.kind == "payout" else "account"
        assert f"https://line.example/p/p/{place}" in letter.text
        assert not letter.secret
    if language in ("en", "de"):
        assert "1.234" in found[1].text.replace(",", ".") and "5.000" in found[1].text.replace(",", ".")


async def test_who_has_no_account_gets_none_and_what_cost_nothing_brings_none(database: Database, uma: str) -> None:
    async with database.begin() as tx:
        for user in ("visitor-1", "shop-77"):
            await write_all(tx, user, "EUR")
        await MAILS.paid_out(tx, "p", "bob", 5000, "EUR", "DE•• 3000", NOW, key="b1")
        await MAILS.bank_details_changed(tx, "p", "bob", "", NOW)
        await MAILS.charged(tx, "p", a_bill(uma, 0), 0, NOW)
    assert await letters(database) == []


async def test_an_expert_without_an_account_is_reached_where_messages_go(database: Database, uma: str) -> None:
    await Profiles(database).put_experts("p", [Expert(expert="cleo", name="Cleo", email="cleo@mail.example")])
    async with database.begin() as tx:
        await MAILS.bank_details_changed(tx, "p", "cleo", "DE•• 3000", NOW)
        await MAILS.paid_out(tx, "p", "cleo", 5000, "EUR", "DE•• 3000", NOW, key="b1")
    assert {(one.kind, one.to) for one in await letters(database)} == {
        ("bank_details", "cleo@mail.example"), ("payout", "cleo@mail.example"),
    }  # fmt: skip


async def test_a_receipt_says_how_long_at_what_rate_and_what_is_left(database: Database, uma: str) -> None:
    async with database.begin() as tx:
        await MAILS.charged(tx, "p", a_bill(uma), 4595, NOW)
        await MAILS.bank_details_changed(tx, "p", "ada", "", NOW)
    bank, receipt = await letters(database)
    for line in ("Connected: 40 sec", "Rate: €6.00 per minute", "Charged: €4.05", "Balance now: €45.95", "08:00 UTC"):
        assert line in receipt.text
    assert bank.to == "ada@mail.example" and "(none any more)" in bank.text


async def test_money_moves_whether_or_not_there_is_room_for_a_letter(
    database: Database, uma: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "WAITING_MAX", 2)
    async with database.begin() as tx:
        for number in range(3):
            booked = await ledger.deposit(tx, "p", uma, 10, "EUR", key=f"d{number}", now=NOW)
            await MAILS.deposited(tx, "p", uma, 10, "EUR", booked.balance, NOW, key=f"d{number}")
    async with database.read() as tx:
        assert (await ledger.balance_of(tx, "p", uma)).balance == 30
    assert len(await letters(database)) == 1
