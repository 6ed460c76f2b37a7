"""What both sides of a session are told by its sound: a tone, and words for telephones, whose people see no page."""

import asyncio
from collections.abc import Iterable
from typing import Final, Literal

from sessions.media.bridge import SIDES, Bridge, Side
from sessions.media.leg import SpokenLeg
from sessions.media.sound import CHIMES, chime
from sessions.speech.voice import Voice

Announcement = Literal["connecting", "minute_left", "recording"]
_MOST: Final = 16
"""Announcements of one session that wait for their words."""


class Announcer:
    """One session's. Without a `voice` there are tones alone."""

    def __init__(self, bridge: Bridge, voice: Voice | None) -> None:
        self._bridge, self._voice = bridge, voice
        self._speaking: set[asyncio.Task[None]] = set()

    def announce(self, what: Announcement, sides: Iterable[Side] = SIDES) -> None:
        """Whoever is on a browser hears the tone: the words are the page's. On a telephone words follow it."""
        for side in sides:
            if what in CHIMES:
                self._bridge.announce(side, chime(what))
            leg = self._bridge.leg(side)
            if self._voice is not None and isinstance(leg, SpokenLeg) and len(self._speaking) < _MOST:
                self._beside(self._voice, side, leg, what)

    def _beside(self, voice: Voice, side: Side, leg: SpokenLeg, what: Announcement) -> None:
        task = asyncio.create_task(self._speak(voice, side, leg, what))
        self._speaking.add(task)
        task.add_done_callback(self._speaking.discard)

    async def _speak(self, voice: Voice, side: Side, leg: SpokenLeg, what: Announcement) -> None:
        words = await voice.announced(leg.language, what)
        if self._bridge.leg(side) is leg:
            self._bridge.announce(side, words)

    async def close(self) -> None:
        """Nothing is said any more."""
        for task in self._speaking:
            task.cancel()
        await asyncio.gather(*self._speaking, return_exceptions=True)
