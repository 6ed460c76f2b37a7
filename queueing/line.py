"""The door of queueing: lines, offers and sessions of a pool.

Every method is one atomic step in the store with one journal entry. `op` is an operation id: a repeat gets the first
answer. `now` is the time in milliseconds (0: the store's own clock). All raise `ground.errors.Refusal` with nothing
changed, and `ground.errors.StoreUnavailable` when the outcome is unknown. The rules are in ARCHITECTURE.md.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

import msgspec

from ground.store import Store
from queueing.facts import PoolSnapshot, Terms
from queueing.settings import PoolSettings

FREE: Final[Mapping[str, Terms]] = MappingProxyType({})
"""Nothing is charged in any line."""


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
        terms: Mapping[str, Terms] = FREE,
        op: str = "",
        now: int = 0,
    ) -> dict[str, Any]:
        """Stand in the lines of `experts`: whoever is free first. `terms` are locked with the places; a line that they
        don't name is free.

        → {"ticket", "state", "joined_at", "places": [[expert, ordinal, [ordinals ahead], length], ...]}
        """
        args = {"user": user, "name": name, "experts": experts, "mode": mode, "terms": told(terms)}
        return await self._call("join", pool, args, op=op, who=f"user:{user}", now=now)

    async def connect(
        self,
        pool: str,
        user: str,
        expert: str,
        mode: str = "chat",
        *,
        name: str = "",
        terms: Mapping[str, Terms] = FREE,
        op: str = "",
        now: int = 0,
    ) -> dict[str, Any]:
        """An immediate offer to a free expert; refused by name (expert_busy, ...) otherwise. → as `join`"""
        args = {"user": user, "name": name, "expert": expert, "mode": mode, "terms": told(terms)}
        return await self._call("connect", pool, args, op=op, who=f"user:{user}", now=now)

    async def switch(
        self,
        pool: str,
        user: str,
        expert: str,
        *,
        leaving: str = "",
        terms: Mapping[str, Terms] = FREE,
        op: str = "",
        now: int = 0,
    ) -> dict[str, Any]:
        """Leave `leaving` (all lines when empty) for the line of `expert`, in one step or not at all. The new place has
        the given terms, those kept keep theirs. → as `join`"""
        args = {"user": user, "expert": expert, "leaving": leaving, "terms": told(terms)}
        return await self._call("switch", pool, args, op=op, who=f"user:{user}", now=now)

    async def leave(self, pool: str, user: str, expert: str = "", *, op: str = "", now: int = 0) -> dict[str, Any]:
        """Leave the line of `expert`, or all when empty. Refuses no_ticket, in_session, not_in_line."""
        return await self._call("leave", pool, {"user": user, "expert": expert}, op=op, who=f"user:{user}", now=now)

    async def step_away(self, pool: str, user: str, seconds: int, *, op: str = "", now: int = 0) -> dict[str, Any]:
        """Be passed over for `seconds` and keep the place. → {"paused_until"}"""
        args = {"user": user, "ms": seconds * 1000}
        return await self._call("step_away", pool, args, op=op, who=f"user:{user}", now=now)

    async def call_me(
        self, pool: str, user: str, *, on: bool, rate: int = -1, op: str = "", now: int = 0
    ) -> dict[str, Any]:
        """Ring the user's phone at the turn; until then they need no page. → {"call_me"}

        The caller has seen that there is a number which may be called. With a `rate` (minor units a minute, as the user
        was shown it) they agree to what their lines cost by now. Refuses no_ticket, in_session, not_by_phone, and
        rate_higher where a line costs more than that.
        """
        args = {"user": user, "on": on, "rate": rate}
        return await self._call("call_me", pool, args, op=op, who=f"user:{user}", now=now)

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

    async def offer(self, pool: str, offer: str, side: str, who: str, *, now: int = 0) -> dict[str, Any]:
        """An offer that rings for `who`.

        → {"offer", "ticket", "user", "expert", "mode", "rate", "free_ms"}. Refuses no_such_offer.
        """
        return await self._call("offer", pool, {"offer": offer, "side": side, "who": who}, now=now)

    async def accept(
        self,
        pool: str,
        offer: str,
        side: str,
        who: str,
        *,
        budget_ms: int = 0,
        fee_bps: int = 0,
        op: str = "",
        now: int = 0,
    ) -> dict[str, Any]:
        """Accept an offer; the second acceptance is the match. → {"session": id or ""}

        `budget_ms` is how long a metered session may run with what has been set aside for it (the larger one counts
        when both sides bring one), `fee_bps` the pool's part, as of the first.
        Refuses no_such_offer, and not_funded: a match of a metered offer without a budget.
        """
        args = {"offer": offer, "side": side, "who": who, "budget_ms": budget_ms, "fee_bps": fee_bps}
        return await self._call("accept", pool, args, op=op, who=f"{side}:{who}", now=now)

    async def unfunded(self, pool: str, offer: str, *, op: str = "", now: int = 0) -> dict[str, Any]:
        """The user can't pay after all: the offer ends like an unanswered ready check, reason balance_too_low.

        The caller has looked into the books. Refuses no_such_offer.
        """
        return await self._call("unfunded", pool, {"offer": offer}, op=op, who="system", now=now)

    async def decline(
        self, pool: str, offer: str, side: str, who: str, reason: str = "", *, op: str = "", now: int = 0
    ) -> dict[str, Any]:
        """Decline an offer; for a user it is an unanswered ready check. Refuses no_such_offer."""
        args = {"offer": offer, "side": side, "who": who, "reason": reason}
        return await self._call("decline", pool, args, op=op, who=f"{side}:{who}", now=now)

    async def connected(
        self, pool: str, session: str, side: str, who: str, *, by_chat: bool = False, now: int = 0
    ) -> dict[str, Any]:
        """This side is really connected; with both the session is live.

        Where a media worker vouches for the sound (`queueing/media.py`), this changes something only for a side that
        goes on `by_chat`.
        → {"state"}. Refuses no_such_session, session_over.
        """
        args = {"session": session, "side": side, "who": who, "by_chat": by_chat}
        return await self._call("connected", pool, args, now=now)

    async def end(
        self, pool: str, session: str, side: str, who: str, reason: str = "", *, op: str = "", now: int = 0
    ) -> dict[str, Any]:
        """End a session as user, expert or operator. Refuses no_such_session, session_over."""
        args = {"session": session, "side": side, "who": who, "reason": reason}
        return await self._call("end_session", pool, args, op=op, who=f"{side}:{who}", now=now)

    async def finish_wrap_up(self, pool: str, expert: str, *, op: str = "", now: int = 0) -> dict[str, Any]:
        """Be free before the wrap-up time is over. Refuses not_in_wrap_up."""
        return await self._call("finish_wrap_up", pool, {"expert": expert}, op=op, who=f"expert:{expert}", now=now)

    # The meter: what the server knows of evidence and of money

    async def evidence(
        self, pool: str, session: str, side: str, process: str, silent_ms: int, *, now: int = 0
    ) -> dict[str, Any]:
        """`process` has heard nothing from its connections of this side for `silent_ms`, or hears it again (0).

        The word of a process that does not hold the side changes nothing.
        → {"frozen": "", "user", "expert" or "both"}. Refuses no_such_session, session_over.
        """
        args = {"session": session, "side": side, "process": process, "silent_ms": silent_ms}
        return await self._call("evidence", pool, args, now=now)

    async def fund(self, pool: str, session: str, budget_ms: int, *, now: int = 0) -> dict[str, Any]:
        """The session may run for `budget_ms` in all; a smaller number than before changes nothing.

        → {"budget_ms"}. Refuses no_such_session, session_over.
        """
        return await self._call("fund", pool, {"session": session, "budget_ms": budget_ms}, now=now)

    async def fund_ticket(self, pool: str, user: str, limits: Mapping[str, int], *, now: int = 0) -> dict[str, Any]:
        """What the user has now would last for so many milliseconds with each expert; smaller numbers change nothing.

        → {"changed"}: False also where there is no ticket, or none of its lines is named.
        """
        return await self._call("fund_ticket", pool, {"user": user, "limits": dict(limits)}, now=now)

    # An operator; `by` is `operator:<id>`

    async def move(
        self,
        pool: str,
        ticket: str,
        expert: str,
        to: str,
        reason: str,
        by: str,
        *,
        terms: Mapping[str, Terms] = FREE,
        op: str = "",
        now: int = 0,
    ) -> dict[str, Any]:
        """Put a ticket at the "head" or "tail" of a line; into another line it leaves all it stood in, and takes the
        given terms. A rate above those that the user has agreed to makes them confirm the next offer."""
        args = {"ticket": ticket, "expert": expert, "to": to, "reason": reason, "by": by, "terms": told(terms)}
        return await self._call("move", pool, args, op=op, who=by, now=now)

    async def remove(
        self, pool: str, ticket: str, reason: str, by: str, *, op: str = "", now: int = 0
    ) -> dict[str, Any]:
        """Take a ticket out of all lines. Refuses no_such_ticket, in_session."""
        return await self._call("remove", pool, {"ticket": ticket, "reason": reason, "by": by}, op=op, who=by, now=now)


def told(terms: Mapping[str, Terms]) -> dict[str, tuple[int, int, int]]:
    return {expert: (each.rate, each.free_ms, each.limit_ms) for expert, each in terms.items()}
