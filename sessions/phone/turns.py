"""Telephones that ring because it is somebody's turn: calls whose session is still to come."""

import asyncio
from contextlib import suppress
from typing import Final

from ground.errors import Refusal
from sessions.media.orders import STILL_S, RingResult, RingUser
from sessions.phone.dialled import Placed
from sessions.phone.engine import CallNews, PhoneCall, PhoneEngine, PhoneUnavailable
from sessions.phone.playing import play, play_again, say_last
from sessions.speech.voice import Voice

ASKED_S: Final = 15.0
"""A turn that no server has asked for so long has been forgotten: its telephone is hung up."""
KEPT_S: Final = 120.0
"""How long it is remembered how a turn's telephone ended."""


class Turn:
    """One telephone that rings for a turn, and is kept when it is answered."""

    def __init__(self, placed: Placed, rate: int, voice: Voice | None, language: str) -> None:
        self._loop = asyncio.get_running_loop()
        self.placed = placed
        self.asked_at = self._loop.time()
        self._rate = rate
        self._voice, self._language = voice, language
        self._is_taken = False
        self._known = asyncio.Event()
        self._tone: asyncio.Task[None] | None = None
        placed.listen(self._news)

    def _news(self, news: CallNews) -> None:
        if news.state == "answered":
            self._tone = asyncio.create_task(self._sound())
        if news.state in ("answered", "ended"):
            self._known.set()
        if news.state == "ended":
            self._hush()

    async def _sound(self) -> None:
        """What whoever picked up hears until the session begins: what is going on, then the ringing tone."""
        if self._voice is not None:
            await play(self.placed.call, await self._voice.phrase(self._language, "turn", self._rate), self._rate)
        await play_again(self.placed.call, "ringing", self._rate)

    async def _say_kept(self) -> None:
        """To somebody who has waited for the expert; where there is no voice, nothing."""
        if self._voice is None or not self._voice.speaks:
            return
        await say_last(self.placed.call, self._voice, self._language, "kept", self._rate)

    async def result(self) -> RingResult:
        """How it stands, as soon as that is known: answered, or how it ended; after `STILL_S` that it rings still."""
        self.asked_at = self._loop.time()
        with suppress(TimeoutError):
            async with asyncio.timeout(STILL_S):
                await self._known.wait()
        self.asked_at = self._loop.time()
        if not self._known.is_set():
            return RingResult("ringing")
        last = self.placed.last
        return RingResult(last.ended or "failed" if last.state == "ended" else "answered")

    def is_forgotten(self) -> bool:
        """Whether nobody will ask for it any more."""
        since = self._loop.time() - self.asked_at
        return since > (KEPT_S if self._is_taken or self.placed.last.state == "ended" else ASKED_S)

    def take(self) -> Placed | None:
        """The call goes over to its session, once; also one that rings still: the page may have said yes first.

        The turn is remembered: a late order must not ring it anew.
        """
        if self._is_taken:
            return None
        self._is_taken = True
        self._hush()
        self._known.set()
        return self.placed

    def _hush(self) -> None:
        if self._tone is not None:
            self._tone.cancel()

    async def close(self, *, kept: bool = False) -> None:
        """Hang up, unless the call is its session's; with `kept` behind the words that the place is kept."""
        self._hush()
        if not self._is_taken:
            try:
                if kept and self.placed.last.state == "answered":
                    await self._say_kept()
            finally:
                await self.placed.close()
        self._known.set()
        if self._tone is not None:
            await asyncio.gather(self._tone, return_exceptions=True)


async def ring(engine: PhoneEngine, order: RingUser, voice: Voice | None) -> Turn:
    """Ring the telephone of a turn. Refuses phone_full, no_media (the engine can't call)."""
    placed = Placed(await called(engine, order.number, order.caller, order.ring_s))
    return Turn(placed, engine.rate, voice, order.language)


async def called(engine: PhoneEngine, number: str, caller: str, ring_s: float) -> PhoneCall:
    """A call. Refuses phone_full, no_media."""
    try:
        return await engine.call(number, caller=caller, ring_s=ring_s)
    except PhoneUnavailable:
        raise Refusal("no_media" if engine.free_lines() else "phone_full") from None
