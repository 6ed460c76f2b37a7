"""Money that goes back: refunds of unused balance, and payments that are disputed."""

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing import ledger, meter
from billing import store as books
from billing.audit import audit
from billing.deposits import store
from billing.deposits.disputes import NotYet, make_good
from billing.deposits.refunds import split
from ground.errors import Refusal
from ground.sql import Database
from tests import processor as tp
from tests.billing import counter as at
from tests.billing.counter import POOL, USER, Stand, standing


async def spend(stand: Stand, amount: int, user: str = USER) -> None:
    async with stand.counter.database.begin() as tx:
        await ledger.forfeit(tx, POOL, user, amount, "EUR", key=f"spent-{amount}", now=1, memo="spent")


async def kinds(stand: Stand) -> dict[str, int]:
    """What the pool's own accounts stand at."""
    async with stand.counter.database.read() as tx:
        rows = await tx.execute(books.accounts.select().where(books.accounts.c.pool == POOL))
        return {row.kind: row.balance for row in rows if not row.owner}


async def done(stand: Stand) -> bool:
    await stand.counter.refunds.resume()
    return not (await stand.counter.payer())["refunding"]


async def test_unused_balance_goes_back_to_the_newest_cards_first(database: Database) -> None:
    async with standing(database) as stand:
        await stand.paid("op-1", 1000)
        await stand.paid("op-2", 2000)
        await spend(stand, 300)
        refunds = stand.counter.refunds
        async with database.read() as tx:
            assert await refunds.refundable(tx, POOL, USER, "EUR") == 2700
        asked = await asyncio.gather(*(refunds.ask(POOL, USER, "r", 2500, "EUR") for _ in range(5)))
        assert len({one.refund for one in asked}) == 1
        assert (await stand.counter.balance()).balance == 200, "booked before it is sent"
        for op, amount, why in (("r", 2499, "op_reused"), ("r2", 100, "refund_open")):
            with pytest.raises(Refusal, match=why):
                await refunds.ask(POOL, USER, op, amount, "EUR")
        await asyncio.gather(refunds.resume(), stand.another().refunds.resume())
        await stand.until(lambda: done(stand))
        sent = (await stand.client.v1.refunds.list_async()).data
        assert sorted(one.amount for one in sent) == [500, 2000]
        back = {row["amount"]: row["returned"] for row in await stand.counter.rows()}
        assert back == {2000: 2000, 1000: 500}
        assert (await refunds.ask(POOL, USER, "r", 2500, "EUR")).state == "done"
        await stand.paid("op-3", 700)
        with pytest.raises(Refusal, match="balance_too_low"):
            await refunds.ask(POOL, USER, "r3", 901, "EUR")
        await ledger_deposit(database, 5000)
        with pytest.raises(Refusal, match="nothing_to_refund: 1200"):
            await refunds.ask(POOL, USER, "r4", 1201, "EUR")
        assert (await kinds(stand))["processor"] == -(1000 + 2000 + 700 + 5000 - 2500)


async def ledger_deposit(database: Database, amount: int) -> None:
    """Money that came by no card."""
    async with database.begin() as tx:
        await ledger.deposit(tx, POOL, USER, amount, "EUR", key="gift", now=1)


async def test_a_refund_that_fails_comes_back_at_once_or_later_and_once(database: Database) -> None:
    async with standing(database) as stand:
        user = await at.with_account(database)
        assert (await stand.pay("op", 1500, tp.REFUND_FAILS, user=user)).status == 303
        await stand.until(lambda: has(stand, user, 1500))
        await stand.counter.refunds.ask(POOL, user, "r", 1500, "EUR")
        assert (await stand.counter.balance(user)).balance == 0
        await stand.counter.refunds.resume()
        await stand.until(lambda: has(stand, user, 1500))
        await stand.hook.replay(seed=4)
        assert (await stand.counter.balance(user)).balance == 1500
        (row,) = await stand.counter.rows(user=user)
        assert row["returned"] == 0
        assert await stand.counter.letters() == ["deposit", "refund", "refund_failed"]


