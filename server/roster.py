"""From the directory to the live pool: settings, who belongs to it, and the hours in force."""

import asyncio
from typing import Final

import msgspec
import structlog

from directory.expert import Expert, Pool
from directory.hours import windows
from directory.profiles import Profiles
from ground.clock import Clock
from ground.errors import Refusal
from presence.presence import Presence
from queueing.line import Line
from queueing.settings import PoolSettings
from server.mirror import settings_of

DAYS_AHEAD: Final = 14
AGAIN_MS: Final = 6 * 3_600_000
"""Windows reach days ahead; they are made anew so often."""
AT_ONCE: Final = 200
_log = structlog.get_logger("openline.roster")


class Roster:
    """Puts pools of the directory into the live store. Doing so again changes nothing."""

    def __init__(self, profiles: Profiles, line: Line, presence: Presence, clock: Clock) -> None:
        self._profiles = profiles
        self._line = line
        self._presence = presence
        self._clock = clock
        self._installed: dict[str, tuple[int, int]] = {}

    def forget(self, pool: str) -> None:
        """The live store may have lost what was installed: the next `install` does all of it."""
        self._installed.pop(pool, None)

    async def install(self, pool: str) -> None:
        """Make the live pool what the directory says. Refused `no_such_pool`; raises StoreUnavailable, database errors.

        Costs one look at the directory when neither it nor the day has changed since the last time.
        """
        page, now = await self._profiles.pool(pool), self._clock.now_ms()
        revision, at = self._installed.get(pool, (0, 0))
        if page.revision == revision and now - at < AGAIN_MS:
            return
        experts = await self._profiles.experts(pool)
        await self._settings(page)
        await self._presence.enrol(pool, [one.expert for one in experts])
        for start in range(0, len(experts), AT_ONCE):
            await asyncio.gather(*(self._hours(pool, one, now) for one in experts[start : start + AT_ONCE]))
        if await self._retire(pool, {one.expert for one in experts}):
            self._installed[pool] = (page.revision, now)

    async def _settings(self, page: Pool) -> None:
        try:
            wanted = msgspec.convert(page.settings, PoolSettings)
        except msgspec.ValidationError as wrong:
            _log.error("bad_settings", pool=page.pool, error=str(wrong))
            wanted = PoolSettings()
        snapshot = await self._line.snapshot(page.pool)
        if not snapshot.settings or settings_of(snapshot.settings) != wanted:
            await self._line.configure(page.pool, wanted)

    async def _hours(self, pool: str, expert: Expert, now: int) -> None:
        hours = windows(expert.hours, expert.timezone, now, DAYS_AHEAD)
        await self._presence.set_hours(pool, expert.expert, hours)

    async def _retire(self, pool: str, known: set[str]) -> bool:
        """Take out who is no longer in the directory; False when somebody has to stay until their session ends."""
        done = True
        snapshot = await self._line.snapshot(pool)
        for facts in snapshot.experts:
            if facts.expert not in known:
                try:
                    await self._presence.retire(pool, facts.expert)
                except Refusal as refusal:
                    done = False
                    _log.info("not_retired", pool=pool, expert=facts.expert, code=refusal.code)
        return done
