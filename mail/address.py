"""Email addresses: whether it is one, and how we write it. Nothing here asks the network."""

import re
import unicodedata
from email.headerregistry import Address

from email_validator import EmailNotValidError, validate_email

from ground.errors import Refusal

_NAMED = re.compile(r"([^<>]*)<([^<>]*)>\s*")


def normal(address: str) -> str:
    """`address` as mails carry it: ASCII, its domain in small letters and punycode, no display name.

    Raises Refusal (`bad_email`), without a detail: what somebody typed is not repeated.
    """
    try:
        found = validate_email(address.strip(" "), check_deliverability=False, allow_smtputf8=False)
    except EmailNotValidError:
        raise Refusal("bad_email") from None
    # Lawful, but readers of headers would take it for an encoded word (RFC 2047); nobody has such an address.
    if found.ascii_email is None or "=?" in found.ascii_email:
        raise Refusal("bad_email")
    return found.ascii_email


def same(address: str) -> str:
    """What two spellings of a mailbox have in common, for limits and look-ups: in practice no server tells capitals
    apart. `address` is a normal one."""
    return address.lower()


def mailbox(text: str) -> Address:
    """`ada@line.example` or `Ada <ada@line.example>` as a name and an address.

    Raises ValueError. For settings; what people type has no name in it.
    """
    name, address = found.groups() if (found := _NAMED.fullmatch(text)) else ("", text)
    if has_control(name):
        raise ValueError("the name holds a control character")
    try:
        return Address(display_name=name.strip(' "'), addr_spec=normal(address))
    except Refusal:
        raise ValueError(
            "that is no mail address: write it as no-reply@line.example or Name <no-reply@line.example>"
        ) from None


def has_control(value: str) -> bool:
    """Whether `value` holds anything that could end a line or hide in one: controls, separators, half characters."""
    return any(unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") for c in value)
