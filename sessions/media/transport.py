"""ICE, DTLS and SRTP of one browser: the one module that knows the private members of aiortc and aioice.

What it needs of them is named in `PRIVATE`; a test looks whether the installed release still has them. aiortc brings
the handshake and the keys. From then on no packet of media passes through its receivers and queues: it goes from the
socket through libsrtp to whoever opened the `Transport`, and back the same way.
"""

import asyncio
import socket
import struct
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any, Protocol, cast

import pylibsrtp
from aioice import Candidate, Connection
from aioice.candidate import candidate_foundation, candidate_priority
from aioice.ice import CandidatePair, StunProtocol, get_host_addresses
from aioice.stun import Class, Message
from aiortc.rtcdtlstransport import RTCCertificate, RTCDtlsFingerprint, RTCDtlsParameters, RTCDtlsTransport
from aiortc.rtcicetransport import RTCIceTransport

from sessions.media.allowance import Allowance
from sessions.media.candidates import Address, Sources

PRIVATE: dict[Any, tuple[str, ...]] = {
    Connection: (
        "_nominated", "_check_list", "_protocols", "_local_candidates", "_local_candidates_end", "_queue",
        "_remote_candidates", "check_complete", "check_incoming", "check_state", "data_received", "recv",
        "respond_error", "send", "check_start",
    ),
    StunProtocol: ("datagram_received", "local_candidate", "send_stun", "transactions", "transport", "close"),
    RTCCertificate: ("_create_ssl_context",),
    RTCDtlsTransport: ("_rx_srtp", "_tx_srtp", "_set_role", "_task", "start", "stop", "state"),
}  # fmt: skip
"""What this module uses of others without their promise that it stays."""

LARGEST = 1_452
"""Bytes of a datagram that are looked at: SRTP's buffer here has 1,500, and no browser sends more than 1,280."""
MAX_WAITING = 64
"""DTLS datagrams that may wait to be read."""
MAX_UNSENT = 16_384
"""Bytes that the kernel didn't take before sound is dropped instead of kept."""
MOST_READ_S, MOST_READ_OCTETS_S = 200, 32_000
"""What is read in a second of one browser's checks, of its handshake and of its reports, each: several times what the
busiest one sends. One that is made for it may take as long to read as a hundred packets of sound."""
MAX_STREAMS = 16
"""Sources (SSRC) that one browser may have: libsrtp keeps something of each, and looks through all at each packet."""
PORT_TRIES = 2_048
ROLE_CONFLICT = 487
"""The one error of a check that came with the right password (RFC 8445, 7.3.1.1)."""


class NoPort(OSError):
    """No free UDP port where browsers could reach us."""


class Certificate(RTCCertificate):
    """Our certificate, with one TLS context for all calls: pyOpenSSL leaves a cycle behind with each."""

    _context: Any = None

    def _create_ssl_context(self, srtp_profiles: Any) -> Any:
        if self._context is None:
            self._context = super()._create_ssl_context(srtp_profiles)
        return self._context


class Site:
    """Where this process meets browsers.

    `announce` is told in place of our own addresses of its family: the outside of a NAT that keeps ports.
    """

    def __init__(
        self,
        addresses: tuple[str, ...] = (),
        ports: tuple[int, int] | None = None,
        announce: str = "",
        allow_private: bool = False,
    ) -> None:
        self.addresses = addresses
        self.announce = announce
        self.allow_private = allow_private
        self.certificate = Certificate.generateCertificate()
        self._ports = ports
        self._next_port = ports[0] if ports else 0

    def own_addresses(self) -> tuple[str, ...]:
        """The addresses to listen at: those set, or all that this machine has."""
        return self.addresses or tuple(get_host_addresses(use_ipv4=True, use_ipv6=True))

    def ports(self) -> Iterator[int]:
        """Ports to try, each time beginning behind the last one taken; 0 lets the kernel choose."""
        if self._ports is None:
            yield 0
            return
        low, high = self._ports
        for _ in range(min(PORT_TRIES, high - low + 1)):
            port = self._next_port
            self._next_port = low + (port - low + 1) % (high - low + 1)
            yield port


class Socket(Protocol):
    """What sending needs of asyncio's datagram transport."""

    def sendto(self, data: bytes, addr: Address) -> None: ...
    def get_write_buffer_size(self) -> int: ...


