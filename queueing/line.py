"""The door of queueing: lines, offers and sessions of a pool.

Every method is one atomic step in the store with one journal entry. `op` is an operation id: a repeat gets the first
answer. `now` is the time in milliseconds (0: the store's own clock). All raise `ground.errors.Refusal` with nothing
changed, and `ground.errors.StoreUnavailable` when the outcome is unknown. The rules are in ARCHITECTURE.md.
"""

from typing import Any

import msgspec

from ground.store import Store
from queueing.facts import PoolSnapshot
from queueing.settings import PoolSettings


class Line:
    """The lines of the pools in one store."""

    def __init__(self, store: Store) -> None:
        self._call = store.call

    # The pool

    async def configure(self, pool: str, settings: PoolSettings, *, now: int = 0) -> dict[str, Any]:
        """Set the pool's settings; what is under way keeps its deadlines."""
        return await self._call("configure", pool, {"settings": msgspec.to_builtins(settings)}, now=now)

    async def run_due(self, pool: str, *, now: int = 0) -> dict[str, Any]:
        """Run what is due. → {"next": time of the next deadline or 0, "ran": how many, "epoch", "tail": where the
        journal then ends}"""
        return await self._call("run_due", pool, now=now)

    async def snapshot(self, pool: str, *, now: int = 0) -> PoolSnapshot:
        """The whole pool at one journal id."""
        answer = await self._call("snapshot", pool, now=now)
        answer["seq"] = answer.pop("tail")
        answer["settings"] = answer["settings"] or {}  # Lua has one empty table for both kinds
        return msgspec.convert(answer, PoolSnapshot)

    # A user

    async def join(
        self,
        pool: str,
        user: str,
        experts: list[str],
        mode: str = "chat",
        *,
        name: str = "",
        op: str = "",
        now: int = 0,
    ) -> dict[str, Any]:
        """Stand in the lines of `experts`: whoever is free first.

        → {"ticket", "state", "joined_at", "places": [[expert, ordinal, [ordinals ahead], length], ...]}
        """
        args = {"user": user, "name": name, "experts": experts, "mode": mode}
        return await self._call("join", pool, args, op=op, who=f"user:{user}", now=now)

    async def connect(
        self, pool: str, user: str, expert: str, mode: str = "chat", *, name: str = "", op: str = "", now: int = 0
    ) -> dict[str, Any]:
        """An immediate offer to a free expert; refused by name (expert_busy, ...) otherwise. → as `join`"""
        args = {"user": user, "name": name, "expert": expert, "mode": mode}
        return await self._call("connect", pool, args, op=op, who=f"user:{user}", now=now)

    async def switch(
        self, pool: str, user: str, expert: str, *, leaving: str = "", op: str = "", now: int = 0
    ) -> dict[str, Any]:
        """Leave `leaving` (all lines when empty) for the line of `expert`, in one step or not at all. → as `join`"""
        args = {"user": user, "expert": expert, "leaving": leaving}
        return await self._call("switch", pool, args, op=op, who=f"user:{user}", now=now)

    async def leave(self, pool: str, user: str, expert: str = "", *, op: str = "", now: int = 0) -> dict[str, Any]:
        """Leave the line of `expert`, or all when empty. Refuses no_ticket, in_session, not_in_line."""
        return await self._call("leave", pool, {"user": user, "expert": expert}, op=op, who=f"user:{user}", now=now)

    async def step_away(self, pool: str, user: str, seconds: int, *, op: str = "", now: int = 0) -> dict[str, Any]:
        """Be passed over for `seconds` and keep the place. → {"paused_until"}"""
        args = {"user": user, "ms": seconds * 1000}
        return await self._call("step_away", pool, args, op=op, who=f"user:{user}", now=now)

    async def come_back(self, pool: str, user: str, *, op: str = "", now: int = 0) -> dict[str, Any]:
        """End a pause early. → {"changed"}"""
        return await self._call("come_back", pool, {"user": user}, op=op, who=f"user:{user}", now=now)

    async def adopt(
        self, pool: str, visitor: str, user: str, *, name: str = "", op: str = "", now: int = 0
    ) -> dict[str, Any]:
        """A visitor has become `user`: ticket, places, offer or session go over as they are, under `name`.

        With `user` the visitor's own id only the name changes. The caller has seen the visitor's own sign-in.
        → {"ticket", "state"}. Refuses no_ticket, and already_in_line when the user has a ticket of their own.
        """
        args = {"visitor": visitor, "user": user, "name": name}
        return await self._call("adopt", pool, args, op=op, who=f"user:{user}", now=now)

    # Both sides. `who` must be that side of the offer or session; others get the answer of one that doesn't exist.

    async def accept(self, pool: str, offer: str, side: str, who: str, *, op: str = "", now: int = 0) -> dict[str, Any]:
        """Accept an offer; the second acceptance is the match. → {"session": id or ""}. Refuses no_such_offer."""
        args = {"offer": offer, "side": side, "who": who}
        return await self._call("accept", pool, args, op=op, who=f"{side}:{who}", now=now)

    async def decline(
        self, pool: str, offer: str, side: str, who: str, reason: str = "", *, op: str = "", now: int = 0
    ) -> dict[str, Any]:
        """Decline an offer; for a user it is an unanswered ready check. Refuses no_such_offer."""
        args = {"offer": offer, "side": side, "who": who, "reason": reason}
        return await self._call("decline", pool, args, op=op, who=f"{side}:{who}", now=now)

    async def connected(self, pool: str, session: str, side: str, who: str, *, now: int = 0) -> dict[str, Any]:
        """This side is really connected; with both the session is live. Refuses no_such_session, session_over."""
        return await self._call("connected", pool, {"session": session, "side": side, "who": who}, now=now)

    async def end(
        self, pool: str, session: str, side: str, who: str, reason: str = "", *, op: str = "", now: int = 0
    ) -> dict[str, Any]:
        """End a session as user, expert or operator. Refuses no_such_session, session_over."""
        args = {"session": session, "side": side, "who": who, "reason": reason}
        return await self._call("end_session", pool, args, op=op, who=f"{side}:{who}", now=now)

    async def finish_wrap_up(self, pool: str, expert: str, *, op: str = "", now: int = 0) -> dict[str, Any]:
        """Be free before the wrap-up time is over. Refuses not_in_wrap_up."""
        return await self._call("finish_wrap_up", pool, {"expert": expert}, op=op, who=f"expert:{expert}", now=now)

    # An operator; `by` is `operator:<id>`

    async def move(
        self, pool: str, ticket: str, expert: str, to: str, reason: str, by: str, *, op: str = "", now: int = 0
    ) -> dict[str, Any]:
        """Put a ticket at the "head" or "tail" of a line; into another line it leaves all it stood in."""
        args = {"ticket": ticket, "expert": expert, "to": to, "reason": reason, "by": by}
        return await self._call("move", pool, args, op=op, who=by, now=now)

    async def remove(
        self, pool: str, ticket: str, reason: str, by: str, *, op: str = "", now: int = 0
    ) -> dict[str, Any]:
        """Take a ticket out of all lines. Refuses no_such_ticket, in_session."""
        return await self._call("remove", pool, {"ticket": ticket, "reason": reason, "by": by}, op=op, who=by, now=now)
