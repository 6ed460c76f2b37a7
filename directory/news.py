"""Telling every server process that a profile has changed, so that pages show it at once."""

from ground.store import Store


class News:
    """Announces changes in the pools of one store."""

    def __init__(self, store: Store) -> None:
        self._call = store.call

    async def profile(self, pool: str, expert: str) -> None:
        """The profile of `expert`, or the feedback on them, has changed. Raises StoreUnavailable."""
        await self._call("profile_changed", pool, {"expert": expert})
