"""A server process is killed with people in every state; processes are replaced one after the other under traffic."""

import asyncio
import time
from contextlib import AsyncExitStack

import pytest

from ground import keys
from queueing.facts import PoolSnapshot
from tests.chaos.people import Adviser, Person, User
from tests.chaos.town import Town
from tests.machines.invariants import check_promises
from wire import messages

LEASE_S = 10.0
STATES = ("idle", "ringing", "accepted", "connecting", "live", "wrap-up")
SETTINGS = {
    "ring_ms": 60_000, "ready_after_ms": 1, "ready_ms": 60_000, "grace_ms": 1_500, "wrap_up_ms": 60_000,
    "connect_ms": 60_000, "line_keep_ms": 1_000, "session_cap_ms": 600_000, "presence_grace_ms": 500,
}  # fmt: skip


async def bring_to(town: Town, pool: str, state: str, stack: AsyncExitStack) -> None:
    """An expert and a user of theirs, both at process 0, in `state`; and one more who waits."""
    expert = f"x-{state}"
    adviser = await stack.enter_async_context(town.expert(pool, expert))
    if state == "idle":
        return
    user = await stack.enter_async_context(town.talker(pool, "user", f"u-{state}"))
    await adviser.ask(messages.Declare, status="away")  # who waited is asked whether they are still there
    await user.ask(messages.Join, experts=[expert])
    waiting = await stack.enter_async_context(town.talker(pool, "user", f"w-{state}"))
    await waiting.ask(messages.Join, experts=[expert])
    await adviser.ask(messages.Declare, status="online")
    offer = (await adviser.until(messages.Offer)).offer
    if state == "ringing":
        return
    await adviser.ask(messages.Accept, offer=offer)
    if state == "accepted":
        return
    await user.ask(messages.Accept, offer=offer)
    session = (await user.until(messages.Session)).session
    if state == "connecting":
        return
    for side in (user, adviser):
        await side.ask(messages.Connected, session=session)
    if state == "wrap-up":
        await user.ask(messages.End, session=session)


def all_gone(shot: PoolSnapshot) -> bool:
    return all(expert.indicator in ("offline", "busy") for expert in shot.experts)


def all_over(shot: PoolSnapshot) -> bool:
    return not shot.tickets and not shot.offers and not shot.sessions


@pytest.mark.claim("B33", "B34")
async def test_a_killed_process_leaves_nobody_shown_as_here_and_nothing_open_in_any_state(pair: Town) -> None:
    pool = await pair.new_pool(*(f"x-{state}" for state in STATES), options=None, **SETTINGS)
    async with AsyncExitStack() as stack, pair.talker(pool, "user", "onlooker", 1) as onlooker:
        for state in STATES:
            await bring_to(pair, pool, state, stack)
        engaged = {facts.expert: facts.indicator for facts in (await pair.truth(pool)).experts}
        assert engaged == {
            "x-idle": "free", "x-ringing": "ringing", "x-accepted": "ringing", "x-connecting": "busy", "x-live": "busy",
            "x-wrap-up": "wrap-up",
        }  # fmt: skip
        restarting = asyncio.create_task(pair.restart(0))
        await pair.until(pool, all_gone, LEASE_S)
        for state in STATES:
            await onlooker.light(f"x-{state}", "offline", seconds=LEASE_S)
        over = await pair.until(pool, all_over, 8)
        check_promises(over)
        assert over.stats["joined"] == over.stats["served"] + over.stats["left"]
        await restarting


@pytest.mark.claim("B31", "B33")
async def test_presence_is_exactly_the_live_sockets_through_rolling_restarts(pair: Town) -> None:
    experts = [f"x{n}" for n in range(12)]
    pool = await pair.new_pool(*experts, grace_ms=10_000)
    people: list[Person] = [Adviser(pair, pool, expert, n) for n, expert in enumerate(experts)]
    people += [User(pair, pool, f"u{n}", 50 + n, experts) for n in range(24)]
    lives = [asyncio.create_task(person.live()) for person in people]
    try:
        async with asyncio.timeout(60):
            for number, orderly in ((0, True), (1, False)):
                while not all(person.here for person in people):
                    await asyncio.sleep(0.05)
                await pair.restart(number, orderly=orderly)
            for gone in people[::3]:
                gone.over = True
                gone.vanish()
            here = {person.member for person in people if not person.over}
            began = time.monotonic()
            while present(await pair.truth(pool)) != {name for name in here if name.startswith("x")}:
                assert time.monotonic() - began < LEASE_S
                await asyncio.sleep(0.05)
            while await holders(pair, pool) != here:
                assert time.monotonic() - began < LEASE_S + 2
                await asyncio.sleep(0.05)
    finally:
        for task in lives:
            task.cancel()


def present(shot: PoolSnapshot) -> set[str]:
    return {facts.expert for facts in shot.experts if facts.present}


async def holders(town: Town, pool: str) -> set[str]:
    """Everybody whom the store counts as here, experts and users."""
    names = await town.command("HKEYS", keys.key(pool, "present"))
    return {name.decode().partition(":")[2] for name in names}


@pytest.mark.claim("B35")
async def test_deadlines_run_on_when_the_process_that_kept_them_is_killed(pair: Town) -> None:
    """Nobody touches the pool: a missed offer is noticed all the same, by whoever leads now."""
    pool = await pair.new_pool("ada", ring_ms=3_000)
    leads = await leading(pair, pool)
    other = 1 - leads
    async with pair.expert(pool, "ada", other), pair.talker(pool, "user", "uma", other) as uma:
        await uma.ask(messages.Join, experts=["ada"])
        await asyncio.gather(pair.restart(leads), uma.light("ada", "away", seconds=12))
        assert [ticket.state for ticket in (await pair.truth(pool)).tickets] == ["waiting"]


async def leading(town: Town, pool: str) -> int:
    """Which process leads the pool: the one through which somebody is held under the leader's name."""
    async with asyncio.timeout(10):
        while not (leader := await town.command("HGET", keys.key(pool, "leader"), "process")):
            await asyncio.sleep(0.05)
    async with town.talker(pool, "user", "probe", 0):
        return 0 if await town.command("EXISTS", keys.key(pool, "held", leader.decode())) else 1
