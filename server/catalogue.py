"""What a process knows of the directory: names and profiles of each open pool, read again every few seconds."""

import asyncio
import itertools
from collections.abc import Mapping
from typing import Final

import structlog

from directory.expert import Expert, Pool, PoolOptions
from directory.profiles import Directory, Profiles, by_name
from directory.rates import rates_of
from ground.errors import Refusal
from ground.sql import FAILURES, Database
from server.views import Names
from sessions.standing import NONE, Standing, standings
from wire import messages

REFRESH_S: Final = 5.0
COUNT_EVERY: Final = 12
"""Every so many rounds standings are counted again though the directory has not changed: sessions have ended, and the
word of new feedback may have been lost on its way."""
_log = structlog.get_logger("openline.catalogue")


class Page:
    """One pool of the directory. `names` stays the same object while what it says is kept up to date."""

    def __init__(self, pool: str) -> None:
        self.pool = Pool(pool=pool, name=pool, revision=0)
        self.experts: dict[str, Expert] = {}
        self.profiles: dict[str, messages.Profile] = {}
        self.standings: dict[str, Standing] = {}

    def fill(self, told: Directory) -> None:
        """Take over what the directory says now, beside what was known."""
        repriced = self.pool.options.prepaid != told.pool.options.prepaid
        self.pool = told.pool
        before = self.experts
        gone = before.keys() - told.ids if told.ids is not None else ()
        renamed = any(one.expert not in before or before[one.expert].name != one.name for one in told.changed)
        if gone or renamed:
            after = {**before, **{one.expert: one for one in told.changed}}
            order = sorted((one for one in after.values() if one.expert not in gone), key=by_name)
            self.experts = {one.expert: one for one in order}
            self.profiles = {one.expert: self.profiles.get(one.expert) or self._profile(one) for one in order}
        for one in told.changed:
            self.experts[one.expert] = one
            self.profiles[one.expert] = self._profile(one)
        if repriced:
            self.profiles = {expert: self._profile(one) for expert, one in self.experts.items()}

    def count(self, standings: Mapping[str, Standing]) -> None:
        """Take over how everybody stands now."""
        before, self.standings = self.standings, dict(standings)
        for expert in before.keys() | standings.keys():
            if before.get(expert) != standings.get(expert) and expert in self.experts:
                self.profiles[expert] = self._profile(self.experts[expert])

    def _profile(self, expert: Expert) -> messages.Profile:
        return profile(expert, self.standings.get(expert.expert, NONE), self.pool.options)

    def put(self, expert: Expert, standing: Standing) -> messages.Profile:
        """Take over one expert; the profile that everybody may know."""
        self.experts[expert.expert] = expert
        self.standings[expert.expert] = standing
        self.profiles[expert.expert] = self._profile(expert)
        return self.profiles[expert.expert]

    def name(self, expert: str) -> str:
        """The display name of an expert; the id of one whom the directory does not know."""
        known = self.experts.get(expert)
        return known.name if known else expert


def profile(expert: Expert, standing: Standing, options: PoolOptions) -> messages.Profile:
    """What everybody may know of an expert."""
    rates = rates_of(expert, options)
    return messages.Profile(
        expert=expert.expert,
        name=expert.name,
        headline=expert.headline,
        categories=expert.categories,
        languages=expert.languages,
        modes=expert.modes,
        photo=expert.photo,
        started_on=expert.started_on,
        rate=min(rates.values(), default=0),
        rates=[messages.ModeRate(mode=mode, rate=rate) for mode, rate in rates.items()],
        stars=standing.stars,
        ratings=standing.ratings,
        sessions=standing.sessions,
    )


class Catalogue:
    """The pages of this process."""

    def __init__(self, profiles: Profiles, database: Database) -> None:
        self._profiles = profiles
        self._database = database
        self._pages: dict[str, Page] = {}

    async def names(self, pool: str) -> Names:
        """Display names in `pool`. Raises Refusal (`no_such_pool`)."""
        return (await self.open(pool)).name

    def currency(self, pool: str) -> str:
        """The currency of a pool that is open; "" of another."""
        return self._pages[pool].pool.options.currency if pool in self._pages else ""

    async def open(self, pool: str) -> Page:
        """The page of a pool, read if it was not. Raises Refusal (`no_such_pool`)."""
        page = self._pages.get(pool)
        if page is None:
            page = Page(pool)
            await self._read(page)
            page = self._pages.setdefault(pool, page)
        return page

    async def _read(self, page: Page, *, count: bool = False) -> None:
        told = await self._profiles.changes(page.pool.pool, page.pool.revision if page.experts else -1)
        if count or not page.experts:
            page.count(await standings(self._database, told.pool.pool))
        if told.ids is not None:
            page.fill(told)

    async def reread(self, pool: str, expert: str) -> messages.Profile:
        """One expert's profile as it is now. Raises Refusal (`no_such_pool`, `unknown_expert`)."""
        page = await self.open(pool)
        found = await standings(self._database, pool, [expert])
        return page.put(await self._profiles.expert(pool, expert), found.get(expert, NONE))

    async def keep(self) -> None:
        """Read every page again now and then. Runs for ever."""
        for turn in itertools.count(1):
            await asyncio.sleep(REFRESH_S)
            for page in list(self._pages.values()):
                try:
                    await self._read(page, count=turn % COUNT_EVERY == 0)
                except (Refusal, *FAILURES) as error:
                    _log.warning("directory_not_read", pool=page.pool.pool, error=type(error).__name__)
