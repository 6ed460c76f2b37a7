"""What an ended call leaves behind: nothing, not even for the collector of cycles."""

import asyncio
import gc
import weakref
from pathlib import Path

import pytest

from sessions.media.bridge import Bridge
from sessions.media.peer import Peer
from tests.sessions.media.callers import caller, loopback_only, site, until
from tests.sessions.media.test_description import AUDIO, sdp

CALLS = 1_000
MOST_LEFT = 10_240
"""Bytes left per ended call."""


@pytest.fixture(autouse=True)
def _loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    loopback_only(monkeypatch)


def resident() -> int:
    """Bytes of this process in memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


async def test_a_call_goes_by_itself_when_it_is_over() -> None:
    """Without the collector: it seldom runs in a worker, since it stops every call for a moment."""
    here, states = site(), []
    gc.collect()
    gc.disable()
    try:
        one = Peer(here, 1, lambda state, why: states.append(state))
        other = Peer(here, 2, lambda state, why: None)
        bridge = Bridge(one, other)
        bridge.tap(lambda side, packet, at: None)
        async with caller(440) as uma:
            await uma.call(one)
            await until(lambda: states == ["connected"])
            await other.answer(sdp(AUDIO))
            bridge.announce("user", [b"\xf8\xff\xfe"] * 10)
            bridge.close()
            await asyncio.gather(one.close(), other.close())
        parts: list[object] = [bridge]
        for each in (one, other):
            parts += [each, each._transport, each._transport._path, each._transport._dtls]
        held = [weakref.ref(part) for part in parts]
        del parts, each, one, other, bridge, uma
        await asyncio.sleep(0)
        assert [part() for part in held] == [None] * 9
    finally:
        gc.enable()


@pytest.mark.slow
async def test_a_thousand_early_hang_ups_leave_no_memory() -> None:
    here, offer = site(), sdp(AUDIO)

    async def hang_up() -> None:
        one, other = (Peer(here, ssrc, lambda state, why: None) for ssrc in (1, 2))
        bridge = Bridge(one, other)
        await asyncio.gather(one.answer(offer), other.answer(offer))
        bridge.close()
        await asyncio.gather(one.close(), other.close())

    for _ in range(100):
        await hang_up()
    before = resident()
    for _ in range(CALLS):
        await hang_up()
    assert (resident() - before) / CALLS < MOST_LEFT
    assert len(asyncio.all_tasks()) == 1
