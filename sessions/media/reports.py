"""What sender and receiver tell each other about a stream (RTCP, RFC 3550): pure. Times are seconds of a steady clock.

Each leg has reports of its own: we tell a browser what reached us and describe what we send. Only losses further on are
told along, since the encoder that could protect the sound against them is the one at the source.
"""

import struct
from collections.abc import Iterator
from typing import NamedTuple

from sessions.media.leg import CLOCK_RATE

SENDER_REPORT, RECEIVER_REPORT, DESCRIPTION = 200, 201, 202
CNAME = b"openline"
_HEADER = struct.Struct("!BBHI")
_SENDER = struct.Struct("!IIIII")
_BLOCK = struct.Struct("!IIIIII")


class SenderNews(NamedTuple):
    """A sender report: whose, and the middle 32 bits of its NTP time."""

    ssrc: int
    middle: int


class LossNews(NamedTuple):
    """A report block: how many of 256 packets of stream `ssrc` were missed since the report before."""

    ssrc: int
    missed: int


def read_reports(data: bytes) -> Iterator[SenderNews | LossNews]:
    """What a compound packet says that we use; stops where it can't be read."""
    at = 0
    while at + 8 <= len(data):
        first, kind, words, ssrc = _HEADER.unpack_from(data, at)
        end = at + 4 * (words + 1)
        if first >> 6 != 2 or end > len(data):
            return
        blocks = at + 8
        if kind == SENDER_REPORT and blocks + 20 <= end:
            seconds, fraction, *_ = _SENDER.unpack_from(data, blocks)
            yield SenderNews(ssrc, (seconds << 16 | fraction >> 16) & 0xFFFFFFFF)
            blocks += 20
        if kind in (SENDER_REPORT, RECEIVER_REPORT):
            for block in range(blocks, min(blocks + 24 * (first & 31), end - 23), 24):
                about, lost, *_ = _BLOCK.unpack_from(data, block)
                yield LossNews(about, lost >> 24)
        at = end


class Reception:
    """How a stream reaches us (RFC 3550, A.3 and A.8)."""

    __slots__ = (
        "_base",
        "_expected_before",
        "_highest",
        "_jitter",
        "_middle",
        "_middle_at",
        "_received",
        "_received_before",
        "_transit",
        "ssrc",
    )

    def __init__(self, ssrc: int, sequence: int, timestamp: int, at: float) -> None:
        self.ssrc = ssrc
        self._base = self._highest = sequence
        self._received = 1
        self._transit = round(at * CLOCK_RATE) - timestamp & 0xFFFFFFFF
        self._jitter = 0.0
        self._expected_before = self._received_before = 0
        self._middle, self._middle_at = 0, 0.0

    def heard(self, sequence: int, timestamp: int, at: float) -> None:
        """One more packet."""
        self._received += 1
        ahead = (sequence - self._highest + 0x8000 & 0xFFFF) - 0x8000
        if ahead > 0:
            self._highest += ahead
        transit = int(at * CLOCK_RATE) - timestamp & 0xFFFFFFFF
        moved = (transit - self._transit + 0x80000000 & 0xFFFFFFFF) - 0x80000000
        self._transit = transit
        self._jitter += (abs(moved) - self._jitter) / 16

    def reported(self, middle: int, at: float) -> None:
        """The sender told its time, from which it measures the round trip when we repeat it."""
        self._middle, self._middle_at = middle, at

    def block(self, at: float, missed_further: int = 0) -> bytes:
        """The report block about this stream; `missed_further` of 256 counts where it is worse than what we miss."""
        expected = self._highest - self._base + 1
        lost = min(max(expected - self._received, -0x800000), 0x7FFFFF)
        lately = expected - self._expected_before
        missing = lately - (self._received - self._received_before)
        self._expected_before, self._received_before = expected, self._received
        missed = min(255, missing * 256 // lately) if missing > 0 and lately > 0 else 0
        since = round((at - self._middle_at) * 65536) & 0xFFFFFFFF if self._middle else 0
        worst = max(missed, min(255, missed_further))
        first = worst << 24 | lost & 0xFFFFFF
        return _BLOCK.pack(
            self.ssrc, first, self._highest & 0xFFFFFFFF, min(int(self._jitter), 0xFFFFFFFF), self._middle, since
        )


class Sending:
    """What we say of a stream that we send."""

    __slots__ = ("_at", "_octets", "_packets", "_ticks", "ssrc")

    def __init__(self, ssrc: int) -> None:
        self.ssrc = ssrc
        self._packets = self._octets = self._ticks = 0
        self._at = 0.0

    def sent(self, timestamp: int, size: int, at: float) -> None:
        self._packets += 1
        self._octets += size
        self._ticks = timestamp
        self._at = at

    def report(self, at: float, blocks: bytes) -> bytes:
        """A compound packet: sender report, or receiver report while nothing was sent, with blocks and our name.

        The NTP time is the steady clock's (RFC 3550, 4: it need not be the time of day); the timestamp that belongs to
        it is the last one that went out, moved on by the time since.
        """
        count = len(blocks) // 24
        if self._packets:
            ntp = round(at * (1 << 32)) & 0xFFFFFFFFFFFFFFFF
            ticks = self._ticks + round((at - self._at) * CLOCK_RATE) & 0xFFFFFFFF
            sender = _SENDER.pack(
                ntp >> 32, ntp & 0xFFFFFFFF, ticks, self._packets & 0xFFFFFFFF, self._octets & 0xFFFFFFFF
            )
            head = _HEADER.pack(0x80 | count, SENDER_REPORT, 6 + 6 * count, self.ssrc)
        else:
            sender = b""
            head = _HEADER.pack(0x80 | count, RECEIVER_REPORT, 1 + 6 * count, self.ssrc)
        return head + sender + blocks + self._name()

    def _name(self) -> bytes:
        item = bytes([1, len(CNAME)]) + CNAME
        item += bytes(4 - len(item) % 4)
        return _HEADER.pack(0x81, DESCRIPTION, 1 + len(item) // 4, self.ssrc) + item
