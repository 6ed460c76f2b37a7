"""What a pool's journal says of the sessions that one media worker carries."""

import asyncio
from collections.abc import Callable
from typing import Final

import msgspec
import structlog
from msgspec import Struct

from ground.errors import StoreUnavailable
from ground.journal import EpochLost, Journal
from queueing.facts import PoolSnapshot, SessionFacts
from queueing.line import Line

RETRY_S: Final = 0.5
_log = structlog.get_logger("openline.media")


class _Event(Struct):
    """Any event: all but its kind is passed over."""

    k: str


_event = msgspec.msgpack.Decoder(_Event).decode
_session = msgspec.msgpack.Decoder(SessionFacts).decode

News = Callable[[SessionFacts, int], None]
"""How a session stands, at a time in the store's milliseconds. Sessions of other workers are told, too."""
Gone = Callable[[str], None]
"""A session of this worker's that the store knows no more."""


class Follower:
    """Follows one pool. `mine` are the sessions that are the worker's by the journal, each with when that was told."""

    def __init__(self, pool: str, worker: str, line: Line, journal: Journal, news: News, gone: Gone) -> None:
        self.pool = pool
        self.mine: dict[str, tuple[SessionFacts, int]] = {}
        self.used_at = asyncio.get_running_loop().time()
        self._worker = worker
        self._line, self._journal = line, journal
        self._news, self._gone = news, gone
        self._following: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Begin with how the pool stands now. Raises StoreUnavailable."""
        shot = await self._line.snapshot(self.pool)
        self._load(shot)
        self._following = asyncio.create_task(self._follow((shot.epoch, shot.seq)))

    def _load(self, shot: PoolSnapshot) -> None:
        was, self.mine = set(self.mine), {}
        for facts in shot.sessions:
            self._learn(facts, shot.at)
        for session in was - self.mine.keys():
            self._gone(session)

    def _learn(self, facts: SessionFacts, at: int) -> None:
        if facts.worker == self._worker and facts.state != "ended":
            self.mine[facts.session] = (facts, at)
        else:
            self.mine.pop(facts.session, None)
        self._news(facts, at)

    async def _follow(self, after: tuple[str, int]) -> None:
        while True:
            try:
                async for entry in self._journal.follow(self.pool, after):
                    for raw in entry.events:
                        if _event(raw).k == "session":
                            self._learn(_session(raw), entry.at)
            except EpochLost:
                _log.warning("history_lost", pool=self.pool)
            except Exception:  # a follower that stops would leave sessions on after their end: begin afresh
                _log.exception("follow_failed", pool=self.pool)
                await asyncio.sleep(RETRY_S)
            after = await self._afresh()

    async def _afresh(self) -> tuple[str, int]:
        while True:
            try:
                shot = await self._line.snapshot(self.pool)
                self._load(shot)
                return shot.epoch, shot.seq
            except StoreUnavailable:
                pass
            except Exception:
                _log.exception("follow_failed", pool=self.pool)
            await asyncio.sleep(RETRY_S)

    async def close(self) -> None:
        """Follow no more."""
        if self._following is not None:
            self._following.cancel()
            await asyncio.gather(self._following, return_exceptions=True)
