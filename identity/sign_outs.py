"""Ending a sign-in everywhere: every server process closes its sockets."""

from ground.store import Store


class SignOuts:
    """Announces ended sign-ins in the pools of one store."""

    def __init__(self, store: Store) -> None:
        self._call = store.call

    async def announce(self, pool: str, role: str, member: str, reason: str, sign_in: str = "") -> None:
        """Tell all processes that serve `pool` that one sign-in, or all of the member (""), ended: after the books say
        so. Raises StoreUnavailable."""
        await self._call("sign_out", pool, {"role": role, "member": member, "reason": reason, "sign_in": sign_in})
