"""What a TURN server makes of a credential of ours: asked as a browser would, over UDP, TCP or TLS."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

from aioice import stun, turn
from msgspec import Struct

from sessions.turn import TurnAccess

_LIFETIME_S, _CHANNEL_S, _CLOSING_S = 600, 500, 2.0
_FIRST_CHANNEL: Final = 0x4000
NEVER_PEERS: Final = ("127.0.0.1", "169.254.169.254", "10.255.255.254", "192.168.255.254")
"""Addresses to which a TURN server must send nothing for strangers: its own services, the cloud's, the network's."""


class TurnAnswer(Struct, frozen=True):
    """`refused` is the code with which it gives no allocation (401: it doesn't share our secret; 0 for none), and
    `sends_to` those of `NEVER_PEERS` that it would relay to."""

    refused: int = 0
    sends_to: tuple[str, ...] = ()


async def probe(host: str, port: int, access: TurnAccess, *, transport: str, tls: bool) -> TurnAnswer:
    """Allocates, asks for channels to `NEVER_PEERS`, and gives all back.

    Raises OSError when it can't be reached (ssl.SSLError: its certificate is not to be trusted) and aioice's
    ConnectionError when it answers nothing that makes sense. Has no deadline of its own.
    """
    async with _client(host, port, access, transport=transport, tls=tls) as client:
        try:
            await client.connect()
        except stun.TransactionFailed as failed:
            return TurnAnswer(refused=failed.response.error_code or 500)
        except stun.TransactionTimeout:
            raise ConnectionError("no answer") from None
        sends_to = [peer for n, peer in enumerate(NEVER_PEERS) if await _binds(client, _FIRST_CHANNEL + n, peer)]
        await client.delete()
        return TurnAnswer(sends_to=tuple(sends_to))


async def _binds(client: turn.TurnClientProtocol, channel: int, peer: str) -> bool:
    try:
        await client.channel_bind(channel, (peer, 9))
    except stun.TransactionError:
        return False
    return True


@asynccontextmanager
async def _client(
    host: str, port: int, access: TurnAccess, *, transport: str, tls: bool
) -> AsyncIterator[turn.TurnClientProtocol]:
    """A client that is closed at the end, whatever came of it."""
    loop, gone = asyncio.get_running_loop(), asyncio.Event()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_DGRAM)
    server = (str(found[0][4][0]), port)
    given = (server, access.username, access.credential, _LIFETIME_S, _CHANNEL_S)
    client: Any
    link: asyncio.Transport | asyncio.DatagramTransport
    if transport == "tcp":
        trust = ssl.create_default_context() if tls else None
        link, client = await loop.create_connection(lambda: turn.TurnClientTcpProtocol(*given), host, port, ssl=trust)
    else:
        link, client = await loop.create_datagram_endpoint(
            lambda: turn.TurnClientUdpProtocol(*given), remote_addr=server
        )
    client.connection_lost = lambda _: gone.set()
    try:
        yield client
    finally:
        if client.refresh_task:
            client.refresh_task.cancel()
        link.close()
        try:
            await asyncio.wait_for(gone.wait(), _CLOSING_S)
        except TimeoutError:
            link.abort()
