"""One browser as a leg of a call: answers its offer, forwards its Opus packets undecoded, tells when it is gone.

A browser that changes its network makes a new connection, hence a new `Peer`; the bridge lays its packets behind those
of the old one.
"""

import asyncio
import struct
from collections.abc import Callable
from contextlib import suppress
from typing import Literal

import structlog

from sessions.media.allowance import Allowance
from sessions.media.description import Local, Offer, read_offer, write_answer
from sessions.media.leg import Packet, Sink
from sessions.media.reports import Reception, SenderNews, Sending, read_reports
from sessions.media.transport import Site, Transport

CONNECT_S = 15.0
"""How long a browser may take from our answer to keys."""
REPORT_S = 2.0
"""Seconds between reports of 100 bytes: a hundredth of what the sound takes (RFC 3550, 6.2 allows a twentieth)."""
LARGEST_PAYLOAD = 1_275
"""Bytes of the largest Opus frame (RFC 6716, 3.2.1); a packet of several is dropped where it is larger."""
MOST_PACKETS_S = 250
MOST_OCTETS_S = 70_000
"""What is forwarded of a browser in a second: more than Opus at its highest rate (510 kbit/s) ever makes."""
State = Literal["connected", "closed"]
Why = Literal["", "not_connected", "gone", "ended"]
"""Of `closed`: it never connected; the browser ended it or can't be reached; we ended it."""

_HEADER = struct.Struct("!BBHII")
_log = structlog.get_logger("openline.media")


class Peer:
    """A leg to a browser. `tell` hears `connected` and then, in any case, `closed` with a reason; each once."""

    def __init__(self, site: Site, ssrc: int, tell: Callable[[State, Why], None]) -> None:
        self.heard_at = 0.0
        self.missed = 0
        self.missed_further: Callable[[], int] = _nothing
        self._tell: Callable[[State, Why], None] | None = tell
        self._transport = Transport(site, on_rtp=self._heard, on_rtcp=self._reported, on_closed=self._gone)
        self._loop = asyncio.get_running_loop()
        self._sink: Sink = _nobody
        self._sending = Sending(ssrc)
        self._reception: Reception | None = None
        self._allowance = Allowance(MOST_PACKETS_S, MOST_OCTETS_S)
        self._ssrc = ssrc
        self._payload_type: int | None = None
        self._connecting: asyncio.Task[None] | None = None
        self._ending: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None

    async def answer(self, offer: str) -> str:
        """The answer to an offer; the browser has `CONNECT_S` from then on. Once only.

        Raises `BadOffer`, `NoPort`, and `ConnectionError` when it was closed meanwhile. Close it in any case.
        """
        read = read_offer(offer)
        self._payload_type = read.payload_type
        await self._transport.open()
        self._connecting = self._loop.create_task(self._connect(read))
        way = self._transport
        return write_answer(read, Local(way.username, way.password, way.fingerprints, way.candidates, self._ssrc))

    async def _connect(self, offer: Offer) -> None:
        connected = False
        try:
            with suppress(ConnectionError, TimeoutError):
                async with asyncio.timeout(CONNECT_S):
                    await self._transport.connect(offer.username, offer.password, offer.fingerprints)
                    connected = True
        except Exception as error:  # a certificate that OpenSSL takes and nobody else can read, for one
            _log.warning("handshake_failed", error=type(error).__name__)
        finally:
            if not connected:
                self._end("not_connected")
        if connected and self._tell is not None:
            self._timer = self._loop.call_later(REPORT_S / 2, self._report)
            self._tell("connected", "")

    def listen(self, sink: Sink) -> None:
        self._sink = sink

    def send(self, packet: Packet) -> None:
        payload, sequence, timestamp, marker, _ = packet
        if len(payload) > LARGEST_PAYLOAD or self._payload_type is None:
            return
        kind = self._payload_type | 0x80 if marker else self._payload_type
        if self._transport.send_rtp(_HEADER.pack(0x80, kind, sequence, timestamp, self._ssrc) + payload):
            self._sending.sent(timestamp, len(payload), self._loop.time())

    def _heard(self, data: bytes) -> None:
        """A packet of RTP from the browser, in the clear. What isn't its Opus is dropped."""
        first, kind, sequence, timestamp, ssrc = _HEADER.unpack_from(data)
        if kind & 0x7F != self._payload_type:
            return
        payload = data[12:] if first == 0x80 else _payload(data)
        if not payload:
            return
        at = self.heard_at = self._loop.time()
        reception = self._reception
        if reception is None or reception.ssrc != ssrc:
            self._reception = Reception(ssrc, sequence, timestamp, at)
        else:
            reception.heard(sequence, timestamp, at)
        if self._allowance.takes(len(payload), at):  # who floods us doesn't flood the other
            self._sink(Packet(payload, sequence, timestamp, kind > 127, ssrc))

    def _reported(self, data: bytes) -> None:
        for news in read_reports(data):
            if not isinstance(news, SenderNews):
                self.missed = news.missed if news.ssrc == self._ssrc else self.missed
            elif self._reception is not None and news.ssrc == self._reception.ssrc:
                self._reception.reported(news.middle, self._loop.time())

    def _report(self) -> None:
        at = self._loop.time()
        blocks = self._reception.block(at, self.missed_further()) if self._reception else b""
        self._transport.send_rtcp(self._sending.report(at, blocks))
        self._timer = self._loop.call_later(REPORT_S, self._report)

    def _gone(self) -> None:
        self._end("gone")

    def _end(self, why: Why) -> None:
        """Tells the end, once, and sees to it that nothing is left."""
        tell, self._tell = self._tell, None
        if tell is None:
            return
        if self._timer is not None:
            self._timer.cancel()
        self._sink = _nobody
        self._ending = self._loop.create_task(self._transport.close())
        tell("closed", why)

    async def close(self) -> None:
        self._end("ended")
        tasks = [task for task in (self._connecting, self._ending) if task is not None]
        self._connecting = self._ending = None  # a cancelled task keeps its frames, and those keep us
        for task in tasks[:-1]:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)


def _payload(data: bytes) -> bytes:
    """The payload behind sources, an extension and before padding (RFC 3550, 5.1); empty when the lengths are wrong."""
    first, start, end = data[0], 12 + 4 * (data[0] & 15), len(data)
    if first & 0x10:
        if start + 4 > end:
            return b""
        start += 4 + 4 * int.from_bytes(data[start + 2 : start + 4])
    if first & 0x20:
        end -= data[-1]
    return data[start:end]


def _nobody(_packet: Packet) -> None:
    """Nobody listens yet, or any more."""


def _nothing() -> int:
    """Nothing is known to be missed."""
    return 0
