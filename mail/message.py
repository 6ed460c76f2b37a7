"""From a letter to the bytes that a mail server takes. Pure.

Nobody's words may become a header. The library has failed at that before (CVE-2024-6923, CVE-2026-1299), so it is not
asked alone: values with anything that could end a line are refused before, what looks like an encoded word is broken
up, and what comes out is read again and must have exactly the headers that were put in.
"""

import re
import unicodedata
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Final

from mail.address import has_control
from mail.outbox import Claimed

LINE_MAX: Final = 998
"""The longest line that a mail may have (RFC 5322), in bytes."""
# The library may lose the quotes around a long name; without these characters (RFC 5322) a name needs none.
_SPECIAL: Final = re.compile(r'[()<>\[\]:;@\\,"]')
_LINE_ENDS: Final = re.compile(r"\r\n|[\r\n\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")


class Unsendable(ValueError):
    """A letter that no mail can be made of. It says which header is at fault."""


def message(letter: Claimed, sender: Address) -> bytes:
    """The mail: plain text from `sender`, lines ended by CR LF. The same letter gives the same bytes, whenever it is
    sent; its Date is when it was written. Raises Unsendable."""
    made = EmailMessage(policy=SMTP)
    headers = _headers(letter, sender)
    for name, value in headers.items():
        made[name] = value
    made.set_content(_body(letter.text), charset="utf-8", cte="quoted-printable")
    data = made.as_bytes()
    _check(data, [*headers, "Content-Type", "Content-Transfer-Encoding", "MIME-Version"])
    return data


def message_id(mail: str, sender: Address) -> str:
    """The Message-ID of the letter `mail`: another try has the same, so that a mailbox can tell."""
    return f"<{mail}@{sender.domain}>"


def _headers(letter: Claimed, sender: Address) -> dict[str, str | Address]:
    headers: dict[str, str | Address] = {
        "From": sender,
        "To": _address("To", "", letter.to),
        "Subject": _plain("Subject", letter.subject),
        "Date": format_datetime(datetime.fromtimestamp(letter.at / 1000, UTC)),
        "Message-ID": message_id(letter.mail, sender),
        "Auto-Submitted": "auto-generated",
    }
    if letter.reply_to:
        headers["Reply-To"] = _address("Reply-To", letter.reply_name, letter.reply_to)
    return headers


def _address(header: str, name: str, spec: str) -> Address:
    if not spec.isascii() or has_control(spec):
        raise Unsendable(header)
    try:
        return Address(display_name=" ".join(_SPECIAL.sub(" ", _plain(header, name)).split()), addr_spec=spec)
    except (ValueError, IndexError):  # what the library says of an address that is none
        raise Unsendable(header) from None


def _plain(header: str, value: str) -> str:
    """`value` without anything that readers of mails take for an encoded word (RFC 2047)."""
    if has_control(value):
        raise Unsendable(header)
    return value.replace("=?", "= ?")


def _body(text: str) -> str:
    """Lines ended as the library wants them, and no control character but the tab."""
    lines = _LINE_ENDS.split(text)
    return "\n".join(
        "".join(c for c in line if c == "\t" or unicodedata.category(c) not in ("Cc", "Cs")) for line in lines
    )


def _check(data: bytes, expected: list[str]) -> None:
    """Hold the bytes to the headers that were meant. Raises Unsendable."""
    head, blank, body = data.partition(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    found = [line.partition(b":")[0].decode("ascii", "replace") for line in lines if line[:1] not in (b" ", b"\t")]
    if not blank or sorted(found) != sorted(expected):
        raise Unsendable("headers")
    if any(b"\r" in line or b"\n" in line or b"\0" in line or not line.isascii() for line in lines):
        raise Unsendable("headers")
    bodies = body.split(b"\r\n")
    if any(b"\r" in line or b"\n" in line or len(line) > LINE_MAX for line in [*lines, *bodies]):
        raise Unsendable("text")
