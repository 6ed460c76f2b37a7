"""Settings of an Asterisk: where its ARI is, who we are there, whom it calls how, where it sends the sound. Pure.

`OPENLINE_ARI=http://USER@HOST:8088/ari`, the password beside it in OPENLINE_ARI_SECRET or in the file that
OPENLINE_ARI_SECRET_FILE names. Then, each with its default:

- `OPENLINE_ARI_ENDPOINT` (`PJSIP/{number}@trunk`): what is dialled; `{number}` is +49301234, `{digits}` 49301234.
- `OPENLINE_ARI_ADDRESSES` (empty: none may be called): the same for `sip:` addresses, such as `PJSIP/phones/{uri}`.
- `OPENLINE_ARI_MEDIA` (`127.0.0.1:21000-21099`): our address, and the UDP ports of which each process takes one.
- `OPENLINE_ARI_CODEC` (`alaw`; or `ulaw`): what the trunk speaks, so that Asterisk has nothing to convert.
- `OPENLINE_ARI_CALLER` (empty): the number that those who are called see.
- `OPENLINE_ARI_LINES` (30): how many calls one process makes at a time.
- `OPENLINE_ARI_APP` (`openline`): the name of the application, for when several Openlines share an Asterisk.
"""

import re
from collections.abc import Mapping
from ipaddress import ip_address, ip_network
from typing import Any, Final, Literal
from urllib.parse import urlsplit

from msgspec import Struct

from ground.secret_text import secret_text
from sessions.phone.trunk import ADDRESS, E164

Codec = Literal["alaw", "ulaw"]

