"""The mail server that takes our mails, from its address. Pure.

`smtp://user:password@host:587` speaks STARTTLS and accepts nothing less, except on this machine's own loopback;
`smtps://host:465` speaks TLS from the first byte. `?starttls=always` asks for it on the loopback too, `?starttls=never`
does without it anywhere, and then no password may go along.
"""

from ipaddress import ip_address
from typing import Final, Literal
from urllib.parse import parse_qsl, unquote, urlsplit

from msgspec import Struct

Tls = Literal["implicit", "starttls", "never"]
_PORTS: Final = {"smtp": 587, "smtps": 465}


class Relay(Struct, kw_only=True, frozen=True):
    """A mail server. `user` and `password` are "" where it asks for none."""

    host: str
    port: int
    tls: Tls
    user: str = ""
    password: str = ""

    def __repr__(self) -> str:
        return f"Relay({self.place}, {self.tls})"

    @property
    def place(self) -> str:
        """`host:port`, for logs and people."""
        return f"{self.host}:{self.port}"


def parse_relay(url: str) -> Relay:
    """The mail server at `url`. Raises ValueError, which names what is wrong and holds no password."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise ValueError("the host or the port can't be read") from None
    if parts.scheme not in _PORTS or not host or parts.path not in ("", "/") or parts.fragment:
        raise ValueError(
            "write it as smtp://host:port or smtps://host:port, with user:password@ where it asks for them"
        )
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    if any(ord(c) < 32 or ord(c) == 127 for c in user + password + host):
        raise ValueError("it holds a control character")
    if bool(user) is not bool(password):
        raise ValueError("a user and a password belong together")
    tls = _tls(parts.scheme, host, parts.query)
    if password and tls == "never" and not is_loopback(host):
        raise ValueError("a password does not go over a network without TLS: take ?starttls=never away")
    return Relay(host=host, port=port or _PORTS[parts.scheme], tls=tls, user=user, password=password)


def is_loopback(host: str) -> bool:
    """Whether `host` is this machine itself."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _tls(scheme: str, host: str, query: str) -> Tls:
    try:
        options = dict(parse_qsl(query, keep_blank_values=True, strict_parsing=True)) if query else {}
    except ValueError:
        options = {"": query}
    wanted = options.pop("starttls", "")
    if options or wanted not in ("", "always", "never"):
        raise ValueError("the only option is ?starttls=always or ?starttls=never")
    if scheme == "smtps":
        if wanted:
            raise ValueError("smtps:// has TLS from the first byte: take ?starttls away")
        return "implicit"
    plain = wanted == "never" or (is_loopback(host) and wanted != "always")
    return "never" if plain else "starttls"
