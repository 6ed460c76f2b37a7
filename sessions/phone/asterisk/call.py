"""One call by Asterisk: its progress, and the sound both ways."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Final

from sessions.phone.asterisk.g711 import SAMPLES, to_g711, to_pcm
from sessions.phone.asterisk.hearing import Hearing
from sessions.phone.asterisk.media import Address, MediaSocket
from sessions.phone.asterisk.rtp import parse
from sessions.phone.asterisk.settings import Codec
from sessions.phone.asterisk.speaking import Speaking
from sessions.phone.engine import CallNews
from sessions.phone.progress import Progress

OVER_S: Final = 0.05
"""After a frame that was played, so long nothing of the other phone goes through: an announcement goes over a voice."""


class AsteriskCall:
    """See PhoneCall. Its channel in Asterisk has its id; the one of its sound and their bridge are named after it."""

    def __init__(
        self, name: str, codec: Codec, ssrc: int, hang_up: Callable[["AsteriskCall"], Awaitable[None]]
    ) -> None:
        self.id = name
        self.media_id, self.bridge_id = f"{name}-m", f"{name}-b"
        self.heard_at = 0.0
        self.progress = Progress()
        self.is_known = False
        """Whether Asterisk has confirmed the channel: only then its absence means anything."""
        self.connecting: asyncio.Task[None] | None = None
        """What makes the way of its sound."""
        self.changed = asyncio.Event()
        """Set when it was answered, or is over."""
        self.answered_at = 0.0
        self._loop = asyncio.get_running_loop()
        self._codec = codec
        self._ssrc = ssrc
        self._hang_up = hang_up
        self._sink: Callable[[bytes], None] | None = None
        self._other: AsteriskCall | None = None
        self._hearing = Hearing(codec)
        self._speaking: Speaking | None = None
        self._send: Callable[[bytes], None] | None = None
        self._forget: Callable[[], None] | None = None
        self._over_until = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def news(self) -> AsyncIterator[CallNews]:
        """See PhoneCall."""
        return self.progress.news()

    def digits(self) -> AsyncIterator[str]:
        """See PhoneCall."""
        return self.progress.digits()

    def on_frame(self, sink: Callable[[bytes], None]) -> None:
        """See PhoneCall."""
        self._sink = sink

    def play(self, frame: bytes) -> None:
        """See PhoneCall."""
        if len(frame) == 2 * SAMPLES and self._say(to_g711(self._codec, frame)):
            self._over_until = self._loop.time() + OVER_S

    async def hang_up(self) -> None:
        """See PhoneCall."""
        await self._hang_up(self)

    @property
    def is_over(self) -> bool:
        """Whether it has ended, in whatever way."""
        return self.progress.state == "ended"

    def ring_for(self, seconds: float, give_up: Callable[["AsteriskCall"], None]) -> None:
        """Give up when it hasn't been answered by then."""
        self._timer = self._loop.call_later(seconds, give_up, self)

    def answered(self) -> None:
        """The phone was picked up."""
        if self.progress.step("answered"):
            self.answered_at = self._loop.time()
            self._changed()
            self._speak()

    def over(self) -> None:
        """Its news are told; nothing is heard or played any more."""
        self._changed()
        if self._speaking:
            self._speaking.close()
        if self._forget:
            self._forget()
        self._other = self._sink = None

    def sound_by(self, media: MediaSocket, source: Address) -> None:
        """Asterisk's end of the sound is at `source`."""
        self._send = media.expect(source, self._take)
        self._forget = lambda: media.forget(source)
        self._speak()

    def hears(self, other: "AsteriskCall") -> None:
        """From now on this phone's sound goes to the other one."""
        self._other = other

    def silent_s(self) -> float:
        """How long nothing has come from an answered phone; 0.0 for any other."""
        if self.progress.state != "answered":
            return 0.0
        return self._loop.time() - max(self.heard_at, self.answered_at)

    def _speak(self) -> None:
        """As soon as the phone is picked up, and there is a way."""
        if self._send and self.progress.state == "answered":
            self._speaking = Speaking(self._codec, self._ssrc, self._send)

    def _changed(self) -> None:
        self.changed.set()
        if self._timer:
            self._timer.cancel()

    def _take(self, data: bytes) -> None:
        packet = parse(data)
        if packet is None or self.progress.state != "answered" or (due := self._hearing.take(packet)) is None:
            return
        self.heard_at = self._loop.time()
        for frame in due:
            if self._other:
                self._other.overhear(frame)
            elif self._sink:
                self._sink(to_pcm(self._codec, frame))

    def overhear(self, frame: bytes) -> None:
        """G.711 of the phone that this one is joined to."""
        if self._loop.time() >= self._over_until:
            self._say(frame)

    def _say(self, frame: bytes) -> bool:
        if self._speaking is None or self.is_over:
            return False
        self._speaking.say(frame)
        return True
