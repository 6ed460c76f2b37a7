"""One end of a call, for `bench media`: a UDP socket with a stream of Opus on it.

`SecureLeg` is as light as a browser could be: it offers, checks the address in the answer until it hears back, is the
passive side of the DTLS handshake, and then protects what it sends. Public APIs of aioice, pyOpenSSL and libsrtp only.
"""

import contextlib
import datetime
import re
import secrets
import socket
import struct
from functools import cache
from typing import Final

import pylibsrtp
from aioice import stun
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from OpenSSL import SSL

HOST: Final = "127.0.0.1"
PAYLOAD_TYPE: Final = 111
FRAME_TICKS: Final = 960
SRTP: Final = pylibsrtp.Policy.SRTP_PROFILE_AES128_CM_SHA1_80
"""What every peer must know (RFC 8827, 6.5), and the dearest of those that browsers choose."""
KEY, SALT = 16, 14
PRIORITY: Final = 110 << 24 | 65_535 << 8 | 255
"""Of a peer-reflexive candidate (RFC 8445, 5.1.2)."""
DATAGRAM: Final = 1500
SO_TIMESTAMPNS: Final = 35
"""Of Linux' asm-generic/socket.h, which Python's socket module lacks: each datagram comes with the time it arrived."""
_RTP = struct.Struct("!BBHII")

Address = tuple[str, int]


class LegError(Exception):
    """A leg could not be connected; says why."""


class Leg:
    """What it sends goes out as it is: for a relay that knows no encryption."""

    def __init__(self, remote: Address | None = None) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        self.socket.bind((HOST, 0))
        self.socket.setblocking(False)
        self.remote = remote
        self.is_open = remote is not None
        self._ssrc = secrets.randbits(32)
        self._sequence = 0

    def packet(self, payload: bytes) -> bytes:
        """The next packet of the stream, as it goes out."""
        n, self._sequence = self._sequence, self._sequence + 1
        head = _RTP.pack(0x80, PAYLOAD_TYPE, n & 0xFFFF, n * FRAME_TICKS & 0xFFFFFFFF, self._ssrc)
        return self._protected(head + payload)

    def payload(self, datagram: bytes) -> bytes:
        """Of a media packet that came; empty where it can't be read."""
        return self._clear(datagram)[12:]

    def _protected(self, packet: bytes) -> bytes:
        return packet

    def _clear(self, datagram: bytes) -> bytes:
        return datagram

    def send(self, datagram: bytes) -> None:
        if self.remote is not None:
            with contextlib.suppress(BlockingIOError):  # as lost as in any network
                self.socket.sendto(datagram, self.remote)

    def take(self, datagram: bytes, address: Address) -> None:
        """What came and isn't media."""

    def tick(self) -> None:
        """Say again what was not answered. To be called every few hundredths of a second until it is open."""

    def close(self) -> None:
        self.socket.close()


