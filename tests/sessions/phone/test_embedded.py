"""The embedded telephone does what every engine does."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from sessions.phone.embedded.phone import EmbeddedPhone
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
