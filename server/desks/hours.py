"""An expert's hours, as far as the live pool knows them: "available now for the next ..."."""

from presence.presence import Presence
from server.connection import Connection
from server.desks.desk import Handlers
from wire import messages
from wire.messages import ServerMessage


class HoursDesk:
    """Answers `open_for`."""

    def __init__(self, presence: Presence) -> None:
        self._presence = presence

    def handlers(self) -> Handlers:
        return {messages.OpenFor: self._open_for}

    async def _open_for(self, conn: Connection, ask: messages.OpenFor) -> ServerMessage:
        """For the expert who asks, never for another."""
        answer = await self._presence.open_for(conn.pool, conn.member, ask.minutes, op=ask.op)
        return messages.Ok(id=ask.id, seq=answer["seq"])
