"""What goes to Asterisk, in its own time: one packet every 20 ms, whenever the frames come."""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Final

from sessions.phone.asterisk.g711 import SAMPLES
from sessions.phone.asterisk.rtp import Rtp, build

FRAME_S: Final = 0.02
WAITING_MAX: Final = 15
"""Frames that wait for their time, 300 ms; what comes beyond is dropped."""
LATE_S: Final = 0.06
"""A frame this late is sent at once to catch up; a later one begins anew, as after a silence."""


class Speaking:
    """The packets of one call. `send` is given each when it is time; `ssrc` is of our choice."""

    def __init__(self, kind: int, ssrc: int, send: Callable[[bytes], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._send = send
        self._waiting: deque[bytes] = deque()
        self._timer: asyncio.TimerHandle | None = None
        self._due = 0.0
        self._last = Rtp(kind, False, 0, 0, ssrc, b"")

    def say(self, frame: bytes) -> None:
        """20 ms of G.711. Never waits."""
        if len(self._waiting) < WAITING_MAX:
            self._waiting.append(frame)
            if self._timer is None:
                self._flush()

    def close(self) -> None:
        """Nothing is sent any more."""
        if self._timer:
            self._timer.cancel()
        self._waiting.clear()

    def _flush(self) -> None:
        self._timer = None
        while self._waiting and self._loop.time() >= self._due:
            self._one(self._waiting.popleft())
        if self._waiting:
            self._timer = self._loop.call_at(self._due, self._flush)

    def _one(self, frame: bytes) -> None:
        now, last = self._loop.time(), self._last
        pause = now - self._due
        begins = pause > LATE_S
        skipped = int(pause / FRAME_S) if begins else 0
        self._last = last._replace(
            marker=begins,
            sequence=last.sequence + 1 & 0xFFFF,
            timestamp=last.timestamp + SAMPLES * (1 + skipped) & 0xFFFF_FFFF,
            payload=frame,
        )
        self._due = (now if begins else self._due) + FRAME_S
        self._send(build(self._last))
