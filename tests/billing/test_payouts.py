"""Paying experts out, on either database: nobody twice, nobody more than they are owed."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any
from xml.etree import ElementTree as Xml

import pytest

from billing import leaving, ledger
from billing.payouts import bank_accounts, bank_file, payouts
from billing.payouts.bank_accounts import FRESH_MS, POOL
from billing.payouts.payouts import Batch
from ground.errors import Refusal
from ground.sql import Database, Tx
from tests.billing.books import EUR, NOW, check, drop, totals

GERMAN, BRITISH, BRAZILIAN = "DE89370400440532013000", "GB82WEST12345698765432", "BR1800360305000010009795493C1"
LATER = NOW + FRESH_MS


@contextlib.asynccontextmanager
async def refused(db: Database, code: str, detail: str = "") -> AsyncIterator[Tx]:
    with pytest.raises(Refusal) as refusal:
        async with db.begin() as tx:
            yield tx
    assert (refusal.value.code, refusal.value.detail) == (code, detail)


async def earned(db: Database, **amounts: int) -> None:
    """Who has earned what. Everybody but dan has a bank account, that of cid out of SEPA's reach."""
    for expert, amount in amounts.items():
        await drop(db, "p", expert, amount)
        iban = {"bob": BRITISH, "cid": BRAZILIAN}.get(expert, GERMAN)
        if expert != "dan":
            async with db.begin() as tx:
                await bank_accounts.put(tx, "p", expert, expert.title(), iban, NOW)


async def make(db: Database, op: str = "op-12345", **more: Any) -> Batch:
    async with db.begin() as tx:
        given = {"experts": None, "minimum": 1} | more
        return (await payouts.make(tx, "p", EUR, op=op, now=LATER, **given))[0]


async def test_a_batch_is_made_paid_and_booked_once(database: Database) -> None:
    await earned(database, ada=900, bob=500, dan=700, eve=20)
    batch = await make(database, minimum=100)
    assert [(line.expert, line.amount, line.holder, line.iban) for line in batch.lines] == [
        ("ada", 900, "Ada", "DE•• 3000"), ("bob", 500, "Bob", "GB•• 5432")
    ]  # fmt: skip
    assert (batch.state, batch.amount, batch.count, batch.sepa) == ("open", 1400, 2, True)
    assert (await totals(database))["earnings", "ada"] == 900, "nothing is booked before it is paid"
    async with database.begin() as tx:
        assert await payouts.make(tx, "p", EUR, op="op-12345", now=LATER, experts=None, minimum=100) == (batch, False)
    async with refused(database, "op_reused", "op-12345") as tx:
        await payouts.make(tx, "p", EUR, op="op-12345", now=LATER, experts=None, minimum=1)
    async with refused(database, "nothing_owed") as tx:  # who is in an open batch is in no other
        await payouts.make(tx, "p", EUR, op="op-other", now=LATER, experts=["ada", "dan"], minimum=1)
    await drop(database, "p", "ada", 60, user="vic")
    for op, booked in (("op-paid-1", 2), ("op-paid-1", 0)):
        async with database.begin() as tx:
            paid, done = await payouts.pay(tx, "p", batch.batch, op=op, now=LATER)
        assert (paid.state, paid.closed_at, len(done)) == ("paid", LATER, booked)
    for name in ("pay", "cancel"):
        async with refused(database, "batch_closed") as tx:
            await getattr(payouts, name)(tx, "p", batch.batch, op="op-paid-2", now=LATER)
    after = await totals(database)
    assert [after["earnings", name] for name in ("ada", "bob", "dan", "eve")] == [60, 0, 700, 20]
    assert after["world", ""] == 1400
    assert [line.expert for line in (await make(database, "op-again")).lines] == ["ada", "eve"]
    await check(database)


async def test_what_is_cancelled_can_be_paid_later_and_others_batches_are_no_batches(database: Database) -> None:
    await earned(database, ada=900)
    batch = await make(database)
    async with database.begin() as tx:
        cancelled, new = await payouts.cancel(tx, "p", batch.batch, op="op-cancel", now=LATER)
    assert (cancelled.state, new) == ("cancelled", True)
    async with refused(database, "batch_closed") as tx:
        await payouts.order(tx, "p", batch.batch, "x", sepa=False)
    assert (await make(database, "op-again")).amount == 900
    for pool, name in (("q", batch.batch), ("p", "payout-none")):
        for work in (payouts.pay, payouts.cancel):
            async with refused(database, "no_such_batch") as tx:
                await work(tx, pool, name, op="op-12345", now=LATER)
        async with refused(database, "no_such_batch") as tx:
            await payouts.batch(tx, pool, name)
    async with database.read() as tx:
        listed, more = await payouts.batches(tx, "p", limit=1)
        assert (len(listed), more, await payouts.batches(tx, "q")) == (1, True, ([], False))


