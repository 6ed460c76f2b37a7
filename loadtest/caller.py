"""One blocking WebSocket for a driver: says a message, waits for the answer. For set-up and for single timed trips."""

import os
import select
import socket
import struct
import threading
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import Self, TypeVar

from loadtest.process import BenchError
from wire.codec import MSGPACK
from wire.messages import Hello, Message, Refused, Reply, Request, ServerMessage, Welcome

M = TypeVar("M", bound=Message)
DEADLINE_S = 20.0
PUMP_S = 1.0


class Caller:
    """A signed-in connection from the address `source`. `token` "" is a guest. Raises BenchError when the server
    refuses or does not answer."""

    def __init__(self, port: int, pool: str, token: str = "", source: str = "127.0.0.1") -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), DEADLINE_S, (source, 0))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._inbox = bytearray()
        self._messages: deque[ServerMessage] = deque(maxlen=1000)
        self._next = 1
        self._busy = threading.RLock()
        self._upgrade(port)
        self.welcome = self.ask(Hello(id=0, pool=pool, token=token), Welcome)

    def _upgrade(self, port: int) -> None:
        self._socket.sendall(
            f"GET /v1/ws HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: b3BlbmxpbmUtYmVuY2gtMQ==\r\n"
            f"Sec-WebSocket-Protocol: {MSGPACK.subprotocol}\r\n\r\n".encode()
        )
        while b"\r\n\r\n" not in self._inbox:
            self._fill(time.monotonic() + DEADLINE_S)
        head, _, rest = bytes(self._inbox).partition(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 101"):
            raise BenchError(f"the server refused the socket: {head.splitlines()[0].decode()}")
        self._inbox = bytearray(rest)

    def fileno(self) -> int:
        return self._socket.fileno()

    def number(self, request: Request) -> Request:
        """Give the request the next number of this connection."""
        request.id, self._next = self._next, self._next + 1
        return request

    def send(self, request: Request) -> None:
        """Write a request that has its number."""
        self._write(2, MSGPACK.encode(request))

    def ask(self, request: Request, kind: type[M]) -> M:
        """Send the request and return its answer, which must be a `kind`."""
        with self._busy:
            self.send(self.number(request))
            return self.answer(request.id, kind)

    def answer(self, number: int, kind: type[M]) -> M:
        """The answer to request `number`; other messages that come before are kept for `until`."""
        end = time.monotonic() + DEADLINE_S
        while True:
            message = self._decode(self._frame(end))
            if isinstance(message, Reply) and message.id == number:
                if isinstance(message, kind):
                    return message
                why = f"{message.code} {message.detail}" if isinstance(message, Refused) else type(message).__name__
                raise BenchError(f"expected {kind.__name__}, got {why}")
            self._messages.append(message)

    def until(self, kind: type[M]) -> M:
        """The next message of `kind`, kept or still to come; what comes before it is dropped."""
        end = time.monotonic() + DEADLINE_S
        with self._busy:
            while True:
                message = self._messages.popleft() if self._messages else self._decode(self._frame(end))
                if isinstance(message, kind):
                    return message

    def drain(self) -> None:
        """Drop what has come until now."""
        self.pump()
        self._messages.clear()

    def pump(self) -> None:
        """Take in what has come until now, so that the server's pings are answered."""
        with self._busy:
            while select.select([self._socket], [], [], 0)[0]:
                self._fill(time.monotonic() + DEADLINE_S)
                while (whole := self._whole()) is not None:
                    self._take(*whole)

    def _decode(self, frame: bytes) -> ServerMessage:
        return MSGPACK.decode_server(frame)

    def _frame(self, end: float) -> bytes:
        """The payload of the next data frame; pings are answered on the way."""
        while True:
            while (whole := self._whole()) is None:
                self._fill(end)
            if whole[0] < 3:
                return whole[1]
            self._take(*whole)

    def _take(self, opcode: int, payload: bytes) -> None:
        """A frame outside any wait: pings are answered, messages are kept."""
        if opcode == 8:
            raise BenchError(f"the server closed the socket: {payload[2:].decode(errors='replace')}")
        if opcode == 9:
            self._write(10, payload)
        elif opcode < 3:
            self._messages.append(self._decode(payload))

    def _whole(self) -> tuple[int, bytes] | None:
        inbox = self._inbox
        if len(inbox) < 2:
            return None
        size, head = inbox[1] & 0x7F, 2
        if size > 125:
            head = 4 if size == 126 else 10
            if len(inbox) < head:
                return None
            size = int.from_bytes(inbox[2:head])
        if len(inbox) < head + size:
            return None
        payload = bytes(inbox[head : head + size])
        opcode = inbox[0] & 15
        del inbox[: head + size]
        return opcode, payload

    def _fill(self, end: float) -> None:
        if not select.select([self._socket], [], [], max(0.0, end - time.monotonic()))[0]:
            raise BenchError("the server did not answer in time")
        data = self._socket.recv(262_144)
        if not data:
            raise BenchError("the server closed the connection")
        self._inbox += data

    def _write(self, opcode: int, payload: bytes) -> None:
        size = len(payload)
        if size < 126:
            head = struct.pack("!BB", 0x80 | opcode, 0x80 | size)
        else:
            head = struct.pack("!BBH", 0x80 | opcode, 0x80 | 126, size)
        self._socket.sendall(head + bytes(4) + payload)  # a mask of zeros is a legal mask

    def close(self) -> None:
        self._socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


@contextmanager
def kept_alive(callers: Sequence[Caller]) -> Iterator[None]:
    """While the block runs, a thread answers the server's pings for callers that nobody reads from."""
    over = threading.Event()

    def keep() -> None:
        while not over.wait(PUMP_S):
            for caller in callers:
                caller.pump()

    keeper = threading.Thread(target=keep, name="keep-alive", daemon=True)
    keeper.start()
    try:
        yield
    finally:
        over.set()
        keeper.join()


def new_op() -> str:
    """A fresh operation id."""
    return os.urandom(9).hex()