async def has(stand: Stand, user: str, amount: int) -> bool:
    return (await stand.counter.balance(user)).balance == amount


async def test_a_refund_whose_answer_was_lost_is_not_sent_again(database: Database) -> None:
    """Also when the processor has forgotten the key: it is asked what was sent before anything is sent again."""
    async with standing(database) as stand:
        await stand.paid("op", 2000)
        await stand.counter.refunds.ask(POOL, USER, "r", 1200, "EUR")
        async with database.read() as tx:
            (row,) = await store.due_parts(tx, stand.counter.clock.now_ms(), 10)
        async with database.begin() as tx:
            assert await store.take_part(tx, row, row["due_at"])
        asked = {"payment_intent": row["payment"], "amount": 1200, "metadata": {"part": row["part"]}}
        await stand.client.v1.refunds.create_async(asked)  # under a key of its own
        await stand.until(lambda: done(stand))
        assert [one.amount for one in (await stand.client.v1.refunds.list_async()).data] == [1200]
        assert (await stand.counter.balance()).balance == 800


async def test_what_the_processor_will_not_refund_comes_back(database: Database) -> None:
    async with standing(database) as stand:
        await stand.paid("op", 2000)
        (row,) = await stand.counter.rows()
        await stand.client.v1.refunds.create_async({"payment_intent": row["payment"]})  # by somebody at the processor
        await stand.counter.refunds.ask(POOL, USER, "r", 700, "EUR")
        assert (await stand.counter.balance()).balance == 1300
        assert await stand.counter.refunds.resume() == [(POOL, USER)]
        assert (await stand.counter.balance()).balance == 2000 and await done(stand)


async def test_a_frozen_wallet_gives_nothing_back(database: Database) -> None:
    async with standing(database) as stand:
        await stand.paid("op", 2000)
        async with database.begin() as tx:
            await ledger.freeze(tx, POOL, USER, "EUR", reason="because", now=1)
            assert await stand.counter.refunds.refundable(tx, POOL, USER, "EUR") == 0
        with pytest.raises(Refusal, match="wallet_frozen"):
            await stand.counter.refunds.ask(POOL, USER, "r", 100, "EUR")


PAID = st.lists(st.tuples(st.integers(1, 50), st.integers(0, 50), st.integers(0, 50)), max_size=6)


@given(paid=PAID, amount=st.integers(-5, 200), step=st.sampled_from([1, 10]))
def test_a_refund_is_split_exactly_and_never_above_what_was_paid(
    paid: list[tuple[int, int, int]], amount: int, step: int
) -> None:
    rows: list[dict[str, Any]] = [
        {"deposit": f"d{n}", "payment": f"p{n}", "amount": (a + b + c) * 10, "returned": b * 10, "disputed": c * 10}
        for n, (a, b, c) in enumerate(paid)
    ]
    left = {row["deposit"]: row["amount"] - row["returned"] - row["disputed"] for row in rows}
    if amount <= 0 or amount % step or amount > sum(left.values()):
        with pytest.raises(Refusal, match=r"bad_amount|nothing_to_refund"):
            split(amount, rows, step)
        return
    shares = split(amount, rows, step)
    assert sum(share.amount for share in shares) == amount
    assert all(0 < share.amount <= left[share.deposit] for share in shares)
    assert all(share.amount == left[share.deposit] for share in shares[:-1]), "in order"


# ---------------------------------------------------------------- disputes


