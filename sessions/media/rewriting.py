"""The numbers of an outgoing stream: pure. Whatever a listener hears, they hear one stream without a seam.

Losses of the source stay visible as gaps, so that the listener's decoder conceals them and its reports tell of them.
What we do ourselves (announcements, holding, a peer that came back) leaves no gap in the sequence, and the timestamp
moves by the time that really passed, so that no jitter is seen where there is none.
"""

from sessions.media.leg import CLOCK_RATE, FRAME_TICKS, Packet

REORDERED = 512
"""How many packets late one may come and still be forwarded; less than the SRTP window of 1,024."""
STRAGGLERS_S = 1.0
"""How long packets of a source that was just left are dropped; later it is a source again."""
NOBODY = -2
"""No source has been heard since the start or a `restart`."""


class Rewriter:
    """One outgoing stream, fed by one source at a time."""

    __slots__ = (
        "_at",
        "_floor",
        "_left",
        "_newest",
        "_sequence_offset",
        "_source",
        "_started",
        "_tick_offset",
        "_ticks",
    )

    def __init__(self) -> None:
        self._source = NOBODY
        self._left = NOBODY
        self._sequence_offset = self._tick_offset = 0
        self._newest = self._floor = 0  # sequence numbers that went out, counted on past 16 bits
        self._ticks = 0
        self._at = 0.0
        self._started = False

    def restart(self) -> None:
        """The next packet follows the last that went out, wherever its source stands by then."""
        self._source = self._left = NOBODY

    def rewrite(self, packet: Packet, at: float) -> Packet | None:
        """The packet as it goes out at `at` (seconds of any steady clock); None when it is too late to fit."""
        payload, sequence, timestamp, marker, source = packet
        if source != self._source:
            if source == self._left and at - self._at < STRAGGLERS_S:
                return None
            self._switch(sequence, timestamp, source, at)
            marker = True
        out = sequence + self._sequence_offset & 0xFFFF
        ahead = (out - self._newest + 0x8000 & 0xFFFF) - 0x8000
        ticks = timestamp + self._tick_offset & 0xFFFFFFFF
        if ahead > 0:
            self._newest += ahead
            self._ticks = ticks
            self._at = at
        elif ahead < -REORDERED or self._newest + ahead < self._floor:
            return None
        return Packet(payload, out, ticks, marker, source)

    def _switch(self, sequence: int, timestamp: int, source: int, at: float) -> None:
        """Lays a new source behind what went out. Older packets of it won't fit, so that no number comes twice."""
        if self._started:
            self._tick_offset = self._ticks + max(FRAME_TICKS, round((at - self._at) * CLOCK_RATE)) - timestamp
            self._floor = self._newest + 1
            self._sequence_offset = self._floor - sequence
        else:
            self._started = True
            self._newest, self._floor = sequence - 1, sequence
        if min(source, self._source) >= 0:
            self._left = self._source
        self._source = source
