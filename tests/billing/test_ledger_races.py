"""Many at once on the same money, over several connections: SQLite and PostgreSQL."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import pytest

from billing import holds, ledger, meter
from ground.errors import Refusal
from ground.sql import Database
from tests.billing.books import EUR, MINUTE, NOW, check, totals

PROCESSES = 4
TERMS: dict[str, Any] = {"free_ms": 0, "minimum_ms": MINUTE, "fee_bps": 2_000, "currency": EUR, "now": NOW}


@pytest.fixture
async def processes(database: Database, database_url: str) -> AsyncIterator[list[Database]]:
    """The same database as several server processes have it: connections and pools of their own."""
    async with AsyncExitStack() as stack:
        opened = [await Database.open(database_url) for _ in range(PROCESSES)]
        for db in opened:
            stack.push_async_callback(db.close)
        yield opened


@pytest.mark.claim("A17", "A18")
async def test_of_fifty_holds_at_once_on_one_wallet_those_that_fit_are_placed(processes: list[Database]) -> None:
    async with processes[0].begin() as tx:
        await ledger.deposit(tx, "p", "uma", 1_000, EUR, key="d1", now=NOW)

    async def accept(n: int) -> int:
        try:
            async with processes[n % PROCESSES].begin() as tx:
                held = await meter.reserve(tx, "p", f"o{n}", "uma", f"x{n % 3}", rate=60, cap_ms=MINUTE, **TERMS)
                return held.amount
        except Refusal as refusal:
            return {"balance_too_low": 0}[refusal.code]

    placed = await asyncio.gather(*(accept(n) for n in range(50)))
    assert sorted(placed) == [0] * 34 + [60] * 16
    async with processes[0].begin() as tx:
        assert await ledger.balance_of(tx, "p", "uma") == ledger.Balance(1_000, 960, False, EUR)
        ended = [
            await meter.settle(tx, "p", f"o{n}", f"s{n}", ran_ms=MINUTE, ended_by="", ended_at=NOW)
            for n, amount in enumerate(placed)
            if amount
        ]
    assert sum(bill.amount for bill in ended if bill) == 960
    assert (await totals(processes[0]))["wallet", "uma"] == 40
    await check(processes[0])


async def test_the_same_command_from_all_sides_at_once_is_done_once(processes: list[Database]) -> None:
    """Also the very first on a pool, when even the accounts have to be made."""

    async def tell(n: int) -> ledger.Booked:
        async with processes[n % PROCESSES].begin() as tx:
            return await ledger.deposit(tx, "p", "uma", 500, EUR, key="d1", now=NOW + n)

    assert len(set(await asyncio.gather(*(tell(n) for n in range(12))))) == 1
    assert await totals(processes[0]) == {("escrow", ""): 0, ("processor", ""): -500, ("wallet", "uma"): 500}


async def test_nobody_waits_for_who_waits_for_them(processes: list[Database]) -> None:
    """Whatever touches several accounts in whatever order: no deadlock, no error, and the books add up."""
    seed = random.randrange(2**32)
    dice = random.Random(seed)
    users, experts = ("uma", "vic"), ("ada", "bob")
    async with processes[0].begin() as tx:
        for user in users:
            await ledger.deposit(tx, "p", user, 100_000, EUR, key=f"d-{user}", now=NOW)

    async def several(n: int) -> None:
        """A page of the books: what happened in a row, in one transaction."""
        async with processes[n % PROCESSES].begin() as tx:
            for part in range(3):
                one = f"{n}-{part}"
                user, expert, what = dice.choice(users), dice.choice(experts), dice.randrange(6)
                try:
                    if what <= 1:
                        terms: dict[str, Any] = {"rate": 60, "cap_ms": 5 * MINUTE, **TERMS}
                        await meter.reserve(tx, "p", f"o{one}", user, expert, **terms)
                        ran_ms = dice.randrange(5 * MINUTE)
                        await meter.settle(tx, "p", f"o{one}", f"s{one}", ran_ms=ran_ms, ended_by="", ended_at=NOW)
                    elif what == 2:
                        await ledger.deposit(tx, "p", user, 60, EUR, key=f"d{one}", now=NOW)
                        await meter.extend_open(tx, "p", user, NOW)
                    elif what == 3:
                        await ledger.payout(tx, "p", expert, 10, EUR, key=f"b{one}", now=NOW)
                    elif what == 4:
                        await ledger.chargeback(tx, "p", user, 70, EUR, key=f"c{one}", now=NOW)
                    else:
                        await holds.expire_due(tx, "p", NOW)
                except Refusal as refusal:
                    assert refusal.code == "balance_too_low", f"seed {seed}"  # noqa: PT017

    try:
        await asyncio.gather(*(several(n) for n in range(24)))
    except BaseException:
        print(f"seed {seed}")
        raise
    await check(processes[0])
