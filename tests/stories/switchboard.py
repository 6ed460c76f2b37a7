"""What may stand between a browser and the servers: a chooser of the living one, and a proxy that ends TLS."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

from tests.ports import free_port

HEAD_END = b"\r\n\r\n"


class Switchboard:
    """One address before several servers: each new connection goes to the first that lives."""

    def __init__(self, ports: list[int]) -> None:
        self.ports = ports
        self.port = free_port()
        self.tls: ssl.SSLContext | None = None
        self._pumps: set[asyncio.Task[None]] = set()

    @contextlib.asynccontextmanager
    async def open(self) -> AsyncIterator["Switchboard"]:
        async with await asyncio.start_server(self._accept, "localhost", self.port, ssl=self.tls):
            yield self
            for pump in self._pumps:
                pump.cancel()
            await asyncio.gather(*self._pumps, return_exceptions=True)

    async def before(self, reader: asyncio.StreamReader) -> bytes:
        """What the server is to read first."""
        return b""

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for port in self.ports:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError):
                far_reader, far_writer = await asyncio.open_connection("127.0.0.1", port)
                far_writer.write(await self.before(reader))
                for source, sink in ((reader, far_writer), (far_reader, writer)):
                    pump = asyncio.create_task(_pump(source, sink))
                    self._pumps.add(pump)
                    pump.add_done_callback(self._pumps.discard)
                return
        await _close(writer)


class TlsProxy(Switchboard):
    """Ends TLS, and says for whom it asks. One request on each connection."""

    def __init__(self, port: int, certificate: tuple[Path, Path]) -> None:
        super().__init__([port])
        self.tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self.tls.load_cert_chain(*certificate)

    async def before(self, reader: asyncio.StreamReader) -> bytes:
        head = await reader.readuntil(HEAD_END)
        told = [b"X-Forwarded-Proto: https", b"X-Forwarded-For: 203.0.113.7"]
        if b"\r\nupgrade: websocket" not in head.lower():
            head = head.replace(b"\r\nConnection: keep-alive", b"")
            told.append(b"Connection: close")
        return head.removesuffix(HEAD_END) + b"\r\n" + b"\r\n".join(told) + HEAD_END


async def _pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    try:
        with contextlib.suppress(OSError):
            while data := await source.read(65_536):
                sink.write(data)
                await sink.drain()
    finally:
        await _close(sink)


async def _close(sink: asyncio.StreamWriter) -> None:
    sink.close()
    with contextlib.suppress(OSError):
        await sink.wait_closed()
