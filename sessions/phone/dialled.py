"""The telephones of one session in the worker that carries it: `dialling.py` with a real engine, and a real store."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Final, Literal, Protocol

import structlog

from ground.errors import Refusal, StoreUnavailable
from queueing.facts import Side
from queueing.media import Media
from sessions.media.leg import Leg
from sessions.media.orders import Dial
from sessions.media.phone_leg import PhoneLeg
from sessions.phone.dialling import Answered, Call, Dialling, Effect, End, HangUp, Join, Tell
from sessions.phone.engine import CallNews, PhoneCall, PhoneEngine, PhoneUnavailable
from sessions.phone.playing import say_last
from sessions.speech.texts import Phrase
from sessions.speech.voice import Voice

AGAIN_S: Final = 0.5
TELL_S: Final = 30.0
"""How long the store is told again what it did not hear."""
CLOSE_S: Final = 6.0
_log = structlog.get_logger("openline.phone")


class Placed:
    """A call that was made, with the last news of it, for whoever has it now: first its turn, then its session."""

    def __init__(self, call: PhoneCall) -> None:
        self.call = call
        self.last = CallNews("calling")
        self._listener: Callable[[CallNews], None] = _nobody
        self._reading = asyncio.create_task(self._read())

    def listen(self, listener: Callable[[CallNews], None]) -> None:
        """From now on `listener` hears the news, beginning with the last."""
        self._listener = listener
        if self.last.state != "calling":
            listener(self.last)

    async def _read(self) -> None:
        async for news in self.call.news():
            self.last = news
            self._listener(news)

    async def close(self) -> None:
        """Hang up, and return when it is over."""
        self._listener = _nobody
        await self.call.hang_up()
        done, _ = await asyncio.wait([self._reading], timeout=CLOSE_S)
        if not done:
            self._reading.cancel()
            await asyncio.gather(self._reading, return_exceptions=True)


class Carrying(Protocol):
    """What is asked of the session on the worker: `sessions.media.carrying.Carried`."""

    def put(self, side: Side, leg: Leg) -> None:
        """The side goes on with this leg."""

    def picked_up(self, side: Side) -> None:
        """Somebody is on the side's telephone, who wasn't before."""


class Dialled:
    """One session. `picked_up` is the call of the user's turn, if it is here; `voice` says the last words."""

    def __init__(
        self, order: Dial, carried: Carrying, engine: PhoneEngine, media: Media, worker: str, picked_up: Placed | None,
        voice: Voice | None = None,
    ) -> None:  # fmt: skip
        self._order, self._carried, self._engine, self._voice = order, carried, engine, voice
        self._media, self._worker = media, worker
        self._machine = Dialling(expert_by_phone=bool(order.expert_number), picked_up=picked_up is not None)
        self._placed: dict[Side, Placed] = {}
        self._legs: dict[Side, PhoneLeg] = {}
        self._to_tell: asyncio.Queue[Tell | End] = asyncio.Queue()
        self._tasks: set[asyncio.Task[None]] = set()
        self._telling = asyncio.create_task(self._tell_all())
        self._was_told = picked_up is not None and picked_up.last.state == "answered"
        self._do(self._machine.begin())
        if picked_up is not None:
            self._have("user", picked_up)

    async def close(self, reason: str = "") -> None:
        """The session is over, by itself for this `reason`: nothing rings or is talked on after this."""
        self._do(self._machine.end(reason))
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=CLOSE_S)
        # What the store is still to be told it knows: it said itself that the session is over.
        leftover = [self._telling, *self._tasks]
        for task in leftover:
            task.cancel()
        await asyncio.gather(*leftover, return_exceptions=True)

    # ------------------------------------------------------------ what the machine wants

    def _do(self, effects: list[Effect]) -> None:
        for effect in effects:
            match effect:
                case Call(side):
                    self._start(self._call(side))
                case Tell() | End():
                    self._to_tell.put_nowait(effect)
                case Answered(side):
                    self._answered(side)
                case Join():
                    self._start(self._join())
                case HangUp(side, words):
                    if side in self._placed:
                        self._part(side, words)

    def _answered(self, side: Side) -> None:
        """Who picked up at the turn was told then that the other is waited for."""
        self._legs[side].hush()
        if not (side == "user" and self._was_told):
            self._carried.picked_up(side)

    def _part(self, side: Side, words: Phrase | Literal[""]) -> None:
        """Hang up, behind the last words where there are some and a voice. The sound of the session is cut by then."""
        if words and self._voice is not None and self._voice.speaks:
            self._legs[side].release()
            self._start(self._say(side, words, self._voice))
        else:
            self._start(self._placed[side].close())

    async def _say(self, side: Side, words: Phrase, voice: Voice) -> None:
        call, language = self._placed[side].call, self._legs[side].language
        try:
            if not await say_last(call, voice, language, words, self._engine.rate):
                _log.warning("last_words_cut_off", session=self._order.session)
        finally:
            await self._placed[side].close()

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: "asyncio.Task[None]") -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            _log.error("dialling_failed", session=self._order.session, exc_info=task.exception())

    async def _call(self, side: Side) -> None:
        number = self._order.user_number if side == "user" else self._order.expert_number
        try:
            call = await self._engine.call(number, caller=self._order.caller, ring_s=self._order.ring_s)
        except PhoneUnavailable as why:
            _log.warning("not_called", session=self._order.session, side=side, why=str(why))
            self._do(self._machine.no_line(side, "failed" if self._engine.free_lines() else "phone_full"))
            return
        self._have(side, Placed(call))

    def _have(self, side: Side, placed: Placed) -> None:
        """There is a call; it may be over by now, and so may the session."""
        self._placed[side] = placed
        if self._machine.is_over:
            self._start(placed.close())
            return
        language = self._order.user_language if side == "user" else self._order.expert_language
        leg = self._legs[side] = PhoneLeg(placed.call, self._engine.rate, language)
        self._carried.put(side, leg)
        if placed.last.state != "answered":
            leg.ring()
        placed.listen(lambda news: self._do(self._machine.news(side, news)))

    async def _join(self) -> None:
        if not self._order.apart:
            await self._engine.join(self._placed["user"].call, self._placed["expert"].call)

    # ------------------------------------------------------------ what the store is told

    async def _tell_all(self) -> None:
        while True:
            effect = await self._to_tell.get()
            try:
                async with asyncio.timeout(TELL_S):
                    await self._tell(effect)
            except TimeoutError:
                _log.error("telephone_not_told", session=self._order.session)

    async def _tell(self, effect: Tell | End) -> None:
        pool, session = self._order.pool, self._order.session
        while True:
            try:
                if isinstance(effect, Tell):
                    await self._media.leg(pool, session, effect.side, self._worker, effect.leg)
                else:
                    await self._media.hang_up(pool, session, effect.by, self._worker, effect.reason)
            except Refusal as refusal:  # it is over, or another worker's
                _log.info("telephone_after_the_end", session=session, code=refusal.code)
            except StoreUnavailable:
                await asyncio.sleep(AGAIN_S)
                continue
            return


def _nobody(_news: CallNews) -> None:
    """Nobody listens yet, or any more."""
