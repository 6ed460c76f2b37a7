"""Two sides' packets to one stream of sound: the user left, the expert right, silence where nothing came."""

from collections.abc import Callable, Iterable, Iterator
from heapq import heappop, heappush
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sessions.recording.placing import JUMP, MS, RATE, Placer
from sessions.recording.spool import Record, Side

Sound = NDArray[np.int16]
Decode = Callable[[bytes], Sound]
"""One packet to mono samples at 48 kHz, with the memory of those before it; empty for what is no sound."""
BLOCK: Final = RATE
"""Samples that are handed on at a time: one second."""
REORDER: Final = 200 * MS
"""A packet waits so long for one that belongs before it."""
HOLD: Final = JUMP
"""A packet that comes later than this is left out."""
_ROOM: Final = HOLD + 4 * BLOCK
# The longest packet is 120 ms; what is placed furthest ahead is no further than the placer tolerates.


class _Track:
    """What one side's sound is so far, from sample `base` on."""

    def __init__(self, decode: Decode) -> None:
        self.base = 0
        self.end = 0
        self._decode = decode
        self._placer = Placer()
        self._early: list[tuple[int, int, bytes]] = []
        self._last = -1
        self._sound = np.zeros(_ROOM, np.int16)

    def hear(self, record: Record) -> None:
        at = self._placer.place(record.timestamp, record.at_ms)
        heappush(self._early, (at, record.sequence, record.payload))

    def settle(self, until: int) -> None:
        """Decode, in order, what begins before sample `until`. What came twice is heard once."""
        while self._early and self._early[0][0] < until:
            at, _sequence, payload = heappop(self._early)
            if at != self._last:
                self._last = at
                self._write(at, self._decode(payload))

    def _write(self, at: int, sound: Sound) -> None:
        begin, end = max(at, self.base), min(at + sound.size, self.base + _ROOM)
        if begin < end:
            self._sound[begin - self.base : end - self.base] = sound[begin - at : end - at]
            self.end = max(self.end, end)

    def take(self) -> Sound:
        """The next block."""
        taken = self._sound[:BLOCK].copy()
        self._sound[:-BLOCK] = self._sound[BLOCK:]
        self._sound[-BLOCK:] = 0
        self.base += BLOCK
        return taken


def mixed(records: Iterable[Record], decoders: dict[Side, Decode]) -> Iterator[Sound]:
    """Blocks of (samples, 2), all of a second but the last, which ends with the last sound."""
    left, right = both = _Track(decoders["user"]), _Track(decoders["expert"])
    for record in records:
        now = record.at_ms * MS
        for track in both:
            track.settle(now - REORDER)
        while left.base + BLOCK <= now - HOLD:
            yield np.stack([left.take(), right.take()], axis=1)
        (left if record.side == "user" else right).hear(record)
    for track in both:
        track.settle(1 << 62)
    end = max(left.end, right.end)
    while left.base < end:
        rest = end - left.base
        yield np.stack([left.take(), right.take()], axis=1)[:rest]
