"""What sessions hold and come to, to the millisecond and to the minor unit. On SQLite and PostgreSQL."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing import holds, ledger, meter
from billing.meter import BillFacts, Funded, Quote, Reserved
from billing.price import buys_ms, needed
from ground.errors import Refusal
from ground.sql import Database, Tx
from tests.billing.books import EUR, MINUTE, NOW, check, totals

DAY = 24 * 60 * MINUTE


async def deposit(tx: Tx, amount: int, user: str = "uma", key: str = "") -> None:
    await ledger.deposit(tx, "p", user, amount, EUR, key=key or f"d-{user}-{amount}", now=NOW)


async def reserve(tx: Tx, offer: str = "o1", user: str = "uma", expert: str = "ada", **other: Any) -> Reserved:
    terms = {"rate": 60, "free_ms": 0, "cap_ms": 60 * MINUTE, "minimum_ms": MINUTE, "fee_bps": 2000, "now": NOW}
    return await meter.reserve(tx, "p", offer, user, expert, currency=EUR, **(terms | other))


async def settle(tx: Tx, ran_ms: int, offer: str = "o1", session: str = "s1", **other: Any) -> BillFacts | None:
    said: dict[str, Any] = {"ended_by": "user", "ended_at": NOW} | other
    return await meter.settle(tx, "p", offer, session, ran_ms=ran_ms, **said)


@pytest.mark.claim("A14", "A15", "A17")
async def test_a_session_is_charged_and_credited_by_the_second_less_the_fee(database: Database) -> None:
    async with database.begin() as tx:
        await deposit(tx, 1000)
        assert await reserve(tx) == Reserved(1000, 1_000_000, 2000)
        assert (await ledger.balance_of(tx, "p", "uma")).available == 0
        assert await meter.bind(tx, "p", "o1", "s1") and not await meter.bind(tx, "p", "o1", "s2")
        assert await meter.bill(tx, "p", "s1") is None
    async with database.begin() as tx:
        billed = await settle(tx, 487_400)
        assert billed is not None
        assert (billed.outcome, billed.amount, billed.fee, billed.credit) == ("charged", 487, 97, 390)
        assert (billed.user, billed.expert, billed.ran_ms) == ("uma", "ada", 487_400)
        assert await meter.balances(tx, "p", billed) == (513, 390)
    async with database.begin() as tx:  # again, whatever it says
        assert await settle(tx, 10) == billed == await meter.bill(tx, "p", "s1")
        assert not await meter.release(tx, "p", "o1", NOW)
    assert await totals(database) == {
        ("earnings", "ada"): 390, ("escrow", ""): 0, ("fees", ""): 97, ("processor", ""): -1000, ("wallet", "uma"): 513
    }  # fmt: skip
    await check(database)


@pytest.mark.claim("A20")
async def test_thirty_seconds_leave_nothing_on_either_account_and_a_millisecond_more_both(database: Database) -> None:
    async with database.begin() as tx:
        await deposit(tx, 100_000)
        for offer in ("o1", "o2"):
            await reserve(tx, offer, rate=6000, cap_ms=5 * MINUTE)
    before = await totals(database)
    async with database.begin() as tx:
        short = await settle(tx, 30_000)
        assert short is not None and (short.outcome, short.amount, short.ran_ms) == ("short", 0, 30_000)
    assert await totals(database) == before
    async with database.begin() as tx:
        assert (await ledger.balance_of(tx, "p", "uma")).available == 70_000  # the other hold is still open
        charged = await settle(tx, 30_001, "o2", "s2")
        assert charged is not None and (charged.outcome, charged.amount, charged.fee) == ("charged", 3000, 600)
        assert await meter.balances(tx, "p", charged) == (97_000, 2400)
    await check(database)


async def test_free_minutes_a_free_rest_and_a_fee_of_all(database: Database) -> None:
    async with database.begin() as tx:
        await deposit(tx, 120)
        assert await reserve(tx, free_ms=2 * MINUTE) == Reserved(120, 4 * MINUTE, 2000)
        free = await settle(tx, 2 * MINUTE)
        assert free is not None and free.outcome == "free"
        everything = await reserve(tx, "o2", fee_bps=10_000)
        assert everything.amount == 120
        charged = await settle(tx, 61_000, "o2", "s2")
        assert charged is not None and (charged.amount, charged.fee, charged.credit) == (61, 61, 0)
        nothing_needed = await reserve(tx, "o3", free_ms=60 * MINUTE)
        assert nothing_needed == Reserved(0, 60 * MINUTE, 2000)
        assert await reserve(tx, "o4", user="vic", free_ms=MINUTE) == Reserved(0, MINUTE, 2000)  # without a wallet yet
    await check(database)


async def test_what_is_too_little_is_refused_and_a_session_shorter_than_the_minimum_is_not(database: Database) -> None:
    async with database.begin() as tx:
        await deposit(tx, 179)
        with pytest.raises(Refusal, match="balance_too_low"):
            await reserve(tx, rate=60, minimum_ms=3 * MINUTE)
        assert (await reserve(tx, rate=60, minimum_ms=3 * MINUTE, cap_ms=2 * MINUTE)).budget_ms == 2 * MINUTE
        with pytest.raises(Refusal, match="balance_too_low"):
            await reserve(tx, "o2")
        await ledger.freeze(tx, "p", "uma", EUR, reason="disputed", now=NOW)
        with pytest.raises(Refusal, match="wallet_frozen"):
            await reserve(tx, "o3", rate=1)
        charged = await settle(tx, 2 * MINUTE)  # what was set aside before stands
        assert charged is not None and charged.amount == 120


async def test_a_repeated_reserve_gets_the_first_answer(database: Database) -> None:
    async with database.begin() as tx:
        await deposit(tx, 1000)
        first = await reserve(tx, cap_ms=5 * MINUTE)
        assert await reserve(tx, cap_ms=9 * MINUTE, fee_bps=1, minimum_ms=0, now=NOW + 5) == first
        others: list[dict[str, Any]] = [{"user": "vic"}, {"expert": "bob"}, {"rate": 61}, {"free_ms": 1}]
        for other in others:
            with pytest.raises(Refusal, match="op_reused"):
                await reserve(tx, **other)
        assert await meter.release(tx, "p", "o1", NOW) and not await meter.release(tx, "p", "o1", NOW)
        with pytest.raises(Refusal, match="not_funded"):
            await reserve(tx)
        assert await ledger.balance_of(tx, "p", "uma") == ledger.Balance(1000, 0, False, EUR)
    await check(database)


@pytest.mark.claim("A19")
async def test_a_deposit_lets_open_holds_grow_up_to_their_longest_session(database: Database) -> None:
    async with database.begin() as tx:
        await deposit(tx, 200)
        await reserve(tx, "o1", cap_ms=5 * MINUTE)
        assert await meter.bind(tx, "p", "o1", "s1")
        await deposit(tx, 60)
        await reserve(tx, "o2", cap_ms=5 * MINUTE, now=NOW + 1)
        await deposit(tx, 500)
        assert await meter.extend_open(tx, "p", "uma", NOW) == [
            Funded("o1", "s1", 5 * MINUTE, 300), Funded("o2", "", 5 * MINUTE, 300)
        ]  # fmt: skip
        assert await meter.extend_open(tx, "p", "uma", NOW) == [] == await meter.extend_open(tx, "p", "vic", NOW)
    async with database.begin() as tx:
        assert await meter.untold(tx, "p") == [Funded("o1", "s1", 5 * MINUTE, 300)]  # o2's match is not known
        await meter.told(tx, "p", "o1", 300)
        await meter.bind(tx, "p", "o2", "s2")
        assert [funded.hold for funded in await meter.untold(tx, "p")] == ["o2"]
        await meter.told(tx, "p", "o2", 250)
        await meter.told(tx, "p", "o2", 200)  # too late
        await ledger.chargeback(tx, "p", "uma", 160, EUR, key="c1", now=NOW)
        await reserve(tx, "o3", cap_ms=5 * MINUTE, minimum_ms=0, now=NOW + 2)
        await ledger.freeze(tx, "p", "uma", EUR, reason="disputed", now=NOW)
        await deposit(tx, 90)
        assert await meter.extend_open(tx, "p", "uma", NOW) == []  # frozen
        assert (await holds.find(tx, "p", "o2")).told_amount == 250
        assert [held.hold for held in await meter.open_holds(tx, "p")] == ["o1", "o2", "o3"]
        charged = await settle(tx, 5 * MINUTE)
        assert charged is not None and charged.amount == 300
    await check(database)


async def test_what_was_never_set_aside_is_unpaid_and_never_stops_the_books(database: Database) -> None:
    async with database.begin() as tx:
        assert await settle(tx, MINUTE) is None  # nobody is named
        assert await settle(tx, MINUTE, user="uma", expert="ada") is None  # no money was ever here
        await deposit(tx, 1000)
        lost = await settle(tx, MINUTE, user="uma", expert="ada", rate=60)
        assert lost is not None and (lost.outcome, lost.amount, lost.user) == ("unpaid", 0, "uma")
        assert await settle(tx, MINUTE, user="uma", expert="ada", rate=60) == lost
        await reserve(tx, "o2")
        assert await meter.release(tx, "p", "o2", NOW)
        late = await settle(tx, MINUTE, "o2", "s2", user="uma", expert="ada", rate=60)
        assert late is not None and late.outcome == "unpaid"
        await reserve(tx, "o3")
        odd = await settle(tx, 10**20, "o3", "s3", ended_by="\x00")
        assert odd is not None and odd.outcome == "charged" and odd.amount == 1000
        assert (await settle(tx, -5, "o5", "s5", user="uma", expert="ada")).ran_ms == 0
        assert await settle(tx, MINUTE, "o6", "s6", user="uma", expert="ada", ended_at=10**20) is None
        await deposit(tx, 1)  # the transaction goes on
    await check(database)


async def test_a_hold_that_nobody_ends_expires(database: Database) -> None:
    async with database.begin() as tx:
        await deposit(tx, 1000)
        await reserve(tx, "o1", cap_ms=5 * MINUTE)
        await reserve(tx, "o2", cap_ms=6 * MINUTE)
        assert await holds.expire_due(tx, "p", NOW + 5 * MINUTE + DAY - 1) == []
        assert [held.hold for held in await holds.expire_due(tx, "p", NOW + 5 * MINUTE + DAY)] == ["o1"]
        assert (await ledger.balance_of(tx, "p", "uma")).pending == 360
        assert await holds.extend(tx, "p", "o1") is None
        assert await holds.opened(tx, "p", "o1") is None
    await check(database)


async def test_short_calls_of_two_are_counted_unless_the_expert_or_we_ended_them(database: Database) -> None:
    async def call(tx: Tx, n: int, ran_ms: int, ended_by: str = "user", expert: str = "ada", at: int = NOW) -> None:
        await reserve(tx, f"o{n}", expert=expert, cap_ms=MINUTE)
        await meter.settle(tx, "p", f"o{n}", f"s{n}", ran_ms=ran_ms, ended_by=ended_by, ended_at=at)

    async with database.begin() as tx:
        await deposit(tx, 1000)
        await call(tx, 1, 29_000)
        await call(tx, 2, 30_000, ended_by="")
        await call(tx, 3, 29_000, ended_by="expert")
        await call(tx, 4, 29_000, expert="bob")
        await call(tx, 5, 0)  # the clock stood still all the time, and they could talk
        await call(tx, 6, 31_000)
        await call(tx, 7, 29_000, at=NOW - DAY)
        await call(tx, 8, 29_000, ended_by="server")
        assert await meter.free_calls_today(tx, "p", "uma", "ada", NOW) == 3
        assert await meter.free_calls_today(tx, "p", "uma", "bob", NOW) == 1
        assert await meter.free_calls_today(tx, "p", "vic", "ada", NOW) == 0


@pytest.mark.claim("A18")
@given(
    available=st.integers(-10, 10**7), rate=st.integers(1, 10**6), free_ms=st.integers(0, 10**6),
    cap_ms=st.integers(1, 10**7), minimum_ms=st.integers(0, 10**7),
)  # fmt: skip
def test_a_quote_is_what_a_hold_would_last(
    available: int, rate: int, free_ms: int, cap_ms: int, minimum_ms: int
) -> None:
    quoted = meter.quote(available, rate, free_ms, cap_ms, minimum_ms)
    held = min(max(0, available), needed(rate, free_ms, cap_ms))
    assert quoted == Quote(min(cap_ms, buys_ms(held, rate, free_ms)), quoted.enough)
    assert quoted.enough == (quoted.enough_ms >= min(minimum_ms, cap_ms))
    assert quoted.enough == (held >= meter.least(rate, free_ms, min(minimum_ms, cap_ms)))
