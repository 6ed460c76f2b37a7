"""The numbers of an outgoing stream: pure. Whatever a listener hears, they hear one stream without a seam.

Losses of the source stay visible as gaps, so that the listener's decoder conceals them and its reports tell of them.
What we do ourselves (announcements, holding, a peer that came back) leaves no gap in the sequence, and the timestamp
moves by the time that really passed, so that no jitter is seen where there is none.
"""

from sessions.media.leg import CLOCK_RATE, FRAME_TICKS, Packet

REORDERED = 512
"""How many packets late one may come and still be forwarded; less than the SRTP window of 1,024."""
_ALL_USED = (1 << REORDERED + 1) - 1
STRAGGLERS_S = 1.0
"""How long packets of a source that was just left are dropped; later it is a source again."""
NOBODY = -2
"""No source has been heard since the start or a `restart`."""


class Rewriter:
    """One outgoing stream, fed by one source at a time."""

    __slots__ = (
        "_at",
        "_left",
        "_newest",
        "_sequence_offset",
        "_source",
        "_started",
        "_tick_offset",
        "_ticks",
        "_used",
    )

    def __init__(self) -> None:
        self._source = NOBODY
        self._left = NOBODY
        self._sequence_offset = self._tick_offset = 0
        self._newest = 0  # the last sequence number that went out, counted on past 16 bits
        self._used = _ALL_USED  # which of those behind it are not to go out again, the newest as the lowest bit
        self._ticks = 0
        self._at = 0.0
        self._started = False

    def restart(self) -> None:
        """The next packet follows the last that went out, wherever its source stands by then."""
        self._source = self._left = NOBODY

    def rewrite(self, packet: Packet, at: float) -> Packet | None:
        """The packet as it goes out at `at` (seconds of any steady clock); None when it is too late to fit, or when its
        number has gone out already."""
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
            self._used = (self._used << ahead | 1) & _ALL_USED if ahead <= REORDERED else 1
            self._ticks = ticks
            self._at = at
        elif ahead < -REORDERED or self._used >> -ahead & 1:
            return None
        else:
            self._used |= 1 << -ahead
        return Packet(payload, out, ticks, marker, source)

    def _switch(self, sequence: int, timestamp: int, source: int, at: float) -> None:
        """Lays a new source behind what went out. Older packets of it won't fit, so that no number comes twice."""
        if self._started:
            self._tick_offset = self._ticks + max(FRAME_TICKS, round((at - self._at) * CLOCK_RATE)) - timestamp
            self._sequence_offset = self._newest + 1 - sequence
        else:
            self._started = True
            self._newest = sequence - 1
        self._used = _ALL_USED
        if min(source, self._source) >= 0:
            self._left = self._source
        self._source = source
