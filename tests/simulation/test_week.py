"""A simulated week: 200 experts, Poisson users, process deaths, every promise checked at every step.

`OPENLINE_SEED=n` replays the week of seed n. `OPENLINE_DAYS` shortens it.
"""

import gc
import os
import random
import time
from collections.abc import Iterator

import pytest

from ground.store import Store
from tests.simulation.people import MINUTE, People
from tests.simulation.week import START, Week, settings_of_the_week
from tests.simulation.world import World

FIXED = 20261122


def runs() -> list[tuple[int | None, float]]:
    """The seed and the days of each run: a whole week from a fixed seed, a shorter stretch from a fresh one (None)."""
    days = float(os.environ.get("OPENLINE_DAYS", "7"))
    if given := os.environ.get("OPENLINE_SEED"):
        return [(int(given), days)]
    return [(FIXED, days), (None, 1.0)]


@pytest.fixture
def settled_heap() -> Iterator[None]:
    """What is loaded stays loaded: the collector needn't walk through it for each of the week's calls."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.mark.timeout(600)
@pytest.mark.usefixtures("settled_heap")
@pytest.mark.claim("B13")
@pytest.mark.claim("B14")
@pytest.mark.parametrize(("given", "days"), runs())
async def test_a_week_keeps_every_promise(store: Store, pool: str, given: int | None, days: float) -> None:
    seed = random.SystemRandom().randrange(10**9) if given is None else given
    world = World(settings_of_the_week())
    week = Week(store, pool, People(seed, START, days, world))
    began = time.monotonic()
    try:
        await week.run()
    except BaseException:
        print(f"\nreplay with OPENLINE_SEED={seed} OPENLINE_DAYS={days}")
        raise
    took = time.monotonic() - began
    asked = f"{week.calls} calls ({week.repeats} repeats), {world.seq} entries"
    print(f"\nseed {seed}: {days} days in {took:.0f} s, {asked}; {report(world)}")
    assert week.shots >= int(days * 24) - 1
    assert week.repeats > days * 50
    if days >= 1:
        assert world.joined > days * 24 * 50
        assert world.served > world.joined // 2
        assert {"balance_spent", "ended", "user_gone"} <= world.charged.keys()
        assert world.causes["bridged"] > days * 50
        assert world.called > days * 5, "telephones that rang for whoever had left"
        if days >= 7:  # in a single day the rarer reasons may not come up
            assert {"stepped_away", "disconnected", "elsewhere"} <= world.overtakes.keys()
            assert world.causes["media_lost"], "no worker died in a session"
    assert world.bounds.kept > days * 50, "bounds that nobody was held to"
    assert max(world.waits_ms) <= world.settings.max_wait_ms + world.settings.ring_ms


def report(world: World) -> str:
    waits = sorted(world.waits_ms)
    return (
        f"{world.joined} joined, {world.served} served, {world.left} left, {len(world.tickets)} still here; "
        f"wait p50 {waits[len(waits) // 2] // 1000} s, p95 {waits[len(waits) * 95 // 100] // 1000} s; "
        f"overtakes {dict(sorted(world.overtakes.items()))}; "
        f"metered {dict(sorted(world.charged.items()))}, {world.ran_ms // MINUTE} min; "
        f"{world.called} rung at their turn, media {world.causes['bridged']} times bridged, "
        f"{world.causes['media_lost']} lost; "
        f"bounds {world.bounds.kept} kept, {world.bounds.void} void, the longest share {max(world.bounds.shares):.2f}"
    )
