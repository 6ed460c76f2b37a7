"""A real Asterisk does what every engine does, and what only it has to.

    OPENLINE_TEST_ASTERISK=http://openline:SECRET@127.0.0.1:18088/ari

It runs on this machine with the configuration of deploy/asterisk/test, whose README tells how it is started: the
telephones are on loopback ports, and Asterisk calls them by its endpoint `phones`.
"""

import os
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import pytest
import pytest_asyncio

from ground.ids import new_id
from sessions.phone.asterisk.engine import AsteriskEngine
from sessions.phone.asterisk.settings import AriSettings, ari_of
from tests.sessions.phone.peers import LOOPBACK, Peer
from tests.sessions.phone.suite import EngineSuite, UnderTest

ADDRESS = os.environ.get("OPENLINE_TEST_ASTERISK", "")
pytestmark = pytest.mark.skipif(not ADDRESS, reason="OPENLINE_TEST_ASTERISK is not set: no Asterisk to test with")


def settings(**more: str) -> AriSettings:
    """Those of the Asterisk of the environment, and a few ports."""
    parts = urlsplit(ADDRESS)
    at = parts._replace(netloc=f"{parts.username}@{parts.hostname}:{parts.port}").geturl()
    env = {
        "OPENLINE_ARI": at,
        "OPENLINE_ARI_SECRET": parts.password or "",
        "OPENLINE_ARI_ADDRESSES": "PJSIP/phones/{uri}",
        "OPENLINE_ARI_MEDIA": "127.0.0.1:21000-21099",
    }
    found = ari_of({**env, **more})
    assert found
    return found


def number(peer: Peer) -> str:
    return f"sip:{peer.user}@{LOOPBACK}:{peer.port}"


@pytest_asyncio.fixture
async def under_test() -> AsyncIterator[UnderTest]:
    engine = await AsteriskEngine.open(settings(), instance=new_id("test"))
    await engine._feed.is_up.wait()
    yield UnderTest(engine, number)
    await engine.close()


class TestAsterisk(EngineSuite):
    """All of the suite."""
