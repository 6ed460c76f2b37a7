"""Two peers through the bridge."""

import pytest

from sessions.media.bridge import Bridge
from tests.sessions.media.callers import caller, loopback_only, peer, site, until


@pytest.fixture(autouse=True)
def _loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    loopback_only(monkeypatch)


async def test_each_hears_the_tone_of_the_other() -> None:
    here = site()
    async with peer(here, 1001) as (one, told), peer(here, 1002) as (other, _), caller(440) as uma, caller(880) as ada:
        Bridge(one, other)
        await uma.call(one)
        await ada.call(other)
        await until(lambda: abs(uma.loudest_hz() - 880) < 12 and abs(ada.loudest_hz() - 440) < 12)
        assert told.states == [("connected", "")]
