"""The door of presence: who is here, what they declare, when they are open.

Every method is one atomic step in the store. `now` is the time in milliseconds (0: the store's own clock); all raise
`ground.errors.Refusal` with nothing changed, and `ground.errors.StoreUnavailable`.
"""

from typing import Any, Final

from ground.store import Store

NEVER: Final = 253_402_300_800_000
"""A closing time that stands for none that is known: the end of the year 9999."""


class Presence:
    """Leases, attachments, declared status and hours of the pools in one store."""

    def __init__(self, store: Store) -> None:
        self._call = store.call

    async def enrol(self, pool: str, experts: list[str], *, now: int = 0) -> dict[str, Any]:
        """Add experts to the pool, offline at first; those already in it stay as they are. → {"added": n}"""
        return await self._call("enrol", pool, {"experts": experts}, now=now)

    async def retire(self, pool: str, expert: str, *, now: int = 0) -> dict[str, Any]:
        """Take an expert out of the pool; their line is emptied. Refuses unknown_expert, expert_in_session."""
        return await self._call("retire", pool, {"expert": expert}, now=now)

    async def renew(self, pool: str, process: str, *, now: int = 0) -> dict[str, Any]:
        """Renew the lease of a server process (8 s). → {"known": False} when its members must be attached again."""
        return await self._call("renew", pool, {"process": process}, now=now)

    async def release(self, pool: str, process: str, *, now: int = 0) -> dict[str, Any]:
        """The process stops in order: all its members are detached."""
        return await self._call("release", pool, {"process": process}, now=now)

    async def attach(self, pool: str, process: str, side: str, member: str, *, now: int = 0) -> dict[str, Any]:
        """A member (side "user" or "expert") has a connection at this process. Repeating it changes nothing.

        → {"first": whether nobody held the member before, "lapsed": whether the process had no lease, so that
        whatever it held before is gone}. Refuses unknown_expert, process_full.
        """
        return await self._call("attach", pool, {"process": process, "side": side, "member": member}, now=now)

    async def detach(
        self, pool: str, process: str, side: str, member: str, *, silent_ms: int = 0, now: int = 0
    ) -> dict[str, Any]:
        """The member's last connection at this process is gone; the last sign of it came `silent_ms` ago.

        → {"last": whether it was the last anywhere}
        """
        args = {"process": process, "side": side, "member": member, "silent_ms": silent_ms}
        return await self._call("detach", pool, args, now=now)

    async def declare(
        self, pool: str, expert: str, status: str, reason: str = "", *, by: str = "", op: str = "", now: int = 0
    ) -> dict[str, Any]:
        """Set the declared status: online, away or offline. `by` is "" or `operator:<id>`.

        → {"changed": bool}. Refuses unknown_expert, bad_status.
        """
        args = {"expert": expert, "status": status, "reason": reason, "by": by}
        return await self._call("declare", pool, args, op=op, who=by or f"expert:{expert}", now=now)

    async def set_hours(
        self, pool: str, expert: str, windows: list[tuple[int, int]] | None, *, now: int = 0
    ) -> dict[str, Any]:
        """The hours in force as ascending instants (opening, closing) that don't touch; None: always open.

        A window that closes at `NEVER` has no end that is known.
        → {"open": bool}. Refuses unknown_expert, too_many_windows.
        """
        args = {"expert": expert, "always": windows is None, "windows": windows or []}
        return await self._call("set_hours", pool, args, now=now)

    async def open_for(self, pool: str, expert: str, minutes: int, *, op: str = "", now: int = 0) -> dict[str, Any]:
        """Open from now on for so many minutes (0 to 1440), whatever the hours say; 0 goes back to them.

        It takes the place of an earlier one, and puts nobody online. → {"open_until": its end or 0, "closes": when the
        present opening ends, or 0}. Refuses unknown_expert, not_closed (the hours alone last as long), bad_field.
        """
        args = {"expert": expert, "minutes": minutes}
        return await self._call("open_for", pool, args, op=op, who=f"expert:{expert}", now=now)
