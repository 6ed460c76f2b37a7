"""The mail between server processes and media workers: an order, and its result within a deadline.

Letters are whispered over one channel of the live store, so they are quick, and lost where nobody listens: whoever
asks sets a deadline, and whoever answers may be asked the same again.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final

import msgspec
import structlog
from msgspec import Struct

from ground.errors import Refusal, StoreUnavailable
from ground.ids import new_id
from ground.journal import Entry, EpochLost, Journal
from ground.store import Store
from sessions.media.orders import BadLetter, Order, Refused, Result, read_order, read_result, write
from sessions.media.workers import EVERYWHERE, Workers

WAITING_MAX: Final = 500
"""Orders that one process may wait for, and that one worker works on, at a time."""
CALL_AGAIN_S: Final = 0.2
RETRY_S: Final = 0.5
_log = structlog.get_logger("openline.media")

Work = Callable[[Order], Awaitable[Result]]


class _Letter(Struct, tag_field="k", tag="post"):
    """The whisper that brings a letter."""

    to: str
    sender: str
    mail: str
    body: str
    answers: str


_read = msgspec.msgpack.Decoder(_Letter).decode


class Unanswered(Exception):
    """No result came in time: the worker is gone, or busy, or the letter was lost."""


class Post:
    """The mail of one process called `name`. `run` it for as long as letters are to come; a worker sets `work`."""

    def __init__(self, store: Store, journal: Journal, name: str, work: Work | None = None) -> None:
        self.name = name
        self._workers = Workers(store)
        self._journal = journal
        self._work = work
        self._asked: dict[str, asyncio.Future[str]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def ask(self, worker: str, order: Order, deadline_s: float) -> Result:
        """What the worker says to an order. The order may be carried out although no result comes.

        Raises Unanswered, Refusal (`no_media`: that worker isn't there; `rate_limited`: this process waits for as many
        answers as it may) and StoreUnavailable.
        """
        if len(self._asked) >= WAITING_MAX:
            raise Refusal("rate_limited")  # of ours: no worker is the worse for it
        mail, heard = new_id("l"), asyncio.get_running_loop().create_future()
        self._asked[mail] = heard
        try:
            async with asyncio.timeout(deadline_s):
                await self._workers.post(worker, self.name, mail, write(order))
                return read_result(await heard)
        except TimeoutError:
            raise Unanswered(worker) from None
        except BadLetter as bad:
            raise Unanswered(str(bad)) from None
        finally:
            del self._asked[mail]

    async def listening(self, deadline_s: float) -> None:
        """Returns once letters come here: one to oneself has come. Raises TimeoutError."""
        mail, heard = new_id("l"), asyncio.get_running_loop().create_future()
        self._asked[mail] = heard
        try:
            async with asyncio.timeout(deadline_s):
                while not heard.done():
                    with suppress(StoreUnavailable):
                        await self._workers.post(self.name, self.name, new_id("l"), "", answers=mail)
                    await asyncio.wait([heard], timeout=CALL_AGAIN_S)
        finally:
            del self._asked[mail]

    async def run(self) -> None:
        """Take in what comes. Runs until cancelled."""
        try:
            while True:
                try:
                    async for entry in self._journal.follow(EVERYWHERE, await self._journal.tail(EVERYWHERE)):
                        self._take(entry)
                except (EpochLost, StoreUnavailable):
                    await asyncio.sleep(RETRY_S)
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    def _take(self, entry: Entry) -> None:
        for raw in entry.events:
            try:
                letter = _read(raw)
            except msgspec.MsgspecError:  # of another release
                continue
            if letter.to != self.name:
                continue
            if letter.answers:
                heard = self._asked.get(letter.answers)
                if heard is not None and not heard.done():
                    heard.set_result(letter.body)
            elif self._work is not None and len(self._tasks) < WAITING_MAX:
                task = asyncio.create_task(self._carry_out(self._work, letter))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)

    async def _carry_out(self, work: Work, letter: _Letter) -> None:
        try:
            result = await work(read_order(letter.body))
        except Refusal as refusal:
            result = Refused(refusal.code, refusal.detail)
        except (BadLetter, StoreUnavailable) as error:
            _log.warning("order_not_carried_out", error=type(error).__name__)
            result = Refused("no_media")
        except Exception:
            _log.exception("order_failed")
            result = Refused("no_media")
        with suppress(StoreUnavailable):
            await self._workers.post(letter.sender, self.name, new_id("l"), write(result), answers=letter.mail)
