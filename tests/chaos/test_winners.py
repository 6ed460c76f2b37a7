"""Many at once: one winner, and nobody is left in a session with someone who has gone."""

import asyncio
from collections.abc import Awaitable
from contextlib import AsyncExitStack
from typing import Any

import pytest

from queueing.facts import SessionFacts
from server.mirror import events_of
from tests.chaos.town import Town, indicator
from tests.machines.invariants import check_promises
from wire import messages

ROUNDS = 30


@pytest.mark.claim("B13", "B38")
async def test_fifty_who_pick_the_same_free_expert_through_two_processes_have_one_winner(pair: Town) -> None:
    pool = await pair.new_pool("ada")
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(pair.expert(pool, "ada"))
        opening = [stack.enter_async_context(pair.talker(pool, "user", f"u{n}", n % 2, watch=False)) for n in range(50)]
        users = [await one for one in opening]
        answers = await asyncio.gather(*(user.ask(messages.Connect, expert="ada") for user in users))
        winners = [answer for answer in answers if isinstance(answer, messages.Joined)]
        losers = {answer.code for answer in answers if isinstance(answer, messages.Refused)}
        assert len(winners) == 1 and losers == {"expert_busy"}
        shot = await pair.truth(pool)
        assert [offer.ticket for offer in shot.offers] == [winners[0].ticket]


@pytest.mark.claim("B38")
async def test_accepted_on_every_tab_of_both_sides_at_both_processes_is_one_match(pair: Town) -> None:
    pool = await pair.new_pool("ada", ready_after_ms=1, ready_ms=60_000)
    async with AsyncExitStack() as stack:
        ada = [await stack.enter_async_context(pair.expert(pool, "ada", n % 2)) for n in range(8)]
        uma = [await stack.enter_async_context(pair.talker(pool, "user", "uma", n % 2)) for n in range(8)]
        await ada[0].ask(messages.Declare, status="away")
        await uma[0].ask(messages.Join, experts=["ada"])
        await ada[0].ask(messages.Declare, status="online")  # by now uma waited, and has to confirm
        offer = (await ada[0].until(messages.Offer)).offer
        answers = await asyncio.gather(*(tab.ask(messages.Accept, offer=offer) for tab in [*ada, *uma] * 3))
        codes = {answer.code for answer in answers if isinstance(answer, messages.Refused)}
        assert codes <= {"no_such_offer"} and any(isinstance(answer, messages.Ok) for answer in answers)
        shot = await pair.truth(pool)
        assert len(shot.sessions) == 1 and not shot.offers
        entries = [event for entry in await pair.entries(pool) for event in events_of(entry.events)]
        assert sum(isinstance(event, SessionFacts) and event.cause == "matched" for event in entries) == 1


@pytest.mark.claim("B14")
async def test_whoever_leaves_around_the_acceptance_is_in_no_session_or_in_a_whole_one(pair: Town) -> None:
    """The user leaves so many milliseconds after the expert says yes, at another process; or before it."""
    pool = await pair.new_pool("ada", wrap_up_ms=1, connect_ms=60_000)
    async with pair.expert(pool, "ada") as ada, pair.talker(pool, "user", "uma", 1) as uma:
        met = 0
        for n in range(ROUNDS):
            delay = (n - ROUNDS // 2) / 1_000
            await uma.ask(messages.Join, experts=["ada"])
            shot = await pair.until(pool, lambda shot: shot.offers)
            offer = shot.offers[0].offer
            yes, left = await asyncio.gather(
                after(max(0.0, -delay), ada.ask(messages.Accept, offer=offer)),
                after(max(0.0, delay), uma.ask(messages.Leave)),
            )
            shot = await pair.truth(pool)
            check_promises(shot)
            if isinstance(left, messages.Ok):
                assert not shot.sessions and not shot.tickets and indicator(shot, "ada") == "free"
                assert isinstance(yes, messages.Refused) and yes.code == "no_such_offer"
                continue
            met += 1
            assert left.code == "in_session" and isinstance(yes, messages.Ok)
            assert [session.user for session in shot.sessions] == ["uma"]
            assert isinstance(await uma.ask(messages.End, session=shot.sessions[0].session), messages.Ok)
            await pair.until(pool, lambda shot: indicator(shot, "ada") == "free")
        assert 0 < met < ROUNDS, "both orders came about"


async def after(delay: float, asking: Awaitable[Any]) -> Any:
    await asyncio.sleep(delay)
    return await asking


@pytest.mark.claim("B38")
async def test_a_caller_who_has_gone_rings_no_longer_than_a_second(pair: Town) -> None:
    pool = await pair.new_pool("ada")
    async with pair.expert(pool, "ada") as ada:
        for ending in ("leave", "close", "vanish"):
            async with pair.talker(pool, "user", f"u-{ending}", 1) as caller:
                await caller.ask(messages.Connect, expert="ada")
                await ada.light("ada", "ringing")
                if ending == "leave":
                    await caller.ask(messages.Leave)
                elif ending == "vanish":
                    caller.socket.transport.abort()
                else:
                    await caller.socket.close()
                await ada.light("ada", "free", seconds=1.5)
            assert (await pair.truth(pool)).sessions == []
