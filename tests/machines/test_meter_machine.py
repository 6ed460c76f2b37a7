"""The same store and model, in nothing but sessions: whose clock runs, since when, and when the money is used up."""

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule

from queueing.facts import Terms
from queueing.settings import PoolSettings
from tests.machines.acting import DEEP, Acting, Driver, drive, driver
from tests.machines.pair import Pair
from tests.machines.strategies import EXPERTS, PROCESSES, USERS, budgets

__all__ = ["driver"]

RULES = PoolSettings(grace_ms=12_006, presence_grace_ms=3_007, wrap_up_ms=1, frozen_max_ms=15_015)
CAPS = st.sampled_from([25_011, 90_011, 90_011])


class MeterMachine(Acting):
    """Ada and Bob talk for money, Cy for nothing; those whose session is over begin another."""

    @initialize(cap_ms=CAPS, budget_ms=budgets)
    def begin(self, cap_ms: int, budget_ms: int) -> None:
        settings = {name: getattr(RULES, name) for name in RULES.__struct_fields__}
        self.pair = Pair(self.store, self.loop, PoolSettings(**settings | {"session_cap_ms": cap_ms}))
        self.talk(budget_ms)

    @rule(budget_ms=budgets)
    def talk(self, budget_ms: int) -> None:
        """Everybody who has nothing to do meets."""
        self.everybody_is_here()
        for user, expert in zip(USERS, EXPERTS, strict=False):
            rate = {"cy": 0}.get(expert, 100)
            self.once("join", user, [expert], "audio", terms={expert: Terms(rate, 0, 70_000)})
        self.meet(True, max(budget_ms, 800))

    @rule(ms=st.sampled_from([1_999, 3_000, 3_001, 7_000]), alive=st.sampled_from([(), ("p1",), PROCESSES, PROCESSES]))
    def some_renew_late(self, ms: int, alive: tuple[str, ...]) -> None:
        self._go_to(self.pair.now + ms)
        for process in alive:
            self.both("presence", "renew", process)


@pytest.mark.timeout(0 if DEEP else 300)
@pytest.mark.claim("A17")
@pytest.mark.claim("A18")
def test_the_clock_stops_at_the_last_sign_of_both_sides(driver: Driver) -> None:
    drive(MeterMachine, driver, examples=30)
