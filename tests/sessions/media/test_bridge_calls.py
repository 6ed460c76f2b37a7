"""Two peers through the bridge: tones by FFT, a rough network, a peer that comes back, tones of ours."""

import asyncio
from itertools import pairwise
from random import Random

import pytest

from sessions.media.bridge import Bridge, Side
from sessions.media.leg import Packet, Sink
from sessions.media.sound import chime
from tests.sessions.media.callers import Caller, caller, loopback_only, peer, site, until


@pytest.fixture(autouse=True)
def _loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    loopback_only(monkeypatch)


def hears(listener: Caller, hz: float) -> bool:
    return abs(listener.loudest_hz() - hz) < 12


class Rough:
    """A leg whose packets are lost, doubled and come in disorder."""

    def __init__(self, leg, chance: Random) -> None:
        self.leg, self.chance = leg, chance
        self.kept: list[Packet] = []

    def __getattr__(self, name: str):
        return getattr(self.leg, name)

    def listen(self, sink: Sink) -> None:
        self.leg.listen(lambda packet: self.pass_on(packet, sink))

    def pass_on(self, packet: Packet, sink: Sink) -> None:
        self.kept += [packet] * self.chance.choice([0, 1, 1, 1, 1, 1, 1, 1, 1, 2])
        while len(self.kept) > 3:
            sink(self.kept.pop(self.chance.randrange(2)))


@pytest.mark.claim("A18")
async def test_each_hears_the_tone_of_the_other_and_nothing_after_the_end() -> None:
    here = site()
    async with peer(here, 1001) as (one, told), peer(here, 1002) as (other, _), caller(440) as uma, caller(880) as ada:
        bridge = Bridge(one, other)
        await asyncio.gather(uma.call(one), ada.call(other))
        await until(lambda: hears(uma, 880) and hears(ada, 440))
        assert told.states == [("connected", "")]
        bridge.close()
        sent = other._sending._packets
        await until(lambda: one.heard_at > asyncio.get_running_loop().time() - 0.02)
        assert other._sending._packets == sent


async def test_a_rough_network_is_heard_through() -> None:
    here, chance = site(), Random(5)
    async with peer(here, 1001) as (one, _), peer(here, 1002) as (other, _), caller(440) as uma, caller(880) as ada:
        Bridge(Rough(one, chance), Rough(other, chance))
        await asyncio.gather(uma.call(one), ada.call(other))
        await until(lambda: hears(uma, 880) and hears(ada, 440))


@pytest.mark.claim("B31")
async def test_who_comes_back_with_a_new_connection_is_heard_in_the_same_stream() -> None:
    here, went = site(), []
    async with peer(here, 1001) as (one, _), peer(here, 1002) as (other, _), caller(440) as uma, caller(880) as ada:
        bridge = Bridge(one, other)
        loop = asyncio.get_running_loop()
        send = other.send

        def noted(packet: Packet) -> None:
            went.append((packet, loop.time()))
            send(packet)

        other.send = noted  # type: ignore[method-assign]
        await asyncio.gather(uma.call(one), ada.call(other))
        await until(lambda: hears(ada, 440) and hears(uma, 880))
        async with peer(here, 1003) as (again, _), caller(660) as new:
            await new.call(again)
            await (bridge.replace("user", again)).close()
            silent = bridge.silent_ms("user", loop.time())
            assert 0 <= silent < 1_000, "what was heard of the old connection counts"
            await until(lambda: hears(ada, 660) and hears(new, 880))
    packets = [packet for packet, _ in went]
    assert len({packet.source for packet in packets}) == 2
    assert {later.sequence - early.sequence & 0xFFFF for early, later in pairwise(packets)} == {1}
    drift = [at - packet.timestamp / 48_000 for packet, at in went]
    assert max(drift) - min(drift) < 0.3, "timestamps go on as time does, across the gap, too"


async def test_a_tone_of_ours_takes_the_place_of_the_other_side_and_gives_it_back() -> None:
    here = site()
    async with peer(here, 1001) as (one, _), peer(here, 1002) as (other, _), caller(440) as uma, caller(300) as ada:
        bridge = Bridge(one, other)
        await asyncio.gather(uma.call(one), ada.call(other))
        await until(lambda: hears(uma, 300) and hears(ada, 440))
        bridge.announce("user", chime("minute_left"))
        await until(lambda: hears(uma, 880))
        assert hears(ada, 440), "only one side was told"
        await until(lambda: hears(uma, 660))
        await until(lambda: hears(uma, 300))


async def test_who_is_held_is_not_heard_until_let_in_again() -> None:
    here = site()
    async with peer(here, 1001) as (one, _), peer(here, 1002) as (other, _), caller(440) as uma, caller(880) as ada:
        bridge = Bridge(one, other)
        await asyncio.gather(uma.call(one), ada.call(other))
        await until(lambda: hears(ada, 440))
        bridge.hold("user", True)
        sent = other._sending._packets
        await asyncio.sleep(0.3)
        assert other._sending._packets == sent
        assert bridge.silent_ms("user", asyncio.get_running_loop().time()) < 200, "held, but there"
        bridge.hold("user", False)
        await until(lambda: other._sending._packets > sent + 5 and hears(ada, 440))


async def test_taps_hear_both_sides_as_one_stream_each() -> None:
    here, tapped = site(), []
    async with peer(here, 1001) as (one, _), peer(here, 1002) as (other, _), caller(440) as uma, caller(880) as ada:
        bridge = Bridge(one, other)

        def tap(side: Side, packet: Packet, at: float) -> None:
            tapped.append((side, packet.sequence, at))

        bridge.tap(tap)
        await asyncio.gather(uma.call(one), ada.call(other))
        await until(lambda: len(tapped) > 60 and hears(uma, 880))
        bridge.tap(None)
        count = len(tapped)
        await asyncio.sleep(0.1)
        assert len(tapped) == count
    for side in ("user", "expert"):
        numbers = [sequence for who, sequence, _ in tapped if who == side]
        assert [number - numbers[0] & 0xFFFF for number in numbers] == list(range(len(numbers)))


@pytest.mark.claim("A17")
async def test_silence_is_counted_from_the_last_packet() -> None:
    here, loop = site(), asyncio.get_running_loop()
    async with peer(here, 1001) as (one, _), peer(here, 1002) as (other, _), caller(880) as ada:
        bridge = Bridge(one, other)
        began = loop.time()
        await ada.call(other)
        await until(lambda: other.heard_at > 0)
        assert bridge.silent_ms("user", began + 4) == pytest.approx(4_000, abs=5)
        await until(lambda: bridge.silent_ms("expert", loop.time()) < 40)
        await ada.close()
        last = other.heard_at
        assert bridge.silent_ms("expert", last + 2.5) == 2_500


async def test_each_is_told_how_much_is_lost_further_on() -> None:
    here = site()
    async with peer(here, 1001) as (one, _), peer(here, 1002) as (other, _):
        bridge = Bridge(one, other)
        one.missed, other.missed = 10, 30
        assert (one.missed_further(), other.missed_further()) == (30, 10)
        bridge.close()
        assert (one.missed_further(), other.missed_further()) == (0, 0)
