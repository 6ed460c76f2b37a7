"""The meter while pages, sockets and server processes die: nobody pays for more than there was, zero comes in time."""

import asyncio
import contextlib
import os
import signal
import sys
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import NamedTuple

import pytest

from billing import ledger, meter
from billing.meter import BillFacts
from directory.expert import Expert, PoolOptions
from tests.chaos.test_killed import leading
from tests.chaos.town import Town
from tests.repo.house import ROOT
from tests.stories.talker import Talker
from wire import messages

RATE = 60_000
"""A minor unit a millisecond: what is charged is how long it ran."""
MINUTE = 60_000
PAGE = """
import asyncio, sys
from tests.stories.talker import talking
from wire import messages

async def main():
    port, pool, token, expert = sys.argv[1:]
    async with talking(int(port), pool, token) as page:
        joined = await page.ask(messages.Join, experts=[expert])
        assert isinstance(joined, messages.Joined), joined
        session = (await page.until(messages.Session)).session
        await page.ask(messages.Connected, session=session)
        await page.until(messages.Session, lambda said: said.state == "live")
        print("live", flush=True)
        await asyncio.Event().wait()

asyncio.run(main())
"""


async def new_pool(town: Town, *experts: str, options: PoolOptions | None = None, **settings: int) -> str:
    listed = [Expert(expert=name, name=name.title(), rate=RATE) for name in experts]
    options = options or PoolOptions(prepaid=True, fee_bps=1_000, deposit_max=10**9)
    return await town.new_pool(*listed, options=options, **settings)


async def pay_in(town: Town, pool: str, user: str, amount: int) -> None:
    async with town.database.begin() as tx:
        await ledger.deposit(tx, pool, user, amount, "EUR", key=f"deposit:{user}", now=1)


async def bill(town: Town, pool: str, session: str, seconds: float = 20) -> BillFacts:
    """What the books say of a session, once they do."""
    async with asyncio.timeout(seconds):
        while True:
            async with town.database.read() as tx:
                if found := await meter.bill(tx, pool, session):
                    return found
            await asyncio.sleep(0.05)


async def money(town: Town, pool: str, user: str) -> tuple[int, int]:
    async with town.database.read() as tx:
        found = await ledger.balance_of(tx, pool, user)
    return found.balance, found.pending


class Talk(NamedTuple):
    session: str
    live_at: int
    """In the store's milliseconds, which are this machine's."""


async def accept(ada: Talker, connected: bool = True) -> str:
    """The expert takes the next offer; the session."""
    offer = await ada.until(messages.Offer, lambda said: said.state == "ringing")
    answer = await ada.ask(messages.Accept, offer=offer.offer)
    assert isinstance(answer, messages.Ok), answer
    session = (await ada.until(messages.Session)).session
    if connected:
        await ada.ask(messages.Connected, session=session)
    return session


async def live(page: Talker) -> Talk:
    said = await page.until(messages.Session, lambda one: one.state == "live")
    return Talk(said.session, said.live_at)


async def both_live(user: Talker, expert: Talker, name: str) -> Talk:
    await user.ask(messages.Join, experts=[name])
    session = await accept(expert)
    await user.ask(messages.Connected, session=session)
    return await live(user)


@asynccontextmanager
async def page_of_its_own(
    town: Town, pool: str, user: str, expert: str, at: int
) -> AsyncIterator[asyncio.subprocess.Process]:
    """A user's page in a process that can be killed or stopped."""
    page = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PAGE, str(town.ports[at]), pool, town.token(pool, "user", user), expert,
        stdout=asyncio.subprocess.PIPE, cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    try:
        yield page
    finally:
        with contextlib.suppress(ProcessLookupError):
            page.kill()
        await page.communicate()


def now_ms() -> int:
    return time.time_ns() // 1_000_000


async def sleep_until(at_ms: int) -> None:
    await asyncio.sleep(max(0, at_ms - now_ms()) / 1000)


