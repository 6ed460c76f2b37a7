"""Sound that costs money while peers and media workers die: nobody pays for what nobody heard, and zero is silence."""

import asyncio
import signal
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from directory.expert import Expert, PoolOptions
from tests.chaos.test_meter import MINUTE, RATE, bill, money, now_ms, pay_in, set_aside, sleep_until
from tests.chaos.town import Town
from tests.chaos.voices import far, media_worker, voice
from tests.sessions.media import callers
from tests.stories.talker import Talker
from wire import messages


@pytest.fixture(autouse=True)
def _loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    callers.loopback_only(monkeypatch)


async def new_pool(town: Town, *experts: str, **settings: int) -> str:
    listed = [Expert(expert=name, name=name.title(), rate=RATE, modes=["chat", "audio"]) for name in experts]
    options = PoolOptions(prepaid=True, fee_bps=1_000, deposit_max=10**9)
    return await town.new_pool(*listed, options=options, **settings)


async def accepted(expert: Talker) -> str:
    """The expert takes the next offer; the session."""
    offer = await expert.until(messages.Offer, lambda said: said.state == "ringing", seconds=30)
    answer = await expert.ask(messages.Accept, offer=offer.offer)
    assert isinstance(answer, messages.Ok), answer
    return (await expert.until(messages.Session)).session


async def until(holds: Any, seconds: float = 15) -> None:
    async with asyncio.timeout(seconds):
        while not holds():
            await asyncio.sleep(0.02)


@pytest.mark.claim("A17", "A18")
@pytest.mark.slow
async def test_whoever_is_heard_no_more_pays_no_more_and_zero_is_silence(pair: Town, tmp_path: Path) -> None:
    """Four sessions at one worker: a user's process is killed, one is stopped, one sends no sound any more while its
    socket lives, and one has money for some seconds. What the books say it ran is what counts."""
    names = ("killed", "stopped", "muted", "zero")
    pool = await new_pool(pair, *names, grace_ms=1_500, frozen_max_ms=4_000, wrap_up_ms=1, ready_after_ms=600_000)
    for name in names:
        await pay_in(pair, pool, f"u-{name}", MINUTE)
    async with AsyncExitStack() as stack:
        worker = await stack.enter_async_context(media_worker(pair, tmp_path / "log"))
        experts = {
            name: await stack.enter_async_context(pair.expert(pool, name, n % 2)) for n, name in enumerate(names)
        }
        users = {
            name: await stack.enter_async_context(far(pair, pool, f"u-{name}", name, n % 2))
            for n, name in enumerate(names[:3])
        }
        zero = await stack.enter_async_context(pair.talker(pool, "user", "u-zero"))
        await zero.ask(messages.Join, experts=["zero"], mode="audio")
        offered = await experts["zero"].until(messages.Offer, lambda said: said.state == "ringing")
        assert offered.mode == "audio"
        await set_aside(pair, pool, experts["zero"], 7_000)
        sessions = {name: await accepted(experts[name]) for name in names}
        voices = {name: await stack.enter_async_context(voice(experts[name], sessions[name], 880)) for name in names}
        mine = await stack.enter_async_context(voice(zero, sessions["zero"], 440))
        lives = {
            name: await experts[name].until(messages.Session, lambda one: one.state == "live", seconds=20)
            for name in names
        }
        assert {each.worker for each in (*voices.values(), mine)} == {worker.name}
        await until(lambda: mine.is_heard(880) and all(each.is_heard(440) for each in voices.values()))
        await sleep_until(max(live.live_at for live in lives.values()) + 2_500)
        gone = {"killed": now_ms()}
        users["killed"].process.kill()
        gone["stopped"] = now_ms()
        users["stopped"].process.send_signal(signal.SIGSTOP)
        gone["muted"] = now_ms()
        await users["muted"].mute()

        ends = (await zero.until(messages.Meter, lambda said: said.ends_at > 0)).ends_at
        await sleep_until(ends + 1_000)
        counted = [await each.received() for each in (mine, voices["zero"])]
        said = await zero.until(messages.Session, lambda one: one.state == "ended")
        assert (said.reason, said.ended_at) == ("balance_spent", ends)
        await asyncio.sleep(0.5)
        assert [await each.received() for each in (mine, voices["zero"])] == counted and min(counted) > 100
        assert (await bill(pair, pool, sessions["zero"])).ran_ms == 7_000

        for name, at in gone.items():
            found = await bill(pair, pool, sessions[name])
            real = at - lives[name].live_at
            assert real - 500 <= found.ran_ms <= real + 3_000, (name, found, real)
            assert await money(pair, pool, f"u-{name}") == (MINUTE, 0)


