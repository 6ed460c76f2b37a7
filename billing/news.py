"""Telling every server process that somebody's money has moved, so that pages show it at once."""

from ground.store import Store


class MoneyWhispers:
    """Announces movements in the pools of one store."""

    def __init__(self, store: Store) -> None:
        self._call = store.call

    async def changed(self, pool: str, user: str, session: str = "") -> None:
        """The money of `user` has moved; `session` is settled ("": none). After the books say so.

        Raises StoreUnavailable.
        """
        await self._call("money_changed", pool, {"user": user, "session": session})
