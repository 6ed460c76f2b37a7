"""The lease of the one process that leads a pool."""

from ground.store import Store


class Leadership:
    """Takes, renews and gives up the lead of pools."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def hold(self, pool: str, process: str, ttl_ms: int) -> int:
        """Take or renew the lead for `ttl_ms`. Returns the fencing token, which grows
        with every new leader; 0: another leads.

        Raises StoreUnavailable.
        """
        token: int = (await self._store.call("lead", pool, {"process": process, "ttl": ttl_ms}))["token"]
        return token

    async def resign(self, pool: str, process: str) -> None:
        """Step down at once, if leading. Raises StoreUnavailable."""
        await self._store.call("resign", pool, {"process": process})