class SecureLeg(Leg):
    """A leg as a browser has it: `offer`, then `answered`; it is open once both have the keys."""

    def __init__(self) -> None:
        super().__init__()
        self._name, self._password = secrets.token_hex(4), secrets.token_hex(12)
        self._tie_breaker = secrets.randbits(64)
        self._their_name = self._their_password = self._their_fingerprint = ""
        self._checked = False
        self._dtls = SSL.Connection(_context(), None)
        self._dtls.set_accept_state()
        self._in: pylibsrtp.Session | None = None
        self._out: pylibsrtp.Session | None = None

    def offer(self) -> str:
        lines = [
            "v=0", f"o=- {self._ssrc} 1 IN IP4 {HOST}", "s=-", "t=0 0", "a=group:BUNDLE 0",
            f"m=audio 9 UDP/TLS/RTP/SAVPF {PAYLOAD_TYPE}", "c=IN IP4 0.0.0.0", "a=mid:0", "a=sendrecv", "a=rtcp-mux",
            f"a=rtpmap:{PAYLOAD_TYPE} opus/48000/2", f"a=ice-ufrag:{self._name}", f"a=ice-pwd:{self._password}",
            f"a=fingerprint:sha-256 {_fingerprint(_certificate()[1])}", "a=setup:actpass",
            f"a=ssrc:{self._ssrc} cname:bench",
            f"a=candidate:1 1 udp 2130706431 {HOST} {self.socket.getsockname()[1]} typ host", "a=end-of-candidates",
        ]  # fmt: skip
        return "\r\n".join(lines) + "\r\n"

    def answered(self, sdp: str) -> None:
        """Begins to connect. Raises LegError where the answer lacks something."""
        self._their_name = _found(r"a=ice-ufrag:(\S+)", sdp)[0]
        self._their_password = _found(r"a=ice-pwd:(\S+)", sdp)[0]
        self._their_fingerprint = _found(r"a=fingerprint:sha-256 (\S+)", sdp)[0].upper()
        host, port = _found(r"a=candidate:\S+ 1 udp \d+ ([\d.]+) (\d+) typ host", sdp)
        self.remote = (host, int(port))
        self.tick()

    def tick(self) -> None:
        if not self._checked:
            self._check()
        elif not self.is_open and self._dtls.DTLSv1_handle_timeout():
            self._flush()

    def take(self, datagram: bytes, address: Address) -> None:
        """Raises LegError when the handshake fails."""
        if datagram[0] < 4:
            self._stun(datagram, address)
        elif 19 < datagram[0] < 64:
            self._dtls.bio_write(datagram)
            self._shake_hands()

    # ------------------------------------------------------------ ICE

    def _check(self) -> None:
        request = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
        request.attributes = {
            "USERNAME": f"{self._their_name}:{self._name}",
            "PRIORITY": PRIORITY,
            "ICE-CONTROLLING": self._tie_breaker,
            "USE-CANDIDATE": None,
        }
        request.add_message_integrity(self._their_password.encode())
        self.send(bytes(request))

    def _stun(self, datagram: bytes, address: Address) -> None:
        message = stun.parse_message(datagram)
        if message.message_class == stun.Class.RESPONSE:
            self._checked |= message.check_message_integrity(self._their_password.encode())
        elif message.message_class == stun.Class.REQUEST and message.check_message_integrity(self._password.encode()):
            answer = stun.Message(stun.Method.BINDING, stun.Class.RESPONSE, message.transaction_id)
            answer.attributes = {"XOR-MAPPED-ADDRESS": address}
            answer.add_message_integrity(self._password.encode())
            self.send(bytes(answer))

    # ------------------------------------------------------------ DTLS and SRTP

    def _shake_hands(self) -> None:
        try:
            if not self.is_open:
                self._dtls.do_handshake()
                self._take_keys()
        except SSL.WantReadError:
            pass
        except SSL.Error as error:
            raise LegError(f"DTLS: {error!r}") from None
        self._flush()

    def _flush(self) -> None:
        with contextlib.suppress(SSL.WantReadError):
            while data := self._dtls.bio_read(DATAGRAM):
                self.send(data)

    def _take_keys(self) -> None:
        """RFC 5764, 4.2; we are the server."""
        theirs = self._dtls.get_peer_certificate(as_cryptography=True)
        if theirs is None or _fingerprint(theirs) != self._their_fingerprint:
            raise LegError("another certificate than the answer says")
        keys = self._dtls.export_keying_material(b"EXTRACTOR-dtls_srtp", 2 * (KEY + SALT))
        salts = keys[2 * KEY :]
        self._in = _srtp(keys[:KEY] + salts[:SALT], pylibsrtp.Policy.SSRC_ANY_INBOUND)
        self._out = _srtp(keys[KEY : 2 * KEY] + salts[SALT:], pylibsrtp.Policy.SSRC_ANY_OUTBOUND)
        self.is_open = True

    def _protected(self, packet: bytes) -> bytes:
        assert self._out is not None, "it is open"
        return self._out.protect(packet)

    def _clear(self, datagram: bytes) -> bytes:
        with contextlib.suppress(pylibsrtp.Error):
            return self._in.unprotect(datagram) if self._in else b""
        return b""

    def close(self) -> None:
        with contextlib.suppress(SSL.Error):
            if self.is_open:
                self._dtls.shutdown()
                self._flush()
        super().close()


def _found(pattern: str, sdp: str) -> tuple[str, ...]:
    found = re.search(rf"^{pattern}", sdp, re.MULTILINE | re.IGNORECASE)
    if found is None:
        raise LegError(f"the answer has no {pattern}")
    return found.groups()


def _srtp(key: bytes, which: int) -> pylibsrtp.Session:
    return pylibsrtp.Session(pylibsrtp.Policy(key=key, ssrc_type=which, srtp_profile=SRTP))


@cache
def _certificate() -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
    """One for all legs of this process, as a browser has one for all its calls."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "bench")])
    now = datetime.datetime.now(datetime.UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    made = made.not_valid_before(now - datetime.timedelta(days=1)).not_valid_after(now + datetime.timedelta(days=1))
    return key, made.sign(key, hashes.SHA256())


@cache
def _context() -> SSL.Context:
    key, certificate = _certificate()
    context = SSL.Context(SSL.DTLS_METHOD)
    context.set_verify(SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT, lambda *_: True)  # the answer names it
    context.use_certificate(certificate)
    context.use_privatekey(key)
    context.set_tlsext_use_srtp(b"SRTP_AES128_CM_SHA1_80")
    return context


def _fingerprint(certificate: x509.Certificate) -> str:
    return certificate.fingerprint(hashes.SHA256()).hex(":").upper()
