"""A Hypothesis state machine drives ledger and meter beside the plain model, repeats of every command among it.

`OPENLINE_HYPOTHESIS=deep` runs it for long.
"""

import asyncio
import itertools
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from billing import holds, ledger, meter
from billing.audit import audit
from ground.errors import Refusal
from ground.sql import Database, Tx
from tests.billing.books import EUR, NOW, totals
from tests.billing.inline import on_this_thread
from tests.billing.model import Books

DEEP = os.environ.get("OPENLINE_HYPOTHESIS") == "deep"
USERS, EXPERTS = ("uma", "vic"), ("ada", "bob")
users, experts = st.sampled_from(USERS), st.sampled_from(EXPERTS)
amounts = st.one_of(st.integers(1, 400), st.sampled_from([1, 60, 10**6, 10**12 - 1]))
picks = st.integers(0, 30)
times = st.sampled_from([61_001, 30_000, 30_001, 90_000, 119_999, 600_000, 0, 29_999])
_pools = itertools.count()


class LedgerMachine(RuleBasedStateMachine):
    """Rules are the commands. Each example has a pool of its own."""

    db: Database
    loop: asyncio.AbstractEventLoop

    @initialize(funds=st.integers(0, 30_000))
    def begin(self, funds: int) -> None:
        self.pool, self.model, self.now = f"p{next(_pools)}", Books(), NOW
        self.number = 0
        self.done: list[Callable[[int], None]] = []
        """The commands so far: each can be given again, with something else in it by so much."""
        for user in USERS if funds else ():
            self.move("deposit", user, funds)

    def fresh(self) -> str:
        """A key, or the id of an offer, that nothing has yet."""
        self.number += 1
        return f"k{self.number}"

    def do(self, command: Callable[[int], None]) -> None:
        self.done.append(command)
        command(0)

    @rule(pick=picks, other=st.sampled_from([0, 0, 0, 1]))
    def again(self, pick: int, other: int) -> None:
        if self.done:
            self.done[-1 - pick % len(self.done)](other)

    def both(self, work: Callable[[Tx], Awaitable[Any]], model: Callable[[], Any]) -> None:
        """The same command in the books and in the model: the same answer, or the same refusal."""

        async def ask() -> Any:
            async with self.db.begin() as tx:
                return await work(tx)

        assert self.answer(lambda: self.loop.run_until_complete(ask())) == self.answer(model)

    @staticmethod
    def answer(call: Callable[[], Any]) -> Any:
        try:
            return call()
        except Refusal as refusal:
            return refusal.code

    @rule(name=st.sampled_from(["deposit", "goodwill", "refund", "forfeit"]), user=users, amount=amounts)
    def move(self, name: str, user: str, amount: int) -> None:
        key, more = self.fresh(), {"memo": ""} if name in ("goodwill", "forfeit") else {}

        def command(other: int) -> None:
            async def work(tx: Tx) -> int:
                door, much = getattr(ledger, name), amount + other
                booked: ledger.Booked = await door(tx, self.pool, user, much, EUR, key=key, now=self.now, **more)
                return booked.balance

            self.both(work, lambda: self.model.once(key, name, user, amount + other))

        self.do(command)

    @rule(expert=experts, share=st.integers(1, 110))
    def payout(self, expert: str, share: int) -> None:
        key, amount = self.fresh(), max(1, self.model.balance("earnings", expert) * share // 100)

        def command(other: int) -> None:
            async def work(tx: Tx) -> int:
                done = await ledger.payout(tx, self.pool, expert, amount + other, EUR, key=key, now=self.now)
                return done.balance

            self.both(work, lambda: self.model.once(key, "payout", expert, amount + other))

        self.do(command)

    @rule(user=users, amount=amounts)
    def chargeback(self, user: str, amount: int) -> None:
        key = self.fresh()

        def command(other: int) -> None:
            async def work(tx: Tx) -> tuple[int, int]:
                done = await ledger.chargeback(tx, self.pool, user, amount + other, EUR, key=key, now=self.now)
                return done.from_wallet, done.from_fees

            self.both(work, lambda: self.model.once(key, "chargeback", user, amount + other))

        self.do(command)

    @rule(pick=picks)
    def reverse(self, pick: int) -> None:
        if not self.model.moved:
            return
        key, of = self.fresh(), list(self.model.moved)[-1 - pick % len(self.model.moved)]

        def command(_other: int) -> None:
            async def work(tx: Tx) -> int:
                return (await ledger.reverse(tx, self.pool, of, key=key, now=self.now)).balance

            self.both(work, lambda: self.model.once(key, "reverse", of))

        self.do(command)

    @rule(user=users, cold=st.booleans())
    def freeze(self, user: str, cold: bool) -> None:
        async def work(tx: Tx) -> None:
            if cold:
                await ledger.freeze(tx, self.pool, user, EUR, reason="so", now=self.now)
            else:
                await ledger.unfreeze(tx, self.pool, user, EUR)

        self.both(work, lambda: (self.model.frozen.add if cold else self.model.frozen.discard)(user))

    @rule(
        user=users, expert=experts, rate=st.sampled_from([61, 107, 7, 1, 59_999]),
        free_ms=st.sampled_from([0, 0, 1, 60_000]), cap_ms=st.sampled_from([120_000, 30_500, 600_000]),
        least_ms=st.sampled_from([0, 60_000]), bps=st.sampled_from([1_234, 999, 0, 10_000]),
    )  # fmt: skip
    def reserve(self, **asked: Any) -> None:
        hold = self.fresh()

        def command(other: int) -> None:
            now, rate = self.now, asked["rate"] + other
            given = {name: asked[name] for name in ("user", "expert", "free_ms", "cap_ms")} | {"rate": rate}

            async def work(tx: Tx) -> tuple[int, int, int]:
                terms = {"minimum_ms": asked["least_ms"], "fee_bps": asked["bps"], "currency": EUR, "now": now}
                held = await meter.reserve(tx, self.pool, hold, **given, **terms)
                return held.amount, held.budget_ms, held.fee_bps

            least = {"least_ms": asked["least_ms"], "bps": asked["bps"], "now": now}
            self.both(work, lambda: self.model.reserve(hold, **given, **least))

        self.do(command)
        self.now += 1  # so that the order of several is told apart

    @rule(user=users)
    def extend(self, user: str) -> None:
        async def work(tx: Tx) -> list[tuple[str, int]]:
            return [(grown.hold, grown.amount) for grown in await meter.extend_open(tx, self.pool, user, self.now)]

        self.both(work, lambda: self.model.extend(user))

    def one_of_the_holds(self, pick: int) -> str:
        """A hold, open or not, or one that there isn't."""
        names = ["o99", *self.model.holds, *(name for name, held in self.model.holds.items() if held.open)]
        return names[-1 - pick % len(names)]

    @rule(pick=picks)
    def bind(self, pick: int) -> None:
        hold = self.one_of_the_holds(pick)
        self.both(lambda tx: meter.bind(tx, self.pool, hold, f"s-{hold}"), lambda: self.model.bind(hold, f"s-{hold}"))

    @rule(pick=picks)
    def release(self, pick: int) -> None:
        hold = self.one_of_the_holds(pick)
        self.both(lambda tx: meter.release(tx, self.pool, hold, self.now), lambda: self.model.release(hold))

    @rule(pick=picks, ran_ms=times, ended_by=st.sampled_from(["user", "expert", ""]))
    def settle(self, pick: int, ran_ms: int, ended_by: str) -> None:
        hold = self.one_of_the_holds(pick)

        async def work(tx: Tx) -> tuple[str, int, int]:
            named: dict[str, Any] = {"ended_by": ended_by, "ended_at": self.now, "user": "uma", "expert": "ada"}
            if await ledger.currency_of(tx, self.pool) is None:
                await ledger.open_account(tx, self.pool, "fees", "", EUR)
            done = await meter.settle(tx, self.pool, hold, f"s-{hold}", ran_ms=ran_ms, **named)
            assert done is not None and done.credit == done.amount - done.fee
            return done.outcome, done.amount, done.fee

        self.both(work, lambda: self.model.settle(hold, f"s-{hold}", ran_ms))

    @rule(ms=st.sampled_from([60_000, 1, 43_200_000]))
    def expire(self, ms: int) -> None:
        self.now += ms

        async def work(tx: Tx) -> list[str]:
            return [gone.hold for gone in await holds.expire_due(tx, self.pool, self.now)]

        self.both(work, lambda: self.model.expire(self.now))

    @invariant()
    def every_balance_is_the_models(self) -> None:
        found = self.loop.run_until_complete(totals(self.db, self.pool))
        assert {who: money for who, money in found.items() if money} == {
            who: money for who, money in self.model.money.items() if money
        }
        assert sum(found.values()) == 0 == self.model.balance("escrow")
        assert all(self.model.free(user) >= 0 for user in USERS)

    def teardown(self) -> None:
        report = self.loop.run_until_complete(audit.examine(self.db, self.pool))
        assert not report.drifts, report.drifts


@pytest.mark.claim("A14", "A15", "A16", "A20")
def test_ledger_and_meter_do_what_the_model_does(tmp_path: Path) -> None:
    loop = asyncio.new_event_loop()
    LedgerMachine.loop, LedgerMachine.db = loop, on_this_thread(str(tmp_path / "machine.db"))
    loop.run_until_complete(LedgerMachine.db.migrate())
    try:
        run_state_machine_as_test(
            LedgerMachine,
            settings=settings(
                max_examples=2_000 if DEEP else 35,
                stateful_step_count=60 if DEEP else 40,
                deadline=None,
                print_blob=True,
                suppress_health_check=list(HealthCheck),
                phases=(Phase.explicit, Phase.generate, Phase.shrink),
            ),
        )
    finally:
        loop.run_until_complete(LedgerMachine.db.close())
        loop.close()
