"""RTP packets of the sound between Asterisk and us (RFC 3550, 5.1). Pure."""

import struct
from typing import Final, NamedTuple

_HEAD: Final = struct.Struct("!BBHII")
PAYLOAD_MAX: Final = 480
"""60 ms of G.711; nobody sends longer ones."""


class Rtp(NamedTuple):
    """One packet."""

    kind: int
    """The payload type."""
    marker: bool
    sequence: int
    timestamp: int
    ssrc: int
    payload: bytes


def parse(data: bytes) -> Rtp | None:
    """The packet, or None when these bytes are none that we would play."""
    if len(data) < _HEAD.size:
        return None
    first, second, sequence, timestamp, ssrc = _HEAD.unpack_from(data)
    start = _HEAD.size + 4 * (first & 0x0F)
    if first >> 6 != 2:
        return None
    if first & 0x10:
        if len(data) < start + 4:
            return None
        start += 4 + 4 * int.from_bytes(data[start + 2 : start + 4])
    end = len(data) - (data[-1] if first & 0x20 else 0)
    if not start < end <= start + PAYLOAD_MAX:
        return None
    return Rtp(second & 0x7F, bool(second & 0x80), sequence, timestamp, ssrc, data[start:end])


def build(packet: Rtp) -> bytes:
    """The bytes of a packet."""
    head = _HEAD.pack(0x80, packet.marker << 7 | packet.kind, packet.sequence, packet.timestamp, packet.ssrc)
    return head + packet.payload


def ahead(later: int, earlier: int) -> int:
    """How many packets one sequence number is after another, -32,768 to 32,767."""
    return (later - earlier + 0x8000 & 0xFFFF) - 0x8000
