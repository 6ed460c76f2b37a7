"""A profile that changed somewhere: read again, and told to whoever follows that expert's light."""

import asyncio

import structlog

from ground.errors import Refusal
from ground.sql import FAILURES
from server.catalogue import Catalogue
from server.changes import Whole
from server.fanout import LivePool
from server.translate import LIGHTS, light_topic
from wire import messages

_log = structlog.get_logger("openline.profile_news")


class ProfileNews:
    """`changed` belongs into `Fanout.profile_changed`. Several changes of one expert in a row are one reading."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._pending: dict[tuple[str, str], asyncio.Task[None]] = {}
        self._again: set[tuple[str, str]] = set()

    def changed(self, live: LivePool, expert: str) -> None:
        """Read the profile of `expert` and tell it."""
        key = (live.pool, expert)
        if key in self._pending:
            self._again.add(key)
            return
        self._pending[key] = asyncio.create_task(self._tell(live, expert))

    async def close(self) -> None:
        """Stop reading."""
        for task in self._pending.values():
            task.cancel()
        await asyncio.gather(*self._pending.values(), return_exceptions=True)

    async def _tell(self, live: LivePool, expert: str) -> None:
        key = (live.pool, expert)
        try:
            while True:
                self._again.discard(key)
                profile = await self._catalogue.reread(live.pool, expert)
                change = Whole(f"profile:{expert}", messages.ProfileNews(profile=profile))
                live.post([(LIGHTS, change), (light_topic(expert), change)])
                if key not in self._again:
                    return
        except (Refusal, *FAILURES) as error:
            _log.warning("profile_not_read", pool=live.pool, expert=expert, error=type(error).__name__)
        finally:
            del self._pending[key]
