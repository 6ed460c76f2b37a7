"""The embedded telephone does what every engine does."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
import uvloop

from sessions.phone.embedded.phone import EmbeddedPhone
from sessions.speech.speech import Speech, program_of
from tests.ports import LOOPBACK
from tests.sessions.phone.peers import Phone, on, until
from tests.sessions.phone.suite import EngineSuite, UnderTest, ring
from tests.sessions.phone.tones import loudest_hz
from tests.sessions.phone.trunks import loopback


@pytest_asyncio.fixture
async def under_test() -> AsyncIterator[UnderTest]:
    engine = EmbeddedPhone(loopback())
    yield UnderTest(engine, lambda peer: f"sip:{peer.user}@{LOOPBACK}:{peer.port}")
    await engine.close()


class TestEmbedded(EngineSuite):
    """All of the suite, and what a PBX would do its own way."""

    @pytest.mark.baresip
    async def test_a_phone_puts_us_on_hold(self, under_test: UnderTest, tmp_path: Path) -> None:
        """It is silent, so there is no sign of life; yet the call isn't given up as one with a dead phone is."""
        async with on(phone := Phone(tmp_path / "phone")):
            watched = await ring(under_test, phone)
            await watched.reaches("answered")
            await until(lambda: len(watched.frames) > 10)
            await phone.do("hold")
            await asyncio.sleep(0.2)
            held_at, frames = watched.call.heard_at, len(watched.frames)
            await asyncio.sleep(3.5)
            assert watched.call.heard_at == held_at and len(watched.frames) == frames
            assert watched.states[-1] == "answered"
            await phone.do("resume")
            await until(lambda: len(watched.frames) > frames + 25)
            assert abs(loudest_hz(b"".join(watched.frames[-25:])) - 440) < 10
            await watched.call.hang_up()


@pytest.mark.baresip
@pytest.mark.speech
def test_on_the_loop_of_media_workers(tmp_path: Path) -> None:
    """Their processes run on uvloop, whose transports and child processes are its own."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_called_and_spoken(tmp_path))


async def _called_and_spoken(folder: Path) -> None:
    assert len(await Speech(program_of("")).say("de", "7")) > 0
    engine = EmbeddedPhone(loopback())
    async with on(phone := Phone(folder / "phone")):
        watched = await ring(UnderTest(engine, lambda peer: f"sip:{peer.user}@{LOOPBACK}:{peer.port}"), phone)
        await watched.reaches("answered", 15)
        await until(lambda: len(watched.frames) > 25)
        assert abs(loudest_hz(b"".join(watched.frames[-25:])) - 440) < 10
        await engine.close()
        await phone.sees("CALL_CLOSED")
