"""The door of sessions: what is said, and what is only whispered (typing, WebRTC signalling).

`who` must be that side of the session; anybody else gets the answer of a session that doesn't exist.
"""

from typing import Any

from ground.store import Store


class Conversation:
    """Chat and signalling of the sessions in one store."""

    def __init__(self, store: Store) -> None:
        self._call = store.call

    async def say(
        self, pool: str, session: str, side: str, who: str, text: str, *, op: str = "", now: int = 0
    ) -> dict[str, Any]:
        """Add a message. → {"n": its number from 1, "said_at"}. Refuses no_such_session, session_over, chat_full."""
        args = {"session": session, "side": side, "who": who, "text": text, "op": op}
        return await self._call("say", pool, args, op=op, who=f"{side}:{who}", now=now)

    async def delivered(self, pool: str, session: str, side: str, who: str, n: int, *, now: int = 0) -> dict[str, Any]:
        """This side has seen every message up to `n`. → {"n": how far it has seen}. Refuses no_such_session."""
        args = {"session": session, "side": side, "who": who, "n": n}
        return await self._call("delivered", pool, args, now=now)

    async def whisper(
        self, pool: str, session: str, side: str, who: str, kind: str, data: str, *, now: int = 0
    ) -> dict[str, Any]:
        """Hand something to the other side that is never stored. Refuses no_such_session, session_over."""
        args = {"session": session, "side": side, "who": who, "kind": kind, "data": data}
        return await self._call("whisper", pool, args, now=now)

    async def history(
        self, pool: str, session: str, side: str, who: str, before: int = 0, limit: int = 100, *, now: int = 0
    ) -> dict[str, Any]:
        """The newest `limit` messages before message `before` (0: from the end), kept until an hour after the end.

        → {"lines": [[n, side, text, at, op], ...], "delivered_user", "delivered_expert", "more"}.

        Refuses no_such_session.
        """
        args = {"session": session, "side": side, "who": who, "before": before, "limit": limit}
        return await self._call("history", pool, args, now=now)
