"""What sends the mails: one task in each server process. Several share the outbox; none sends what another has."""

import asyncio
from collections.abc import Coroutine
from typing import Any, Final

import structlog

from ground.clock import Clock
from ground.sql import FAILURES
from mail.address import mailbox
from mail.outbox import Outbox
from mail.relay import parse_relay
from mail.sender import Sender

AT_ONCE: Final = 4
"""How many letters one process hands over at the same time."""
POLL_S: Final = 2.0
"""How often the outbox is looked at without being told: letters of other processes, and those that come again."""
TIDY_MS: Final = 10 * 60_000
FINISH_S: Final = 4.0
"""How long the end of the process waits for letters on their way; a cut line would leave them uncertain."""
_log = structlog.get_logger("openline.mailer")


class Mailer:
    """Sends what the outbox holds, as long as there is a `sender`. Without one it only keeps the outbox tidy."""

    def __init__(self, outbox: Outbox, sender: Sender | None, clock: Clock) -> None:
        self._outbox = outbox
        self._sender = sender
        self._clock = clock
        self._sending: set[asyncio.Task[None]] = set()
        self._wake = asyncio.Event()
        self._tidied_at = 0

    @property
    def sends(self) -> bool:
        """Whether there is a mail server to send to."""
        return self._sender is not None

    def hint(self) -> None:
        """A letter was just committed: look now."""
        self._wake.set()

    async def run(self) -> None:
        """Send until cancelled. Nothing that a mail server or the database does ends this."""
        try:
            while True:
                self._wake.clear()
                await self._look()
                await self._pause()
        finally:
            await self._finish()

    async def _look(self) -> None:
        now = self._clock.now_ms()
        try:
            if now - self._tidied_at >= TIDY_MS:
                await self._outbox.tidy(now)
                self._tidied_at = now
            free = AT_ONCE - len(self._sending)
            if self._sender and free:
                for letter in await self._outbox.claim(now, free):
                    self._start(self._sender.deliver(letter))
        except FAILURES as error:
            _log.warning("outbox_not_read", error=type(error).__name__)

    def _start(self, delivery: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(delivery)
        self._sending.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: "asyncio.Task[None]") -> None:
        self._sending.discard(task)
        self._wake.set()
        if not task.cancelled() and (error := task.exception()) is not None:
            # The letter stays leased: it comes again, or is uncertain, when the lease is over.
            _log.error("mail_not_recorded", exc_info=error)

    async def _pause(self) -> None:
        try:
            async with asyncio.timeout(POLL_S):
                await self._wake.wait()
        except TimeoutError:
            pass

    async def _finish(self) -> None:
        if not self._sending:
            return
        _done, late = await asyncio.wait(self._sending, timeout=FINISH_S)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)


def mailer_of(smtp: str, mail_from: str, outbox: Outbox, clock: Clock) -> Mailer:
    """The mailer that the settings of these names ask for; `server.config.load` has checked them."""
    if not smtp:
        return Mailer(outbox, None, clock)
    return Mailer(outbox, Sender(outbox, parse_relay(smtp), mailbox(mail_from), clock), clock)
