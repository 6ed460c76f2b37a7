"""The WebSocket shell: one small object per socket, fed by the transport, written to by the hub.

It keeps no ASGI task, no timer and no queue while nothing happens. Frames are parsed by `websockets`' sans-I/O
protocol; what they mean is decided by `server.connection`; messages of one socket are answered one after the other.
"""

import asyncio
import time
from collections import deque
from typing import Final

import structlog
from websockets.frames import Frame, Opcode
from websockets.protocol import State
from websockets.server import ServerProtocol

from ground.ids import new_id
from server.connection import Connection, Stop, refusal_of, refused_hello, tag_of
from server.door import Door
from server.endings import RENEWED
from server.limits import FRAGMENTS, QUEUED_MESSAGES, Bucket
from server.outbox import SOFT_BYTES, Outbox, write_some
from wire.codec import Codec
from wire.codes import CLOSES, CloseCode
from wire.messages import ClientMessage, Hello, Notice, Refused, ServerMessage, SignedOut, Watch

_log = structlog.get_logger("openline.socket")
_PING: Final = b"\x89\x00"
# Bytes parsed before looking whether that was enough: a flood of tiny frames must not hold the loop.
_SLICE: Final = 2048
_TOO_MANY_FRAGMENTS: Final = CloseCode("message_too_big", 1009, "too many fragments")
_WRONG_KIND: Final = CloseCode("wrong_kind", 1003, "this sub-protocol uses the other kind of frame")


