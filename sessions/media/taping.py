"""The recording of a carried session, in step with what its two sides allow."""

import asyncio
from collections.abc import Callable
from typing import Final

from sessions.media.announcing import Announcer
from sessions.media.bridge import Bridge, Side
from sessions.media.leg import Packet
from sessions.recording.tap import CannotRecord, Tape, Tapes

TRIES: Final = 10
"""Once a second: the worker that had the session before may still hold the file."""


class Taping:
    """One session's. `failed` hears, once a recording, why it could not go on; the call does."""

    def __init__(
        self, tapes: Tapes | None, pool: str, session: str, bridge: Bridge, announcer: Announcer,
        failed: Callable[[str], None],
    ) -> None:  # fmt: skip
        self._tapes = tapes
        self._pool, self._session = pool, session
        self._bridge, self._announcer = bridge, announcer
        self._failed = failed
        self._wanted = False
        self._turning: asyncio.Task[None] | None = None
        self._tape: Tape | None = None

    def want(self, wanted: bool, at: int) -> None:
        """Whether both sides allow it since `at`, in the store's milliseconds."""
        if wanted != self._wanted:
            self._wanted = wanted
            loop = asyncio.get_running_loop()
            self._turning = loop.create_task(self._turn(self._turning, wanted, at - loop.time() * 1000))

    async def _turn(self, before: asyncio.Task[None] | None, wanted: bool, epoch: float) -> None:
        """`epoch` is the store's time when the loop's was zero."""
        if before is not None:
            await before
        if wanted:
            await self._start(epoch)
        elif self._tape is not None:
            self._bridge.tap(None)
            tape, self._tape = self._tape, None
            await tape.stop()

    async def _start(self, epoch: float) -> None:
        for _ in range(TRIES if self._tapes is not None else 0):
            if not self._wanted:
                return
            at = int(epoch + asyncio.get_running_loop().time() * 1000)
            try:
                assert self._tapes is not None
                self._tape = await self._tapes.start(self._pool, self._session, at, self._failed)
            except CannotRecord:
                await asyncio.sleep(1)
                continue
            self._bridge.tap(_into(self._tape, epoch))
            self._announcer.announce("recording")
            return
        self._failed("disk_error")

    @property
    def is_on(self) -> bool:
        """Whether it is recorded now."""
        return self._tape is not None

    async def close(self) -> None:
        """What has been heard so far is written."""
        self.want(False, 0)
        if self._turning is not None:
            await self._turning


def _into(tape: Tape, epoch: float) -> Callable[[Side, Packet, float], None]:
    def heard(side: Side, packet: Packet, at: float) -> None:
        tape.tap(side, packet, int(epoch + at * 1000))

    return heard
