"""A real mail server (aiosmtpd) in the test's own loop, which behaves as it is told."""

import asyncio
import contextlib
import datetime
import ssl
from collections.abc import AsyncIterator, Callable
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

USER, PASSWORD = "me@line.example", "p:a/ss w"


class Post:
    """What came in, in order: `mails` were accepted. `rcpt` and `data` are the answers, one a time, then 250.

    `on_rcpt`, `on_data` and `on_text` run before RCPT, DATA and the end of the text are answered.
    """

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.envelopes: list[Envelope] = []
        self.rcpt: list[str] = []
        self.data: list[str] = []
        self.tls: list[bool] = []
        self.users: list[str] = []
        self.port = 0
        self.on_rcpt: Callable[[], None] = lambda: None
        self.on_data: Callable[[], None] = lambda: None
        self.on_text: Callable[[], None] = lambda: None
        self._came = asyncio.Event()

    async def handle_RCPT(self, server: Any, session: Session, envelope: Envelope, to: str, _options: Any) -> str:
        self.on_rcpt()
        answer = self.rcpt.pop(0) if self.rcpt else "250 OK"
        if answer == "hang":
            await asyncio.Event().wait()
        if answer.startswith("2"):
            envelope.rcpt_tos.append(to)
        return answer

    async def handle_DATA(self, server: Any, session: Session, envelope: Envelope) -> str:
        answer = self.data.pop(0) if self.data else "250 OK"
        if answer.startswith("2") or answer in ("drop", "hang"):
            assert isinstance(envelope.content, bytes)
            found = message_from_bytes(envelope.content, policy=SMTP_POLICY)
            assert isinstance(found, EmailMessage)
            self.mails.append(found)
            self.envelopes.append(envelope)
            self.tls.append(session.ssl is not None)
            self._came.set()
        self.on_text()
        if answer == "drop":
            server.transport.abort()
            return "250 never said"
        if answer == "hang":
            await asyncio.Event().wait()
        return answer

    async def until(self, count: int) -> list[EmailMessage]:
        """The mails, as soon as there are so many."""
        async with asyncio.timeout(20):
            while len(self.mails) < count:
                self._came.clear()
                await self._came.wait()
        return self.mails

    def sign_in(self, _server: Any, _session: Any, _envelope: Any, _mechanism: str, given: Any) -> AuthResult:
        ok = (given.login, given.password) == (USER.encode(), PASSWORD.encode())
        self.users.append(given.login.decode())
        return AuthResult(success=ok, handled=False)

    @property
    def texts(self) -> list[str]:
        return [mail.get_content().replace("\r\n", "\n") for mail in self.mails]


class _Server(SMTP):
    """Says when DATA begins, which no hook of the library does, and can be ended."""

    async def end(self) -> None:
        if self.transport is not None:
            self.transport.abort()  # type: ignore[attr-defined]
        if (talk := self._handler_coroutine) is not None:
            talk.cancel()
            await asyncio.wait([talk])

    async def smtp_DATA(self, arg: str) -> None:
        self.event_handler.on_data()
        if self.transport is not None and not self.transport.is_closing():
            await super().smtp_DATA(arg)


@contextlib.asynccontextmanager
async def post_office(
    tls: ssl.SSLContext | None = None, *, auth: bool = False, smtps: bool = False
) -> AsyncIterator[Post]:
    """A mail server on the loopback: plain, with STARTTLS (`tls`), or with TLS from the first byte (`smtps` too)."""
    post = Post()
    loop = asyncio.get_running_loop()
    open_lines: list[_Server] = []

    def answering() -> _Server:
        starttls = tls is not None and not smtps
        made = _Server(
            post, hostname="mail.example", tls_context=tls if starttls else None, require_starttls=starttls,
            auth_required=auth and starttls,
            auth_require_tls=starttls, authenticator=post.sign_in, loop=loop,
        )  # fmt: skip
        open_lines.append(made)
        return made

    server = await loop.create_server(answering, "127.0.0.1", 0, ssl=tls if smtps else None)
    post.port = server.sockets[0].getsockname()[1]
    try:
        yield post
    finally:
        server.close()
        for line in open_lines:
            await line.end()


def certificate(folder: Path, name: str = "localhost") -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """What a server of `name` shows, and what a client needs to believe it."""
    key = ec.generate_private_key(ec.SECP256R1())
    who = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    today = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder().subject_name(who).issuer_name(who).public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(today - datetime.timedelta(days=1)).not_valid_after(today + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    pem, secret = folder / f"{name}.pem", folder / f"{name}.key"
    pem.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    shown = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    shown.load_cert_chain(pem, secret)
    return shown, ssl.create_default_context(cafile=str(pem))
