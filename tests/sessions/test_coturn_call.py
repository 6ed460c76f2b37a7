"""A call through coturn outlives its credential, its nonce, its channel and every lifetime of its allocation."""

import asyncio
import functools
import os
import socket
from collections.abc import AsyncIterator
from fractions import Fraction
from pathlib import Path
from time import time_ns
from typing import Any

import av
import pytest
from aioice import stun, turn
from aiortc import (
    MediaStreamTrack,
    RTCConfiguration,
    RTCIceServer,
    RTCIceTransportPolicy,
    RTCPeerConnection,
)

from sessions.turn import TurnAccess, credentials, turn_servers
from tests.sessions.turning import SECRET, Coturn, Refused, allocated, coturn

pytestmark = [pytest.mark.coturn, pytest.mark.claim("A2")]

LIFETIME_S, CALL_S = (60, 300) if os.environ.get("OPENLINE_LONG") else (4, 9)
GAP_S = 0.5  # the shortest time after which a lost request is asked again: no gap that long, none was lost


class Beat(MediaStreamTrack):
    """Silence in packets of 20 ms, at the pace of the clock."""

    kind = "audio"

    def __init__(self) -> None:
        super().__init__()
        self._start = 0.0
        self._count = 0

    async def recv(self) -> av.AudioFrame:
        loop = asyncio.get_running_loop()
        self._start = self._start or loop.time()
        await asyncio.sleep(max(0.0, self._start + self._count * 0.02 - loop.time()))
        frame = av.AudioFrame(format="s16", layout="mono", samples=960)
        frame.planes[0].update(bytes(frame.planes[0].buffer_size))
        frame.pts, frame.sample_rate, frame.time_base = self._count * 960, 48_000, Fraction(1, 48_000)
        self._count += 1
        return frame


class Ear:
    """The longest time without sound, less what this process did not run: a busy machine is not what is tested."""

    def __init__(self) -> None:
        self.heard = 0
        self.gap = 0.0
        self.late = 0.0
        self._stalled = 0.0
        self._beat = asyncio.get_running_loop().time()

    def stalled(self) -> float:
        """The seconds until now in which this process did not run, those of a stall that just ends included."""
        return self._stalled + max(0.0, asyncio.get_running_loop().time() - self._beat - 0.02)

    async def listen(self, track: Any) -> None:
        loop = asyncio.get_running_loop()
        last, stalled = 0.0, 0.0
        while True:
            await track.recv()
            now = loop.time()
            if last:
                self.gap = max(self.gap, now - last - (self.stalled() - stalled))
            last, stalled = now, self.stalled()
            self.heard += 1

    async def watch_the_machine(self, there: Coturn) -> None:
        """How late coturn answers a question that has nothing to do with relaying."""
        loop = asyncio.get_running_loop()
        asked = bytes(stun.Message(stun.Method.BINDING, stun.Class.REQUEST))
        with socket.socket(type=socket.SOCK_DGRAM) as pulse:
            pulse.setblocking(False)
            pulse.connect((there.host, there.port))
            while True:
                before, stalled = loop.time(), self.stalled()
                await loop.sock_sendall(pulse, asked)
                await loop.sock_recv(pulse, 1500)
                self.late = max(self.late, loop.time() - before - (self.stalled() - stalled))
                await asyncio.sleep(0.01)

    async def watch_the_loop(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            self._beat = loop.time()
            await asyncio.sleep(0.01)
            self._stalled = self.stalled()


def access(there: Coturn, ttl_s: int) -> TurnAccess:
    servers = turn_servers(there.url, [SECRET])
    return credentials(servers, "support", "s1", "user", now_ms=time_ns() // 1_000_000, ttl_s=ttl_s)


@pytest.fixture
async def peers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[Coturn, list[Any], TurnAccess]]:
    """Two that reach each other through coturn alone, whose lifetimes are all a few seconds."""
    refreshing = functools.partial(turn.create_turn_endpoint, channel_refresh_time=LIFETIME_S // 2)
    monkeypatch.setattr(turn, "create_turn_endpoint", refreshing)
    lifetimes = [f"{name}-lifetime={LIFETIME_S}" for name in ("max-allocate", "channel", "permission")]
    loopback = ["allow-loopback-peers", "allowed-peer-ip=127.0.0.1"]
    with coturn(tmp_path, *lifetimes, f"stale-nonce={LIFETIME_S // 2}", *loopback) as there:
        given = access(there, ttl_s=2)
        server = RTCIceServer(urls=list(given.urls), username=given.username, credential=given.credential)
        settings = RTCConfiguration(iceServers=[server], iceTransportPolicy=RTCIceTransportPolicy.RELAY)
        both = [RTCPeerConnection(settings) for _ in range(2)]
        yield there, both, given
        await asyncio.gather(*(peer.close() for peer in both))


async def meet(one: RTCPeerConnection, other: RTCPeerConnection) -> Any:
    """The track that `other` hears."""
    heard: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
    other.on("track", heard.set_result)
    one.addTrack(Beat())
    await one.setLocalDescription(await one.createOffer())
    assert " typ relay" in one.localDescription.sdp and " typ host" not in one.localDescription.sdp
    await other.setRemoteDescription(one.localDescription)
    await other.setLocalDescription(await other.createAnswer())
    await one.setRemoteDescription(other.localDescription)
    return await asyncio.wait_for(heard, 10)


@pytest.mark.timeout(CALL_S + 60)
async def test_a_relayed_call_goes_on_when_all_that_began_it_has_run_out(
    peers: tuple[Coturn, list[Any], TurnAccess],
) -> None:
    there, (one, other), given = peers
    ear = Ear()
    watching = (ear.listen(await meet(one, other)), ear.watch_the_loop(), ear.watch_the_machine(there))
    tasks = [asyncio.create_task(work) for work in watching]
    try:
        async with asyncio.timeout(20):
            while not ear.heard:
                await asyncio.sleep(0.05)
        await asyncio.sleep(CALL_S)  # the time itself is what is tested
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    gap, late = round(ear.gap * 1000), round(ear.late * 1000)
    print(
        f"{ear.heard} packets in {CALL_S} s, longest gap {gap} ms (a bare answer {late} ms), lifetimes {LIFETIME_S} s"
    )
    assert ear.heard > CALL_S * 50 * 0.95
    assert ear.gap - ear.late < GAP_S
    with pytest.raises(Refused, match="401"):
        async with allocated(there, given.username, given.credential):
            pass


async def test_an_allocation_is_refreshed_and_reaches_new_peers_after_its_credential(tmp_path: Path) -> None:
    with coturn(tmp_path, "stale-nonce=1") as there:
        given = access(there, ttl_s=1)
        async with allocated(there, given.username, given.credential) as client:
            async with asyncio.timeout(10):
                while time_ns() // 1_000_000 < given.until_ms + 1100:
                    await asyncio.sleep(0.1)
            assert await client.refresh() == 600
            assert (await client.permit("1.1.1.1"), await client.bind("1.0.0.1")) == ("", "")
            assert await client.permit("10.0.0.1") == "403"
            with pytest.raises(Refused, match="401"):
                async with allocated(there, given.username, given.credential):
                    pass