USER: Final = re.compile(r"[A-Za-z0-9_.-]{1,64}")
APP: Final = re.compile(r"[A-Za-z0-9_-]{1,32}")
TEMPLATE: Final = re.compile(r"[A-Za-z][A-Za-z0-9]{1,15}/[A-Za-z0-9_.@/:+{}-]{1,120}")
MEDIA: Final = re.compile(r"(?:\[([0-9a-fA-F:]+)\]|([0-9.]+)):([0-9]{4,5})-([0-9]{4,5})")
NEAR: Final = tuple(
    map(ip_network, ("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "::1/128", "fc00::/7"))
)
SECRET_MAX: Final = 255
LINES_MAX: Final = 200


class AriProblem(ValueError):
    """A setting is wrong or missing. The text names it, says the way out, and never holds the password."""


class AriSettings(Struct, frozen=True, kw_only=True):
    """One Asterisk. Made by `ari_of`, which checks everything."""

    url: str
    """Where ARI is, without the user: http://127.0.0.1:8088/ari"""
    user: str
    secret: str
    media: str
    """The address to which Asterisk sends the sound: an IP address of this machine."""
    ports: tuple[int, int]
    endpoint: str = "PJSIP/{number}@trunk"
    addresses: str = ""
    codec: Codec = "alaw"
    caller: str = ""
    lines: int = 30
    app: str = "openline"

    def __repr__(self) -> str:
        """Where it is; neither who we are there nor the password."""
        return f"AriSettings({self.url}, {self.app}, lines={self.lines})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        """For those who print by rich, to whom msgspec's own would show every field."""
        return [("url", self.url), ("app", self.app)]

    def dialled(self, number: str) -> str:
        """The endpoint by which Asterisk reaches a number. Raises AriProblem for what may not be called."""
        if E164.fullmatch(number):
            return self.endpoint.format(number=number, digits=number[1:])
        if self.addresses and ADDRESS.fullmatch(number):
            return self.addresses.format(uri=number)
        raise AriProblem("only numbers with + and their country may be called")

    def shown(self, caller: str) -> str:
        """The number that those who are called see: `caller`, else the setting, else "". Raises AriProblem."""
        if caller and not E164.fullmatch(caller):
            raise AriProblem("the caller's number is a + and 7 to 15 digits")
        return caller or self.caller


def ari_of(env: Mapping[str, str]) -> AriSettings | None:
    """The Asterisk of the environment, None when there is none. Raises AriProblem."""
    text, secret = env.get("OPENLINE_ARI", "").strip(), _secret(env)
    if not text:
        if secret:
            raise AriProblem(
                "OPENLINE_ARI_SECRET is for an Asterisk: set OPENLINE_ARI=http://user@host:8088/ari beside it"
            )
        return None
    if not secret:
        raise AriProblem("OPENLINE_ARI needs a password: put it into a file and name that in OPENLINE_ARI_SECRET_FILE")
    url, user = _place(text)
    media, ports = _media(_value(env, "MEDIA", "127.0.0.1:21000-21099"))
    return AriSettings(
        url=url,
        user=user,
        secret=secret,
        media=media,
        ports=ports,
        endpoint=_template(env, "ENDPOINT", "PJSIP/{number}@trunk", ("{number}", "{digits}")),
        addresses=_template(env, "ADDRESSES", "", ("{uri}",)),
        codec=_codec(_value(env, "CODEC", "alaw")),
        caller=_caller(_value(env, "CALLER", "")),
        lines=_lines(_value(env, "LINES", "30")),
        app=_app(_value(env, "APP", "openline")),
    )


def _value(env: Mapping[str, str], name: str, default: str) -> str:
    return env.get(f"OPENLINE_ARI_{name}", "").strip() or default


def _secret(env: Mapping[str, str]) -> str:
    try:
        secret = secret_text(env, "OPENLINE_ARI_SECRET")
    except ValueError as problem:
        raise AriProblem(str(problem)) from None
    if len(secret) > SECRET_MAX or not secret.isprintable() or not secret.isascii():
        raise AriProblem(f"OPENLINE_ARI_SECRET(_FILE) has at most {SECRET_MAX} characters, and only plain ASCII ones")
    return secret


def _place(text: str) -> tuple[str, str]:
    """The address without the user, and the user."""
    try:
        parts = urlsplit(text)
        port, user = parts.port, parts.username or ""
    except ValueError:
        raise AriProblem("OPENLINE_ARI is http(s)://user@host:port/ari") from None
    if parts.password is not None:
        raise AriProblem("OPENLINE_ARI holds a password: put it into OPENLINE_ARI_SECRET, where no log shows it")
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise AriProblem("OPENLINE_ARI is http(s)://user@host:port/ari")
    if not USER.fullmatch(user):
        raise AriProblem("OPENLINE_ARI names the user of ari.conf before the host: http://openline@127.0.0.1:8088/ari")
    if parts.scheme == "http" and not _is_near(parts.hostname):
        raise AriProblem(
            "OPENLINE_ARI goes over a network: it must be https, or http to an address of one's own network"
        )
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}{f':{port}' if port else ''}{parts.path.rstrip('/')}", user


def _is_near(host: str) -> bool:
    """This machine, an address that no stranger's network carries, or a bare name, as containers have."""
    try:
        address = ip_address(host)
    except ValueError:
        return "." not in host
    return any(address in network for network in NEAR)


def _media(text: str) -> tuple[str, tuple[int, int]]:
    found = MEDIA.fullmatch(text)
    try:
        if not found:
            raise ValueError
        address = ip_address(found[1] or found[2])
        low, high = int(found[3]), int(found[4])
        if address.is_unspecified or address.is_multicast or not 1024 <= low <= high <= 65535:
            raise ValueError
    except ValueError:
        raise AriProblem(
            "OPENLINE_ARI_MEDIA is an IP address of this machine and UDP ports from 1024 on: 127.0.0.1:21000-21099"
        ) from None
    return str(address), (low, high)


def _template(env: Mapping[str, str], name: str, default: str, places: tuple[str, ...]) -> str:
    text = _value(env, name, default)
    if text == "":
        return ""
    rest = text
    for place in places:
        rest = rest.replace(place, "", 1)
    if not TEMPLATE.fullmatch(text) or rest == text or "{" in rest or "}" in rest:
        raise AriProblem(
            f"OPENLINE_ARI_{name} is a technology and an endpoint with {' or '.join(places)} in it: "
            f"PJSIP/{'phones/{uri}' if name == 'ADDRESSES' else '{number}@trunk'}"
        )
    return text


def _codec(text: str) -> Codec:
    known: dict[str, Codec] = {"alaw": "alaw", "ulaw": "ulaw"}
    if text not in known:
        raise AriProblem("OPENLINE_ARI_CODEC is alaw or ulaw: the one that the trunk speaks")
    return known[text]


def _caller(text: str) -> str:
    if text and not E164.fullmatch(text):
        raise AriProblem("OPENLINE_ARI_CALLER is a number with + and 7 to 15 digits")
    return text


def _lines(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,3}", text) or not 1 <= int(text) <= LINES_MAX:
        raise AriProblem(f"OPENLINE_ARI_LINES is a number from 1 to {LINES_MAX}")
    return int(text)


def _app(text: str) -> str:
    if not APP.fullmatch(text):
        raise AriProblem("OPENLINE_ARI_APP has at most 32 letters, digits, - and _")
    return text
