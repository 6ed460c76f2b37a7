"""Random operations on the ledger, from a seed, and the audit after them: `python -m tests.billing.million --help`.

Beside the books stands the plainest of models, so that not only the sums but each balance is held against what was
asked. Many operations share a transaction, for a commit is the dearest part.
"""

import argparse
import asyncio
import json
import random
import resource
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from billing import holds, ledger, meter
from billing.audit import audit
from billing.price import cost, fee, needed
from ground.errors import Refusal
from ground.sql import Database, Tx
from tests.billing.inline import on_this_thread

EUR, START, MINUTE = "EUR", 1_800_000_000_000, 60_000
Step = Callable[[Tx], Awaitable[None]]


class Trade:
    """One pool with users, experts and what they do. The random number generator alone decides."""

    def __init__(self, seed: int, people: int = 40) -> None:
        self.dice = random.Random(seed)
        self.users = [f"u{n}" for n in range(people)]
        self.experts = [f"x{n}" for n in range(people // 4)]
        self.wallet = dict.fromkeys(self.users, 0)
        self.owed = dict.fromkeys(self.experts, 0)
        self.held: dict[str, tuple[str, str, int, int, int]] = {}
        """By hold: user, expert, rate, fee in basis points, amount."""
        self.fees = self.refused = self.now = 0
        self.number = 0
        self.undone: list[str] = []
        self.last: Step = self.deposit

    async def step(self, tx: Tx) -> None:
        """One operation, now and then the one before again."""
        self.number += 1
        self.now += self.dice.randrange(5_000)
        steps = (self.deposit, self.reserve, self.reserve, self.settle, self.settle, self.refund, self.more)
        await self.dice.choice(steps)(tx)

    async def more(self, tx: Tx) -> None:
        """What is rarer."""
        steps = (self.extend, self.release, self.payout, self.chargeback, self.reverse, self.expire)
        await self.dice.choice(steps)(tx)

    def free(self, user: str) -> int:
        return self.wallet[user] - sum(held[4] for held in self.held.values() if held[0] == user)

    async def deposit(self, tx: Tx) -> None:
        user, amount = self.dice.choice(self.users), self.dice.randrange(1, 5_000)
        for _ in range(self.dice.choice((1, 1, 1, 3))):  # delivered more than once
            booked = await ledger.deposit(tx, "p", user, amount, EUR, key=f"d{self.number}", now=self.now)
        self.wallet[user] += amount
        assert booked.balance == self.wallet[user]

    async def reserve(self, tx: Tx) -> None:
        user, expert = self.dice.choice(self.users), self.dice.choice(self.experts)
        rate, bps, cap = self.dice.randrange(1, 900), self.dice.randrange(10_001), self.dice.randrange(1, 40) * MINUTE
        hold, amount = f"o{self.number}", min(self.free(user), needed(rate, 0, cap))
        try:
            held = await meter.reserve(
                tx, "p", hold, user, expert, rate=rate, free_ms=0, cap_ms=cap, minimum_ms=MINUTE, fee_bps=bps,
                currency=EUR, now=self.now,
            )  # fmt: skip
        except Refusal:
            self.refused += 1
            assert amount < rate  # less than the minute that it has to last
            return
        assert held.amount == amount
        self.held[hold] = (user, expert, rate, bps, amount)

    async def settle(self, tx: Tx) -> None:
        if not self.held:
            return
        hold = self.dice.choice(list(self.held))
        user, expert, rate, bps, amount = self.held.pop(hold)
        ran_ms = self.dice.choice((30_000, 30_001, self.dice.randrange(2_400_000)))
        billed = await meter.settle(tx, "p", hold, f"s{hold}", ran_ms=ran_ms, ended_by="user", ended_at=self.now)
        paid = min(amount, cost(rate, 0, ran_ms))
        assert billed is not None and (billed.amount, billed.fee) == (paid, fee(paid, bps))
        self.wallet[user] -= paid
        self.fees += billed.fee
        self.owed[expert] += billed.credit

    async def refund(self, tx: Tx) -> None:
        user = self.dice.choice(self.users)
        amount = self.dice.randrange(1, 2 + 2 * self.free(user))
        try:
            await ledger.refund(tx, "p", user, amount, EUR, key=f"r{self.number}", now=self.now)
        except Refusal:
            assert amount > self.free(user)
            self.refused += 1
            return
        self.wallet[user] -= amount
        self.undone.append(f"r{self.number} {user} {amount}")

    async def reverse(self, tx: Tx) -> None:
        if not self.undone:
            return
        key, user, amount = self.undone.pop().split()
        await ledger.reverse(tx, "p", key, key=f"{key}-back", now=self.now)
        self.wallet[user] += int(amount)

    async def extend(self, tx: Tx) -> None:
        user = self.dice.choice(self.users)
        for grown in await meter.extend_open(tx, "p", user, self.now):
            self.held[grown.hold] = (*self.held[grown.hold][:4], grown.amount)
        assert self.free(user) >= 0

    async def release(self, tx: Tx) -> None:
        if self.held:
            hold = self.dice.choice(list(self.held))
            assert await meter.release(tx, "p", hold, self.now)
            del self.held[hold]

    async def expire(self, tx: Tx) -> None:
        for gone in await holds.expire_due(tx, "p", self.now):
            del self.held[gone.hold]

    async def payout(self, tx: Tx) -> None:
        expert = self.dice.choice(self.experts)
        if amount := self.owed[expert]:
            await ledger.payout(tx, "p", expert, amount, EUR, key=f"b{self.number}", now=self.now)
            self.owed[expert] = 0

    async def chargeback(self, tx: Tx) -> None:
        user, amount = self.dice.choice(self.users), self.dice.randrange(1, 3_000)
        taken = await ledger.chargeback(tx, "p", user, amount, EUR, key=f"c{self.number}", now=self.now)
        assert taken.from_wallet == min(amount, self.free(user))
        self.wallet[user] -= taken.from_wallet
        self.fees -= taken.from_fees

    async def check(self, tx: Tx) -> None:
        """Every balance is what the model says."""
        for user in self.users:
            found = await ledger.balance_of(tx, "p", user)
            assert (found.balance, found.available) == (self.wallet[user], self.free(user)), user
        for expert in self.experts:
            assert await ledger.owed_to(tx, "p", expert) == self.owed[expert], expert


async def run(url: str, operations: int, seed: int, together: int = 500) -> dict[str, Any]:
    """So many operations, `together` in a transaction, then the audit: what it took, and the drifts found."""
    db = on_this_thread(url.removeprefix("sqlite:///")) if url.startswith("sqlite") else await Database.open(url)
    await db.migrate()
    trade, began = Trade(seed), time.perf_counter()
    trade.now = START
    while trade.number < operations:
        async with db.begin() as tx:
            for _ in range(min(together, operations - trade.number)):
                await trade.step(tx)
        if trade.number % 50_000 == 0:
            print(f"{trade.number} of {operations}", file=sys.stderr, flush=True)
    took, began = time.perf_counter() - began, time.perf_counter()
    async with db.read() as tx:
        await trade.check(tx)
    report = await audit.examine(db)
    await db.close()
    return {
        "database": db.kind, "operations": operations, "seed": seed, "refused": trade.refused,
        "transactions": report.transactions, "transfer_sides": report.transfers, "drifts": len(report.drifts),
        "seconds": round(took, 1), "audit_seconds": round(time.perf_counter() - began, 1),
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--operations", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--database", help="default: SQLite in a folder that goes afterwards")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        url = asked.database or f"sqlite:///{Path(folder) / 'million.db'}"
        print(json.dumps(asyncio.run(run(url, asked.operations, asked.seed))))


if __name__ == "__main__":
    main()
