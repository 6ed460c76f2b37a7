"""What a telephone engine can do, whichever it is: calls out, their news in words, sound of 20 ms, one call to another.

A call's life is `calling`, `ringing` (perhaps not), `answered` (perhaps not), `ended`: each told once, in this order.
"""

from collections.abc import AsyncIterator, Callable
from typing import Literal, NamedTuple, Protocol

FRAME_MS = 20
"""One frame of sound; at a rate of 8,000 Hz it is 160 samples of signed 16 bits, 320 bytes."""

CallState = Literal["calling", "ringing", "answered", "ended"]
Ended = Literal["hung_up", "busy", "no_answer", "declined", "failed"]

BUSY = frozenset({486, 600})
DECLINED = frozenset({603})
NO_ANSWER = frozenset({408, 480, 487})


class PhoneUnavailable(Exception):
    """No call can be made: the engine is down or full, or the number is none that it may call. The text says which."""


class CallNews(NamedTuple):
    """A step of a call. `ended` says how when `state` is "ended"; `code` is the SIP status, 0 where there is none."""

    state: CallState
    ended: Ended | Literal[""] = ""
    code: int = 0


class PhoneCall(Protocol):
    """One call. All of it may be called in any state; what makes no sense any more does nothing."""

    id: str
    heard_at: float
    """`loop.time()` of the last sound that came from this phone, also while it is joined; 0.0 before the first."""

    def news(self) -> AsyncIterator[CallNews]:
        """Each state once, in order; it ends after "ended". For one reader."""
        ...

    def on_frame(self, sink: Callable[[bytes], None]) -> None:
        """`sink` is handed 20 ms of sound at a time as heard from the phone, once it has answered.

        Signed 16 bits, little endian, mono, at the engine's rate. What a phone plays before it answers isn't told.
        """
        ...

    def play(self, frame: bytes) -> None:
        """20 ms to the phone. Never waits: what doesn't fit, or comes before the answer, is dropped."""
        ...

    def digits(self) -> AsyncIterator[str]:
        """The keys pressed (0-9, *, #, A-D), until the call ends. For one reader."""
        ...

    async def hang_up(self) -> None:
        """End it, also while it rings. A repeat does nothing."""
        ...


class PhoneEngine(Protocol):
    """One way to the telephone network."""

    @property
    def rate(self) -> int:
        """Samples a second of every frame: 8,000 or 16,000."""
        ...

    async def call(self, number: str, *, caller: str = "", ring_s: float = 30) -> PhoneCall:
        """Ring `number` (E.164 with +; a `sip:` address only where the settings allow it) for at most `ring_s`.

        `caller` is the number shown, "" for the one of the settings. Raises PhoneUnavailable.
        """
        ...

    async def join(self, one: PhoneCall, other: PhoneCall) -> None:
        """From now on two answered calls hear each other, and neither `on_frame` is told any more.

        What is played to one of them meanwhile is heard in place of the other.
        """
        ...

    def free_lines(self) -> int:
        """How many calls could be made now, 0 when the engine is down."""
        ...

    async def close(self) -> None:
        """End all calls and what serves them."""
        ...


def ended_by(code: int) -> Ended:
    """What a final SIP status means in words (RFC 3261, section 21)."""
    if code in BUSY:
        return "busy"
    if code in DECLINED:
        return "declined"
    return "no_answer" if code in NO_ANSWER else "failed"