@pytest.mark.claim("A17")
@pytest.mark.slow
@pytest.mark.parametrize("starves", [False, True], ids=["its lease lapses", "pages notice it sooner"])
async def test_when_a_worker_is_killed_another_carries_on_and_the_gap_costs_nothing(
    pair: Town, tmp_path: Path, starves: bool
) -> None:
    pool = await new_pool(pair, "ada", wrap_up_ms=1, ready_after_ms=600_000)
    await pay_in(pair, pool, "uma", 10 * MINUTE)
    async with AsyncExitStack() as stack:
        first = await stack.enter_async_context(media_worker(pair, tmp_path / "first"))
        ada = await stack.enter_async_context(pair.expert(pool, "ada", 0))
        uma = await stack.enter_async_context(pair.talker(pool, "user", "uma", 1))
        await uma.ask(messages.Join, experts=["ada"], mode="audio")
        session = await accepted(ada)
        hers = await stack.enter_async_context(voice(ada, session, 880, starves=starves))
        mine = await stack.enter_async_context(voice(uma, session, 440, starves=starves))
        live = await uma.until(messages.Session, lambda one: one.state == "live", seconds=20)
        second = await stack.enter_async_context(media_worker(pair, tmp_path / "second"))
        await until(lambda: mine.is_heard(880) and hers.is_heard(440))
        await sleep_until(live.live_at + 3_000)
        killed = now_ms()
        first.popen.kill()
        lost = await uma.until(messages.Meter, lambda said: said.frozen == "both", seconds=12)
        assert lost.ran_ms <= killed - live.live_at
        await until(lambda: hers.worker == mine.worker == second.name)
        back = await uma.until(messages.Meter, lambda said: said.running_since > killed)
        assert lost.ran_ms - 100 <= back.ran_ms <= lost.ran_ms
        assert now_ms() - killed < 13_000
        await until(lambda: mine.is_heard(880) and hers.is_heard(440))
        await uma.ask(messages.End, session=session)
        found = await bill(pair, pool, session)
        heard = killed - live.live_at + now_ms() - back.running_since
        assert heard - 3_500 <= found.ran_ms <= heard, (found, heard)


@pytest.mark.claim("A17")
@pytest.mark.slow
async def test_a_worker_that_was_asleep_finds_its_session_gone(pair: Town, tmp_path: Path) -> None:
    """A machine stood still for long: whoever has the session by now is not disturbed, and nobody pays twice."""
    pool = await new_pool(pair, "ada", wrap_up_ms=1, ready_after_ms=600_000)
    await pay_in(pair, pool, "uma", 10 * MINUTE)
    async with AsyncExitStack() as stack:
        first = await stack.enter_async_context(media_worker(pair, tmp_path / "first"))
        ada = await stack.enter_async_context(pair.expert(pool, "ada", 0))
        uma = await stack.enter_async_context(pair.talker(pool, "user", "uma", 1))
        await uma.ask(messages.Join, experts=["ada"], mode="audio")
        session = await accepted(ada)
        hers = await stack.enter_async_context(voice(ada, session, 880))
        mine = await stack.enter_async_context(voice(uma, session, 440))
        live = await uma.until(messages.Session, lambda one: one.state == "live", seconds=20)
        second = await stack.enter_async_context(media_worker(pair, tmp_path / "second"))
        await until(lambda: mine.is_heard(880) and hers.is_heard(440))
        slept = now_ms()
        first.popen.send_signal(signal.SIGSTOP)
        await until(lambda: hers.worker == mine.worker == second.name, 20)
        back = await uma.until(messages.Meter, lambda said: said.running_since > slept)
        await sleep_until(slept + 20_000)
        first.popen.send_signal(signal.SIGCONT)
        woken = now_ms()
        await sleep_until(woken + 4_000)
        meters = [said for said in uma.told if isinstance(said, messages.Meter)]
        assert [said for said in meters if said.frozen and said.at > woken] == []
        assert hers.worker == mine.worker == second.name
        assert mine.is_heard(880) and hers.is_heard(440)
        await uma.ask(messages.End, session=session)
        heard = slept - live.live_at + now_ms() - back.running_since
        assert heard - 3_500 <= (await bill(pair, pool, session)).ran_ms <= heard


@pytest.mark.claim("A17")
@pytest.mark.slow
async def test_a_worker_that_is_told_to_stop_hands_its_sessions_over(pair: Town, tmp_path: Path) -> None:
    pool = await new_pool(pair, "ada", wrap_up_ms=1, ready_after_ms=600_000)
    await pay_in(pair, pool, "uma", 10 * MINUTE)
    async with AsyncExitStack() as stack:
        first = await stack.enter_async_context(media_worker(pair, tmp_path / "first"))
        ada = await stack.enter_async_context(pair.expert(pool, "ada", 0))
        uma = await stack.enter_async_context(pair.talker(pool, "user", "uma", 1))
        await uma.ask(messages.Join, experts=["ada"], mode="audio")
        session = await accepted(ada)
        hers = await stack.enter_async_context(voice(ada, session, 880))
        mine = await stack.enter_async_context(voice(uma, session, 440))
        await uma.until(messages.Session, lambda one: one.state == "live", seconds=20)
        second = await stack.enter_async_context(media_worker(pair, tmp_path / "second"))
        first.popen.terminate()
        await uma.until(messages.MediaMoved, seconds=2)
        await until(lambda: hers.worker == mine.worker == second.name, 5)
        await until(lambda: mine.is_heard(880) and hers.is_heard(440), 5)
        assert await asyncio.to_thread(first.popen.wait, 10) == 0
        await uma.ask(messages.End, session=session)
