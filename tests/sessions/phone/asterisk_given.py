"""The Asterisk that tests are given by its address, if any.

    OPENLINE_TEST_ASTERISK=http://openline:SECRET@127.0.0.1:18088/ari

It runs on this machine with the configuration of deploy/asterisk/test, whose README tells how it is started: the
telephones are on loopback ports, and Asterisk calls them by its endpoint `phones`.
"""

import contextlib
import os
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

from ground.ids import new_id
from sessions.phone.asterisk.engine import AsteriskEngine
from sessions.phone.asterisk.settings import AriSettings, ari_of
from tests.sessions.phone.peers import until

ADDRESS = os.environ.get("OPENLINE_TEST_ASTERISK", "")
"""Empty where there is none."""


def settings(url: str = "", **more: str) -> AriSettings:
    """Those of the Asterisk of the environment, and a few ports."""
    parts = urlsplit(ADDRESS)
    at = urlsplit(url or ADDRESS)
    env = {
        "OPENLINE_ARI": f"{at.scheme}://{parts.username}@{at.hostname}:{at.port}{at.path}",
        "OPENLINE_ARI_SECRET": parts.password or "",
        "OPENLINE_ARI_ADDRESSES": "PJSIP/phones/{uri}",
        "OPENLINE_ARI_MEDIA": "127.0.0.1:21000-21099",
    }
    found = ari_of({**env, **more})
    assert found
    return found


@contextlib.asynccontextmanager
async def engine(found: AriSettings, instance: str = "") -> AsyncIterator[AsteriskEngine]:
    """An engine that has reached it."""
    opened = await AsteriskEngine.open(found, instance=instance or new_id("test"))
    await until(opened.free_lines)
    yield opened
    await opened.close()
