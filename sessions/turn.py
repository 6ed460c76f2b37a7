"""Credentials for a TURN server, made per call and side, worthless minutes later.

The server and coturn share a secret and nothing else (coturn's `use-auth-secret`; draft-uberti-behave-turn-rest-00):
the username says until when, the password is a MAC of the username. coturn asks for them when an address on it is
allocated; one that stands outlives them, so they need to last for a call to begin, not for the call.
"""

import base64
import hmac
import re
from collections.abc import Sequence
from typing import Final, Literal

from msgspec import Struct

Side = Literal["user", "expert"]
TTL_S: Final = 600
"""How long a credential lasts: from the offer to the last attempt at a connection, ready check and all."""
SECRET_MIN: Final = 32
URLS_MAX: Final = 8
SECRETS_MAX: Final = 4
_URL: Final = re.compile(
    r"(?P<scheme>turns?):(?P<host>\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?)"
    r"(:(?P<port>[0-9]{1,5}))?(\?transport=(udp|tcp))?"
)
_SECRET: Final = re.compile(r"[\x21-\x7e]{32,256}")


class TurnProblem(ValueError):
    """A setting is wrong. The text says which and never holds a secret."""


class TurnServers(Struct, frozen=True):
    """Where TURN is and what we share with it. The first of `secrets` signs; coturn takes them all, so that a new one
    may come while credentials of the old one are about."""

    urls: tuple[str, ...]
    secrets: tuple[str, ...]

    def __repr__(self) -> str:
        """Safe for logs."""
        return f"TurnServers(urls={self.urls!r})"


class TurnAccess(Struct, frozen=True):
    """What a browser is given (an RTCIceServer), and when it ends (`until_ms`, milliseconds since 1970)."""

    urls: tuple[str, ...]
    username: str
    credential: str
    until_ms: int

    def __repr__(self) -> str:
        """Safe for logs: whoever reads one can't use it."""
        return f"TurnAccess(urls={self.urls!r}, until_ms={self.until_ms})"


def turn_servers(urls: str, secrets: Sequence[str]) -> TurnServers:
    """From a comma-separated list of `turn:` and `turns:` URIs (RFC 7065) and the shared secrets.

    Raises TurnProblem.
    """
    listed = tuple(url.strip() for url in urls.split(",") if url.strip())
    if not 1 <= len(listed) <= URLS_MAX:
        raise TurnProblem(f"OPENLINE_TURN_URLS has 1 to {URLS_MAX} addresses, separated by commas")
    for url in listed:
        found = _URL.fullmatch(url)
        if not found or not 0 < int(found["port"] or 1) < 65_536:
            raise TurnProblem(
                f"OPENLINE_TURN_URLS: {url!r} is no TURN address: write it as turn:turn.example:3478?transport=udp"
            )
    kept = tuple(secret.strip() for secret in secrets if secret.strip())
    if not 1 <= len(kept) <= SECRETS_MAX or not all(map(_SECRET.fullmatch, kept)):
        raise TurnProblem(
            f"OPENLINE_TURN_SECRET(_FILE) has 1 to {SECRETS_MAX} secrets of at least {SECRET_MIN} printable characters"
        )
    return TurnServers(listed, kept)


def credentials(
    servers: TurnServers, pool: str, session: str, side: Side, *, now_ms: int, ttl_s: int = TTL_S
) -> TurnAccess:
    """What `side` of `session` may use TURN with, for `ttl_s` seconds from `now_ms`.

    The name behind the time is the same for the whole call, for that is what coturn counts allocations by
    (`user-quota`); it names the call and nobody in it.
    """
    until_s = now_ms // 1000 + ttl_s
    username = f"{until_s}:{pool}/{session}/{side}"
    mac = hmac.digest(servers.secrets[0].encode(), username.encode(), "sha1")
    return TurnAccess(servers.urls, username, base64.b64encode(mac).decode(), until_s * 1000)
