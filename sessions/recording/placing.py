"""Where in a recording a packet belongs. Pure.

Its RTP timestamp says to the sample where it stands among the packets of its side; its arrival says where that side
stands beside the other. A network only ever delays, so the earliest arrivals of a while are the true ones; clocks of
two machines differ, so that is asked again and again.
"""

from typing import Final

RATE: Final = 48_000
"""Samples a second, of the recording and of Opus timestamps alike."""
MS: Final = RATE // 1000
TOLERANCE: Final = 20 * MS
"""A side is moved when it would stand further off than this: two sides are at most twice as far apart."""
JUMP: Final = 5 * RATE
"""A timestamp further off than this belongs to another stream: the peer came back and began to count anew."""
WINDOW: Final = 250
"""Packets (about five seconds) whose least delay is the true one."""
_WRAP: Final = 1 << 32


class Placer:
    """One side's packets in the order in which they came."""

    def __init__(self) -> None:
        self._last: int | None = None
        self._shift = 0
        self._least = JUMP
        self._seen = 0

    def place(self, timestamp: int, at_ms: int) -> int:
        """The sample of the recording at which the packet begins; below 0 for what came before it."""
        counted = self._counted(timestamp)
        late = at_ms * MS - counted - self._shift
        # Earlier than where it would stand: those before it were delayed, not this one.
        if self._last is None or abs(late) > JUMP or late < -TOLERANCE:
            self._begin(late)
            late = 0
        self._last = counted
        self._watch(late)
        return counted + self._shift

    def _counted(self, timestamp: int) -> int:
        """The timestamp without its wrapping around at 32 bits."""
        if self._last is None:
            return timestamp
        return self._last + (timestamp - self._last + _WRAP // 2) % _WRAP - _WRAP // 2

    def _begin(self, by: int) -> None:
        self._shift += by
        self._least, self._seen = JUMP, 0

    def _watch(self, late: int) -> None:
        self._least, self._seen = min(self._least, late), self._seen + 1
        if self._seen >= WINDOW:
            self._begin(self._least if self._least > TOLERANCE else 0)
