"""Whether a SIP trunk is there: asked what it can do (OPTIONS; RFC 3261, section 11), the way that calls go."""

import asyncio
import re
import ssl
from contextlib import suppress
from typing import Final

from ground.ids import new_id
from sessions.phone.trunk import Trunk

AGAIN_S: Final = 0.5
"""A datagram is sent anew after so long (timer T1 of RFC 3261)."""
_LARGEST: Final = 65_535
_STATUS: Final = re.compile(rb"SIP/2\.0 ([1-6][0-9]{2}) ")


async def probe(trunk: Trunk) -> int:
    """The status that it answers with. Whatever that is, it is there.

    Raises OSError when it can't be reached (ssl.SSLError: its certificate is not to be trusted), and ValueError when
    what answers doesn't speak SIP. Has no deadline of its own.
    """
    answer = await (_by_datagram(trunk) if trunk.transport == "udp" else _by_stream(trunk))
    status = _STATUS.match(answer)
    if not status:
        raise ValueError("what answers there does not speak SIP")
    return int(status[1])


def request(trunk: Trunk, own: tuple[str, int]) -> bytes:
    """What it is asked, from our address `own`."""
    host = f"[{own[0]}]" if ":" in own[0] else own[0]
    lines = (
        f"OPTIONS sip:{trunk.at} SIP/2.0",
        f"Via: SIP/2.0/{trunk.transport.upper()} {host}:{own[1]};branch={new_id('z9hG4bK')};rport",
        "Max-Forwards: 70",
        f"From: <sip:{trunk.user}@{trunk.realm or trunk.host}>;tag={new_id('t')}",
        f"To: <sip:{trunk.at}>",
        f"Call-ID: {new_id('probe')}",
        "CSeq: 1 OPTIONS",
        "Accept: application/sdp",
        "Content-Length: 0",
    )
    return "\r\n".join((*lines, "", "")).encode()


def _place(trunk: Trunk) -> tuple[str, int]:
    return trunk.host, trunk.port or (5061 if trunk.transport == "tls" else 5060)


def _own(trunk: Trunk) -> tuple[str, int] | None:
    return (trunk.local, 0) if trunk.local else None


async def _by_stream(trunk: Trunk) -> bytes:
    host, port = _place(trunk)
    tls = ssl.create_default_context(cafile=trunk.ca or None) if trunk.transport == "tls" else None
    reader, writer = await asyncio.open_connection(host, port, ssl=tls, local_addr=_own(trunk))
    try:
        writer.write(request(trunk, writer.get_extra_info("sockname")[:2]))
        return await reader.readuntil(b"\n")
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError):
        raise ValueError("it hangs up on who asks") from None
    finally:
        writer.transport.abort()  # not every trunk says good-bye in TLS, and nobody is to wait for that


class _Asking(asyncio.DatagramProtocol):
    def __init__(self) -> None:
        self.answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    def datagram_received(self, data: bytes, addr: object) -> None:
        if not self.answer.done():
            self.answer.set_result(data[:_LARGEST])

    def error_received(self, exc: Exception) -> None:
        if not self.answer.done():
            self.answer.set_exception(exc)


async def _by_datagram(trunk: Trunk) -> bytes:
    loop = asyncio.get_running_loop()
    transport, asking = await loop.create_datagram_endpoint(_Asking, remote_addr=_place(trunk), local_addr=_own(trunk))
    asked = request(trunk, transport.get_extra_info("sockname")[:2])
    try:
        while True:
            transport.sendto(asked)
            with suppress(TimeoutError):
                return await asyncio.wait_for(asyncio.shield(asking.answer), AGAIN_S)
    finally:
        transport.close()