async def test_a_disputed_payment_takes_what_is_left_freezes_and_comes_back_when_won(database: Database) -> None:
    async with standing(database, later_ms=600_000) as stand:
        await stand.paid("op", 2000, tp.PAYS)
        await spend(stand, 1500)
        (row,) = await stand.counter.rows()
        await stand.client.raw_request_async(
            "post", "/v1/test_helpers/disputes", payment_intent=row["payment"], reason="fraudulent"
        )
        await stand.until(lambda: frozen(stand))
        assert (await stand.counter.balance()).balance == 0
        assert await kinds(stand) == {"escrow": 0, "fees": 1500 - 1500, "processor": 0}
        (dispute,) = await stand.counter.rows("disputes")
        assert (dispute["state"], dispute["amount"], dispute["reason"]) == ("taken", 2000, "fraudulent")
        await stand.client.v1.disputes.update_async(
            dispute["dispute"], {"evidence": {"uncategorized_text": "winning_evidence"}}
        )
        await stand.until(lambda: has(stand, USER, 500))
        await stand.hook.replay(seed=5)
        balance = await stand.counter.balance()
        assert (balance.balance, balance.frozen) == (500, True), "an operator has to look"
        assert (await kinds(stand))["fees"] == 1500
        (row,) = await stand.counter.rows()
        assert row["disputed"] == 0


@pytest.mark.claim("A16")
async def test_what_a_session_had_set_aside_in_a_dispute_makes_good_what_the_pool_bore(database: Database) -> None:
    """Else who disputes a payment while it is set aside would have the money twice: from the bank, and here."""
    async with standing(database, later_ms=600_000) as stand:
        await stand.paid("op", 2000, tp.PAYS)
        async with database.begin() as tx:
            await meter.reserve(
                tx, POOL, "o1", USER, "ada", rate=100, free_ms=0, cap_ms=15 * 60_000, minimum_ms=1, fee_bps=0,
                currency="EUR", now=1,
            )  # fmt: skip
        (row,) = await stand.counter.rows()
        await stand.client.raw_request_async(
            "post", "/v1/test_helpers/disputes", payment_intent=row["payment"], reason="fraudulent"
        )
        await stand.until(lambda: frozen(stand))
        assert (await kinds(stand))["fees"] == -1500
        assert await unfrozen(database) == 0, "it is set aside still"
        async with database.begin() as tx:
            await meter.settle(tx, POOL, "o1", "s1", ran_ms=60_000, ended_by="user", ended_at=2)
        assert [await unfrozen(database), await unfrozen(database)] == [1400, 0]
        assert (await stand.counter.balance()).balance == 0 and (await kinds(stand))["fees"] == -100
        (dispute,) = await stand.counter.rows("disputes")
        await stand.client.v1.disputes.update_async(
            dispute["dispute"], {"evidence": {"uncategorized_text": "winning_evidence"}}
        )
        await stand.until(lambda: has(stand, USER, 1900))
        assert (await kinds(stand))["fees"] == 0
        assert not (await audit.examine(database, POOL)).drifts


async def unfrozen(database: Database) -> int:
    """What comes to the pool when an operator unfreezes the wallet."""
    async with database.begin() as tx:
        await ledger.unfreeze(tx, POOL, USER, "EUR")
        return await make_good(tx, POOL, USER, "EUR", 3)


async def frozen(stand: Stand) -> bool:
    return (await stand.counter.balance()).frozen


async def test_a_dispute_that_is_told_before_its_payment_waits_for_it(database: Database) -> None:
    async with standing(database) as stand:
        stand.hook.shut = True
        await stand.pay("op", 2000, tp.DISPUTED)

        async def all_came() -> bool:
            return "charge.dispute.created" in stand.hook.kinds() and "checkout.session.completed" in stand.hook.kinds()

        await stand.until(all_came)
        events = dict(zip(stand.hook.kinds(), stand.hook.came, strict=True))
        take = stand.counter.webhook.take
        with pytest.raises(NotYet):
            await take(*events["charge.dispute.created"])
        assert await take(*events["checkout.session.completed"]) == (POOL, USER)
        assert await take(*events["charge.dispute.created"]) == (POOL, USER)
        assert await take(*events["charge.dispute.created"]) is None
        balance = await stand.counter.balance()
        assert (balance.balance, balance.frozen) == (0, True)
