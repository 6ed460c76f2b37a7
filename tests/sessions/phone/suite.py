"""What every telephone engine has to do, whichever it is: with real telephones at the other end of real SIP.

A test module makes a subclass of `EngineSuite` and a fixture `under_test` of the engine and the way from a peer to the
number that leads to it.
"""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from sessions.phone.engine import CallNews, PhoneCall, PhoneUnavailable
from tests.sessions.phone.peers import Peer, Phone, Script, on, until
from tests.sessions.phone.tones import frames, loudest_hz, share_at, tone

SOON_S = 1.0
KILLED_S = 4.5


class UnderTest(NamedTuple):
    """An engine, and which number rings a peer."""

    engine: Any
    """A PhoneEngine; what only one engine has is seen by its own tests."""
    number: Callable[[Peer], str]


class Watched:
    """A call with all that it told, and when."""

    def __init__(self, call: PhoneCall) -> None:
        self.call = call
        self.told: list[tuple[float, CallNews]] = []
        self.frames: list[bytes] = []
        call.on_frame(self.frames.append)
        self._reading = asyncio.create_task(self._read())

    async def _read(self) -> None:
        async for news in self.call.news():
            self.told.append((time.monotonic(), news))

    @property
    def states(self) -> list[str]:
        return [news.state for _, news in self.told]

    @property
    def last(self) -> CallNews:
        return self.told[-1][1]

    async def reaches(self, state: str, seconds: float = 5.0) -> float:
        """When it did."""
        await until(lambda: state in self.states, seconds)
        return next(at for at, news in self.told if news.state == state)

    async def ends(self, seconds: float = 5.0) -> float:
        await asyncio.wait_for(asyncio.shield(self._reading), seconds)
        assert self.states[0] == "calling" and self.states.count("ended") == 1
        return self.told[-1][0]

    async def says(self, pcm: bytes, rate: int) -> None:
        """Play sound in its own time."""
        due = asyncio.get_running_loop().time()
        for frame in frames(pcm, rate):
            self.call.play(frame)
            due += 0.02
            await asyncio.sleep(max(0.0, due - asyncio.get_running_loop().time()))


async def ring(under_test: UnderTest, peer: Peer, *, ring_s: float = 10) -> Watched:
    return Watched(await under_test.engine.call(under_test.number(peer), ring_s=ring_s))


