"""The doctor's questions to the network: may we listen, does STUN answer, does the mail server greet us."""

import asyncio
import contextlib
import secrets
import socket
import struct
from http.client import HTTPConnection, HTTPException
from urllib.parse import urlsplit

from mail.relay import parse_relay
from mail.sender import greet
from server.findings import Finding

PATIENCE_S = 3.0
_MAGIC = 0x2112A442
_BINDING_REQUEST = 0x0001
_BINDING_ANSWER = 0x0101
_DEFAULT_PORTS = {"stun": 3478, "turn": 3478, "stuns": 5349, "turns": 5349}


async def port(host: str, number: int) -> Finding:
    """Whether the server could listen here, or does already."""
    subject = f"port {number}"
    try:
        family, kind, proto, _, address = socket.getaddrinfo(host, number, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, proto) as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
    except OSError as error:
        if await asyncio.to_thread(_serves, host, number):
            return Finding("ok", subject, "an Openline server answers there")
        way_out = "choose another with --port, or stop what listens there"
        return Finding("fail", subject, f"cannot listen on {host}: {error.strerror}", way_out)
    return Finding("ok", subject, f"free on {host}")


def _serves(host: str, number: int) -> bool:
    connection = HTTPConnection("127.0.0.1" if host in ("0.0.0.0", "::") else host, number, timeout=PATIENCE_S)  # noqa: S104 - compared, not bound
    with contextlib.closing(connection), contextlib.suppress(OSError, HTTPException):
        connection.request("GET", "/healthz", headers={"Host": "localhost"})
        return connection.getresponse().status == 200
    return False


async def ice(url: str) -> Finding:
    """Whether a STUN or TURN server answers a binding request (UDP), or at least takes a connection (TCP, TLS)."""
    try:
        scheme, host, number, transport = parse_ice(url)
        async with asyncio.timeout(PATIENCE_S):
            answer = _connects(host, number) if transport == "tcp" else _binding(host, number)
            return Finding("ok", scheme, f"{url}: {await answer}")
    except (OSError, TimeoutError, ValueError) as error:
        text = str(error) or f"no answer within {PATIENCE_S:.0f} s"
    return Finding("fail", "ice", f"{url}: {text}", "check OPENLINE_ICE_SERVERS and that the firewall lets UDP through")


def parse_ice(url: str) -> tuple[str, str, int, str]:
    """`turn:host:port?transport=udp` as (scheme, host, port, transport), after RFC 7064 and 7065. Raises ValueError."""
    scheme, _, rest = url.partition(":")
    if scheme not in _DEFAULT_PORTS or not rest:
        raise ValueError("not a stun:, stuns:, turn: or turns: address")
    place, _, query = rest.partition("?")
    parts = urlsplit(f"//{place}")
    transport = "tcp" if scheme.endswith("s") or query == "transport=tcp" else "udp"
    return scheme, parts.hostname or "", parts.port or _DEFAULT_PORTS[scheme], transport


def binding_request(transaction: bytes) -> bytes:
    """A STUN binding request without attributes (RFC 8489, section 5)."""
    return struct.pack("!HHI", _BINDING_REQUEST, 0, _MAGIC) + transaction


def is_binding_answer(packet: bytes, transaction: bytes) -> bool:
    if len(packet) < 20:
        return False
    kind, _, magic = struct.unpack("!HHI", packet[:8])
    return kind == _BINDING_ANSWER and magic == _MAGIC and packet[8:20] == transaction


class _Question(asyncio.DatagramProtocol):
    def __init__(self, transaction: bytes) -> None:
        self.answered: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._transaction = transaction

    def datagram_received(self, data: bytes, addr: object) -> None:
        if is_binding_answer(data, self._transaction) and not self.answered.done():
            self.answered.set_result(None)

    def error_received(self, exc: Exception) -> None:
        if not self.answered.done():
            self.answered.set_exception(exc)


async def _binding(host: str, number: int) -> str:
    question = _Question(transaction := secrets.token_bytes(12))
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(lambda: question, remote_addr=(host, number))
    try:
        transport.sendto(binding_request(transaction))
        await question.answered
    finally:
        transport.close()
    return "answers"


async def _connects(host: str, number: int) -> str:
    _, writer = await asyncio.open_connection(host, number)
    writer.close()
    return "takes connections"


async def smtp(url: str) -> Finding:
    """Whether the mail server at `url` (`mail/relay.py`) greets us, with the TLS and the password that letters need."""
    try:
        relay = parse_relay(url)
    except ValueError as error:
        return Finding("fail", "smtp", f"OPENLINE_SMTP_URL: {error}", "see `openline serve --help`")
    try:
        await greet(relay, PATIENCE_S)
    except (OSError, TimeoutError) as error:
        text = str(error) or f"no answer within {PATIENCE_S:.0f} s"
        way_out = "check OPENLINE_SMTP_URL, its password and certificate, and that the port is open"
        return Finding("fail", "smtp", f"{relay.place}: {text}", way_out)
    return Finding("ok", "smtp", f"{relay.place} greets us")
