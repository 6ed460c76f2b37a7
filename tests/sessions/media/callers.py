"""Real peers for the media tests: aiortc as a browser on loopback that plays a tone and keeps what it hears."""

import asyncio
import fractions
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import numpy as np
import pytest
from aiortc import MediaStreamTrack, RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from av import AudioFrame

from sessions.media.peer import Peer
from sessions.media.transport import Site

LOOPBACK = "127.0.0.1"
RATE = 48_000


def loopback_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """aiortc's own peers take their addresses from here; ours are given theirs."""
    monkeypatch.setattr("aioice.ice.get_host_addresses", lambda use_ipv4, use_ipv6: [LOOPBACK])


def site(**options) -> Site:
    return Site(addresses=(LOOPBACK,), allow_private=True, **options)


class Tone(MediaStreamTrack):
    """A sine, a frame each 20 ms."""

    kind = "audio"

    def __init__(self, hz: float) -> None:
        super().__init__()
        self._hz, self._at, self._began = hz, 0, 0.0

    async def recv(self) -> AudioFrame:
        loop = asyncio.get_running_loop()
        self._began = self._began or loop.time()
        await asyncio.sleep(self._began + self._at / RATE - loop.time())
        ticks = np.arange(self._at, self._at + 960) / RATE
        samples = (np.sin(2 * np.pi * self._hz * ticks) * 12_000).astype(np.int16)
        frame = AudioFrame.from_ndarray(samples.reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = RATE, self._at, fractions.Fraction(1, RATE)
        self._at += 960
        return frame


class Cut:
    """A socket from which nothing goes out any more."""

    def __init__(self, transport: asyncio.DatagramTransport) -> None:
        self.close = transport.close

    def sendto(self, data: bytes, addr: Any) -> None:
        """Lost."""


class Caller:
    """A browser by aiortc. `heard` are the last samples that came, `heard_at` is when (the loop's time; 0: never)."""

    def __init__(self, hz: float) -> None:
        self.pc = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self.pc.addTrack(Tone(hz))
        self.heard = np.zeros(0, np.int16)
        self.heard_at = 0.0
        self._listening: asyncio.Task[None] | None = None
        self.pc.on("track", self._track)

    def _track(self, track: MediaStreamTrack) -> None:
        self._listening = asyncio.ensure_future(self._listen(track))

    async def _listen(self, track: MediaStreamTrack) -> None:
        while True:
            frame = await track.recv()
            assert isinstance(frame, AudioFrame)
            left = frame.to_ndarray().reshape(-1)[:: len(frame.layout.channels)]
            self.heard = np.concatenate([self.heard, left])[-RATE:]
            self.heard_at = asyncio.get_running_loop().time()

    async def offer(self) -> str:
        await self.pc.setLocalDescription(await self.pc.createOffer())
        return self.pc.localDescription.sdp

    async def take(self, answer: str) -> None:
        await self.pc.setRemoteDescription(RTCSessionDescription(answer, "answer"))

    async def call(self, peer: Peer) -> None:
        await self.take(await peer.answer(await self.offer()))

    def silence(self) -> None:
        """Vanishes: reads and sends no more, and tells nobody."""
        for transceiver in self.pc.getTransceivers():
            protocols: list[Any] = transceiver.sender.transport.transport._connection._protocols
            for protocol in protocols:
                protocol.datagram_received = lambda data, addr: None
                protocol.transport = Cut(protocol.transport)

    def loudest_hz(self) -> float:
        """Of the last 100 ms."""
        last = self.heard[-4800:]
        if len(last) < 4800 or np.abs(last).max() < 300:
            return 0.0
        return float(np.abs(np.fft.rfft(last * np.hanning(4800))).argmax()) * RATE / 4800

    async def close(self) -> None:
        await self.pc.close()
        if self._listening is not None:
            self._listening.cancel()
            await asyncio.gather(self._listening, return_exceptions=True)


class Told:
    """What a peer told."""

    def __init__(self) -> None:
        self.states: list[tuple[str, str]] = []

    def __call__(self, state: str, why: str) -> None:
        self.states.append((state, why))


@asynccontextmanager
async def peer(at: Site | None = None, ssrc: int = 7) -> AsyncIterator[tuple[Peer, Told]]:
    told = Told()
    made = Peer(at or site(), ssrc, told)
    try:
        yield made, told
    finally:
        await made.close()


@asynccontextmanager
async def caller(hz: float) -> AsyncIterator[Caller]:
    made = Caller(hz)
    try:
        yield made
    finally:
        await made.close()


async def until(holds: Callable[[], bool], seconds: float = 10) -> None:
    async with asyncio.timeout(seconds):
        while not holds():
            await asyncio.sleep(0.01)