class EngineSuite:
    """The behaviour. Each test has its own peers."""

    @pytest.mark.claim("A2")
    @pytest.mark.claim("B28")
    @pytest.mark.baresip
    async def test_a_tone_goes_both_ways(self, under_test: UnderTest, tmp_path: Path) -> None:
        rate = under_test.engine.rate
        async with on(phone := Phone(tmp_path / "phone", hz=440)):
            watched = await ring(under_test, phone)
            await watched.reaches("answered")
            await watched.says(tone(1000, 1.5, rate), rate)
            await watched.call.hang_up()
            await phone.sees("CALL_CLOSED")
            heard = b"".join(watched.frames)
            assert {len(frame) for frame in watched.frames} == {rate // 50 * 2}
            assert abs(loudest_hz(heard[rate:], rate) - 440) < 5
            assert share_at(heard[rate:], 440, rate) > 0.9
            assert len(watched.frames) >= 60, "1.5 seconds are 75 frames, and some come late"
            there = await until(lambda: len(phone.heard()) > 8000 and phone.heard())
            assert abs(loudest_hz(there[-12_000:]) - 1000) < 5
            assert share_at(there[-12_000:], 1000) > 0.9

    @pytest.mark.sipp
    async def test_an_echo_comes_back(self, under_test: UnderTest, tmp_path: Path) -> None:
        rate = under_test.engine.rate
        async with on(script := Script(tmp_path / "echo", "answer")):
            watched = await ring(under_test, script)
            await watched.reaches("answered")
            await watched.says(tone(700, 1.0, rate), rate)
            heard = b"".join(watched.frames)[-rate:]
            assert abs(loudest_hz(heard, rate) - 700) < 5
            await watched.call.hang_up()
            await script.done()
            await watched.ends()
            assert watched.states == ["calling", "ringing", "answered", "ended"]

    @pytest.mark.sipp
    @pytest.mark.parametrize(
        ("code", "ended"),
        [(486, "busy"), (600, "busy"), (603, "declined"), (480, "no_answer"), (408, "no_answer"), (404, "failed")],
    )
    async def test_refusals_in_words(self, under_test: UnderTest, tmp_path: Path, code: int, ended: str) -> None:
        async with on(script := Script(tmp_path / "refuse", "refuse", code=str(code))):
            watched = await ring(under_test, script)
            await watched.ends()
            assert watched.last.ended == ended
            assert watched.last.code in (0, code)
            assert "answered" not in watched.states and not watched.frames
            await script.done()

    @pytest.mark.sipp
    async def test_nobody_answers(self, under_test: UnderTest, tmp_path: Path) -> None:
        async with on(script := Script(tmp_path / "ring", "ring")):
            started = time.monotonic()
            watched = await ring(under_test, script, ring_s=1)
            ended = await watched.ends()
            assert watched.last.ended == "no_answer"
            assert 0.9 < ended - started < 2
            await script.done(SOON_S)  # its bell is silent again

    @pytest.mark.sipp
    async def test_hanging_up_stops_the_bell(self, under_test: UnderTest, tmp_path: Path) -> None:
        async with on(script := Script(tmp_path / "ring", "ring")):
            watched = await ring(under_test, script)
            await watched.reaches("ringing")
            await watched.call.hang_up()
            await script.done(SOON_S)
            await watched.ends(SOON_S)
            assert watched.last == CallNews("ended", "hung_up", 0)

    @pytest.mark.baresip
    async def test_hanging_up_before_it_rings(self, under_test: UnderTest, tmp_path: Path) -> None:
        async with on(phone := Phone(tmp_path / "phone", answers=False)):
            watched = await ring(under_test, phone)
            await watched.call.hang_up()
            await watched.call.hang_up()
            await watched.ends(SOON_S)
            if phone.at("CALL_INCOMING"):
                await phone.sees("CALL_CLOSED", SOON_S)
            await until(lambda: under_test.engine.free_lines() > 1)

    @pytest.mark.baresip
    async def test_a_phone_hangs_up(self, under_test: UnderTest, tmp_path: Path) -> None:
        async with on(phone := Phone(tmp_path / "phone")):
            watched = await ring(under_test, phone)
            await watched.reaches("answered")
            hung_up = time.monotonic()
            await phone.do("hangup")
            assert await watched.ends() - hung_up < SOON_S
            assert watched.last.ended == "hung_up"

    @pytest.mark.baresip
    async def test_we_hang_up(self, under_test: UnderTest, tmp_path: Path) -> None:
        async with on(phone := Phone(tmp_path / "phone")):
            watched = await ring(under_test, phone)
            await watched.reaches("answered")
            await phone.sees("CALL_ESTABLISHED")
            hung_up = time.monotonic()
            await watched.call.hang_up()
            assert await phone.sees("CALL_CLOSED") - hung_up < SOON_S
            await watched.ends(SOON_S)
            assert watched.last.ended == "hung_up"

    @pytest.mark.claim("A17")
    @pytest.mark.baresip
    async def test_a_phone_that_is_gone(self, under_test: UnderTest, tmp_path: Path) -> None:
        """Its last sound is the evidence; the call itself is given up when nothing comes for three seconds."""
        async with on(phone := Phone(tmp_path / "phone")):
            watched = await ring(under_test, phone)
            await watched.reaches("answered")
            await until(lambda: len(watched.frames) > 10)
            phone.kill()
            killed = asyncio.get_running_loop().time()
            await watched.ends(KILLED_S)
            assert watched.last.ended == "failed"
            assert killed - 0.2 < watched.call.heard_at < killed + 0.3

    @pytest.mark.sipp
    async def test_what_is_played_before_the_answer_is_not_heard(self, under_test: UnderTest, tmp_path: Path) -> None:
        async with on(script := Script(tmp_path / "early", "early")):
            watched = await ring(under_test, script)
            await watched.reaches("ringing")
            assert not watched.frames and watched.call.heard_at == 0.0
            for frame in frames(tone(700, 0.3, under_test.engine.rate), under_test.engine.rate):
                watched.call.play(frame)  # would come back
            await watched.reaches("answered")
            assert watched.states == ["calling", "ringing", "answered"]
            await until(lambda: len(watched.frames) > 20)
            assert loudest_hz(b"".join(watched.frames), under_test.engine.rate) == 0.0
            await watched.call.hang_up()
            await script.done()

    @pytest.mark.baresip
    async def test_keys(self, under_test: UnderTest, tmp_path: Path) -> None:
        async with on(phone := Phone(tmp_path / "phone")):
            watched = await ring(under_test, phone)
            await watched.reaches("answered")
            await until(lambda: watched.frames)
            keys = watched.call.digits()
            for key in "4#":
                await phone.do("sndcode", key)
                assert await asyncio.wait_for(anext(keys), 3) == key
            await watched.call.hang_up()
            assert [key async for key in keys] == []

    @pytest.mark.claim("A2")
    @pytest.mark.claim("B28")
    @pytest.mark.baresip
    async def test_two_phones_hear_each_other(self, under_test: UnderTest, tmp_path: Path) -> None:
        engine, rate = under_test.engine, under_test.engine.rate
        low, high = Phone(tmp_path / "low", hz=440), Phone(tmp_path / "high", hz=1320)
        async with on(low, high):
            one, other = await ring(under_test, low), await ring(under_test, high)
            await one.reaches("answered")
            await other.reaches("answered")
            await engine.join(one.call, other.call)
            await asyncio.sleep(0.3)
            told, heard_at = len(one.frames) + len(other.frames), one.call.heard_at
            await asyncio.sleep(1.5)
            assert len(one.frames) + len(other.frames) == told, "the sound goes from phone to phone"
            assert one.call.heard_at > heard_at + 1, "and still is a sign of life"
            await one.says(tone(2000, 0.5, rate), rate)
            await one.call.hang_up()
            await other.call.hang_up()
            await low.sees("CALL_CLOSED")
            await high.sees("CALL_CLOSED")
            assert abs(loudest_hz(high.heard()[-16_000:]) - 440) < 5
            assert abs(loudest_hz(low.heard()[-22_000:-10_000]) - 1320) < 5
            assert abs(loudest_hz(low.heard()[-5_000:]) - 2000) < 10, "what is played goes over the other's voice"

    async def test_what_is_no_number_is_not_called(self, under_test: UnderTest) -> None:
        for number in (
            "",
            "+",
            "110",
            "+49",
            "+49301234567890123",
            "tel:+4930123456",
            "+4930\r\nRoute: <sip:x>",
            "+4930 1234567",
        ):
            with pytest.raises(PhoneUnavailable):
                await under_test.engine.call(number)

    @pytest.mark.sipp
    async def test_lines_are_counted(self, under_test: UnderTest, tmp_path: Path) -> None:
        free = under_test.engine.free_lines()
        async with on(script := Script(tmp_path / "answer", "answer", calls=2)):
            first, second = await ring(under_test, script), await ring(under_test, script)
            assert under_test.engine.free_lines() == free - 2
            for watched in (first, second):
                await watched.reaches("answered")
                await watched.call.hang_up()
            await script.done()
            await until(lambda: under_test.engine.free_lines() == free)
