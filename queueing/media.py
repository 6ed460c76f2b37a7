"""The door of what flows between two who meet: who carries their media, their telephones, recording, a transfer.

As in `queueing/line.py`: each method is one atomic step with one journal entry, raises Refusal with nothing changed,
and StoreUnavailable when the outcome is unknown.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from ground.store import Store
from queueing.facts import Leg, Side, Terms
from queueing.line import FREE, told


class Media:
    """Sessions whose media go through a worker, in one store."""

    def __init__(self, store: Store) -> None:
        self._call = store.call

    # The server, and the worker that carries the session

    async def bridge(
        self, pool: str, session: str, worker: str, instead: str = "", phones: Sequence[Side] = (), *, now: int = 0
    ) -> dict[str, Any]:
        """The session's media go through `worker`, in place of `instead` ("": of none).

        Where another is in force by now that one stays, and is answered. `phones` are the sides on the telephone, which
        need no page. The worker keeps a lease (`Presence.renew`) in the pool; when that lapses, audio sessions are told
        `media_lost` and look for another, telephone sessions end so.
        → {"worker", "mode", "expert", "user"}. Refuses no_such_session, session_over, not_bridged.
        """
        args = {"session": session, "worker": worker, "instead": instead, "phones": list(phones)}
        return await self._call("bridge", pool, args, now=now)

    async def heard(
        self, pool: str, session: str, side: Side, worker: str, silent_ms: int, *, now: int = 0
    ) -> dict[str, Any]:
        """The worker's evidence: no media have come from the side for `silent_ms`, or they flow (0).

        Flowing media connect the side. A worker that does not carry the session is refused no_such_session.
        → {"state", "frozen"}. Refuses no_such_session, session_over.
        """
        args = {"session": session, "side": side, "worker": worker, "silent_ms": silent_ms}
        return await self._call("media", pool, args, now=now)

    async def leg(self, pool: str, session: str, side: Side, worker: str, leg: Leg, *, now: int = 0) -> dict[str, Any]:
        """How the telephone of a side stands. Refuses no_such_session, session_over."""
        args = {"session": session, "side": side, "worker": worker, "leg": leg}
        return await self._call("leg", pool, args, now=now)

    async def hang_up(
        self, pool: str, session: str, side: Side | None, worker: str, reason: str, *, now: int = 0
    ) -> dict[str, Any]:
        """The worker ends the session for `reason`; `side` is who hung up, None when it is nobody's doing.

        Refuses no_such_session, session_over.
        """
        args = {"session": session, "side": side or "", "worker": worker, "reason": reason}
        return await self._call("hang_up", pool, args, now=now)

    # The two sides. `who` must be that side of the session.

    async def record(
        self, pool: str, session: str, side: Side, who: str, *, on: bool, op: str = "", now: int = 0
    ) -> dict[str, Any]:
        """This side allows that the session is recorded; with both it is. One that takes it back ends it for both.

        → {"on": whether it is recorded}. Refuses no_such_session, session_over, not_bridged.
        """
        args = {"session": session, "side": side, "who": who, "on": on}
        return await self._call("record", pool, args, op=op, who=f"{side}:{who}", now=now)

    async def propose_transfer(
        self, pool: str, session: str, who: str, expert: str, *, op: str = "", now: int = 0
    ) -> dict[str, Any]:
        """The expert `who` proposes that the user goes on with the colleague `expert` ("": no longer).

        Refuses no_such_session, session_over, same_expert, unknown_expert, expert_offline, line_closed, line_full.
        """
        args = {"session": session, "who": who, "expert": expert}
        return await self._call("propose_transfer", pool, args, op=op, who=f"expert:{who}", now=now)

    async def answer_transfer(
        self,
        pool: str,
        session: str,
        who: str,
        *,
        yes: bool,
        expert: str = "",
        terms: Mapping[str, Terms] = FREE,
        op: str = "",
        now: int = 0,
    ) -> dict[str, Any]:
        """The user `who` agrees to go on with the colleague `expert`, on `terms` for that line, or stays.

        With yes, in one step, this session ends and the user is the first of that line; refused no_transfer when by now
        another colleague is proposed.
        → {"ticket": the new one or "", "expert"}. Refuses no_such_session, session_over, no_transfer, and what joining
        is refused for.
        """
        args = {"session": session, "who": who, "yes": yes, "expert": expert, "terms": told(terms)}
        return await self._call("answer_transfer", pool, args, op=op, who=f"user:{who}", now=now)
