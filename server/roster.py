"""From the directory to the live pool: settings, who belongs to it, and the hours in force."""

import asyncio
from functools import partial
from typing import Any, Final, NamedTuple

import msgspec
import structlog

from directory.expert import Pool
from directory.hours import HoursError, Schedule, windows
from directory.profiles import Profiles
from ground.clock import Clock
from ground.errors import Refusal
from presence.presence import NEVER, Presence
from queueing.line import Line
from queueing.settings import PoolSettings
from server.mirror import settings_of

DAYS_AHEAD: Final = 14
AGAIN_MS: Final = 6 * 3_600_000
"""Windows reach days ahead; they are made anew so often."""
AT_ONCE: Final = 50
DAY_MS: Final = 86_400_000
_log = structlog.get_logger("openline.roster")


class _Installed(NamedTuple):
    """What the live pool was made of: which revision of the directory, with which settings and whose hours, and when
    all hours were worked out."""

    revision: int
    at: int
    plans: dict[str, Schedule]
    settings: dict[str, Any] | None


NOTHING: Final = _Installed(-1, 0, {}, None)


class Roster:
    """Puts pools of the directory into the live store. Doing so again changes nothing."""

    def __init__(self, profiles: Profiles, line: Line, presence: Presence, clock: Clock) -> None:
        self._profiles = profiles
        self._line = line
        self._presence = presence
        self._clock = clock
        self._installed: dict[str, _Installed] = {}

    def forget(self, pool: str) -> None:
        """The live store may have lost what was installed: the next `install` does all of it."""
        self._installed.pop(pool, None)

    def has(self, page: Pool) -> bool:
        """Whether the live pool is what the directory says, as `page` has it: then `install` would change nothing."""
        installed = self._installed.get(page.pool, NOTHING)
        return installed.revision == page.revision and self._clock.now_ms() - installed.at < AGAIN_MS

    async def install(self, pool: str) -> None:
        """Make the live pool what the directory says. Refused `no_such_pool`; raises StoreUnavailable, database errors.

        Costs one look at the directory when neither it nor the day has changed since the last time.
        """
        now, before = self._clock.now_ms(), self._installed.get(pool, NOTHING)
        if now - before.at >= AGAIN_MS:
            before = NOTHING._replace(at=now)
        told = await self._profiles.changes(pool, before.revision)
        if told.ids is None:
            return
        settings = _line_settings(told.pool)
        if settings != before.settings:
            await self._settings(pool, settings)
        await self._presence.enrol(pool, [one.expert for one in told.changed if one.expert not in before.plans])
        plans = {one.expert: Schedule(one.hours, one.timezone, one.exceptions, one.holidays) for one in told.changed}
        others = {expert: plan for expert, plan in plans.items() if before.plans.get(expert) != plan}
        await self._hours(pool, others, now)
        done = (before.plans and before.plans.keys() <= told.ids) or await self._retire(pool, told.ids)
        known = {expert: plan for expert, plan in (before.plans | plans).items() if expert in told.ids}
        self._installed[pool] = _Installed(told.pool.revision, before.at, known, settings) if done else NOTHING

    async def _settings(self, pool: str, settings: dict[str, Any]) -> None:
        try:
            wanted = msgspec.convert(settings, PoolSettings)
        except msgspec.ValidationError as wrong:
            _log.error("bad_settings", pool=pool, error=str(wrong))
            wanted = PoolSettings()
        snapshot = await self._line.snapshot(pool)
        if not snapshot.settings or settings_of(snapshot.settings) != wanted:
            await self._line.configure(pool, wanted)

    async def _hours(self, pool: str, plans: dict[str, Schedule], now: int) -> None:
        experts = list(plans)
        for start in range(0, len(experts), AT_ONCE):
            some = experts[start : start + AT_ONCE]
            hours = [_understood(pool, expert, plans[expert], now) for expert in some]
            await asyncio.gather(*map(partial(self._presence.set_hours, pool), some, hours))

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


def _understood(pool: str, expert: str, plan: Schedule, now: int) -> list[tuple[int, int]] | None:
    """Hours that this release can't read (a country or a time zone is gone) are closed rather than open."""
    try:
        return in_force(plan, now)
    except HoursError as wrong:
        _log.error("hours_not_understood", pool=pool, expert=expert, error=str(wrong))
        return []


def in_force(plan: Schedule, now: int) -> list[tuple[int, int]] | None:
    """The hours as the live pool takes them. An opening that lasts now and for all the days ahead has no end that
    anybody should be told; it is looked at again long before. Raises HoursError."""
    hours = windows(plan, now, DAYS_AHEAD)
    if hours and hours[0][0] <= now and hours[0][1] > now + DAYS_AHEAD * DAY_MS:
        return [(hours[0][0], NEVER)]
    return hours


def _line_settings(pool: Pool) -> dict[str, Any]:
    """What the pool sets about its lines. Only what flows through a media worker can be recorded."""
    bridged = pool.options.bridge_audio or pool.options.recording
    return pool.settings | {"bridge_audio": 1} if bridged else pool.settings
