"""Sockets without a library: handshakes, frames and requests exactly as an attacker writes them."""

import asyncio
import struct

from tests.server.rig import request_bytes

TEXT, CONT = 0x1, 0x0
_writers: list[asyncio.StreamWriter] = []


async def pipe(port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A TCP connection that lasts until `hang_up` at the latest."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    _writers.append(writer)
    return reader, writer


async def hang_up() -> None:
    """End every connection of this module, after every test."""
    for writer in _writers:
        writer.transport.abort()
    _writers.clear()
    await asyncio.sleep(0)  # the transports let go of their sockets in the next turn


def frame(payload: bytes, opcode: int = TEXT, *, fin: bool = True, rsv1: bool = False) -> bytes:
    """A masked client frame (the mask is zero)."""
    first = (0x80 if fin else 0) | (0x40 if rsv1 else 0) | opcode
    size = len(payload)
    if size < 126:
        head = struct.pack("!BB", first, 0x80 | size)
    elif size < 65536:
        head = struct.pack("!BBH", first, 0xFE, size)
    else:
        head = struct.pack("!BBQ", first, 0xFF, size)
    return head + b"\0\0\0\0" + payload


class Raw:
    """One open WebSocket that does only what it is told."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: bytes) -> None:
        self.reader, self.writer, self.head = reader, writer, head

    async def closed(self, seconds: float = 10) -> int:
        """Read to the end; the code of the close frame, 0 for none."""
        seen = b""
        async with asyncio.timeout(seconds):
            try:
                while data := await self.reader.read(65536):
                    seen += data
            except ConnectionError:
                pass
        at = seen.rfind(b"\x88")
        return int.from_bytes(seen[at + 2 : at + 4], "big") if at >= 0 else 0


async def opened(port: int, *headers: str, answer: bytes = b"101") -> Raw:
    """An upgraded socket. Raises AssertionError when the status is another."""
    reader, writer = await pipe(port)
    writer.write(request_bytes(f"Host: localhost:{port}", *headers))
    head = await reader.readuntil(b"\r\n\r\n")
    assert answer in head.split(b"\r\n")[0], head
    return Raw(reader, writer, head)


async def asked(port: int, request: bytes, seconds: float = 10) -> bytes:
    """The head of the answer to one raw HTTP request; nothing when the connection was ended without one."""
    reader, writer = await pipe(port)
    writer.write(request)
    seen = b""
    try:
        async with asyncio.timeout(seconds):
            seen = await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, ConnectionError):
        return b""
    return seen