async def test_operators_at_the_same_moment_make_one_batch_and_pay_it_once(database: Database) -> None:
    await earned(database, ada=900, bob=500)

    async def quietly(work: Any) -> object:
        try:
            return await work
        except Refusal as refusal:
            return refusal.code

    made = await asyncio.gather(*(quietly(make(database, f"op-make-{n}")) for n in range(5)))
    (batch,) = [one for one in made if isinstance(one, Batch)]
    assert made.count("nothing_owed") == 4

    async def pay(op: str) -> object:
        async with database.begin() as tx:
            return len((await payouts.pay(tx, "p", batch.batch, op=op, now=LATER))[1])

    paid = await asyncio.gather(*(quietly(pay(f"op-pay-{n}")) for n in range(5)))
    assert sorted(map(str, paid)) == ["2", *["batch_closed"] * 4]
    assert (await totals(database))["world", ""] == 1400
    await check(database)


async def test_operators_see_who_is_owed_what_and_what_to_look_at_first(database: Database) -> None:
    await earned(database, ada=900, bob=1500, dan=70)
    async with database.begin() as tx:
        await bank_accounts.put(tx, "p", "ada", "Ada Quill", BRITISH, LATER - 1)
    batch = await make(database, experts=["bob"])
    async with database.read() as tx:
        found, more = await payouts.owed(tx, "p", LATER)
    assert [(one.expert, one.amount, one.iban, one.flags, one.batch) for one in found] == [
        ("bob", 1500, "GB•• 5432", ["in_batch"], batch.batch), ("ada", 900, "GB•• 5432", ["details_changed"], ""),
        ("dan", 70, "", ["no_details"], ""),
    ]  # fmt: skip
    assert not more


async def test_the_bank_is_told_as_it_was_when_the_batch_was_made(database: Database) -> None:
    await earned(database, ada=900, cid=40)
    batch = await make(database, experts=["ada"])
    async with refused(database, "bad_iban", "pool") as tx:
        await payouts.order(tx, "p", batch.batch, "Acme", sepa=True)
    async with database.begin() as tx:
        await bank_accounts.put(tx, "p", POOL, "Acme GmbH", GERMAN, NOW)
        await bank_accounts.put(tx, "p", "ada", "Ada", BRITISH, LATER)
        order = await payouts.order(tx, "p", batch.batch, "Acme", sepa=True)
    assert [(one.iban, one.amount) for one in order.payments] == [(GERMAN, 900)]
    assert order.payments[0].reference == f"{batch.batch}-1" and len(order.payments[0].reference) <= 35
    assert Xml.fromstring(bank_file.transfer(order)) is not None
    other = await make(database, "op-other")
    assert not other.sepa
    async with refused(database, "bad_iban", "cid") as tx:
        await payouts.order(tx, "p", other.batch, "Acme", sepa=True)
    async with database.read() as tx:
        assert b"BR18" in bank_file.table(await payouts.order(tx, "p", other.batch, "Acme", sepa=False))


async def test_names_no_bank_could_read_and_numbers_that_are_none_are_refused(database: Database) -> None:
    for name, iban, code in (
        ("Ada", "DE89", "bad_iban"),
        ("نور", GERMAN, "malformed"),
        ("A" * 71, GERMAN, "malformed"),
    ):
        async with refused(database, code, "name" if code == "malformed" else "") as tx:
            await bank_accounts.put(tx, "p", "ada", name, iban, NOW)


async def test_nobody_is_forgotten_with_money_unless_they_give_it_up(database: Database) -> None:
    await earned(database, ada=900, bob=500)
    async with database.begin() as tx:
        await ledger.deposit(tx, "p", "vic", 250, EUR, key="d1", now=NOW)
    batch = await make(database, experts=["bob"])
    for role, subject, left in (("user", "vic", "250 EUR"), ("expert", "ada", "900 EUR"), ("expert", "bob", "payout")):
        async with refused(database, "money_left", left) as tx:
            await leaving.settle_up(tx, "p", role, subject, forfeit=subject == "bob", now=NOW)
    async with refused(database, "money_left", "payout") as tx:
        await leaving.forget(tx, "p", "expert", "bob")
    async with database.begin() as tx:
        for role, subject, amount in (("user", "vic", 250), ("expert", "ada", 900)):
            given = await leaving.settle_up(tx, "p", role, subject, forfeit=True, now=NOW)
            assert given == leaving.Left(amount, EUR)
            for _again in range(2):
                await leaving.forget(tx, "p", role, subject)
            assert await leaving.settle_up(tx, "p", role, subject, forfeit=False, now=NOW) is None
        await ledger.freeze(tx, "p", "uma", EUR, reason="x", now=NOW)
        await payouts.pay(tx, "p", batch.batch, op="op-paid-1", now=LATER)
    async with refused(database, "wallet_frozen") as tx:
        await leaving.settle_up(tx, "p", "user", "uma", forfeit=True, now=NOW)
    async with database.begin() as tx:
        await leaving.forget(tx, "p", "expert", "bob")
        assert await bank_accounts.of(tx, "p", "bob") is None
        assert (await payouts.batch(tx, "p", batch.batch)).lines[0].holder == ""
    kept = await totals(database)
    assert kept["fees", ""] == 1150
    assert {owner for kind, owner in kept if kind in ("wallet", "earnings")} & {"vic", "ada", "bob"} == set()
    await check(database)
