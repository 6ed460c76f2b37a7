"""A media worker's telephone: it rings for sessions, for somebody's turn, and to confirm a number."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Final

from ground.errors import Refusal
from queueing.media import Media
from sessions.media.orders import AskKeys, Dial, Done, Order, Result, RingUser, StopRinging, TellCode
from sessions.phone.code_calls import ask_keys, tell_code
from sessions.phone.dialled import Carrying, Dialled, Placed
from sessions.phone.engine import PhoneEngine
from sessions.phone.turns import Turn, ring
from sessions.speech.voice import Voice

LOOK_S: Final = 1.0
Carry = Callable[[str, str], Awaitable[Carrying]]
"""The session of a pool, which this worker carries. May raise Refusal and StoreUnavailable."""


class Telephone:
    """One per worker, which owns the `engine`. Closing it hangs everything up, and closes the engine.

    Without a `voice` nothing is said: keys are asked for, and tones stand for words.
    """

    def __init__(
        self, engine: PhoneEngine, carry: Carry, media: Media, worker: str, voice: Voice | None = None
    ) -> None:  # fmt: skip
        self._engine, self._carry, self._media, self._worker = engine, carry, media, worker
        self._voice = voice
        self._dialled: dict[tuple[str, str], Dialled] = {}
        self._turns: dict[tuple[str, str], Turn] = {}
        self._ringing: dict[tuple[str, str], asyncio.Lock] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._looking = asyncio.create_task(self._look())

    async def order(self, order: Order) -> Result:
        """Carry out an order about telephones. Refuses phone_full, no_media, and what carrying a session refuses."""
        match order:
            case Dial():
                return await self._dial(order)
            case RingUser():
                return await (await self._turn(order)).result()
            case StopRinging():
                return await self._stop(order)
            case AskKeys():
                return await ask_keys(self._engine, order)
            case TellCode():
                return await tell_code(self._engine, order, self._voice)
            case _:
                raise Refusal("no_media")

    def over(self, pool: str, session: str, reason: str = "") -> None:
        """A session is no longer this worker's: what rings for it stops. `reason` is why it ended by itself."""
        dialled = self._dialled.pop((pool, session), None)
        if dialled is not None:
            self._start(dialled.close(reason))

    def free_lines(self) -> int:
        """How many calls could be made now."""
        return self._engine.free_lines()

    def speaks(self) -> bool:
        """Whether a code could be said now."""
        return self._voice is not None and self._voice.speaks

    async def close(self) -> None:
        """Hang up everything, and end the engine."""
        self._looking.cancel()
        for turn in self._turns.values():
            self._start(turn.close())
        for dialled in self._dialled.values():
            self._start(dialled.close())
        await asyncio.gather(self._looking, *self._tasks, return_exceptions=True)
        await self._engine.close()

    # ------------------------------------------------------------ sessions

    async def _dial(self, order: Dial) -> Done:
        key = (order.pool, order.session)
        if key not in self._dialled:
            carried = await self._carry(*key)
            if key not in self._dialled:
                picked_up = self._take_turn(order)
                self._dialled[key] = Dialled(
                    order, carried, self._engine, self._media, self._worker, picked_up, self._voice
                )
        return Done()

    def _take_turn(self, order: Dial) -> Placed | None:
        """The call of the user's turn: it talks, rings still, or was hung up before the session began."""
        turn = self._turns.get((order.pool, order.offer))
        return turn.take() if turn is not None else None

    # ------------------------------------------------------------ turns

    async def _turn(self, order: RingUser) -> Turn:
        key = (order.pool, order.offer)
        async with self._ringing.setdefault(key, asyncio.Lock()):
            if key not in self._turns:
                self._turns[key] = await ring(self._engine, order, self._voice)
        return self._turns[key]

    async def _stop(self, order: StopRinging) -> Done:
        key = (order.pool, order.offer)
        async with self._ringing.setdefault(key, asyncio.Lock()):  # it may be about to ring
            turn = self._turns.pop(key, None)
        if turn is not None:
            await turn.close(kept=order.kept)
        return Done()

    async def _look(self) -> None:
        """Let go of turns that nobody asks for any more."""
        while True:
            await asyncio.sleep(LOOK_S)
            for key in [key for key, turn in self._turns.items() if turn.is_forgotten()]:
                self._start(self._turns.pop(key).close())
            for key in [key for key, lock in self._ringing.items() if key not in self._turns and not lock.locked()]:
                del self._ringing[key]

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