class Gate(StunProtocol):
    """One UDP socket. Lets in checks, and all else only from addresses that a check has shown to be the browser's."""

    def __init__(self, path: "Path") -> None:
        super().__init__(path)
        self._path = path

    def datagram_received(self, data: bytes | str, addr: tuple[Any, ...]) -> None:
        if not data or len(data) > LARGEST:
            return
        datagram, address, path = cast(bytes, data), addr[:2], self._path
        first = datagram[0]
        if 127 < first < 192:
            if address in path.validated:
                path.on_media(datagram)
        elif 19 < first < 64:
            if address in path.validated:
                path.data_received(datagram, 1)
        elif first < 4 and self._is_meant(datagram) and path.may_check(address, len(datagram)):
            with suppress(struct.error):  # aioice lets this one through where a number is cut short
                super().datagram_received(datagram, address)

    def send_stun(self, message: Message, addr: Address) -> None:
        """A check is answered when it came with the right password, from one of the addresses that are taken."""
        if message.message_class == Class.REQUEST or self._path.sources.take(addr):
            super().send_stun(message, addr)

    def _is_meant(self, datagram: bytes) -> bool:
        """Whether it answers a check of ours or names our part of the username: what strangers send is not even read,
        for aioice takes as long for what they can make up as for a hundred packets of sound."""
        return datagram[8:20] in self.transactions or self._path.addressed in datagram


class Path(Connection):
    """An ICE connection that looks for no one: the browser finds us. It is aiortc's ICE transport at the same time."""

    role = "controlled"
    _recv = Connection.recv
    _send = Connection.send

    def __init__(self, site: Site, on_media: Callable[[bytes], None]) -> None:
        super().__init__(ice_controlling=False)
        self.on_media = on_media
        self.sources = Sources(site.allow_private)
        self.validated: set[tuple[Any, ...]] = set()
        self.target: tuple[Socket, Address] | None = None
        self.addressed = f"{self.local_username}:".encode()
        self._site = site
        self._loop = asyncio.get_running_loop()
        self._checks = Allowance(MOST_READ_S, MOST_READ_OCTETS_S)
        self._handshake = Allowance(MOST_READ_S, MOST_READ_OCTETS_S)

    def may_check(self, address: Address, size: int) -> bool:
        """Whether a check of `size` octets from there is read: not from too many addresses, and not too often."""
        return self.sources.may_come(address) and self._checks.takes(size, self._loop.time())

    async def gather_candidates(self) -> None:
        """Opens a socket at each of our addresses. Raises `NoPort` when none can be had."""
        for address in self._site.own_addresses():
            gate = await self._open(address)
            if gate is not None:
                self._protocols.append(gate)
                self._local_candidates.append(gate.local_candidate)
        if not self._protocols:
            raise NoPort("no UDP port for media")
        self._local_candidates_end = True

    async def _open(self, address: str) -> Gate | None:
        bound = next(filter(None, (_bound(address, port) for port in self._site.ports())), None)
        if bound is None:
            return None
        transport, gate = await self._loop.create_datagram_endpoint(lambda: Gate(self), sock=bound)
        gate.local_candidate = self._candidate(transport.get_extra_info("sockname"))
        return gate

    def _candidate(self, own: tuple[Any, ...]) -> Candidate:
        host, announce = own[0], self._site.announce
        told = announce if announce and (":" in announce) == (":" in host) else host
        return Candidate(
            foundation=candidate_foundation("host", "udp", told),
            component=1,
            transport="udp",
            priority=candidate_priority(1, "host"),
            host=told,
            port=own[1],
            type="host",
        )

    def respond_error(
        self, request: Message, addr: Address, protocol: StunProtocol, error_code: tuple[int, str]
    ) -> None:
        """Who shows no password gets no answer, not even an error: whoever they say they are may be a third."""
        if error_code[0] == ROLE_CONFLICT:
            super().respond_error(request, addr, protocol, error_code)

    def check_incoming(self, message: Message, addr: Address, protocol: StunProtocol) -> None:
        if "PRIORITY" in message.attributes and self.sources.take(addr):
            super().check_incoming(message, addr, protocol)

    async def check_start(self, pair: CandidatePair) -> None:
        """aioice asks again at once whoever answers that they have our role, for as long as they do."""
        if pair.state == CandidatePair.State.IN_PROGRESS:
            self.check_state(pair, CandidatePair.State.FAILED)
            self.check_complete(pair)
        else:
            await super().check_start(pair)

    def check_state(self, pair: CandidatePair, state: CandidatePair.State) -> None:
        super().check_state(pair, state)
        if state == CandidatePair.State.SUCCEEDED:
            self.validated.add(pair.remote_addr)

    def check_complete(self, pair: CandidatePair) -> None:
        super().check_complete(pair)
        chosen = self._nominated.get(1)
        self.target = (cast(Socket, chosen.protocol.transport), chosen.remote_addr) if chosen else None

    def data_received(self, data: bytes, component: int) -> None:
        if self._queue.qsize() < MAX_WAITING and self._handshake.takes(len(data), self._loop.time()):
            super().data_received(data, component)

    async def close(self) -> None:
        self.target = None
        self.validated.clear()
        await super().close()
        self._check_list.clear()  # pairs and sockets point at each other and at us
        self._remote_candidates.clear()


def _bound(address: str, port: int) -> socket.socket | None:
    """A UDP socket there; None where it can't be had."""
    bound = None
    try:
        bound = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM)
        bound.setblocking(False)
        bound.bind((address, port))
    except OSError:
        if bound is not None:
            bound.close()
        return None
    return bound


