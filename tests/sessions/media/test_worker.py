"""One media worker with a real store and real peers: evidence, the cut, moving, filling up, stopping."""

import asyncio
import contextlib
import random
import time

import msgspec
import pytest

from ground.errors import Refusal, StoreUnavailable
from ground.store import Store
from queueing.facts import Side
from queueing.media import Media
from sessions.media import carrying, worker
from sessions.media.bridge import SIDES
from sessions.media.carrying import LATE_S, Carried, Probes
from sessions.media.hearing import QUIET_MS
from sessions.media.leg import Packet
from sessions.media.orders import Answer, Offer, Probe, Refused, RingUser
from sessions.media.peer import Peer
from sessions.media.worker import IDLE_POOL_S, Worker
from sessions.media.workers import Workers
from tests.sessions.media.callers import Caller, caller, site, until
from tests.sessions.media.scenes import Scene, Speaker, Voice, scene, workers_of_its_own, working
from tests.sessions.media.test_description import AUDIO, sdp

PROCESS = "w1"


@pytest.fixture(autouse=True)
def place(monkeypatch: pytest.MonkeyPatch) -> None:
    workers_of_its_own(monkeypatch)


async def test_both_are_heard_the_clock_runs_and_the_end_cuts_at_once(store: Store, pool: str) -> None:
    async with scene(store, pool) as here, working(store) as m1, caller(440) as uma, caller(880) as ada:
        session = await here.session()
        await here.media.bridge(pool, session, m1.name)
        await here.call(m1, session, "user", uma)
        await here.call(m1, session, "expert", ada)
        facts = await here.until(session, lambda one: one.state == "live" and one.running_since)
        assert facts.worker == m1.name
        await until(lambda: abs(uma.loudest_hz() - 880) < 12 and abs(ada.loudest_hz() - 440) < 12)
        carried = m1.carried[pool, session]
        ended = asyncio.get_running_loop().time()
        await here.line.end(pool, session, "user", "u0")
        await until(lambda: carried.is_over)
        assert asyncio.get_running_loop().time() - ended < 0.1
        await until(lambda: not m1.carried)


async def test_silence_stops_the_clock_at_the_last_packet_and_sound_starts_it_again(store: Store, pool: str) -> None:
    async with scene(store, pool) as here, working(store) as m1, caller(440) as uma, caller(880) as ada:
        session = await here.session(budget_ms=600_000)
        await here.media.bridge(pool, session, m1.name)
        await here.call(m1, session, "user", uma)
        await here.call(m1, session, "expert", ada)
        live = await here.until(session, lambda one: one.state == "live" and one.running_since)
        sender = uma.pc.getSenders()[0]
        tone = sender.track
        sender.replaceTrack(None)
        frozen = await here.until(session, lambda one: one.frozen == "user")
        at = (await here.line.snapshot(pool)).at
        assert at - frozen.running_since > QUIET_MS and frozen.ran_ms < at - live.running_since - QUIET_MS + 300
        sender.replaceTrack(tone)
        back = await here.until(session, lambda one: not one.frozen)
        assert back.running_since and back.ran_ms == frozen.ran_ms


async def test_zero_is_silence_at_both_ends_within_a_second(store: Store, pool: str) -> None:
    async with scene(store, pool) as here, working(store) as m1, caller(440) as uma, caller(880) as ada:
        session = await here.session(budget_ms=1_500)
        await here.media.bridge(pool, session, m1.name)
        await here.call(m1, session, "user", uma)
        await here.call(m1, session, "expert", ada)
        live = await here.until(session, lambda one: one.zero_at > 0)
        offset = (await here.line.snapshot(pool)).at - asyncio.get_running_loop().time() * 1000
        zero = (live.zero_at - offset) / 1000
        await asyncio.sleep(zero + 1 - asyncio.get_running_loop().time())
        counted = [await received(one) for one in (uma, ada)]
        await asyncio.sleep(0.5)
        assert [await received(one) for one in (uma, ada)] == counted and min(counted) > 20
        ended = await here.last(session)
        assert (ended.reason, ended.ran_ms) == ("balance_spent", 1_500)


async def received(one: Caller) -> int:
    """Packets of sound that have come to a peer."""
    stats = await one.pc.getReceivers()[0].getStats()
    return sum(each.packetsReceived for each in stats.values() if each.type == "inbound-rtp")


