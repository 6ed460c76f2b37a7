"""Signs of life of those whose time costs money.

While a metered session is live, each connection of its two sides here is asked for a sign every second (a ping, which
browsers answer by themselves). A side from which none of its connections here has sent a byte for `QUIET_S` is reported
to the live store with how long ago its last sign was, so that the clock stands still from then on; and again as soon as
it is heard. Each process speaks of its own connections only: the store joins what all of them say.

So it is done for bridged audio as well, whose evidence is the media worker's: a side that goes on by chat has no
other. On the telephone nobody does.
"""

import asyncio
from collections.abc import Callable, Iterable
from typing import Final

import structlog

from ground.errors import Refusal, StoreUnavailable
from queueing.facts import SessionFacts
from queueing.line import Line
from server.connection import Connection
from server.fanout import LivePool
from server.socket import Socket
from wire.messages import Side

QUIET_S: Final = 2.4
"""A side that has been silent for so long has no evidence. Looked at every second, so that it is known before the
fourth second is over; what is charged ends with the last sign."""
AGAIN_S: Final = 5.0
"""A side that stays silent is reported anew: the store forgets what was said by a process whose lease has lapsed."""
SIDES: Final[tuple[Side, Side]] = ("user", "expert")
_log = structlog.get_logger("openline.evidence")
Key = tuple[str, str, Side]


class Evidence:
    """One per process; `sweep` is called once a second by the door's own sweep."""

    def __init__(self, line: Line, process: str, pools: Callable[[], Iterable[LivePool]]) -> None:
        self._line = line
        self._process = process
        self._pools = pools
        self._quiet: dict[Key, float] = {}  # when its silence was reported last
        self._tasks: dict[Key, asyncio.Task[None]] = {}

    def sweep(self, now: float) -> None:
        """Ask everybody concerned for a sign, and report who has become quiet or is heard again. `now` in seconds."""
        seen: set[Key] = set()
        for live in self._pools():
            for session in live.mirror.sessions.values():
                if session.rate and session.state == "live" and session.mode != "phone":
                    seen.update(self._session(live, session, now))
        for key in self._quiet.keys() - seen:
            del self._quiet[key]

    def _session(self, live: LivePool, session: SessionFacts, now: float) -> Iterable[Key]:
        for side in SIDES:
            member = session.user if side == "user" else session.expert
            conns = live.people(side, member)
            if not conns:
                continue
            key = (live.pool, session.session, side)
            silent = now - max(conn.heard for conn in conns)
            for conn in conns:
                _probe(conn, now)
            self._report(key, silent, now)
            yield key

    def _report(self, key: Key, silent: float, now: float) -> None:
        told, quiet = self._quiet.get(key), silent >= QUIET_S
        if key in self._tasks or (told is None and not quiet) or (told is not None and quiet and now - told < AGAIN_S):
            return
        task = asyncio.create_task(self._tell(key, int(silent * 1000) if quiet else 0, now))
        self._tasks[key] = task
        task.add_done_callback(lambda _task: self._tasks.pop(key, None))

    async def _tell(self, key: Key, silent_ms: int, now: float) -> None:
        """What the store did not hear is told again by the next sweep."""
        pool, session, side = key
        try:
            await self._line.evidence(pool, session, side, self._process, silent_ms)
        except Refusal:
            _log.info("evidence_after_the_end", pool=pool, session=session)
        except StoreUnavailable as error:
            _log.warning("evidence_not_reported", pool=pool, session=session, error=str(error))
            return
        if silent_ms:
            self._quiet[key] = now
        else:
            self._quiet.pop(key, None)


def _probe(conn: Connection, now: float) -> None:
    if isinstance(conn.sink, Socket):
        conn.sink.probe(now)
