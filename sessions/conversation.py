"""The door of sessions: what is said, and what is only whispered (typing, WebRTC signalling).

`who` must be that side of the session; anybody else gets the answer of a session that doesn't exist.
"""

from typing import Any, NamedTuple

import msgspec
from msgspec import Struct

from ground.errors import Refusal
from ground.sql import Database
from ground.store import Store
from queueing.facts import Mode, SessionState
from sessions import meetings
from sessions.facts import FileFacts, SaidFacts
from sessions.store import LoggedSession, find, transcript


class Met(Struct, kw_only=True, frozen=True):
    """How a session stands. Milliseconds since 1970, 0 where there is none."""

    session: str
    expert: str
    user: str
    mode: Mode
    state: SessionState
    matched_at: int
    live_at: int
    ended_at: int


class History(NamedTuple):
    """A page of what was said, oldest first; how far each side has seen it; `more`: something was said before."""

    lines: list[SaidFacts]
    delivered_user: int
    delivered_expert: int
    more: bool


class Conversation:
    """Chat and signalling of the sessions in one store; `books` hold the transcripts of those that are long over."""

    def __init__(self, store: Store, books: Database | None = None) -> None:
        self._call = store.call
        self._books = books

    async def say(
        self, pool: str, session: str, side: str, who: str, text: str, *,
        file: FileFacts | None = None, op: str = "", now: int = 0,
    ) -> dict[str, Any]:  # fmt: skip
        """Add a message, with a file that the caller has checked. → {"n": its number from 1, "said_at"}.

        Refuses no_such_session, session_over, chat_full.
        """
        told = None if file is None else msgspec.to_builtins(file)
        args = {"session": session, "side": side, "who": who, "text": text, "op": op, "file": told}
        return await self._call("say", pool, args, op=op, who=f"{side}:{who}", now=now)

    async def edit(
        self, pool: str, session: str, side: str, who: str, n: int, text: str, *, op: str = "", now: int = 0
    ) -> dict[str, Any]:
        """Change the words of a message of one's own. → {"n"}.

        Refuses no_such_session, session_over, no_such_line (also one of the other side), line_unsaid, chat_full.
        """
        args = {"session": session, "side": side, "who": who, "n": n, "text": text}
        return await self._call("edit", pool, args, op=op, who=f"{side}:{who}", now=now)

    async def unsay(
        self, pool: str, session: str, side: str, who: str, n: int, *, op: str = "", now: int = 0
    ) -> dict[str, Any]:
        """Take back a message of one's own. → {"n", "file": the id of the file that it carried, or ""}.

        Refuses as `edit`.
        """
        args = {"session": session, "side": side, "who": who, "n": n}
        return await self._call("unsay", pool, args, op=op, who=f"{side}:{who}", now=now)

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
    ) -> History:
        """The newest `limit` messages before message `before` (0: from the end).

        From the live store until an hour after the end, then from the books. Refuses no_such_session.
        """
        args = {"session": session, "side": side, "who": who, "before": before, "limit": limit}
        try:
            told = await self._call("history", pool, args, now=now)
        except Refusal:
            if self._books is None:
                raise
            return await self._from_books(self._books, pool, session, side, who, before, limit)
        lines = [_line(session, line) for line in told["lines"]]
        return History(lines, told["delivered_user"], told["delivered_expert"], told["more"])

    async def session(self, pool: str, session: str, side: str, who: str, *, now: int = 0) -> Met:
        """How a session of one's own stands: the live store knows it from the first moment until an hour after its
        end, the books (which may be half a second behind) for ever.

        Refuses no_such_session.
        """
        try:
            answer = await self._call("session_of", pool, {"session": session, "side": side, "who": who}, now=now)
        except Refusal:
            if self._books is None:
                raise
            logged = await self._logged(self._books, pool, session, side, who)
            return Met(**{field: getattr(logged, field) for field in Met.__struct_fields__})
        return msgspec.convert({field: answer[field] for field in Met.__struct_fields__}, Met)

    async def last_first(self, pool: str, user: str, experts: list[str]) -> list[str]:
        """`experts` in their order, but for the one whom the user met last: that one comes first."""
        return experts if self._books is None else await meetings.last_first(self._books, pool, user, experts)

    async def _from_books(
        self, books: Database, pool: str, session: str, side: str, who: str, before: int, limit: int
    ) -> History:
        logged = await self._logged(books, pool, session, side, who)
        said = await transcript(books, pool, session, before, limit)
        return History(said, logged.delivered_user, logged.delivered_expert, bool(said) and said[0].n > 1)

    async def _logged(self, books: Database, pool: str, session: str, side: str, who: str) -> LoggedSession:
        logged = await find(books, pool, session)
        if logged is None or {"user": logged.user, "expert": logged.expert}.get(side) != who:
            raise Refusal("no_such_session", session)
        return logged


def _line(session: str, line: list[Any]) -> SaidFacts:
    """A line as the live store keeps it; one of an older release has no more than its first five parts."""
    later: tuple[Any, ...] = (0, False, None)
    n, side, text, at, op, edited_at, unsaid, file = *line, *later[len(line) - 5 :]
    shared = msgspec.convert(file, FileFacts) if file else None
    return SaidFacts(
        session=session, n=n, side=side, text=text, at=at, op=op, edited_at=edited_at, unsaid=unsaid, file=shared
    )