async def test_the_worker_knows_zero_by_itself_and_mutes_what_the_store_does_not_end(store: Store, pool: str) -> None:
    async with scene(store, pool) as here:
        facts = await here.facts(await here.session(budget_ms=600_000))
    carried, uma, ada = Carried(pool, facts.session, site()), Speaker(), Speaker()
    carried.put("user", uma)
    carried.put("expert", ada)
    at = 1_900_000_000_000
    running = msgspec.structs.replace(facts, state="live", running_since=at - 1_000)
    carried.learn(msgspec.structs.replace(running, zero_at=at + 100), at)
    loop = asyncio.get_running_loop()
    began, last = loop.time(), 0.0
    for n in range(50):
        heard = ada.heard
        uma.say(Packet(b"x", n, n * 960, False))
        last = loop.time() - began if ada.heard > heard else last
        await asyncio.sleep(0.02)
    assert 0.1 + LATE_S - 0.1 < last <= 0.1 + LATE_S + 0.1
    carried.learn(msgspec.structs.replace(running, zero_at=at + 60_000), at)  # more money after all
    before = ada.heard
    uma.say(Packet(b"x", 50, 50 * 960, False))
    assert ada.heard == before + 1
    carried.learn(msgspec.structs.replace(running, running_since=0, frozen="expert"), at)  # she listens for nothing
    uma.say(Packet(b"x", 51, 51 * 960, False))
    assert ada.heard == before + 1
    carried.learn(running, at)
    uma.say(Packet(b"x", 52, 52 * 960, False))
    assert ada.heard == before + 2
    await carried.close()
    uma.say(Packet(b"x", 53, 53 * 960, False))
    assert ada.heard == before + 2


async def test_a_browser_that_comes_again_takes_its_own_place_and_the_same_offer_gets_the_same_answer(
    store: Store, pool: str
) -> None:
    async with (
        scene(store, pool) as here, working(store) as m1, caller(440) as uma, caller(880) as ada, caller(660) as again,
    ):  # fmt: skip
        session = await here.session()
        await here.media.bridge(pool, session, m1.name)
        await here.call(m1, session, "user", uma)
        await here.call(m1, session, "expert", ada)
        await until(lambda: abs(ada.loudest_hz() - 440) < 12)
        offer = Offer(pool, session, "user", "p2", await again.offer())
        answers = await asyncio.gather(*(here.post.ask(m1.name, offer, 5) for _ in range(3)))
        assert isinstance(answers[0], Answer) and answers[1:] == answers[:1] * 2
        await again.take(answers[0].sdp)
        await until(lambda: abs(ada.loudest_hz() - 660) < 12 and abs(again.loudest_hz() - 880) < 12)
        await until(lambda: uma.pc.connectionState == "closed", 5)


async def test_what_is_not_its_own_it_does_not_take(store: Store, pool: str) -> None:
    async with scene(store, pool, experts=3) as here, working(store, most=1) as m1, caller(440) as uma:
        mine = await uma.offer()
        sessions = [await here.session(n) for n in range(3)]

        async def ask(session: str, offer: str = mine) -> object:
            return await here.post.ask(m1.name, Offer(pool, session, "user", "p", offer), 5)

        assert await ask(sessions[0]) == Refused("no_such_session", sessions[0])
        assert await ask("s-nowhere") == Refused("no_such_session", "s-nowhere")
        for session in sessions[:2]:
            await here.media.bridge(pool, session, m1.name)
        bad = await ask(sessions[0], "v=0")
        assert isinstance(bad, Refused) and bad.code == "bad_sdp"
        assert isinstance(await ask(sessions[0]), Answer)
        assert await ask(sessions[1]) == Refused("media_full")
        await here.line.end(pool, sessions[0], "user", "u0")
        await until(lambda: not m1.carried)
        assert await ask(sessions[0]) == Refused("session_over", sessions[0])
        assert isinstance(await ask(sessions[1]), Answer)
        assert await here.post.ask(m1.name, RingUser(pool, "o1", "t1", "+49", "", 5), 5) == Refused("phone_full")


async def tries(here: Scene, m1: Worker, one: Caller) -> None:
    """The way to a worker, and nothing else."""
    answer = await here.post.ask(m1.name, Probe("p", await one.offer()), 5)
    assert isinstance(answer, Answer), answer
    await one.take(answer.sdp)
    await until(lambda: one.pc.connectionState == "connected")


