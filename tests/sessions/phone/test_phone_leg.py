"""A telephone as a leg: its sound in Opus and back over real SIP and RTP, its numbers, its signs of life."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest
import pytest_asyncio

from sessions.media.bridge import Bridge
from sessions.media.leg import FRAME_TICKS, Packet
from sessions.media.phone_leg import PhoneLeg
from sessions.media.sound import Decoder, Encoder
from sessions.phone.embedded.phone import EmbeddedPhone
from tests.ports import LOOPBACK
from tests.sessions.phone.peers import Phone, Script, on, until
from tests.sessions.phone.suite import UnderTest, Watched, ring
from tests.sessions.phone.tones import loudest_hz, share_at
from tests.sessions.phone.trunks import loopback

RATE = 8000


@pytest_asyncio.fixture
async def under_test() -> AsyncIterator[UnderTest]:
    engine = EmbeddedPhone(loopback())
    yield UnderTest(engine, lambda peer: f"sip:{peer.user}@{LOOPBACK}:{peer.port}")
    await engine.close()


class Ear:
    """Who listens to a leg: the sound, and whether the packets are one stream."""

    def __init__(self, leg: PhoneLeg) -> None:
        self.packets: list[Packet] = []
        leg.listen(self.packets.append)

    def sound(self, first: int = 0) -> bytes:
        decoder = Decoder(RATE)
        return b"".join(decoder.decode(packet.payload).tobytes() for packet in self.packets[first:])

    def is_one_stream(self) -> bool:
        pairs = list(zip(self.packets, self.packets[1:], strict=False))
        return bool(pairs) and all(
            after.sequence == (before.sequence + 1) & 0xFFFF
            and (after.timestamp - before.timestamp) % FRAME_TICKS == 0
            and (after.timestamp - before.timestamp == FRAME_TICKS or after.marker)
            for before, after in pairs
        )


async def speak(leg: PhoneLeg, hz: float, seconds: float, *, begin: int = 0) -> None:
    """A tone as a browser would send it: 48 kHz Opus, with a packet lost and one that comes twice now and then."""
    encoder, loop = Encoder(), asyncio.get_running_loop()
    due = loop.time()
    for turn in range(int(seconds * 50)):
        at = (np.arange(960) + turn * 960) / 48_000
        payload = encoder.encode((np.sin(2 * np.pi * hz * at) * 16_000).astype(np.int16))
        packet = Packet(payload, (begin + turn) & 0xFFFF, turn * FRAME_TICKS, turn == 0)
        for _ in range({30: 0, 40: 2}.get(turn, 1)):
            leg.send(packet)
        due += 0.02
        await asyncio.sleep(max(0.0, due - loop.time()))


@pytest.mark.sipp
async def test_opus_to_the_phone_and_back(under_test: UnderTest, tmp_path: Path) -> None:
    async with on(script := Script(tmp_path / "echo", "answer")):
        watched = await ring(under_test, script)
        leg = PhoneLeg(watched.call, RATE)
        ear = Ear(leg)
        await watched.reaches("answered")
        await speak(leg, 700, 1.5, begin=65_500)
        heard = ear.sound()[-RATE:]
        assert abs(loudest_hz(heard) - 700) < 5 and share_at(heard, 700) > 0.9
        assert ear.is_one_stream()
        await leg.close()
        await leg.close()
        await script.done()
        told = len(ear.packets)
        await asyncio.sleep(0.1)
        assert len(ear.packets) == told


@pytest.mark.sipp
async def test_it_rings_until_the_phone_speaks(under_test: UnderTest, tmp_path: Path) -> None:
    async with on(silent := Phone(tmp_path / "phone", answers=False, hz=880)):
        watched = await ring(under_test, silent)
        leg = PhoneLeg(watched.call, RATE)
        ear = Ear(leg)
        leg.ring()
        leg.ring()
        await watched.reaches("ringing")
        await until(lambda: len(ear.packets) >= 40)
        assert abs(loudest_hz(ear.sound()) - 425) < 5
        assert leg.heard_at == 0.0, "the tone is ours: the phone has said nothing"
        await silent.do("accept")
        await watched.reaches("answered")
        said = len(ear.packets)
        await until(lambda: len(ear.packets) > said + 50)
        assert abs(loudest_hz(ear.sound(said + 10)) - 880) < 5
        assert leg.heard_at > 0.0 and ear.is_one_stream()
        await leg.close()


@pytest.mark.baresip
async def test_a_phone_that_is_gone_gives_no_sign_of_life(under_test: UnderTest, tmp_path: Path) -> None:
    async with on(phone := Phone(tmp_path / "phone")):
        watched = await ring(under_test, phone)
        leg = PhoneLeg(watched.call, RATE)
        ear = Ear(leg)
        await watched.reaches("answered")
        await until(lambda: len(ear.packets) > 10)
        phone.kill()
        killed = asyncio.get_running_loop().time()
        await asyncio.sleep(1)
        assert leg.heard_at - killed < 0.3, "what the last second brings is nobody's"
        assert watched.states[-1] == "answered", "long before the call itself is given up"


@pytest.mark.baresip
async def test_two_phones_over_a_bridge(under_test: UnderTest, tmp_path: Path) -> None:
    """The way of calls that are recorded."""
    low, high = Phone(tmp_path / "low", hz=440), Phone(tmp_path / "high", hz=1320)
    async with on(low, high):
        one, other = await ring(under_test, low), await ring(under_test, high)
        user, expert = PhoneLeg(one.call, RATE), PhoneLeg(other.call, RATE)
        bridge = Bridge(user, expert)
        await one.reaches("answered")
        await other.reaches("answered")
        await asyncio.sleep(1.5)
        now = asyncio.get_running_loop().time()
        assert bridge.silent_ms("user", now) < 200 and bridge.silent_ms("expert", now) < 200
        bridge.close()
        await user.close()
        await expert.close()
        await low.sees("CALL_CLOSED")
        await high.sees("CALL_CLOSED")
        assert abs(loudest_hz(low.heard()[-12_000:]) - 1320) < 5
        assert abs(loudest_hz(high.heard()[-12_000:]) - 440) < 5


@pytest.mark.sipp
async def test_packets_that_come_late_or_are_no_opus(under_test: UnderTest, tmp_path: Path) -> None:
    async with on(script := Script(tmp_path / "echo", "answer")):
        watched = Watched(await under_test.engine.call(under_test.number(script)))
        leg = PhoneLeg(watched.call, RATE)
        await watched.reaches("answered")
        for payload in (b"", b"\xff", bytes(1275), b"\x03" * 400):
            for sequence in (5, 4, 5, 40_000, 6):
                leg.send(Packet(payload, sequence, 0, False))
        await leg.close()
        await script.done()
