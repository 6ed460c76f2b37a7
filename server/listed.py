"""The pools of the directory, as they were listed a moment ago: one read for all who look after pools."""

import asyncio
from typing import Final

from directory.expert import Pool
from directory.profiles import Profiles

POOLS_S: Final = 2.0
"""How often the list is read."""


class Listed:
    """One per process; the conductor reads it."""

    def __init__(self, profiles: Profiles) -> None:
        self._profiles = profiles
        self._pools: dict[str, Pool] = {}
        self._read = asyncio.Event()

    async def read(self) -> list[str]:
        """The ids of all pools as they are now. Raises the database's own errors, and the list stays as it was."""
        self._pools = {page.pool: page for page in await self._profiles.pools()}
        read, self._read = self._read, asyncio.Event()
        read.set()
        return list(self._pools)

    def get(self, pool: str) -> Pool | None:
        """A pool as it was listed; None before that."""
        return self._pools.get(pool)

    async def next(self) -> None:
        """Wait for the list to be read again, at most twice as long as that takes as a rule."""
        try:
            async with asyncio.timeout(2 * POOLS_S):
                await self._read.wait()
        except TimeoutError:
            return
