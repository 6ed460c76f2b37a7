"""Calls that confirm a number: the page shows a code and the telephone presses it, or the telephone is told one."""

import asyncio
from typing import Final

from ground.errors import Refusal
from sessions.media.orders import AskKeys, Keyed, TellCode, Told
from sessions.media.sound import Samples
from sessions.phone.engine import Ended, PhoneCall, PhoneEngine
from sessions.phone.playing import play, playing_again
from sessions.phone.turns import called
from sessions.speech.speech import CannotSpeak
from sessions.speech.voice import Voice

KEYS_S: Final = 60.0
"""How long somebody who picked up has to press the keys."""
SAY_S: Final = 60.0
"""No code takes so long to say, twice and in any language."""
PAUSE_S: Final = 2.0


async def ask_keys(engine: PhoneEngine, order: AskKeys) -> Keyed:
    """Ring a number, and hear which keys are pressed there. Refuses phone_full, no_media (the engine can't call).

    Nothing is spoken: the page says what to press. A beep now and then says that the line is open.
    """
    call = await called(engine, order.number, order.caller, order.ring_s)
    try:
        async for news in call.news():
            if news.state == "answered":
                async with playing_again(call, "recording", engine.rate, PAUSE_S):
                    return Keyed("answered", await _pressed(call, order.count))
            if news.state == "ended":
                return Keyed(news.ended or "failed", "")
    finally:
        await call.hang_up()
    return Keyed("failed", "")


async def _pressed(call: PhoneCall, count: int) -> str:
    """The first `count` digits; fewer when there are no more in time, or the phone was hung up."""
    keys = ""
    try:
        async with asyncio.timeout(KEYS_S):
            async for key in call.digits():
                keys += key if key in "0123456789" else ""
                if len(keys) >= count:
                    break
    except TimeoutError:
        pass
    return keys


async def tell_code(engine: PhoneEngine, order: TellCode, voice: Voice | None) -> Told:
    """Ring a number, say a code there twice, and hang up.

    "answered" means that it was said once at least, to whoever picked up. Refuses phone_full, no_media (the engine
    can't call, or nothing here can speak: then nothing rings).
    """
    if voice is None:
        raise Refusal("no_media")
    try:
        readings = await voice.code(order.language, order.code, engine.rate)
    except CannotSpeak:
        raise Refusal("no_media") from None
    call = await called(engine, order.number, order.caller, order.ring_s)
    talk = _Talk(call, readings, engine.rate)
    ended: Ended = "failed"
    try:
        async with asyncio.timeout(order.ring_s + SAY_S):
            ended = await talk.over()
    except TimeoutError:
        pass
    finally:
        await talk.close()
    return Told("answered" if talk.was_heard else ended)


class _Talk:
    """Readings to a call that rings, behind which it is hung up."""

    def __init__(self, call: PhoneCall, readings: tuple[Samples, ...], rate: int) -> None:
        self._call, self._readings, self._rate = call, readings, rate
        self._saying: asyncio.Task[None] | None = None
        self.was_heard = False

    async def over(self) -> Ended:
        """How the call ended."""
        async for news in self._call.news():
            if news.state == "answered":
                self._saying = asyncio.create_task(self._say())
            if news.state == "ended":
                return news.ended or "failed"
        return "failed"

    async def _say(self) -> None:
        for reading in self._readings:
            await play(self._call, reading, self._rate)
            self.was_heard = True
        await self._call.hang_up()

    async def close(self) -> None:
        if self._saying is not None:
            self._saying.cancel()
            await asyncio.gather(self._saying, return_exceptions=True)
        await self._call.hang_up()
