"""The socket by which all sound of one process comes from Asterisk and goes there.

One UDP port for all calls: Asterisk speaks from a port of its own in each call, and by that a packet finds its call.
What comes from anywhere else is dropped before it is looked at.
"""

import asyncio
import contextlib
import socket
from collections.abc import Callable
from ipaddress import ip_address
from typing import Any, Final, cast

from sessions.phone.asterisk.settings import AriSettings

Address = tuple[str, int]
BUFFER: Final = 1 << 20
"""A second of a hundred calls, for when this process stands still."""


class NoPort(OSError):
    """None of the ports of the settings is free, or the address is none of this machine."""


class MediaSocket(asyncio.DatagramProtocol):
    """Opened by `open_media`."""

    def __init__(self) -> None:
        self._calls: dict[Address, Callable[[bytes], None]] = {}
        self._transport: asyncio.DatagramTransport | None = None
        self._closed = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See asyncio."""
        self._transport = cast(asyncio.DatagramTransport, transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """See asyncio."""
        self._closed.set()

    def datagram_received(self, data: bytes, addr: tuple[Any, ...]) -> None:
        """See asyncio."""
        if take := self._calls.get((addr[0], addr[1])):
            take(data)

    def error_received(self, exc: Exception) -> None:
        """Asterisk has closed a port already: its events tell what that means."""

    def expect(self, source: Address, take: Callable[[bytes], None]) -> Callable[[bytes], None]:
        """From now on what comes from `source` goes to `take`. Returns what sends there."""
        self._calls[source] = take
        return lambda data: self._send(data, source)

    def forget(self, source: Address) -> None:
        """The call is over."""
        self._calls.pop(source, None)

    def _send(self, data: bytes, to: Address) -> None:
        if self._transport and not self._transport.is_closing():
            self._transport.sendto(data, to)

    @property
    def at(self) -> str:
        """Where Asterisk is to send, as it wants it written."""
        host, port = self._transport.get_extra_info("sockname")[:2] if self._transport else ("", 0)
        return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"

    async def close(self) -> None:
        """Give the port back. What still waits to be sent is dropped."""
        if self._transport:
            self._transport.abort()
            await self._closed.wait()


async def open_media(settings: AriSettings) -> MediaSocket:
    """On the first port of the settings that is free. Raises NoPort."""
    family = socket.AF_INET6 if ip_address(settings.media).version == 6 else socket.AF_INET
    for port in range(settings.ports[0], settings.ports[1] + 1):
        bound = socket.socket(family, socket.SOCK_DGRAM)
        with contextlib.suppress(OSError):
            bound.bind((settings.media, port))
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
            bound.setblocking(False)
            loop = asyncio.get_running_loop()
            _, media = await loop.create_datagram_endpoint(MediaSocket, sock=bound)
            return media
        bound.close()
    raise NoPort(f"no UDP port of OPENLINE_ARI_MEDIA is free at {settings.media}")


def address_of(variables: dict[str, str]) -> Address:
    """Where Asterisk's end of an external media channel is. Raises ValueError."""
    host = ip_address(variables.get("UNICASTRTP_LOCAL_ADDRESS", ""))
    port = int(variables.get("UNICASTRTP_LOCAL_PORT", ""))
    if not 0 < port < 65536:
        raise ValueError(port)
    return str(host), port
