"""What a call tells whoever waits for it: its states in order, each once, and the keys that were pressed."""

import asyncio
from collections.abc import AsyncIterator
from typing import Final

from sessions.phone.engine import CallNews, CallState, Ended

ORDER: Final[tuple[CallState, ...]] = ("calling", "ringing", "answered", "ended")
DIGITS_MAX: Final = 64
"""Keys that wait for a reader; what is pressed beyond them is dropped."""
REQUEST_TIMEOUT: Final = 408


class Progress:
    """Pure but for its two queues. A step back or a repeat changes nothing, so late news can't harm."""

    def __init__(self) -> None:
        self._told: list[CallState] = []
        self._news: asyncio.Queue[CallNews | None] = asyncio.Queue()
        self._digits: asyncio.Queue[str | None] = asyncio.Queue()
        self.step("calling")

    @property
    def state(self) -> CallState:
        """The last state told."""
        return self._told[-1]

    def step(self, state: CallState, ended: Ended | None = None, code: int = 0) -> bool:
        """Whether this is news. `ended` belongs to the state "ended" alone."""
        if self._told and ORDER.index(state) <= ORDER.index(self.state):
            return False
        self._told.append(state)
        self._news.put_nowait(CallNews(state, ended or "", code))
        if state == "ended":
            self._news.put_nowait(None)
            self._digits.put_nowait(None)
        return True

    def time_is_up(self) -> bool:
        """The ring timeout has passed. A phone that never rang was not reached: that is no missing answer."""
        if self.state == "answered":
            return False
        return self.step("ended", "no_answer" if "ringing" in self._told else "failed", REQUEST_TIMEOUT)

    def press(self, key: str) -> None:
        """A key was pressed."""
        if self.state != "ended" and self._digits.qsize() < DIGITS_MAX:
            self._digits.put_nowait(key)

    async def news(self) -> AsyncIterator[CallNews]:
        """Each step, until "ended". For one reader."""
        while (news := await self._news.get()) is not None:
            yield news

    async def digits(self) -> AsyncIterator[str]:
        """Each key, until the call ends. For one reader."""
        while (key := await self._digits.get()) is not None:
            yield key
