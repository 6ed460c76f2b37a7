"""Deposits by card, end to end with the processor's own SDK over HTTP: credited once, and only by what it tells."""

import asyncio
import random

import pytest
from structlog.testing import capture_logs

from billing import ledger, meter
from billing.deposits import store, units
from billing.deposits.checkout import GONE_MS
from billing.deposits.processor import Processor, Settings
from ground.clock import SetClock, SystemClock
from ground.errors import Refusal
from ground.sql import Database
from tests import processor as tp
from tests.billing import counter as at
from tests.billing.counter import POOL, USER, standing


async def code(asking: object) -> str:
    with pytest.raises(Refusal) as refused:
        await asking  # type: ignore[misc]
    return refused.value.code


@pytest.mark.claim("A16")
async def test_a_deposit_told_five_times_in_any_order_and_three_at_once_is_credited_once(database: Database) -> None:
    seed = random.randrange(2**32)
    async with standing(database, copies=5, shuffle=seed) as stand:
        counter = stand.counter
        async with database.begin() as tx:
            await ledger.deposit(tx, POOL, USER, 100, "EUR", key="before", now=1)
            held = {"rate": 600, "free_ms": 0, "cap_ms": 3_600_000, "minimum_ms": 1, "fee_bps": 0, "currency": "EUR"}
            await meter.reserve(tx, POOL, "o1", USER, "ada", now=2, **held)  # type: ignore[arg-type]
            await meter.bind(tx, POOL, "o1", "s1")
        assert (await counter.balance()).pending == 100
        url = await counter.page("op-1", 2500, keep=True)
        assert (await counter.rows())[0]["state"] == "open" and (await counter.balance()).balance == 100
        paid = await tp.pay(url)
        assert (paid.status, paid.to) == (303, f"{at.BASE}/p/demo/paid")
        await stand.until(lambda: _told(stand, 10))
        await stand.hook.replay(seed)
        (row,) = await counter.rows()
        assert (row["state"], row["amount"], row["currency"]) == ("paid", 2500, "EUR"), seed
        balance = await counter.balance()
        assert (balance.balance, balance.pending) == (2600, 2600), "the session that runs lasts longer"
        assert stand.hook.moved == [(POOL, USER)]
        payer = await counter.payer()
        assert (payer["brand"], payer["last4"], payer["exp_year"]) == ("visa", "4242", 2034)
        assert await stand.counter.page("op-1", 2500, keep=True) == url


async def _told(stand: at.Stand, count: int) -> bool:
    kinds = stand.hook.kinds()
    return len(kinds) >= count and (await stand.counter.balance()).balance > 100


async def test_a_payment_is_approved_denied_declined_and_tried_again(database: Database) -> None:
    async with standing(database) as stand:
        subject = await at.with_account(database)
        url = await stand.counter.page("op-1", 1000, user=subject)
        for number in (tp.DECLINED, tp.NO_FUNDS):
            assert (await tp.pay(url, number)).status != 303
        assert (await tp.pay(url, tp.ASKS_ALWAYS, "deny")).status != 303
        assert (await stand.counter.balance(subject)).balance == 0
        assert (await tp.pay(url, tp.ASKS_ALWAYS)).status == 303
        await stand.until(lambda: _has(stand, subject, 1000))
        assert await stand.counter.letters() == ["deposit"]
        kinds = {row["state"] for row in await stand.counter.rows(user=subject)}
        assert kinds == {"paid"}, "what was tried before is of the same page"


async def _has(stand: at.Stand, user: str, amount: int) -> bool:
    return (await stand.counter.balance(user)).balance == amount


async def test_a_payment_that_takes_its_time_is_credited_when_it_came_and_not_when_it_failed(
    database: Database,
) -> None:
    async with standing(database) as stand:
        assert (await stand.pay("good", 700, tp.DEBIT)).status == 303
        assert (await stand.pay("bad", 900, tp.DEBIT_FAILS)).status == 303
        await stand.state("good", "paid")
        await stand.state("bad", "failed")
        await stand.counter.page("late", 800)
        row = next(row for row in await stand.counter.rows() if row["op"] == "late")
        await stand.client.v1.checkout.sessions.expire_async(row["checkout"])
        await stand.state("late", "expired")
        assert (await stand.counter.balance()).balance == 700
        await stand.hook.replay(seed=1)
        assert (await stand.counter.balance()).balance == 700


async def test_what_may_be_paid_in_and_how_often_is_asked(database: Database) -> None:
    async with standing(database) as stand:
        counter = stand.counter
        for amount in (0, 1, 499, 50_001, 10**12):
            assert await code(counter.page("op", amount)) == "bad_amount"
        urls = await asyncio.gather(*(counter.page("op", 500) for _ in range(4)))
        assert len(set(urls)) == 1 and len(await counter.rows()) == 1
        assert await code(counter.page("op", 501)) == "op_reused"
        assert await code(counter.page("op", 500, keep=True)) == "op_reused"
        assert await counter.page("op", 500, user="viktor") != urls[0], "an operation is one user's own"
        for n in range(19):
            await counter.page(f"op-{n}", 500)
        assert await code(counter.page("one-more", 500)) == "rate_limited"
        assert await counter.page("op-3", 500), "what was made before is still there"
        async with database.begin() as tx:
            await ledger.freeze(tx, POOL, "viktor", "EUR", reason="because", now=1)
        assert await code(counter.page("frozen", 500, user="viktor")) == "wallet_frozen"
        assert await code(counter.page("money", 500, user="wim", currency="USD")) == "no_deposits"


