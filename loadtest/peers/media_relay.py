"""aiortc's MediaRelay between the two sides of each call, as its documentation would have it: decoded and encoded.

Obeys lines of JSON on stdin: `opus` returns packets of 20 ms and 80 bytes, in hex; `offers` are two offers of a call,
and answered by two answers. Runs with the project's own aiortc; everything is on loopback.
"""

import asyncio
import json
import sys

import aioice.ice
import av
import numpy as np
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.contrib.media import MediaRelay

RATE = 48_000
TICKS = 960


def opus(count: int) -> list[str]:
    """Something like a voice: harmonics that come and go, over noise; 32 kbit/s, every packet of the same size."""
    encoder = av.CodecContext.create("libopus", "w")
    encoder.sample_rate, encoder.layout, encoder.format, encoder.bit_rate = RATE, "mono", "s16", 32_000
    encoder.options = {"vbr": "off", "application": "voip"}
    dice = np.random.default_rng(5)
    packets: list[bytes] = []
    for n in range(count + 5):
        at = np.arange(n * TICKS, (n + 1) * TICKS) / RATE
        voice = sum(np.sin(2 * np.pi * 140 * k * at) / k for k in range(1, 12))
        samples = voice * 4000 * (1 + np.sin(2 * np.pi * 4 * at)) + dice.normal(0, 300, TICKS)
        frame = av.AudioFrame.from_ndarray(samples.astype(np.int16).reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate, frame.pts = RATE, n * TICKS
        packets += [bytes(packet) for packet in encoder.encode(frame)]
    return [packet.hex() for packet in packets[-count:]]


class Relays:
    """All calls."""

    def __init__(self) -> None:
        self._relay = MediaRelay()
        self._connections: list[RTCPeerConnection] = []

    async def join(self, offers: list[str]) -> list[str]:
        """Answers two offers; each side hears the other."""
        sides = [RTCPeerConnection(RTCConfiguration(iceServers=[])) for _ in offers]
        self._connections += sides
        for side, offer in zip(sides, offers, strict=True):
            await side.setRemoteDescription(RTCSessionDescription(offer, "offer"))
        for side, other in zip(sides, reversed(sides), strict=True):
            side.addTrack(self._relay.subscribe(other.getReceivers()[0].track))
        return [await self._answer(side) for side in sides]

    async def _answer(self, side: RTCPeerConnection) -> str:
        await side.setLocalDescription(await side.createAnswer())
        return str(side.localDescription.sdp)

    async def close(self) -> None:
        await asyncio.gather(*(each.close() for each in self._connections))


async def main() -> None:
    aioice.ice.get_host_addresses = lambda use_ipv4, use_ipv6: ["127.0.0.1"]
    lines = asyncio.StreamReader(limit=2**20)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    relays = Relays()
    while line := await lines.readline():
        asked = json.loads(line)
        answer = await relays.join(asked["offers"]) if "offers" in asked else opus(asked["opus"])
        print(json.dumps(answer), flush=True)
    await relays.close()


if __name__ == "__main__":
    asyncio.run(main())
