"""Movements of money and their refusals, on SQLite and PostgreSQL."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from billing import ledger
from billing.booking import AMOUNT_MAX
from billing.ledger import Balance, Booked
from ground.errors import Refusal
from ground.sql import Database, Tx
from tests.billing.books import EUR, NOW, check, drop, totals


async def refused(code: str, db: Database, work: Callable[[Tx], Awaitable[Any]]) -> str:
    """`work` is refused with `code`, and changes nothing. The detail of the refusal."""
    before = await totals(db)
    with pytest.raises(Refusal) as refusal:
        async with db.begin() as tx:
            await work(tx)
    assert refusal.value.code == code
    assert await totals(db) == before
    return refusal.value.detail


@pytest.mark.claim("A16")
async def test_money_comes_in_goes_out_and_every_pool_sums_to_zero(database: Database) -> None:
    async with database.begin() as tx:
        first = await ledger.deposit(tx, "p", "uma", 5000, EUR, key="d1", now=NOW, reference="cs_1")
        assert first == Booked(first.transaction, 5000, 5000)
        assert (await ledger.deposit(tx, "p", "uma", 250, EUR, key="d2", now=NOW)).balance == 5250
        assert (await ledger.refund(tx, "p", "uma", 1250, EUR, key="r1", now=NOW)).balance == 4000
        assert (await ledger.goodwill(tx, "p", "uma", 100, EUR, key="g1", now=NOW, memo="sorry")).balance == 4100
        assert (await ledger.forfeit(tx, "p", "uma", 600, EUR, key="f1", now=NOW, memo="left")).balance == 3500
        assert (await ledger.collected(tx, "p", 3000, EUR, key="b1", now=NOW)).balance == -1000
        assert await ledger.balance_of(tx, "p", "uma") == Balance(3500, 0, False, EUR)
        assert await ledger.balance_of(tx, "q", "uma") == Balance(0, 0, False, "")
        assert await ledger.currency_of(tx, "p") == EUR and await ledger.currency_of(tx, "q") is None
    assert await totals(database) == {
        ("escrow", ""): 0, ("fees", ""): 500, ("processor", ""): -1000, ("wallet", "uma"): 3500, ("world", ""): -3000
    }  # fmt: skip
    await check(database)


async def test_a_repeat_gets_the_first_answer_and_another_input_is_refused(database: Database) -> None:
    async def deposit(tx: Tx, amount: int = 500, user: str = "uma", now: int = NOW) -> Booked:
        return await ledger.deposit(tx, "p", user, amount, EUR, key="d1", now=now)

    async with database.begin() as tx:
        first = await deposit(tx)
        await ledger.refund(tx, "p", "uma", 100, EUR, key="r1", now=NOW)
    async with database.begin() as tx:
        assert await deposit(tx, now=NOW + 9) == first
    assert await refused("op_reused", database, lambda tx: deposit(tx, amount=501)) == "d1"
    await refused("op_reused", database, lambda tx: deposit(tx, user="vic"))
    await refused("op_reused", database, lambda tx: ledger.refund(tx, "p", "uma", 500, EUR, key="d1", now=NOW))
    async with database.begin() as tx:  # the same key in another pool is another key
        assert (await ledger.deposit(tx, "q", "uma", 7, EUR, key="d1", now=NOW)).balance == 7
    await check(database)


async def test_a_refusal_is_not_remembered(database: Database) -> None:
    async def refund(tx: Tx) -> Booked:
        return await ledger.refund(tx, "p", "uma", 500, EUR, key="r1", now=NOW)

    await refused("balance_too_low", database, refund)
    async with database.begin() as tx:
        await ledger.deposit(tx, "p", "uma", 600, EUR, key="d1", now=NOW)
        assert (await refund(tx)).balance == 100


async def test_what_is_no_amount_is_refused(database: Database) -> None:
    for wrong in (0, -1, AMOUNT_MAX + 1, 10**30, True, 1.5, float("nan"), "1", None):
        amount: Any = wrong

        async def deposit(tx: Tx, amount: Any = amount) -> None:
            await ledger.deposit(tx, "p", "uma", amount, EUR, key="d1", now=NOW)

        await refused("bad_amount", database, deposit)


async def test_another_currency_than_the_accounts_is_refused(database: Database) -> None:
    async with database.begin() as tx:
        await ledger.deposit(tx, "p", "uma", 500, EUR, key="d1", now=NOW)
    for user in ("uma", "vic"):

        async def deposit(tx: Tx, user: str = user) -> None:
            await ledger.deposit(tx, "p", user, 5, "USD", key="d2", now=NOW)

        await refused("bad_amount", database, deposit)
    async with database.begin() as tx:
        await ledger.deposit(tx, "q", "uma", 500, "USD", key="d1", now=NOW)
    await check(database)


async def test_a_failed_refund_is_reversed_once(database: Database) -> None:
    async with database.begin() as tx:
        await ledger.deposit(tx, "p", "uma", 500, EUR, key="d1", now=NOW)
        await ledger.refund(tx, "p", "uma", 400, EUR, key="r1", now=NOW)
    for _ in range(2):
        async with database.begin() as tx:
            assert (await ledger.reverse(tx, "p", "r1", key="r1-back", now=NOW)).balance == 500
    await refused("op_reused", database, lambda tx: ledger.reverse(tx, "p", "r1", key="again", now=NOW))
    with pytest.raises(KeyError):
        async with database.begin() as tx:
            await ledger.reverse(tx, "p", "nothing", key="x1", now=NOW)
    assert (await totals(database))["wallet", "uma"] == 500
    await check(database)


async def test_a_chargeback_takes_what_the_wallet_has_and_the_fees_bear_the_rest(database: Database) -> None:
    async with database.begin() as tx:
        await ledger.deposit(tx, "p", "uma", 1000, EUR, key="d1", now=NOW)
        await ledger.refund(tx, "p", "uma", 700, EUR, key="r1", now=NOW)
        lost = await ledger.chargeback(tx, "p", "uma", 1000, EUR, key="c1", now=NOW)
        assert (lost.from_wallet, lost.from_fees) == (300, 700)
        assert await ledger.chargeback(tx, "p", "uma", 1000, EUR, key="c1", now=NOW) == lost
        nothing = await ledger.chargeback(tx, "p", "vic", 5, EUR, key="c2", now=NOW)
        assert (nothing.from_wallet, nothing.from_fees) == (0, 5)
    assert (await totals(database))["fees", ""] == -705
    async with database.begin() as tx:  # won after all
        assert (await ledger.reverse(tx, "p", "c1", key="c1-won", now=NOW)).balance == 300
    assert (await totals(database))["fees", ""] == -5
    await check(database)


async def test_a_frozen_wallet_takes_money_and_gives_none(database: Database) -> None:
    async with database.begin() as tx:
        await ledger.deposit(tx, "p", "uma", 1000, EUR, key="d1", now=NOW)
        await ledger.freeze(tx, "p", "uma", EUR, reason="disputed", now=NOW)
        again = await ledger.freeze(tx, "p", "uma", EUR, reason="something else", now=NOW + 5)
        assert again == Balance(1000, 0, True, EUR)
        assert (await ledger.deposit(tx, "p", "uma", 10, EUR, key="d2", now=NOW)).balance == 1010
        assert (await ledger.chargeback(tx, "p", "uma", 10, EUR, key="c1", now=NOW)).from_wallet == 10
    await refused("wallet_frozen", database, lambda tx: ledger.refund(tx, "p", "uma", 1, EUR, key="r1", now=NOW))
    async with database.begin() as tx:
        assert await ledger.unfreeze(tx, "p", "uma", EUR) == Balance(1000, 0, False, EUR)
        await ledger.refund(tx, "p", "uma", 1000, EUR, key="r1", now=NOW)


async def test_an_expert_is_paid_what_is_owed_and_not_more(database: Database) -> None:
    async def payout(tx: Tx) -> Booked:
        return await ledger.payout(tx, "p", "ada", 1, EUR, key="b1:ada", now=NOW)

    await refused("balance_too_low", database, payout)
    await drop(database, "p", "ada", 900, fee_bps=1000)
    async with database.begin() as tx:
        assert await ledger.owed_to(tx, "p", "ada") == 810
        assert await ledger.payout(tx, "p", "ada", 810, EUR, key="b2:ada", now=NOW)
        assert await ledger.owed_to(tx, "p", "ada") == 0
    await refused("balance_too_low", database, payout)
    await check(database)


async def test_a_forgotten_owner_leaves_the_books_as_they_were(database: Database) -> None:
    await drop(database, "p", "ada", 900, user="uma")
    async with database.begin() as tx:
        assert await ledger.rename_owner(tx, "p", "wallet", "uma", "gone-1")
        assert not await ledger.rename_owner(tx, "p", "wallet", "uma", "gone-2")
        assert await ledger.balance_of(tx, "p", "uma") == Balance(0, 0, False, "")
    assert ("wallet", "gone-1") in await totals(database)
    await check(database)