class Socket(Outbox, asyncio.Protocol):
    """An open socket at /v1/ws. The transport calls the `asyncio.Protocol` methods."""

    __slots__ = (
        "_draining",
        "_ending",
        "_frames",
        "_held",
        "_parts",
        "_pinged",
        "_todo",
        "_until",
        "_ws",
        "conn",
        "door",
    )

    def __init__(
        self, door: Door, transport: asyncio.Transport, ws: ServerProtocol, codec: Codec, conn: Connection, now: float
    ) -> None:
        super().__init__(transport, codec)
        self.door = door
        self.conn = conn
        conn.sink = self
        self._ws = ws
        self._pinged = now
        self._until = now + door.bounds.hello_s
        self._frames = Bucket(door.bounds.frames, now)
        self._parts: list[bytes] | None = None
        self._todo: deque[ClientMessage] | None = None
        self._held: bytes = b""
        self._draining = False
        self._ending = False
        door.sockets[self] = None
        door.open_sockets.add(self)

    # ------------------------------------------------------------ called by the transport, uvicorn and the door

    def data_received(self, data: bytes) -> None:
        self.conn.heard = self.door.now()
        if not self._ending:
            self._parse(self._held + data if self._held else data)

    def eof_received(self) -> None:
        """The other side ended its stream: the transport closes by itself."""

    def connection_lost(self, exc: Exception | None) -> None:
        self.seal()
        self._ending = True
        self.door.left(self)
        self._retire()

    def shutdown(self) -> None:
        self.door.send_away(self)

    def tick(self, now: float, now_ms: int) -> None:
        """Once a second, by the door's sweep."""
        bounds, conn = self.door.bounds, self.conn
        if self._ending:
            if now >= self._until:
                self.cut("unclosed")
        elif conn.state == "opening" and now >= self._until:
            self.close(CLOSES["auth_timeout"])
        elif conn.expired(now_ms):
            self.sign_out("expired")
        elif not self._held:
            if conn.member:
                self._keep_alive(now, bounds.member_ping_s, bounds.member_silence_s)
            else:
                self._keep_alive(now, bounds.guest_ping_s, bounds.guest_silence_s)

    def probe(self, now: float) -> None:
        """Ask the other side for a sign of life: its time costs money."""
        if not self._ending and self not in self.door.stalled:
            self._pinged = now
            self.write_frame(_PING, False)

    # ------------------------------------------------------------ the end

    def close(self, code: CloseCode) -> None:
        """Say why and close; within `close_s` the socket is gone even if the other side reads nothing."""
        if self._ending:
            return
        self.door.counts.closes[code.name] += 1
        self._todo = None
        if self._ws.state is State.OPEN:
            self._ws.send_close(code.code, code.words)
        self._end()

    def cut(self, name: str) -> None:
        """Drop the connection without a word: the other side would not read it."""
        self.door.counts.closes[name] += 1
        self.seal()
        self.transport.abort()

    def sign_out(self, reason: str) -> None:
        """The sign-in ended: tell the page, and close. One whose browser has signed in anew comes again by itself."""
        if reason not in RENEWED:
            self.door.hub.send(self, SignedOut(reason=reason))
        self.close(_ended(reason))

    def _end(self) -> None:
        """Write what the protocol still has to say (its close frame) and end our half. What still comes is thrown away
        until the other side ends its half: closing over unread bytes would reset the connection and lose the code."""
        last = b"".join(self._ws.data_to_send())
        self._ending = True
        if self.fd >= 0:
            self.finish(last, write_some(self.fd, last))
        elif not self.transport.is_closing():
            self.transport.write(last)
        self.seal()
        self._until = self.door.now() + self.door.bounds.close_s
        self.transport.resume_reading()
        if self.transport.is_closing():
            pass
        elif self.transport.can_write_eof():
            self.transport.write_eof()
        else:
            self.transport.close()
        self.door.hub.drop(self)
        self._retire()

    def _retire(self) -> None:
        # What was asked before the end is still done, and only then the member counts as gone.
        if not self._draining and self.conn.state != "closing":
            self.door.retire(self)

    # ------------------------------------------------------------ coming in

    def _parse(self, data: bytes) -> None:
        self._held = b""
        for start in range(0, len(data), _SLICE):
            if self._todo is not None and len(self._todo) >= QUEUED_MESSAGES:
                self._held = data[start:]
                self.transport.pause_reading()
                return
            self._ws.receive_data(data[start : start + _SLICE])
            self._take_events()
            if self._ending:
                return

    def _take_events(self) -> None:
        for frame in self._ws.events_received():
            if isinstance(frame, Frame):
                self._take(frame)
            if self._ending:
                return
        if self._ws.parser_exc is not None:
            self.door.counts.closes["protocol"] += 1
            self._end()
        elif self._ws.writes and self.transport.get_write_buffer_size() < SOFT_BYTES:
            self.write_frame(b"".join(self._ws.data_to_send()), False)

    def _take(self, frame: Frame) -> None:
        if self._frames.take(self.door.bounds.frames, self.conn.heard):
            self.close(CLOSES["flooding"])
        elif frame.opcode is Opcode.TEXT or frame.opcode is Opcode.BINARY:
            if (frame.opcode is Opcode.TEXT) is not self.codec.is_text:
                self.close(_WRONG_KIND)
            elif frame.fin:
                self._message(bytes(frame.data))
            else:
                self._parts = [bytes(frame.data)]
        elif frame.opcode is Opcode.CONT and self._parts is not None:
            self._continue(self._parts, frame)
        elif frame.opcode is Opcode.CLOSE:
            self._end()

    def _continue(self, parts: list[bytes], frame: Frame) -> None:
        parts.append(bytes(frame.data))
        if len(parts) > FRAGMENTS:
            self.close(_TOO_MANY_FRAGMENTS)
        elif frame.fin:
            self._parts = None
            self._message(b"".join(parts))

    def _message(self, data: bytes) -> None:
        step = self.conn.receive(data, self.conn.heard, self.door.member_rates)
        if isinstance(step, Refused | Stop):
            self._give(step)
            return
        self.door.counts.messages[tag_of(step)] += 1
        if self._todo is None:
            self._todo = deque()
        self._todo.append(step)
        if not self._draining:
            self._draining = True
            self.door.keep(self._drain())

    # ------------------------------------------------------------ answering

    async def _drain(self) -> None:
        """Answer what waits, one after the other. There is no task while nothing waits."""
        try:
            while self._todo:
                message = self._todo.popleft()
                now = self.door.now()
                verdict = self.conn.authorise(message, now)
                self._give(await self._run(message) if verdict is None else verdict)
                if self._held and self._todo is not None and len(self._todo) < QUEUED_MESSAGES // 2:
                    self.transport.resume_reading()
                    self._parse(self._held)
        finally:
            self._todo = None
            self._draining = False
            if self._ending:
                self._retire()

    async def _run(self, message: ClientMessage) -> ServerMessage | Stop | None:
        began = time.perf_counter()
        try:
            async with asyncio.timeout(self.door.bounds.command_s):
                return await self._command(message)
        except Exception as error:
            reply = self._refusal(error, message)
            return refused_hello(reply) if isinstance(message, Hello) else reply
        finally:
            self.door.counts.command(tag_of(message), time.perf_counter() - began)

    async def _command(self, message: ClientMessage) -> ServerMessage | Stop | None:
        if isinstance(message, Hello):
            asked = self.door.now()
            who = await self.door.identify(self.conn, message)
            if why := self.door.endings.why(message.pool, who.role, who.member, who.sign_in, asked):
                return Stop(_ended(why))
            if not self.door.admit(self.conn, message.pool, who):
                return Stop(CLOSES["too_many_connections"])
            return await self.door.commands.welcome(self.conn, message)
        if isinstance(message, Watch):
            return await self.door.commands.watch(self.conn, message)
        return await self.door.commands.handle(self.conn, message)

    def _refusal(self, error: Exception, message: ClientMessage) -> Refused:
        trace = new_id("r")
        reply = refusal_of(error, message.id, trace)
        if reply.code == "internal":
            _log.error("command_failed", request_id=trace, conn=self.conn.id, message=tag_of(message), exc_info=error)
        return reply

    def _give(self, step: ServerMessage | Stop | None) -> None:
        reply = step.reply if isinstance(step, Stop) else step
        if isinstance(reply, Refused):
            self.door.counts.refusals[reply.code] += 1
        if reply is not None:
            self.door.hub.send(self, reply)
        if isinstance(step, Stop):
            self.close(step.close)

    # ------------------------------------------------------------ slow and silent readers

    def on_waiting(self) -> None:
        self.door.stalled[self] = (self.door.now(), self.taken())

    def on_drained(self) -> None:
        self.door.stalled.pop(self, None)

    def on_lagging(self) -> None:
        # From here on there is a hole in the stream: a page that comes again must not resume from behind it.
        self.door.hub.send(self, Notice(code="lagging", at=time.time_ns() // 1_000_000))

    def on_caught_up(self) -> None:
        if self.conn.state == "signed_in":
            self.door.spawn(self.door.commands.resnapshot(self.conn))

    def on_overflow(self) -> None:
        self.close(CLOSES["slow_reader"])

    def _keep_alive(self, now: float, ping_s: float, silence_s: float) -> None:
        quiet = now - self.conn.heard
        if quiet >= silence_s:
            self.close(CLOSES["silent"])
        elif quiet >= ping_s and now - self._pinged >= ping_s and self not in self.door.stalled:
            self._pinged = now
            self.write_frame(_PING, False)


def _ended(reason: str) -> CloseCode:
    if reason in RENEWED:
        return CLOSES["sign_in_renewed"]
    return CLOSES["blocked" if reason == "blocked" else "token_expired"]