@pytest.mark.claim("A17", "A18", "B35")
@pytest.mark.slow
async def test_whoever_dies_nobody_pays_for_three_seconds_more_and_zero_comes_within_one(pair: Town) -> None:
    """Four sessions: a page is killed, a page falls silent, and the leading server process is killed under a user who
    never comes back and under two who come back before their money ends. What the books say it ran is what counts; the
    sessions of this test are too short to be charged for it."""
    names = ("killed", "silent", "away", "zero")
    pool = await new_pool(pair, *names, grace_ms=1_500, frozen_max_ms=4_000, wrap_up_ms=1, ready_after_ms=600_000)
    budget = 9_000
    for name in names:
        await pay_in(pair, pool, f"u-{name}", MINUTE)
    lead = await leading(pair, pool)
    other = 1 - lead
    async with AsyncExitStack() as stack:
        experts = {
            name: await stack.enter_async_context(pair.expert(pool, name, lead if name == "zero" else other))
            for name in names
        }
        pages = {
            name: await stack.enter_async_context(page_of_its_own(pair, pool, f"u-{name}", name, other))
            for name in ("killed", "silent")
        }
        for name in pages:
            await accept(experts[name])
        away = await stack.enter_async_context(pair.talker(pool, "user", "u-away", lead))
        zero = await stack.enter_async_context(pair.talker(pool, "user", "u-zero", lead))
        talks = {"away": await both_live(away, experts["away"], "away")}
        await only(pair, pool, zero, experts["zero"], budget)
        talks["zero"] = await both_live_offered(zero, experts["zero"])
        for name in pages:
            talks[name] = await live(experts[name])
        ends = talks["zero"].live_at + budget
        assert (await zero.until(messages.Meter, lambda said: said.ends_at > 0)).ends_at == ends
        gone: dict[str, int] = {}
        await sleep_until(max(talk.live_at for talk in talks.values()) + 4_000)
        gone["killed"] = now_ms()
        pages["killed"].kill()
        gone["silent"] = now_ms()
        pages["silent"].send_signal(signal.SIGSTOP)
        await sleep_until(ends - 2_000)
        gone["away"] = now_ms()
        restarting = asyncio.create_task(pair.restart(lead))
        await asyncio.sleep(0.1)
        back = [
            await stack.enter_async_context(one)
            for one in (pair.talker(pool, "user", "u-zero", other), pair.talker(pool, "expert", "zero", other))
        ]
        for page in back:
            said = await page.until(messages.Session, lambda one: one.state == "ended")
            assert now_ms() - ends < 1_000 and (said.reason, said.ended_at) == ("balance_spent", ends)
        for name, at in gone.items():
            found = await bill(pair, pool, talks[name].session)
            real = at - talks[name].live_at
            assert found.outcome == "short" and real - 3_500 <= found.ran_ms <= real + 3_000, (name, found, real)
            assert await money(pair, pool, f"u-{name}") == (MINUTE, 0)
        spent = await bill(pair, pool, talks["zero"].session)
        assert (spent.ran_ms, spent.outcome) == (budget, "short")
        assert await money(pair, pool, "u-zero") == (budget, 0)
        for page, side in zip(back, ("user", "expert"), strict=True):
            assert (await page.until(messages.Billed)).bill.side == side
        await restarting


async def only(town: Town, pool: str, user: Talker, expert: Talker, budget: int) -> None:
    """The user has joined, and has set aside just enough for so long."""
    await user.ask(messages.Join, experts=["zero"])
    await set_aside(town, pool, expert, budget)


async def set_aside(town: Town, pool: str, expert: Talker, budget: int) -> None:
    """What u-zero has paid in lasts for so long."""
    offer = await expert.until(messages.Offer, lambda said: said.state == "ringing")
    async with town.database.begin() as tx:
        await ledger.refund(tx, pool, "u-zero", MINUTE - budget, "EUR", key="back", now=2)
        made = await meter.reserve(
            tx, pool, offer.offer, "u-zero", "zero", rate=RATE, free_ms=0, cap_ms=14_400_000, minimum_ms=1,
            fee_bps=1_000, currency="EUR", now=now_ms(),
        )  # fmt: skip
    assert made.budget_ms == budget


async def both_live_offered(user: Talker, expert: Talker) -> Talk:
    session = await accept(expert)
    await user.ask(messages.Connected, session=session)
    return await live(user)


@pytest.mark.claim("A18")
async def test_one_balance_from_many_sides_is_spent_once(pair: Town) -> None:
    """Fifty joins at once through two processes, and the offer accepted on many tabs of both sides at once."""
    pool = await new_pool(pair, "ada", "bob", ready_after_ms=1, ready_ms=60_000, ring_ms=60_000)
    await pay_in(pair, pool, "uma", 2 * MINUTE)
    async with AsyncExitStack() as stack:
        consoles = {
            name: [await stack.enter_async_context(pair.expert(pool, name, n % 2)) for n in range(3)]
            for name in ("ada", "bob")
        }
        uma = [await stack.enter_async_context(pair.talker(pool, "user", "uma", n % 2)) for n in range(5)]
        joins = [page.ask(messages.Join, experts=[("ada", "bob")[n % 2]]) for n in range(10) for page in uma]
        answers = await asyncio.gather(*joins)
        joined = [answer for answer in answers if isinstance(answer, messages.Joined)]
        assert len(joined) == 1
        assert {answer.code for answer in answers if isinstance(answer, messages.Refused)} <= {
            "already_in_line", "balance_too_low", "rate_limited",
        }  # fmt: skip
        shot = await pair.until(pool, lambda shot: shot.offers)
        offer = shot.offers[0]
        tabs = [*uma, *consoles[offer.expert]] * 6
        said = await asyncio.gather(*(tab.ask(messages.Accept, offer=offer.offer) for tab in tabs))
        assert {one.code for one in said if isinstance(one, messages.Refused)} <= {"no_such_offer", "rate_limited"}
        shot = await pair.truth(pool)
        assert len(shot.sessions) == 1 and shot.sessions[0].budget_ms == 2 * MINUTE
        assert await money(pair, pool, "uma") == (2 * MINUTE, 2 * MINUTE)
        async with pair.database.read() as tx:
            assert [held.hold for held in await meter.open_holds(tx, pool)] == [offer.offer]
        await uma[0].ask(messages.End, session=shot.sessions[0].session)
        await bill(pair, pool, shot.sessions[0].session)
        assert await money(pair, pool, "uma") == (2 * MINUTE, 0)
