"""What the books teach about waits, read again every minute: session lengths of each expert, patience of users."""

import asyncio
from typing import Final

import structlog

from ground.sql import FAILURES, Database
from queueing.experience import Experience, KaplanMeier
from queueing.store import patience
from server.fanout import LivePool
from server.forecasts import Forecasts, OpenForecasts
from sessions.store import recent_lengths

EVERY_S: Final = 60.0
EXPERTS_MOST: Final = 500
_log = structlog.get_logger("openline.learning")


class Learning:
    """Feeds the forecasts of open pools; `run` belongs beside each (`Fanout.on_open`)."""

    def __init__(self, db: Database, forecasts: OpenForecasts) -> None:
        self._db = db
        self._forecasts = forecasts

    async def run(self, live: LivePool) -> None:
        """Learn now and every minute. Runs for ever."""
        while True:
            try:
                await self.learn(live, self._forecasts.of(live))
            except FAILURES as error:
                _log.warning("not_learned", pool=live.pool, error=type(error).__name__)
            await asyncio.sleep(EVERY_S)

    async def learn(self, live: LivePool, forecasts: Forecasts) -> None:
        """Read the books once. Raises database errors."""
        own = {
            expert: list(reversed(await recent_lengths(self._db, live.pool, expert)))
            for expert in sorted(live.mirror.experts)[:EXPERTS_MOST]
        }
        pooled = [seconds for lengths in own.values() for seconds in lengths]
        waits = await patience(self._db, live.pool)
        users = KaplanMeier(
            [waited / 1000 for waited, gave_up in waits if gave_up],
            [waited / 1000 for waited, gave_up in waits if not gave_up],
        )
        experiences = {expert: Experience(lengths, pooled, users) for expert, lengths in own.items() if lengths}
        forecasts.learn(experiences, Experience((), pooled, users))
