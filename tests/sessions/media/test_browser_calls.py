"""Two Chromium pages through the bridge: their own statistics say that nothing is lost and nothing grows."""

import asyncio
import os
from itertools import pairwise
from typing import Any

import pytest

from sessions.media.bridge import Bridge
from sessions.media.sound import chime
from tests.sessions.media.callers import peer, site
from tests.sessions.media.pages import Caller, callers

pytestmark = [pytest.mark.browser, pytest.mark.slow]

LONG = os.environ.get("OPENLINE_LONG") == "1"
SECONDS = 600 if LONG else 15
"""How long the statistics are watched; ten minutes with OPENLINE_LONG=1."""

MOST_CONCEALED = 0.1
MOST_GROWN_MS = 150
"""What may be concealed, and how much longer a jitter buffer may wait at the end. Next to nothing on a quiet machine;
a page that waits for a core conceals, too."""


async def hears(listener: Caller, hz: float) -> None:
    async with asyncio.timeout(10):
        while abs(await listener.loudest_hz() - hz) > 12:
            await asyncio.sleep(0.05)


def buffered_ms(early: dict[str, Any], late: dict[str, Any]) -> float:
    """How long a sample waited in the jitter buffer between two looks, on average."""
    emitted = late["jitterBufferEmittedCount"] - early["jitterBufferEmittedCount"]
    return float(1000 * (late["jitterBufferDelay"] - early["jitterBufferDelay"]) / emitted)


@pytest.mark.timeout(SECONDS + 60)
async def test_both_pages_count_no_loss_and_no_growing_jitter() -> None:
    here = site()
    async with peer(here, 1001) as (one, _), peer(here, 1002) as (other, _), callers(440, 880) as (uma, ada):
        Bridge(one, other)
        await asyncio.gather(uma.call(one), ada.call(other))
        await asyncio.gather(hears(uma, 880), hears(ada, 440))
        await asyncio.sleep(1)
        looks = [await asyncio.gather(uma.stats(), ada.stats())]
        for _ in range(3):
            await asyncio.sleep(SECONDS / 3)
            looks.append(await asyncio.gather(uma.stats(), ada.stats()))
        await asyncio.gather(hears(uma, 880), hears(ada, 440))
    for page in (0, 1):
        heard = [look[page]["inbound-rtp"] for look in looks]
        first, last = heard[0], heard[-1]
        samples = last["totalSamplesReceived"] - first["totalSamplesReceived"]
        concealed = last["concealedSamples"] - first["concealedSamples"]
        waits = [buffered_ms(early, late) for early, late in pairwise(heard)]
        told = looks[-1][page]["remote-inbound-rtp"]
        print(
            f"{samples / 48_000:.0f} s: {last['packetsReceived']} packets, {last['packetsLost']} lost,",
            f"{100 * concealed / samples:.2f} % concealed, jitter {last['jitter'] * 1000:.0f} ms,",
            f"round trip {told['roundTripTime'] * 1000:.1f} ms, buffered ms by thirds:",
            *(round(wait) for wait in waits),
        )
        assert last["packetsLost"] == 0 and told["packetsLost"] == 0
        assert last["packetsReceived"] - first["packetsReceived"] >= 0.98 * 50 * SECONDS
        assert samples >= 0.98 * 48_000 * SECONDS
        assert last["jitter"] < 0.03 and told["jitter"] < 0.03
        assert concealed < MOST_CONCEALED * samples
        assert waits[-1] < waits[0] + MOST_GROWN_MS
        assert told["roundTripTimeMeasurements"] >= SECONDS / 5 and told["roundTripTime"] < 0.2
        assert looks[-1][page]["remote-outbound-rtp"]["reportsSent"] >= SECONDS / 5


@pytest.mark.claim("A17", "B31")
@pytest.mark.timeout(60)
async def test_a_muted_page_with_dtx_is_still_there_and_a_page_may_come_back() -> None:
    here, loop = site(), asyncio.get_running_loop()
    async with peer(here, 1001) as (one, _), peer(here, 1002) as (other, _), callers(440, 880) as (uma, ada):
        bridge = Bridge(one, other)
        await asyncio.gather(uma.call(one, usedtx=True), ada.call(other))
        await asyncio.gather(hears(uma, 880), hears(ada, 440))
        await uma.page.evaluate("microphone.getTracks()[0].enabled = false")
        silences = []
        for _ in range(30):
            await asyncio.sleep(0.1)
            silences.append(bridge.silent_ms("user", loop.time()))
        assert max(silences) < 1_000, "DTX sends a packet at least each 400 ms"
        assert max(silences) > 100, "DTX leaves packets out"
        await uma.page.evaluate("microphone.getTracks()[0].enabled = true")
        await hears(ada, 440)
        async with peer(here, 1003) as (again, told):
            await uma.page.evaluate("pc.close()")
            await uma.call(again)
            await bridge.replace("user", again).close()
            await asyncio.gather(hears(uma, 880), hears(ada, 440))
            assert told.states == [("connected", "")]
            bridge.announce("expert", chime("minute_left"))
            await hears(ada, 660)
            await hears(ada, 440)
            found = (await ada.stats())["inbound-rtp"]
            assert found["packetsLost"] == 0 and found["packetsDiscarded"] < 5
