"""A leg: where the sound of one side comes from and goes to, whatever carries it (a browser, a telephone)."""

from collections.abc import Callable
from typing import NamedTuple, Protocol, runtime_checkable

CLOCK_RATE = 48_000
"""Ticks of an Opus RTP timestamp in a second, whatever the sound's own rate is (RFC 7587, 4.1)."""
FRAME_TICKS = 960
"""The ticks of 20 ms, which is what one packet usually holds."""


class Packet(NamedTuple):
    """One Opus packet of a side, as its RTP header describes it."""

    payload: bytes
    sequence: int
    """16 bits, one more a packet; a gap is a packet that was lost."""
    timestamp: int
    """32 bits at 48 kHz; a jump without a gap in `sequence` is silence that was not sent (DTX)."""
    marker: bool
    """The first packet after such silence."""
    source: int = 0
    """Whose numbers `sequence` and `timestamp` are (a browser's SSRC); another source counts anew."""


Sink = Callable[[Packet], None]


class Leg(Protocol):
    """One side of a call."""

    @property
    def heard_at(self) -> float:
        """`loop.time()` of the last packet of sound that came from this side; 0.0 before the first."""

    def listen(self, sink: Sink) -> None:
        """From now on each packet of this side goes to `sink`, the only one; it must not raise."""

    def send(self, packet: Packet) -> None:
        """Plays a packet to this side. Never blocks, and drops what can't go."""

    async def close(self) -> None:
        """Ends it; may be called twice."""


@runtime_checkable
class SpokenLeg(Leg, Protocol):
    """A leg of somebody who may see no page: announcements are said in words."""

    language: str
    """The language tag (BCP 47) to speak in, "" where it isn't known."""


@runtime_checkable
class ReportingLeg(Leg, Protocol):
    """A leg that tells and is told how much of the sound is lost."""

    missed: int
    """How many of 256 packets this side said it missed of what it was sent lately."""
    missed_further: Callable[[], int]
    """How many of 256 packets of this side are missed at the far end; its encoder learns it and protects them."""
