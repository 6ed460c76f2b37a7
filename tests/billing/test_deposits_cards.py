"""A kept card, and deposits that it makes by itself: one at a time, credited by the webhook, and failing softly."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from billing import ledger
from billing.deposits import cards, erasure
from billing.deposits.cards import A_DAY, HANGS_MS, PAUSE_MS, Reload
from ground.clock import SetClock, SystemClock
from ground.errors import Refusal
from ground.sql import Database
from tests import processor as tp
from tests.billing import counter as at
from tests.billing.counter import POOL, Stand, standing

WISH = Reload(on=True, threshold=1000, amount=2000)


@pytest.fixture
async def stand(database: Database) -> AsyncIterator[Stand]:
    """The clock stands still until somebody moves it."""
    async with standing(database, SetClock(SystemClock().now_ms())) as made:
        yield made


async def with_card(stand: Stand, number: str = tp.PAYS, amount: int = 500) -> str:
    """A user with an account, a kept card and a balance below the threshold."""
    user = await at.with_account(stand.counter.database)
    await stand.pay("card", amount, number, keep=True, user=user)
    await stand.until(lambda: has(stand, user, amount))
    await stand.counter.reloads.wish(POOL, user, WISH, 500, 50_000)
    return user


async def has(stand: Stand, user: str, amount: int) -> bool:
    return (await stand.counter.balance(user)).balance == amount


async def look(stand: Stand, user: str) -> bool:
    return await stand.counter.reloads.look(POOL, user, "EUR", 50_000)


def later(stand: Stand, ms: int) -> None:
    clock = stand.counter.clock
    assert isinstance(clock, SetClock)
    clock.advance(ms)


async def test_a_low_balance_is_reloaded_once_and_credited_by_the_webhook(stand: Stand) -> None:
    user = await with_card(stand)
    stand.hook.shut = True
    others = [stand.another().reloads for _ in range(3)]
    began = await asyncio.gather(*(one.look(POOL, user, "EUR", 50_000) for one in [stand.counter.reloads, *others]))
    assert sum(began) == 1
    await asyncio.sleep(0)
    assert (await stand.counter.balance(user)).balance == 500, "not before the processor has told it"
    assert not await look(stand, user), "one is under way"
    stand.hook.shut = False
    await told(stand, "payment_intent.succeeded", 2)
    for body, signature in stand.hook.came:
        await stand.counter.webhook.take(body, signature)
    assert (await stand.counter.balance(user)).balance == 2500
    payer = await stand.counter.payer(user)
    assert (payer["reloading"], payer["failures"]) == ("", 0)
    assert not await look(stand, user), "there is enough"
    await stand.hook.replay(seed=2, copies=2)
    assert await stand.counter.letters() == ["deposit", "deposit"]


async def told(stand: Stand, kind: str, count: int) -> None:
    async def is_told() -> bool:
        return stand.hook.kinds().count(kind) >= count

    await stand.until(is_told)


async def test_a_card_that_does_not_pay_by_itself_is_tried_three_times_and_then_left_alone(stand: Stand) -> None:
    user = await with_card(stand, tp.ASKS_ALWAYS)
    for n in range(1, cards.FAILURES_MAX + 1):
        assert await look(stand, user)
        assert not await look(stand, user), "it pauses"
        payer = await stand.counter.payer(user)
        assert (payer["failures"], payer["reloading"], payer["reload_on"]) == (n, "", n < cards.FAILURES_MAX)
        later(stand, PAUSE_MS * n)
    await told(stand, "payment_intent.payment_failed", cards.FAILURES_MAX)
    assert not await look(stand, user)
    payer = await stand.counter.payer(user)
    assert payer["failures"] == cards.FAILURES_MAX, "told by the answer and by the event, it counts once"
    assert await stand.counter.letters() == ["deposit"] + ["reload_failed"] * cards.FAILURES_MAX
    assert (await stand.counter.balance(user)).balance == 500
    kept = await stand.counter.reloads.wish(POOL, user, WISH, 500, 50_000)
    assert kept.reload.failures == 0 and await look(stand, user), "until the user wants it again"


async def test_reloads_are_few_a_day(stand: Stand) -> None:
    user = await with_card(stand)
    for n in range(A_DAY):
        assert await look(stand, user), n
        await stand.until(lambda n=n: has(stand, user, 2500))  # type: ignore[misc]
        async with stand.counter.database.begin() as tx:
            now = stand.counter.clock.now_ms()
            await ledger.forfeit(tx, POOL, user, 2000, "EUR", key=f"spent-{n}", now=now, memo="spent")
    assert not await look(stand, user)
    later(stand, cards.DAY_MS)
    assert await look(stand, user)


async def test_a_reload_that_hangs_is_looked_at_again_by_whoever_lives(stand: Stand) -> None:
    user = await with_card(stand)
    counter = stand.counter
    assert await stand.without_processor().reloads.look(POOL, user, "EUR", 50_000)
    assert (await counter.payer(user))["reloading"]
    await counter.reloads.resume()
    assert (await counter.balance(user)).balance == 500, "not yet"
    later(stand, HANGS_MS)
    await asyncio.gather(counter.reloads.resume(), counter.reloads.resume())
    await stand.until(lambda: has(stand, user, 2500))
    assert len((await stand.client.v1.payment_intents.list_async()).data) == 2


async def test_what_is_wished_has_bounds_and_needs_a_card(stand: Stand) -> None:
    reloads = stand.counter.reloads
    for wish in (Reload(on=True, threshold=0, amount=1000), Reload(on=True, threshold=10, amount=499),
                 Reload(on=True, threshold=10, amount=50_001), Reload(on=False, threshold=-1, amount=0)):  # fmt: skip
        with pytest.raises(Refusal, match="bad_amount"):
            await reloads.wish(POOL, "uma", wish, 500, 50_000)
    with pytest.raises(Refusal, match="no_card"):
        await reloads.wish(POOL, "uma", WISH, 500, 50_000)
    with pytest.raises(Refusal, match="no_card"):
        await reloads.drop_card(POOL, "uma")
    assert not await look(stand, "uma")


async def test_a_card_is_dropped_and_a_person_forgotten_here_and_at_the_processor(stand: Stand) -> None:
    user = await with_card(stand)
    customer = (await stand.counter.payer(user))["customer"]
    await stand.counter.reloads.drop_card(POOL, user)
    payer = await stand.counter.payer(user)
    assert (payer["method"], payer["last4"], payer["reload_on"]) == ("", "", False) and not await look(stand, user)
    assert (await stand.client.v1.customers.payment_methods.list_async(customer)).data == []
    await stand.counter.page("never-paid", 900, user=user)
    async with stand.counter.database.begin() as tx:
        exported = await erasure.export(tx, POOL, user)
        assert sorted(row["amount"] for row in exported["deposits"]) == [500, 900]
        await erasure.forget(tx, POOL, user, "erased-1")
        await ledger.rename_owner(tx, POOL, "wallet", user, "erased-1")
    assert not any([await stand.counter.rows(kind, user) for kind in ("deposits", "payers", "refunds")])
    await erasure.forget_at_processor(stand.counter.tools)
    assert (await stand.client.v1.customers.retrieve_async(customer)).deleted
    assert await stand.counter.rows("payers", "erased-1") == []
    pages = {row["amount"]: row["checkout"] for row in await stand.counter.rows("deposits", "erased-1")}
    assert sorted(pages) == [500, 900]
    page = await stand.client.v1.checkout.sessions.retrieve_async(pages[900])
    assert page.status == "expired", "whoever pays there now would pay for nobody"
    await stand.hook.replay(seed=3, copies=1)
