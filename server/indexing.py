"""Keeps the index up to date: in the process that leads a pool, what changed in the directory is indexed within half a
second, and at once when somebody says so."""

import asyncio
from collections.abc import Container
from typing import Final

import structlog

from directory.index.index import Index
from ground.sql import FAILURES
from server.fanout import LivePool

LOOK_S: Final = 0.4
"""The longest time between two looks for changes that nobody announced: an import, another process."""
AT_ONCE: Final = 25
"""Experts in one transaction: other writers wait for so many."""
PAUSE_S: Final = 0.25
_log = structlog.get_logger("openline.indexing")


class Indexing:
    """`leading` holds the pools that this process leads. `changed` belongs beside `ProfileNews.changed`."""

    def __init__(self, index: Index, leading: Container[str]) -> None:
        self._index = index
        self._leading = leading
        self._told = asyncio.Event()

    def changed(self, _live: LivePool, _expert: str) -> None:
        """A profile has changed: look now."""
        self._told.set()

    async def run(self) -> None:
        """Index what changes. Runs for ever."""
        while True:
            try:
                for pool in sorted(await self._index.behind()):
                    if pool in self._leading:
                        await self._catch_up(pool)
            except FAILURES as error:
                _log.warning("not_indexed", error=type(error).__name__)
            except Exception:  # the next change must not find that nobody indexes any more
                _log.exception("not_indexed")
            try:
                await asyncio.wait_for(self._told.wait(), LOOK_S)
            except TimeoutError:
                continue
            self._told.clear()

    async def _catch_up(self, pool: str) -> None:
        # A change of one expert comes before the rest of a long import only by its id; both are soon done.
        looked, now = AT_ONCE, asyncio.get_running_loop().time
        while looked == AT_ONCE:
            began = now()
            looked = await self._index.catch_up(pool, AT_ONCE)
            # As long again for everybody else: a long import is no reason to make people wait.
            await asyncio.sleep(min(now() - began, PAUSE_S) if looked == AT_ONCE else 0)