async def test_a_test_of_the_way_ends_when_it_has_come_about(
    store: Store, pool: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(carrying, "CONNECTED_S", 0.2)
    async with scene(store, pool) as here, working(store) as m1, caller(440) as uma:
        await tries(here, m1, uma)
        await until(lambda: uma.pc.connectionState == "closed", 3)
        said = await here.post.ask(m1.name, Probe("p", "v=0"), 5)
        assert isinstance(said, Refused) and said.code == "bad_sdp"
        assert not m1.carried and not m1._probes._open


async def test_those_who_only_ask_for_a_test_keep_nobody_from_one(
    store: Store, pool: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever has been there longest makes room, so that few are open at a time."""
    ended: list[object] = []
    closing = Peer.close

    async def close(of: Peer) -> None:
        ended.append(of)
        await closing(of)

    monkeypatch.setattr(Peer, "close", close)
    async with scene(store, pool) as here, working(store) as m1, caller(440) as mal, caller(440) as uma:
        order = Probe("p", await mal.offer())
        for _ in range(50):
            assert isinstance(await here.post.ask(m1.name, order, 5), Answer)
        await until(lambda: len(ended) == 48)
        await tries(here, m1, uma)
        assert isinstance(await here.post.ask(m1.name, Probe("p", "v=0"), 5), Refused), "it takes nobody's place"
        assert uma.pc.connectionState == "connected" and len(m1._probes._open) == 2


async def test_a_test_that_never_comes_about_ends_by_itself() -> None:
    probes = Probes(site(), 2, seconds=0.2)
    await probes.offer(sdp(AUDIO))
    await until(lambda: not probes._open and not probes._tasks, 2)
    await probes.close()


def falls_silent(last: dict[str, float], session: str, voice: Voice) -> None:
    last[session] = voice.stop()


async def test_a_session_that_goes_to_another_worker_is_let_go(store: Store, pool: str) -> None:
    async with scene(store, pool) as here, working(store) as m1, caller(440) as uma:
        session = await here.session()
        await here.media.bridge(pool, session, m1.name)
        await here.call(m1, session, "user", uma)
        await until(lambda: uma.pc.connectionState == "connected")
        await here.media.bridge(pool, session, "m2", instead=m1.name)
        await until(lambda: not m1.carried, 2)
        await until(lambda: uma.pc.connectionState == "closed", 5)


async def test_a_worker_that_stops_gives_its_sessions_up_within_a_second_and_is_heard_meanwhile(
    store: Store, pool: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "RENEW_S", 0.1)
    async with (
        scene(store, pool) as here, working(store) as m1, working(store, "m2") as m2,
        caller(440) as uma, caller(880) as ada, caller(440) as uma2, caller(880) as ada2,
    ):  # fmt: skip
        session = await here.session(budget_ms=600_000)
        await here.media.bridge(pool, session, m1.name)
        await here.call(m1, session, "user", uma)
        await here.call(m1, session, "expert", ada)
        await here.until(session, lambda one: one.state == "live" and one.running_since)
        began = asyncio.get_running_loop().time()
        stopping = asyncio.create_task(m1.drain())
        lost = await here.until(session, lambda one: not one.worker)
        assert asyncio.get_running_loop().time() - began < 1 and lost.frozen == "both"
        assert not m1.carried[pool, session].is_over
        with pytest.raises(Refusal, match="no_media"):
            await here.post.ask(m1.name, Probe("p", "v=0"), 5)
        assert await Workers(store).choose("k") == m2.name
        await here.media.bridge(pool, session, m2.name)
        await here.call(m2, session, "user", uma2, "p2")
        await here.call(m2, session, "expert", ada2, "p2")
        back = await here.until(session, lambda one: not one.frozen)
        assert back.ran_ms <= lost.ran_ms and back.worker == m2.name
        for one in (uma, ada):
            await one.pc.close()
        await asyncio.wait_for(stopping, 4)
        assert [each.worker for each in await Workers(store).listed()] == [m2.name], "it never came back"


async def test_a_lease_that_lapses_stops_the_clock_at_its_last_renewal(store: Store, pool: str) -> None:
    """As when the worker is killed: nothing renews the lease any more."""
    async with scene(store, pool) as here, caller(440) as uma, caller(880) as ada:
        session = await here.session(budget_ms=600_000)
        m1 = Worker(store, "m1", site(), 4)
        task = asyncio.create_task(m1.run())
        with contextlib.suppress(Exception):
            await here.post.listening(5)
        async with asyncio.timeout(5):
            while not await Workers(store).listed():
                await asyncio.sleep(0.02)
        await here.media.bridge(pool, session, m1.name)
        await here.call(m1, session, "user", uma)
        await here.call(m1, session, "expert", ada)
        live = await here.until(session, lambda one: one.state == "live" and one.running_since)
        await asyncio.sleep(1)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        killed = (await here.line.snapshot(pool)).at
        await m1.close()
        lost = await here.until(session, lambda one: not one.worker, 12)
        assert lost.frozen == "both" and lost.ran_ms <= killed - live.running_since
        assert lost.ran_ms >= killed - live.running_since - 2_500


@pytest.mark.claim("A17")
async def test_while_a_worker_stands_still_nobody_pays(store: Store, pool: str) -> None:
    """Its machine was paused, for less time than its lease: what was sent meanwhile is read at once afterwards."""
    async with scene(store, pool) as here, working(store) as m1:
        session = await here.session(budget_ms=600_000)
        await here.media.bridge(pool, session, m1.name)
        carried = await m1.carry(pool, session)
        for side in SIDES:
            carried.put(side, Voice(0.02))
        live = await here.until(session, lambda one: one.running_since)
        time.sleep(2.4)  # noqa: ASYNC251 (that is the point)
        back = await here.until(session, lambda one: one.running_since > live.running_since)
        assert back.ran_ms < back.running_since - live.running_since - 2_300
        for side in SIDES:
            leg = carried.bridge.leg(side)
            assert isinstance(leg, Voice)
            leg.stop()


class Away(Media):
    """A store that does not answer."""

    async def bridge(self, *args: object, **more: object) -> dict[str, object]:
        raise StoreUnavailable("away")


async def test_what_could_not_be_asked_is_not_carried(store: Store, pool: str) -> None:
    """Else it would take a place for ever: nobody says the end of what was never this worker's."""
    async with scene(store, pool) as here, working(store) as m1:
        session = await here.session()
        m1._media = Away(store)
        with pytest.raises(StoreUnavailable):
            await m1.carry(pool, session)
        assert not m1.carried


async def test_a_pool_that_is_left_twice_at_once_stops_nobody(store: Store, pool: str) -> None:
    async with scene(store, pool) as here, working(store) as m1:
        await here.media.bridge(pool, session := await here.session(), m1.name)
        await m1.carry(pool, session)
        await here.line.end(pool, session, "user", "u0")
        await until(lambda: not m1.carried and not m1._pools[pool].mine)
        follower = m1._pools[pool]
        follower.used_at -= IDLE_POOL_S
        await asyncio.gather(m1._renew(follower), m1._renew(follower))
        assert not m1._pools


@pytest.mark.claim("A17")
async def test_at_a_hundred_moments_nobody_pays_for_who_has_fallen_silent(store: Store, pool: str) -> None:
    """A hundred sessions at one worker; in each of them one side falls silent at a moment of its own, in the middle of
    a word or of a pause, where a browser sends a packet every 400 ms."""
    dice, loop = random.Random(5), asyncio.get_running_loop()
    async with scene(store, pool, experts=100, frozen_max_ms=600_000) as here, working(store, most=100) as m1:
        sessions = [await here.session(n, budget_ms=600_000) for n in range(100)]
        voices: dict[str, dict[Side, Voice]] = {}
        for session in sessions:
            await here.media.bridge(pool, session, m1.name)
            carried = await m1.carry(pool, session)
            voices[session] = {side: Voice(dice.choice([0.02, 0.4])) for side in ("user", "expert")}
            for side, each in voices[session].items():
                carried.put(side, each)
        offset = (await here.line.snapshot(pool)).at - loop.time() * 1000
        last: dict[str, float] = {}
        for session in sessions:
            fallen_silent = voices[session][dice.choice(["user", "expert"])]
            loop.call_later(dice.uniform(1, 3), falls_silent, last, session, fallen_silent)
        async with asyncio.timeout(15):
            while not all(one.frozen for one in (await here.line.snapshot(pool)).sessions):
                await asyncio.sleep(0.1)
        for both in voices.values():
            for one in both.values():
                one.stop()
        for facts in (await here.line.snapshot(pool)).sessions:
            real = last[facts.session] * 1000 + offset - facts.live_at
            assert abs(facts.ran_ms - real) < 1_000, (facts.ran_ms, real)