async def test_a_processor_that_is_away_is_said_so_and_the_same_operation_goes_on_later(database: Database) -> None:
    async with standing(database) as stand:
        assert await code(stand.without_processor().page("op", 2500)) == "processor_unavailable"
        (row,) = await stand.counter.rows()
        assert (row["state"], row["checkout"], row["url"]) == ("open", None, "")
        await stand.paid("op", 2500)
        assert len(await stand.counter.rows()) == 1


async def _came(stand: at.Stand, kind: str) -> bool:
    return kind in stand.hook.kinds()


async def test_a_page_of_which_nobody_tells_is_looked_at_and_never_credited(database: Database) -> None:
    clock = SetClock(SystemClock().now_ms())
    async with standing(database, clock) as stand:
        stand.hook.shut = True
        assert (await stand.pay("paid")).status == 303
        await stand.until(lambda: _came(stand, "checkout.session.completed"))
        await stand.counter.page("left", 700)
        assert await code(stand.without_processor().page("never-made", 700, user="viktor")) == "processor_unavailable"
        rows = {row["op"]: row for row in await stand.counter.rows()}
        await stand.client.v1.checkout.sessions.expire_async(rows["left"]["checkout"])
        with capture_logs() as early:
            await stand.counter.checkout.resume()
        clock.advance(GONE_MS + 1)
        with capture_logs() as logs:
            await asyncio.gather(stand.counter.checkout.resume(), stand.another().checkout.resume())
        said = [[log["deposit"] for log in some if log["event"] == "paid_and_not_told"] for some in (early, logs)]
        assert said == [[], [rows["paid"]["deposit"]]], "once, aloud"
        assert {row["op"]: row["state"] for row in await stand.counter.rows()} == {"paid": "open", "left": "expired"}
        assert (await stand.counter.rows(user="viktor"))[0]["state"] == "expired"
        assert (await stand.counter.balance()).balance == 0
        for one in stand.hook.came:
            await stand.counter.webhook.take(*one)
        assert (await stand.counter.balance()).balance == 2500, "late, and still good"


async def test_the_page_is_the_processors_own(database: Database) -> None:
    async with standing(database) as stand:
        ours = stand.counter.processor.is_pay_page
        api = stand.found.api
        assert ours(f"{api}/pay/cs_1") and not ours(f"{api}.evil.example/pay")
        live = Processor(Settings(key="k", secret="s"), lambda: 0.0).is_pay_page
        assert live("https://checkout.stripe.com/c/pay/cs_1#fid")
        for url in (
            "http://checkout.stripe.com/c", "https://evil.example/", "https://checkout.stripe.com@evil.example/",
            "https://checkout.stripe.com.evil.example/", "//checkout.stripe.com/x", "javascript:alert(1)", "",
            "https://checkout.stripe.com", "https://checkout.stripe.com\\@evil.example/", "https://api.stripe.com/x",
            "https://checkout.stripe.com:444/x", "https://checkout.stripe.com/a b", "https://checkout.stripe.com/\r\nX",
        ):  # fmt: skip
            assert not live(url), url


@pytest.mark.parametrize(
    ("currency", "exponent", "amount", "theirs"),
    [("EUR", 2, 1234, 1234), ("JPY", 0, 500, 500), ("KWD", 3, 1230, 1230), ("ISK", 0, 5, 500), ("UGX", 0, 7, 700),
     ("ALL", 0, 9, 900), ("MGA", 2, 500, 5), ("MGA", 0, 5, 5)],
)  # fmt: skip
def test_the_processors_units(currency: str, exponent: int, amount: int, theirs: int) -> None:
    assert units.processors(amount, currency, exponent) == theirs
    assert units.ours(theirs, currency, exponent) == amount
    step = units.step(currency, exponent)
    assert amount % step == 0
    if step > 1:
        with pytest.raises(Refusal, match="bad_amount"):
            units.processors(amount + 1, currency, exponent)
    assert units.ours(1, "ISK", 0) == 1, "a fraction counts as one"


async def test_deposits_of_a_currency_without_cents(database: Database) -> None:
    async with standing(database) as stand:
        url = await stand.counter.page("op", 1500, user="yui", currency="JPY")
        assert (await tp.pay(url)).status == 303
        await stand.until(lambda: _has(stand, "yui", 1500))
        async with database.read() as tx:
            (row,) = await store.paid(tx, POOL, "yui", "JPY")
        found = await stand.client.v1.payment_intents.retrieve_async(row["payment"])
        assert (found.amount_received, found.currency) == (1500, "jpy")
