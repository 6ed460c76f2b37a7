"""Coming back: exactly what was missed, at whatever process; a history that is lost is lost for everybody at once."""

import asyncio
from contextlib import AsyncExitStack

import pytest
import websockets
from websockets.typing import Subprotocol

from tests.chaos.people import Adviser, Person, User
from tests.chaos.town import Town, indicator
from tests.stories.talker import Talker
from wire import messages
from wire.codec import JSON


async def come(
    town: Town, stack: AsyncExitStack, pool: str, member: str, at: int, since: tuple[str, int] = ("", 0)
) -> tuple[Talker, messages.Welcome]:
    """A user's page at process `at` that left off at `since`; its listening ends with the stack."""
    url = f"ws://127.0.0.1:{town.ports[at]}/v1/ws"
    socket = await stack.enter_async_context(
        websockets.connect(url, subprotocols=[Subprotocol(JSON.subprotocol)], compression=None)
    )
    talker = Talker(socket)
    listening = asyncio.create_task(talker.listen())
    stack.callback(listening.cancel)
    token = town.token(pool, "user", member)
    welcome = await talker.ask(messages.Hello, pool=pool, token=token, epoch=since[0], seq=since[1])
    await talker.send(messages.Watch, all=True)
    await talker.until(messages.Beat)
    return talker, welcome


@pytest.mark.claim("B31")
async def test_who_comes_back_twice_without_news_is_told_nothing_twice(pair: Town) -> None:
    pool = await pair.new_pool("ada", "bob")
    async with AsyncExitStack() as stack, pair.expert(pool, "ada") as ada, pair.expert(pool, "bob", 1):
        pages = [(await come(pair, stack, pool, f"first{at}", at))[0] for at in (0, 1)]
        await pages[0].ask(messages.Join, experts=["ada"])
        offer = (await ada.until(messages.Offer)).offer
        await ada.ask(messages.Accept, offer=offer)
        session = (await pages[0].until(messages.Session)).session
        for number in range(5):
            await ada.ask(messages.Say, session=session, text=f"{number}")
        said = await pages[0].until(messages.Said, lambda told: told.line.n == 5)
        shot = await pair.truth(pool)
        since = (shot.epoch, said.seq)
        for at in (0, 1, 1, 0):
            again, welcome = await come(pair, stack, pool, "first0", at, since)
            assert welcome.resumed and welcome.epoch == shot.epoch
            assert not [one for one in again.told if isinstance(one, messages.Snapshot)]
            told = [one.line.n for one in again.told if isinstance(one, messages.Said)]
            assert len(told) == len(set(told)), "nothing comes twice"
        missed, welcome = await come(pair, stack, pool, "first0", 1, (shot.epoch, said.seq - 2))
        assert welcome.resumed
        assert {4, 5} <= {one.line.n for one in missed.told if isinstance(one, messages.Said)}, "and nothing is missing"


@pytest.mark.claim("B31")
async def test_who_left_off_in_another_history_or_before_what_is_kept_is_told_the_whole_truth(pair: Town) -> None:
    pool = await pair.new_pool("ada")
    async with AsyncExitStack() as stack, pair.expert(pool, "ada"):
        shot = await pair.truth(pool)
        for since in (("another", 3), (shot.epoch, 10**9)):
            page, welcome = await come(pair, stack, pool, "uma", 0, since)
            snapshot = await page.until(messages.Snapshot)
            assert not welcome.resumed and snapshot.epoch == shot.epoch


@pytest.mark.claim("B31", "B33")
async def test_a_store_that_lost_everything_is_a_new_epoch_for_everybody(pair: Town) -> None:
    experts = ["ada", "bob", "eve"]
    pool = await pair.new_pool(*experts, grace_ms=60_000)
    people: list[Person] = [Adviser(pair, pool, expert, n) for n, expert in enumerate(experts)]
    people += [User(pair, pool, f"u{n}", 10 + n, experts) for n in range(20)]
    lives = [asyncio.create_task(person.live()) for person in people]
    try:
        async with asyncio.timeout(30):
            while not all(person.here for person in people):
                await asyncio.sleep(0.02)
        for person in people[:3]:
            await person.ask(messages.Declare, status="online")
        for person in people[3:]:
            await person.ask(messages.Join, experts=experts)
        before = await pair.truth(pool)
        assert len(before.tickets) == 20
        await pair.command("FLUSHALL")
        # The pool is configured anew, everybody who is here is attached again, and each view is the new, empty truth.
        async with asyncio.timeout(15):
            while True:
                shot = await pair.truth(pool)
                told = [person.view.differs(shot, person.member if person.role == "user" else "") for person in people]
                news = [person.view.epoch == shot.epoch != before.epoch for person in people]
                if (
                    all(news)
                    and not any(told)
                    and {facts.expert for facts in shot.experts if facts.present} == {*experts}
                ):
                    break
                await asyncio.sleep(0.05)
        assert shot.tickets == [] and not shot.sessions
        await people[0].ask(messages.Declare, status="online")
        answer = await people[3].ask(messages.Connect, expert="ada")
        assert isinstance(answer, messages.Joined), "and the line goes on"
        await pair.until(pool, lambda shot: indicator(shot, "ada") == "ringing")
    finally:
        for task in lives:
            task.cancel()
        await asyncio.gather(*lives, return_exceptions=True)
