"""The embedded telephone does what every engine does."""

from collections.abc import AsyncIterator

import pytest_asyncio

from sessions.phone.embedded.phone import EmbeddedPhone
from tests.sessions.phone.peers import LOOPBACK
from tests.sessions.phone.suite import EngineSuite, UnderTest
from tests.sessions.phone.trunks import loopback


@pytest_asyncio.fixture
async def under_test() -> AsyncIterator[UnderTest]:
    engine = EmbeddedPhone(loopback())
    yield UnderTest(engine, lambda peer: f"sip:{peer.user}@{LOOPBACK}:{peer.port}")
    await engine.close()


class TestEmbedded(EngineSuite):
    """All of the suite."""
