"""What waits to be written to one socket, within bounds, so that no reader delays another or eats the memory.

A frame goes straight to the kernel while nothing waits (`fd` is set), else into the transport's buffer. Past
`SOFT_BYTES` droppable frames are dropped and the reader is `lagging`: told so in the stream, and brought up to date by
a snapshot when the buffer has drained. Past `HARD_BYTES` the socket is closed with a code that says "come again and
resume".
"""

import asyncio
import os
import struct
from typing import Final, Protocol

from wire.codec import Codec

SOFT_BYTES: Final = 256 * 1024
HARD_BYTES: Final = 1024 * 1024
_TEXT: Final = 0x81
_BINARY: Final = 0x82


def prepare(payload: bytes, *, is_text: bool) -> bytes:
    """The whole unmasked server frame of `payload` (RFC 6455 section 5.2), the same bytes for every reader."""
    first = _TEXT if is_text else _BINARY
    size = len(payload)
    if size < 126:
        return struct.pack("!BB", first, size) + payload
    if size < 65536:
        return struct.pack("!BBH", first, 126, size) + payload
    return struct.pack("!BBQ", first, 127, size) + payload


class Sink(Protocol):
    """A watcher as the hub sees it. The hub writes to `fd` itself and hands the rest to `finish`; -1: not now."""

    fd: int
    codec: Codec

    def write_frame(self, frame: bytes, droppable: bool) -> None:
        """Write or queue one prepared frame. Never waits, never raises."""

    def finish(self, frame: bytes, written: int) -> None:
        """Queue what is left of a frame of which `written` bytes are out; -1 when the socket is broken."""


class Outbox:
    """The sending half of a socket. Subclasses say what to do when it lags, drains or overflows."""

    __slots__ = ("_file", "codec", "dropped", "fd", "lagging", "queued", "sealed", "transport")

    def __init__(self, transport: asyncio.Transport, codec: Codec) -> None:
        tls = transport.get_extra_info("sslcontext") is not None
        # pause_writing and resume_writing must mean "something waits" and "nothing waits": limits as low as they go
        # (asyncio's TLS transport counts "at least", its plain one "more than").
        transport.set_write_buffer_limits(high=1 if tls else 0, low=0)
        self.transport = transport
        self.codec = codec
        self._file: int = -1 if tls else transport.get_extra_info("socket").fileno()
        self.fd = self._file
        self.sealed = False
        self.lagging = False
        self.dropped = 0
        self.queued = 0

    def write_frame(self, frame: bytes, droppable: bool) -> None:
        if self.fd >= 0:
            self.finish(frame, write_some(self.fd, frame))
        elif self.sealed:
            return
        elif droppable and (self.lagging or self.transport.get_write_buffer_size() > SOFT_BYTES):
            self._drop()
        else:
            self._queue(frame)

    def finish(self, frame: bytes, written: int) -> None:
        if written < 0:
            self.seal()
            self.transport.abort()
        elif written < len(frame):
            self._queue(frame[written:])

    def seal(self) -> None:
        """No frame goes out past this one."""
        self.sealed = True
        self.fd = self._file = -1

    def pause_writing(self) -> None:
        self.fd = -1
        self.on_waiting()

    def resume_writing(self) -> None:
        self.fd = -1 if self.transport.is_closing() else self._file
        self.on_drained()
        if self.lagging and not self.sealed:
            self.lagging = False
            self.on_caught_up()

    def taken(self) -> int:
        """Bytes that the reader took from the queue since the start: no change means that it takes nothing."""
        return self.queued - self.transport.get_write_buffer_size()

    def _drop(self) -> None:
        self.dropped += 1
        if not self.lagging:
            self.lagging = True
            self.on_lagging()

    def _queue(self, data: bytes) -> None:
        if self.transport.is_closing():
            return
        waiting = self.transport.get_write_buffer_size()
        # One frame may be larger than the bound (an operator's snapshot), and a frame once begun must be finished.
        if waiting and waiting + len(data) > HARD_BYTES:
            self.on_overflow()
            return
        self.queued += len(data)
        self.transport.write(data)

    def on_waiting(self) -> None:
        """Something waits for the reader."""

    def on_drained(self) -> None:
        """Nothing waits any more."""

    def on_lagging(self) -> None:
        """The first frame of this lag was dropped; what is written now goes out in its place."""

    def on_caught_up(self) -> None:
        """Everything that was queued is out: time for the snapshot."""

    def on_overflow(self) -> None:
        """The reader is too far behind."""


def write_some(fd: int, frame: bytes) -> int:
    """Bytes of `frame` that the kernel took at once; 0 when it is full, -1 when the socket is broken."""
    try:
        return os.write(fd, frame)
    except (BlockingIOError, InterruptedError):
        return 0
    except OSError:
        return -1
