"""What a media worker says of one side to the live store: pure. The clock of a session goes by it."""

from typing import Final, Literal

QUIET_MS: Final = 2_000
"""Nobody is silent for so long: also where nothing is said a browser sends a packet every 400 ms at least."""
AGAIN_S: Final = 5.0
"""Lasting silence is told anew: the store may have lost it."""


class Ear:
    """One side. Nothing is said before the first packet."""

    def __init__(self) -> None:
        self._told: Literal["", "flows", "silent"] = ""
        self._told_at = 0.0

    def news(self, heard_at: float, silent_ms: int, now: float) -> int | None:
        """What to tell at `now` (seconds of any steady clock): for how long nothing came, 0 when media flow again or
        for the first time, None when there is nothing new. `heard_at` is 0 before the first packet."""
        if not heard_at and not self._told:
            return None
        if silent_ms < QUIET_MS:
            return None if self._told == "flows" else 0
        if self._told == "silent" and now - self._told_at < AGAIN_S:
            return None
        return silent_ms

    def told(self, silent_ms: int, now: float) -> None:
        """The store has heard it."""
        self._told, self._told_at = ("silent" if silent_ms else "flows"), now
