"""What is done in a chat beside saying something: changing one's words, taking them back, files."""

from collections.abc import Callable
from typing import Final

from ground.clock import Clock
from ground.errors import Refusal
from server.connection import Connection
from server.desks.calls import side_of
from server.desks.desk import Handlers
from server.limits import Buckets, Rate
from server.pages import View
from sessions.conversation import Conversation
from sessions.fetching.tickets import TICKET_S, Kind, Tickets
from sessions.files.files import Asked, Files
from wire import messages

MEGABYTE: Final = 1_000_000
PLACES: Final = Rate(20, 0.2)
"""How many places for files one member may ask for: all that a session takes at once, then one in five seconds."""


class ChatDesk:
    """Answers `edit`, `unsay`, `file_place`, `share` and `file_of`."""

    def __init__(
        self, conversation: Conversation, files: Files | None, tickets: Tickets, clock: Clock,
        seconds: Callable[[], float],
    ) -> None:  # fmt: skip
        self._conversation = conversation
        self._files = files
        self._tickets = tickets
        self._clock = clock
        self._seconds = seconds
        self._places = Buckets(PLACES)

    def handlers(self) -> Handlers:
        return {
            messages.Edit: self._edit,
            messages.Unsay: self._unsay,
            messages.FilePlace: self._file_place,
            messages.Share: self._share,
            messages.FileOf: self._file_of,
        }

    async def _edit(self, conn: Connection, ask: messages.Edit) -> messages.Ok:
        """Refused `no_such_session`, `session_over`, `no_such_line`, `line_unsaid`, `chat_full`."""
        who = (conn.pool, ask.session, conn.role, conn.member)
        answer = await self._conversation.edit(*who, ask.n, ask.text, op=ask.op)
        return messages.Ok(id=ask.id, seq=answer["seq"])

    async def _unsay(self, conn: Connection, ask: messages.Unsay) -> messages.Ok:
        """Refused as `edit`. A file goes with its message; what this process can't do any more the journal does."""
        who = (conn.pool, ask.session, conn.role, conn.member)
        answer = await self._conversation.unsay(*who, ask.n, op=ask.op)
        if answer["file"] and self._files:
            await self._files.erase(conn.pool, answer["file"])
        return messages.Ok(id=ask.id, seq=answer["seq"])

    async def _file_place(self, conn: Connection, ask: messages.FilePlace) -> messages.Fetch:
        """Refused `no_such_session`, `session_over`, `no_files`, `file_too_large`, `file_type`, `too_many_files`,
        `rate_limited`."""
        await self._check_open(conn, ask.session)
        view: View = conn.view
        files, most = self._files, view.page.pool.options.file_mb * MEGABYTE
        if files is None or not most:
            raise Refusal("no_files")
        if ask.size > most:
            raise Refusal("file_too_large", str(most))
        self._spend(conn)
        now = self._clock.now_ms()
        file = await files.place(
            conn.pool, ask.session, side_of(conn), Asked(ask.name, ask.type, ask.size),
            op=ask.op, until=now + TICKET_S * 1000, now=now,
        )  # fmt: skip
        return self._fetch(conn, ask, "send_file", file)

    async def _share(self, conn: Connection, ask: messages.Share) -> messages.Ok:
        """Refused `no_such_session`, `session_over`, `no_such_file` (also one that is not sent yet), `chat_full`."""
        await self._check_open(conn, ask.session)
        files, now, op = self._there(ask.file), self._clock.now_ms(), ask.op
        facts = await files.share(conn.pool, ask.session, side_of(conn), ask.file, op=op, now=now)
        who = (conn.pool, ask.session, conn.role, conn.member)
        try:
            answer = await self._conversation.say(*who, ask.text, file=facts, op=op)
        except Refusal:
            await files.not_said(conn.pool, ask.file, op, now)
            raise
        await files.said(conn.pool, ask.file, answer["n"])
        return messages.Ok(id=ask.id, seq=answer["seq"])

    async def _file_of(self, conn: Connection, ask: messages.FileOf) -> messages.Fetch:
        """Refused `no_such_session`, `no_such_file`."""
        await self._conversation.session(conn.pool, ask.session, conn.role, conn.member)
        await self._there(ask.file).find(conn.pool, ask.session, ask.file)
        return self._fetch(conn, ask, "file", ask.file)

    async def _check_open(self, conn: Connection, session: str) -> None:
        met = await self._conversation.session(conn.pool, session, conn.role, conn.member)
        if met.state == "ended":
            raise Refusal("session_over", session)

    def _there(self, file: str) -> Files:
        if self._files is None:
            raise Refusal("no_such_file", file)
        return self._files

    def _fetch(
        self, conn: Connection, ask: messages.FilePlace | messages.FileOf, kind: Kind, file: str
    ) -> messages.Fetch:
        ticket, until = self._tickets.give(
            kind, conn.pool, file, session=ask.session, role=side_of(conn), member=conn.member, now=self._clock.now_ms()
        )
        path = f"/v1/pools/{conn.pool}/files/{file}"
        return messages.Fetch(id=ask.id, path=path, ticket=ticket, until=until, file=file)

    def _spend(self, conn: Connection) -> None:
        now = self._seconds()
        self._places.sweep(now, 10)
        if self._places.take(conn.key, now):
            raise Refusal("rate_limited")
