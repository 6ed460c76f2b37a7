"""A recording while it is made: a file of Opus packets in the order in which they came.

A head, then one record a packet: side, arrival (ms since the recording began), RTP sequence number and timestamp,
length, payload. Records are only appended, so what is there after a crash can be read up to the one that was cut off.
"""

import struct
from collections.abc import Iterator
from typing import BinaryIO, Final, Literal, NamedTuple

Side = Literal["user", "expert"]
PAYLOAD_MAX: Final = 1500
"""More than an Opus packet of 120 ms at its highest rate that fits into a datagram."""
LENGTH_MAX_MS: Final = 12 * 3_600_000
"""What comes later than this in a recording is not kept."""
_MAGIC: Final = b"openline recording 1\n"
_HEAD: Final = struct.Struct(">21sq")
_RECORD: Final = struct.Struct(">BIHIH")
# No side is 0: what a crash may leave at the end of a file are zeros.
_MARKS: Final[dict[Side, int]] = {"user": 0x75, "expert": 0x65}
_SIDES: Final = {mark: side for side, mark in _MARKS.items()}
HEAD_BYTES: Final = _HEAD.size


class Record(NamedTuple):
    """A packet as it came."""

    side: Side
    at_ms: int
    """Since the recording began."""
    sequence: int
    timestamp: int
    payload: bytes


class NotASpool(ValueError):
    """The file does not begin as a recording does."""


def pack_head(started_at: int) -> bytes:
    """`started_at` in milliseconds since 1970."""
    return _HEAD.pack(_MAGIC, started_at)


def pack(record: Record) -> bytes:
    """Raises struct.error for what does not fit."""
    side, at_ms, sequence, timestamp, payload = record
    return _RECORD.pack(_MARKS[side], at_ms, sequence, timestamp, len(payload)) + payload


def read_head(file: BinaryIO) -> int:
    """When the recording began (ms since 1970). Raises NotASpool."""
    head = file.read(HEAD_BYTES)
    if len(head) < HEAD_BYTES or not head.startswith(_MAGIC):
        raise NotASpool
    started_at: int = _HEAD.unpack(head)[1]
    return started_at


def read(file: BinaryIO) -> Iterator[Record]:
    """The records behind the head, up to the first that is not whole."""
    while len(fixed := file.read(_RECORD.size)) == _RECORD.size:
        mark, at_ms, sequence, timestamp, length = _RECORD.unpack(fixed)
        if mark not in _SIDES or length > PAYLOAD_MAX or at_ms > LENGTH_MAX_MS:
            return
        payload = file.read(length)
        if len(payload) < length:
            return
        yield Record(_SIDES[mark], at_ms, sequence, timestamp, payload)


def whole_bytes(file: BinaryIO) -> int:
    """How long the head and all whole records are: where one may go on after a crash. Raises NotASpool."""
    read_head(file)
    return HEAD_BYTES + sum(_RECORD.size + len(record.payload) for record in read(file))
