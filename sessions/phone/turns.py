"""Telephones that ring because it is somebody's turn, and numbers that are asked for keys: calls without a session."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from ground.errors import Refusal
from sessions.media.orders import AskKeys, Keyed, RingResult, RingUser
from sessions.media.sound import chime_samples
from sessions.phone.dialled import Placed
from sessions.phone.engine import FRAME_MS, CallNews, PhoneCall, PhoneEngine, PhoneUnavailable

KEYS_S: Final = 60.0
"""How long somebody who picked up has to press the keys."""
ASKED_S: Final = 15.0
"""A turn that no server has asked for so long has been forgotten: its telephone is hung up."""
KEPT_S: Final = 120.0
"""How long it is remembered how a turn's telephone ended."""
PAUSE_S: Final = 2.0


class Turn:
    """One telephone that rings for a turn, and is kept when it is answered."""

    def __init__(self, placed: Placed, rate: int) -> None:
        self._loop = asyncio.get_running_loop()
        self.placed = placed
        self.asked_at = self._loop.time()
        self._rate = rate
        self._is_taken = False
        self._known = asyncio.Event()
        self._tone: asyncio.Task[None] | None = None
        placed.listen(self._news)

    def _news(self, news: CallNews) -> None:
        if news.state == "answered":
            self._tone = asyncio.create_task(play_again(self.placed.call, "ringing", self._rate))
        if news.state in ("answered", "ended"):
            self._known.set()
        if news.state == "ended":
            self._hush()

    async def result(self) -> RingResult:
        """How it stands, as soon as that is known: answered, or how it ended."""
        self.asked_at = self._loop.time()
        await self._known.wait()
        self.asked_at = self._loop.time()
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

    async def close(self) -> None:
        """Hang up, unless the call is its session's."""
        self._hush()
        if not self._is_taken:
            await self.placed.close()
        self._known.set()
        if self._tone is not None:
            await asyncio.gather(self._tone, return_exceptions=True)


async def ring(engine: PhoneEngine, order: RingUser) -> Turn:
    """Ring the telephone of a turn. Refuses phone_full, no_media (the engine can't call)."""
    return Turn(Placed(await called(engine, order.number, order.caller, order.ring_s)), engine.rate)


async def ask_keys(engine: PhoneEngine, order: AskKeys) -> Keyed:
    """Ring a number, and hear which keys are pressed there. Refuses phone_full, no_media (the engine can't call).

    Nothing is spoken: the page says what to press. A beep now and then says that the line is open.
    """
    call = await called(engine, order.number, order.caller, order.ring_s)
    try:
        async for news in call.news():
            if news.state == "answered":
                async with beeping(call, engine.rate):
                    return Keyed("answered", await _pressed(call, order.count))
            if news.state == "ended":
                return Keyed(news.ended or "failed", "")
    finally:
        await call.hang_up()
    return Keyed("failed", "")


async def called(engine: PhoneEngine, number: str, caller: str, ring_s: float) -> PhoneCall:
    """A call. Refuses phone_full, no_media."""
    try:
        return await engine.call(number, caller=caller, ring_s=ring_s)
    except PhoneUnavailable:
        raise Refusal("no_media" if engine.free_lines() else "phone_full") from None


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


@asynccontextmanager
async def beeping(call: PhoneCall, rate: int) -> AsyncIterator[None]:
    """Beeps to the call, as long as the block lasts."""
    task = asyncio.create_task(play_again(call, "recording", rate, PAUSE_S))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def play_again(call: PhoneCall, name: str, rate: int, pause_s: float = 0.0) -> None:
    """Plays a tone of `sessions.media.sound` to a call in its own time, over and over. Runs until cancelled."""
    pcm, size = chime_samples(name, rate).tobytes(), rate * FRAME_MS // 1000 * 2
    frames = [pcm[at : at + size] for at in range(0, len(pcm) - size + 1, size)]
    loop, due = asyncio.get_running_loop(), asyncio.get_running_loop().time()
    while True:
        for frame in frames:
            call.play(frame)
            due = max(due + FRAME_MS / 1000, loop.time())
            await asyncio.sleep(due - loop.time())
        due += pause_s
        await asyncio.sleep(due - loop.time())