class Transport:
    """What one browser and we send each other; `on_rtp` and `on_rtcp` get what came, verified and in the clear."""

    def __init__(
        self,
        site: Site,
        *,
        on_rtp: Callable[[bytes], None],
        on_rtcp: Callable[[bytes], None],
        on_closed: Callable[[], None],
    ) -> None:
        self._path = Path(site, self._media)
        self._dtls = RTCDtlsTransport(cast(RTCIceTransport, self._path), [site.certificate])
        self._dtls._set_role("client")
        self._on_rtp, self._on_rtcp, self._on_closed = on_rtp, on_rtcp, on_closed
        self._rx: pylibsrtp.Session | None = None
        self._tx: pylibsrtp.Session | None = None
        self._streams: set[bytes] = set()
        self._loop = asyncio.get_running_loop()
        self._reports = Allowance(MOST_READ_S, MOST_READ_OCTETS_S)
        self._closed = False

    async def open(self) -> None:
        """Opens the sockets. Raises `NoPort`, and `ConnectionError` when it was closed meanwhile."""
        await self._path.gather_candidates()
        if self._closed:
            await self._path.close()
            raise ConnectionError("closed")

    @property
    def username(self) -> str:
        return self._path.local_username

    @property
    def password(self) -> str:
        return self._path.local_password

    @property
    def candidates(self) -> tuple[str, ...]:
        """Where we can be reached, as lines of an answer."""
        return tuple(candidate.to_sdp() for candidate in self._path.local_candidates)

    @property
    def fingerprints(self) -> tuple[tuple[str, str], ...]:
        """Of our certificate, in SHA-256 only, which every browser knows."""
        found = self._dtls.getLocalParameters().fingerprints
        return tuple((one.algorithm, one.value) for one in found if one.algorithm == "sha-256")

    async def connect(self, username: str, password: str, fingerprints: tuple[tuple[str, str], ...]) -> None:
        """Waits for the browser and shakes hands. Without a deadline; raises `ConnectionError` when it can't be."""
        self._path.remote_username, self._path.remote_password = username, password
        await self._path.connect()
        parameters = RTCDtlsParameters([RTCDtlsFingerprint(name, value) for name, value in fingerprints], role="server")
        await self._dtls.start(parameters)
        if self._closed or self._dtls.state != "connected":
            raise ConnectionError("the DTLS handshake failed")
        self._rx, self._tx = self._dtls._rx_srtp, self._dtls._tx_srtp
        self._dtls.on("statechange", self._changed)

    def _changed(self) -> None:
        if self._dtls.state == "closed" and not self._closed:
            self._on_closed()

    def _media(self, data: bytes) -> None:
        """RTP and RTCP share the port; RTCP's types are those from 192 to 223 (RFC 5761, 4)."""
        session = self._rx
        if session is None or len(data) < 12:
            return
        is_rtcp = 191 < data[1] < 224
        if is_rtcp and not self._reports.takes(len(data), self._loop.time()):
            return
        stream = data[4:8] if is_rtcp else data[8:12]
        if stream not in self._streams and len(self._streams) >= MAX_STREAMS:
            return
        try:
            plain = session.unprotect_rtcp(data) if is_rtcp else session.unprotect(data)
        except pylibsrtp.Error:
            return
        self._streams.add(stream)  # only now: nobody else can use up what the browser may have
        (self._on_rtcp if is_rtcp else self._on_rtp)(plain)

    def send_rtp(self, data: bytes) -> bool:
        """Protects and sends; False where it was dropped, since nobody is there or the kernel takes no more."""
        target, session = self._path.target, self._tx
        if target is None or session is None or target[0].get_write_buffer_size() > MAX_UNSENT:
            return False
        try:  # cheaper than suppress, ten thousand times a second
            target[0].sendto(session.protect(data), target[1])
        except (pylibsrtp.Error, ValueError):
            return False
        return True

    def send_rtcp(self, data: bytes) -> None:
        """Like `send_rtp`."""
        target, session = self._path.target, self._tx
        if target is not None and session is not None:
            with suppress(pylibsrtp.Error, ValueError):
                target[0].sendto(session.protect_rtcp(data), target[1])

    async def close(self) -> None:
        """Tells the browser, and lets go of all sockets and tasks. May be called twice."""
        if self._closed:
            return
        self._closed = True
        self._rx = self._tx = None
        pump = self._dtls._task
        await self._dtls.stop()
        await self._path.close()
        if pump is not None:
            await asyncio.gather(pump, return_exceptions=True)
        self._dtls.remove_all_listeners()
        # Who opened us is let go, so that nothing has to be found by the collector of cycles, which seldom runs.
        self._path.on_media = self._on_rtp = self._on_rtcp = _nowhere
        self._on_closed = _nobody


def _nowhere(_data: bytes) -> None:
    """Takes what comes after the end."""


def _nobody() -> None:
    """Has nobody to tell of the end."""
