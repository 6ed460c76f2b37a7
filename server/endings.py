"""Sign-ins that ended a moment ago.

A hello is looked up in the books and admitted a little later. What ends in between finds no socket to close yet: it is
remembered here, and asked for once more when the socket is admitted.

The end of a sign-in is whispered through the store to every process. A whisper is heard once or not at all (the store
was out, a process came again), so that each process also looks into the books now and then.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Final, NamedTuple

import structlog

from ground.clock import Clock
from ground.sql import FAILURES
from identity.sign_ins import SignIns

KEPT_S: Final = 30.0
"""Longer than any hello takes."""
LOOK_S: Final = 5.0
OVERLAP_MS: Final = 60_000
"""How much of what was looked at is looked at again: clocks of other machines, transactions that took their time."""
RENEWED: Final = frozenset({"replaced", "grown_up"})
"""Reasons of sign-ins that gave way to another one of the same browser."""
_log = structlog.get_logger("openline.endings")


class Ending(NamedTuple):
    """The end of one sign-in, or of all that a member has (`sign_in` "")."""

    pool: str
    role: str
    member: str
    reason: str
    sign_in: str = ""

    def concerns(self, pool: str, role: str, member: str, sign_in: str) -> bool:
        """Whether a socket of this member and sign-in is over with it."""
        same = (self.pool, self.role, self.member) == (pool, role, member)
        return same and self.sign_in in ("", sign_in)


class Endings:
    """What ended within `KEPT_S`. Times in seconds, monotonic."""

    def __init__(self) -> None:
        self._recent: deque[tuple[float, Ending]] = deque()

    def note(self, ending: Ending, now: float) -> None:
        self._recent.append((now, ending))
        self.sweep(now)

    def why(self, pool: str, role: str, member: str, sign_in: str, since: float) -> str:
        """Why a sign-in that held at the time `since` is over now; "" when it is not."""
        for at, ending in reversed(self._recent):
            if at < since:
                break
            if ending.concerns(pool, role, member, sign_in):
                return ending.reason
        return ""

    def sweep(self, now: float) -> None:
        while self._recent and now - self._recent[0][0] > KEPT_S:
            self._recent.popleft()


async def watch(
    sign_ins: SignIns, sign_out: Callable[[str, str, str, str, str], None], clock: Clock, every_s: float = LOOK_S
) -> None:
    """End here what the books say has ended lately, looking every so many seconds. Runs for ever."""
    known: dict[tuple[str, ...], int] = {}
    while True:
        await asyncio.sleep(every_s)
        now = clock.now_ms()
        try:
            found = await sign_ins.ended_since(now - OVERLAP_MS)
        except FAILURES as error:
            _log.warning("endings_not_read", error=type(error).__name__)
            continue
        known = {ending: at for ending, at in known.items() if now - at <= OVERLAP_MS + 1000 * LOOK_S}
        for ending in found:
            if ending not in known:
                known[ending] = now
                sign_out(*ending)
