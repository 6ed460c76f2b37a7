"""What goes to Asterisk, in its own time: one packet every 20 ms, whenever the frames come, and silence when none do.

Telephones, and the networks before them, take a call on which nothing comes for one that is gone.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Final

from sessions.phone.asterisk.g711 import PAYLOAD_TYPE, SAMPLES, SILENCE
from sessions.phone.asterisk.rtp import Rtp, build
from sessions.phone.asterisk.settings import Codec

FRAME_S: Final = 0.02
WAITING_MAX: Final = 15
"""Frames that wait for their time, 300 ms; what comes beyond is dropped."""
LATE_S: Final = 0.06
"""A frame this late is sent at once to catch up. After that silence is sent, and the next frame begins anew."""


class Speaking:
    """The packets of one call, from when it's made. `send` is given each in its time; `ssrc` is of our choice."""

    def __init__(self, codec: Codec, ssrc: int, send: Callable[[bytes], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._send = send
        self._silence = SILENCE[codec]
        self._waiting: deque[bytes] = deque()
        self._timer: asyncio.TimerHandle | None = None
        self._due = 0.0
        self._is_silent = False
        self._last = Rtp(PAYLOAD_TYPE[codec], False, 0, 0, ssrc, b"")
        self._flush()

    def say(self, frame: bytes) -> None:
        """20 ms of G.711. Never waits."""
        if len(self._waiting) < WAITING_MAX:
            self._waiting.append(frame)
            self._flush()

    def close(self) -> None:
        """Nothing is sent any more."""
        if self._timer:
            self._timer.cancel()
        self._waiting.clear()

    def _flush(self) -> None:
        while self._waiting and self._loop.time() >= self._due:
            self._one(self._waiting.popleft())
            self._is_silent = False
        if not self._waiting and self._loop.time() >= self._due + self._patience:
            self._one(self._silence)
            self._is_silent = True
        if self._timer:
            self._timer.cancel()
        self._timer = self._loop.call_at(self._due + (0 if self._waiting else self._patience), self._flush)

    @property
    def _patience(self) -> float:
        """How long after its time a frame is waited for."""
        return 0 if self._is_silent else LATE_S

    def _one(self, frame: bytes) -> None:
        now, last = self._loop.time(), self._last
        pause = now - self._due
        begins = pause >= LATE_S
        skipped = int(pause / FRAME_S) if begins else 0
        self._last = last._replace(
            marker=begins,
            sequence=last.sequence + 1 & 0xFFFF,
            timestamp=last.timestamp + SAMPLES * (1 + skipped) & 0xFFFF_FFFF,
            payload=frame,
        )
        self._due = (now if begins else self._due) + FRAME_S
        self._send(build(self._last))
