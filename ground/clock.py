"""Clocks. Time is an argument: what needs the time is handed one of these."""

import time
from typing import Protocol


class Clock(Protocol):
    def now_ms(self) -> int:
        """Milliseconds since 1970, UTC."""
        ...


class SystemClock:
    """The machine's wall clock."""

    def now_ms(self) -> int:
        return time.time_ns() // 1_000_000


class SetClock:
    """A clock that a test or a simulation moves by hand."""

    def __init__(self, now_ms: int) -> None:
        self._now_ms = now_ms

    def now_ms(self) -> int:
        return self._now_ms

    def advance(self, ms: int) -> int:
        """Move forward by `ms` and return the new time. Raises ValueError for a negative step."""
        if ms < 0:
            raise ValueError("time does not run backwards")
        self._now_ms += ms
        return self._now_ms
