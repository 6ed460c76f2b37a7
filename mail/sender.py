"""Handing letters to a mail server over SMTP, and writing down in the outbox what became of each."""

import asyncio
import contextlib
import ssl
from email.headerregistry import Address
from typing import Final

import structlog
from aiosmtplib import SMTP, SMTPException, SMTPRecipientRefused, SMTPResponseException

from ground.clock import Clock
from mail.message import Unsendable, message
from mail.outbox import Claimed, Outbox
from mail.relay import Relay

ANSWER_S: Final = 20.0
"""How long the mail server may take for one answer."""
BEFORE_S: Final = 60.0
"""How long everything may take until the text goes out: well within the lease of `mail/outbox.py`."""
TAKING_S: Final = 120.0
"""How long the mail server may take to accept the text: well within the lease of what is handed over."""
QUIT_S: Final = 2.0
_log = structlog.get_logger("openline.mail")


class Sender:
    """Delivers letters of `outbox` to `relay`, from `sender`. `tls` overrides the system's certificate authorities."""

    def __init__(
        self,
        outbox: Outbox,
        relay: Relay,
        sender: Address,
        clock: Clock,
        *,
        tls: ssl.SSLContext | None = None,
        answer_s: float = ANSWER_S,
        taking_s: float = TAKING_S,
    ) -> None:
        self._outbox = outbox
        self._relay = relay
        self._sender = sender
        self._clock = clock
        self._tls = tls or (None if relay.tls == "never" else ssl.create_default_context())
        self._answer_s = answer_s
        self._taking_s = taking_s

    async def deliver(self, letter: Claimed) -> None:
        """Try once. Raises database errors; what the mail server does ends up in the outbox."""
        try:
            data = message(letter, self._sender)
        except Unsendable as error:
            _log.error("mail_unsendable", mail=letter.mail, header=str(error))
            return await self._outbox.refused(letter, self._now(), f"not to be sent: {error}", handed=False)
        line = self._line()
        try:
            if await self._announce(line, letter) and await self._outbox.hand_over(letter, self._now()):
                await self._hand_over(line, letter, data)
        finally:
            await _hang_up(line)

    def _now(self) -> int:
        return self._clock.now_ms()

    def _line(self) -> SMTP:
        relay = self._relay
        return SMTP(
            hostname=relay.host,
            port=relay.port,
            username=relay.user or None,
            password=relay.password or None,
            use_tls=relay.tls == "implicit",
            start_tls=relay.tls == "starttls",
            tls_context=self._tls,
            local_hostname=self._sender.domain,
            timeout=self._answer_s,
        )

    async def _announce(self, line: SMTP, letter: Claimed) -> bool:
        """Everything before the text. Whatever fails here, the letter has not gone; only a recipient that the mail
        server will never take ends its way. All other refusals are about us: somebody may put them right."""
        try:
            async with asyncio.timeout(BEFORE_S):
                await line.connect()
                await line.mail(self._sender.addr_spec)
                await line.rcpt(letter.to)
        except SMTPRecipientRefused as error:
            if error.code >= 500:
                await self._refused(letter, error, handed=False)
            else:
                await self._postpone(letter, _said(error), handed=False)
        except (SMTPException, OSError, TimeoutError, ValueError) as error:
            await self._postpone(letter, _said(error), handed=False)
        else:
            return True
        return False

    async def _hand_over(self, line: SMTP, letter: Claimed, data: bytes) -> None:
        try:
            async with asyncio.timeout(self._taking_s):
                await line.data(data, timeout=self._taking_s)
        except SMTPResponseException as error:  # it said so: nothing was taken
            if error.code >= 500:
                await self._refused(letter, error, handed=True)
            else:
                await self._postpone(letter, _said(error), handed=True)
        except (SMTPException, OSError, TimeoutError) as error:
            _log.warning("mail_uncertain", mail=letter.mail, relay=self._relay.place, error=_said(error))
            await self._outbox.uncertain(letter, self._now(), _said(error))
        else:
            await self._outbox.sent(letter, self._now())
            _log.info("mail_sent", mail=letter.mail, kind=letter.kind, attempts=letter.attempts)

    async def _refused(self, letter: Claimed, error: SMTPResponseException, *, handed: bool) -> None:
        _log.warning("mail_refused", mail=letter.mail, relay=self._relay.place, code=error.code)
        await self._outbox.refused(letter, self._now(), _said(error), handed=handed)

    async def _postpone(self, letter: Claimed, why: str, *, handed: bool) -> None:
        _log.warning("mail_postponed", mail=letter.mail, relay=self._relay.place, attempts=letter.attempts)
        await self._outbox.postpone(letter, self._now(), why, handed=handed)


async def greet(relay: Relay, patience_s: float) -> None:
    """Connect as for a letter, sign in where a password is given, and hang up. Raises OSError or TimeoutError, which
    say what the mail server said."""
    line = SMTP(
        hostname=relay.host, port=relay.port, use_tls=relay.tls == "implicit", start_tls=relay.tls == "starttls",
        username=relay.user or None, password=relay.password or None, timeout=patience_s,
    )  # fmt: skip
    try:
        async with asyncio.timeout(patience_s):
            await line.connect()
            await line.ehlo()
    except (SMTPException, ValueError) as error:
        raise OSError(_said(error)) from None
    finally:
        await _hang_up(line)


async def _hang_up(line: SMTP) -> None:
    """Say goodbye, if there is anybody."""
    if line.is_connected:
        with contextlib.suppress(SMTPException, OSError, TimeoutError):
            await line.quit(timeout=QUIT_S)
    line.close()


def _said(error: BaseException) -> str:
    """What went wrong, in the mail server's own words where it had any."""
    if isinstance(error, SMTPResponseException):
        return f"{error.code} {error.message}"
    return str(error) or type(error).__name__
