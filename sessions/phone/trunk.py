"""Settings of a SIP trunk: where it is, who we are to it, how it wants numbers written. Pure.

`OPENLINE_SIP_TRUNK=sip:USER@HOST:PORT;transport=tls;srtp=mandatory;...`, the secret beside it in OPENLINE_SIP_SECRET or
in the file that OPENLINE_SIP_SECRET_FILE names. Options, each with its default:

`transport=udp|tcp|tls` (udp) · `srtp=off|optional|mandatory` (off) · `realm=DOMAIN` (the host; the domain of our own
address, when the host is but its proxy) · `auth=NAME` (the user; who we are when we are asked for the secret) ·
`caller=+E164` (what those who are called see) · `format=+|00|plain` (+; how +49 30 1234 goes out) ·
`codecs=PCMA,PCMU` · `local=ADDRESS` (where we speak SIP from) · `ca=FILE` (whose certificates TLS trusts) · `lines=N`
(10, of each media worker) · `ring=SECONDS` (30, the longest that a phone rings) · `lost=SECONDS` (3; so long without
sound a phone counts as gone: more where the trunk sends none in pauses) · `rtp=LOW-HIGH` (ports of sound, for
firewalls) · `register=SECONDS` (0: without) · `addresses=no|yes` (whether sip: addresses of others may be called
beside numbers).

Without `srtp` whoever can send packets to a port of sound is taken for the phone: keep those ports to the trunk.
"""

import re
from collections.abc import Callable, Mapping
from ipaddress import ip_address
from typing import Any, Final, Literal

from msgspec import Struct

from ground.secret_text import secret_text

Transport = Literal["udp", "tcp", "tls"]
Srtp = Literal["off", "optional", "mandatory"]
Codec = Literal["PCMA", "PCMU"]
NumberFormat = Literal["+", "00", "plain"]

E164: Final = re.compile(r"\+[1-9][0-9]{6,14}")
ADDRESS: Final = re.compile(r"sip:[A-Za-z0-9._~+*-]{1,64}@[A-Za-z0-9.-]{1,253}(?::[0-9]{1,5})?")
USER: Final = re.compile(r"[A-Za-z0-9._~+*-]{1,64}")
LOGIN: Final = re.compile(r"[A-Za-z0-9._~+*@-]{1,128}")
HOST: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?")
TRUNK: Final = re.compile(r"(sips?):([^@;]+)@([^:;@]+)(?::([0-9]{1,5}))?((?:;[^;]*)*)")
SECRET_MAX: Final = 255
LINES_MAX: Final = 200


class TrunkProblem(ValueError):
    """A setting is wrong or missing. The text names it, says the way out, and never holds the secret."""


class Trunk(Struct, frozen=True, kw_only=True):
    """One way to the telephone network. Made by `trunk_of`, which checks everything."""

    user: str
    host: str
    port: int = 0
    """0 lets the stack take the transport's own: 5060, and 5061 for TLS."""
    secret: str = ""
    transport: Transport = "udp"
    srtp: Srtp = "off"
    realm: str = ""
    auth: str = ""
    caller: str = ""
    format: NumberFormat = "+"
    codecs: tuple[Codec, ...] = ("PCMA", "PCMU")
    local: str = ""
    ca: str = ""
    lines: int = 10
    ring: int = 30
    lost: int = 3
    rtp: str = ""
    register: int = 0
    addresses: bool = False

    def __repr__(self) -> str:
        """Where it is; neither who we are there nor the secret."""
        return f"Trunk({self.host}:{self.port or '-'}, {self.transport}, srtp={self.srtp}, lines={self.lines})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        """For those who print by rich, to whom msgspec's own would show every field."""
        return [("at", self.at), ("transport", self.transport)]

    @property
    def at(self) -> str:
        """The host with its port."""
        return f"{self.host}:{self.port}" if self.port else self.host

    def written(self, number: str) -> str:
        """A number in E.164 as this trunk wants it in an address."""
        return number if self.format == "+" else ("00" if self.format == "00" else "") + number[1:]

    def address(self, number: str) -> str:
        """What is asked for in the INVITE. Raises TrunkProblem for what may not be called."""
        if E164.fullmatch(number):
            return f"sip:{self.written(number)}@{self.at};transport={self.transport}"
        if self.addresses and ADDRESS.fullmatch(number):
            return f"{number};transport={self.transport}"
        raise TrunkProblem("only numbers with + and their country may be called")

    def shown(self, caller: str) -> str:
        """The number that those who are called see: `caller`, else the setting, else nothing. Raises TrunkProblem."""
        if caller and not E164.fullmatch(caller):
            raise TrunkProblem("the caller's number is a + and 7 to 15 digits")
        return self.written(caller or self.caller) if caller or self.caller else ""


def trunk_of(env: Mapping[str, str]) -> Trunk | None:
    """The trunk of the environment, None when there is none. Raises TrunkProblem."""
    text = env.get("OPENLINE_SIP_TRUNK", "").strip()
    secret = _secret(env)
    if not text:
        if secret:
            raise TrunkProblem("OPENLINE_SIP_SECRET is for a trunk: set OPENLINE_SIP_TRUNK=sip:user@host beside it")
        return None
    parts = TRUNK.fullmatch(text)
    if not parts:
        raise TrunkProblem("OPENLINE_SIP_TRUNK is sip:user@host:port;option=value;... without a password in it")
    scheme, user, host, port, options = parts.groups()
    if ":" in user:
        raise TrunkProblem(
            "OPENLINE_SIP_TRUNK holds a password: put it into OPENLINE_SIP_SECRET, where no log shows it"
        )
    return _checked(scheme, {"user": user, "host": host, "port": int(port or 0), "secret": secret, **_options(options)})


def _secret(env: Mapping[str, str]) -> str:
    try:
        secret = secret_text(env, "OPENLINE_SIP_SECRET")
    except ValueError as problem:
        raise TrunkProblem(str(problem)) from None
    if len(secret) > SECRET_MAX or not secret.isprintable() or any(char in secret for char in '"\\'):
        raise TrunkProblem(
            f"OPENLINE_SIP_SECRET(_FILE) has at most {SECRET_MAX} characters, and no quote or backslash among them"
        )
    return secret


def _options(text: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for option in filter(None, text.split(";")):
        name, equals, value = option.partition("=")
        if not equals or name not in OPTIONS:
            raise TrunkProblem(f"OPENLINE_SIP_TRUNK knows no option {name[:20]!r}; it knows {', '.join(OPTIONS)}")
        if name in found:
            raise TrunkProblem(f"OPENLINE_SIP_TRUNK says {name} twice")
        found[name] = OPTIONS[name](name, value)
    return found


def _checked(scheme: str, fields: dict[str, Any]) -> Trunk:
    if scheme == "sips" and fields.setdefault("transport", "tls") != "tls":
        raise TrunkProblem("OPENLINE_SIP_TRUNK begins with sips:, so its transport is tls")
    trunk = Trunk(**fields)
    if not USER.fullmatch(trunk.user) or not HOST.fullmatch(trunk.host) or trunk.port > 65535:
        raise TrunkProblem("OPENLINE_SIP_TRUNK is sip:user@host:port: letters, digits and . - _ + in user and host")
    if trunk.transport == "tls" and _is_address_elsewhere(trunk.host):
        raise TrunkProblem("over tls OPENLINE_SIP_TRUNK has its host by its name: a certificate is held against that")
    if trunk.srtp == "mandatory" and trunk.transport != "tls":
        raise TrunkProblem("srtp=mandatory needs transport=tls: the keys of the sound travel in the call's set-up")
    return trunk


def _is_address_elsewhere(host: str) -> bool:
    """The stack checks no certificate against an IP address; on this machine that is no loss."""
    try:
        return not ip_address(host).is_loopback
    except ValueError:
        return False


def _one_of(*known: str) -> Callable[[str, str], str]:
    def check(name: str, value: str) -> str:
        if value not in known:
            raise TrunkProblem(f"{name} in OPENLINE_SIP_TRUNK is one of {', '.join(known)}")
        return value

    return check


def _whole(low: int, high: int) -> Callable[[str, str], int]:
    def check(name: str, value: str) -> int:
        if not re.fullmatch(r"[0-9]{1,6}", value) or not low <= int(value) <= high:
            raise TrunkProblem(f"{name} in OPENLINE_SIP_TRUNK is a number from {low} to {high}")
        return int(value)

    return check


def _like(pattern: re.Pattern[str], wanted: str) -> Callable[[str, str], str]:
    def check(name: str, value: str) -> str:
        if not pattern.fullmatch(value):
            raise TrunkProblem(f"{name} in OPENLINE_SIP_TRUNK is {wanted}")
        return value

    return check


def _codecs(name: str, value: str) -> tuple[str, ...]:
    codecs = tuple(value.split(","))
    if not set(codecs) <= {"PCMA", "PCMU"} or len(set(codecs)) != len(codecs):
        raise TrunkProblem(f"{name} in OPENLINE_SIP_TRUNK is PCMA, PCMU, or both with a comma")
    return codecs


def _local(name: str, value: str) -> str:
    try:
        return str(ip_address(value))
    except ValueError:
        raise TrunkProblem(f"{name} in OPENLINE_SIP_TRUNK is an IP address of this machine") from None


def _ports(name: str, value: str) -> str:
    parts = re.fullmatch(r"([0-9]{4,5})-([0-9]{4,5})", value)
    if not parts or not 1024 <= int(parts[1]) < int(parts[2]) - 1 or int(parts[2]) > 65_535:
        raise TrunkProblem(f"{name} in OPENLINE_SIP_TRUNK is a range of ports such as 20000-20999")
    return value


def _register(name: str, value: str) -> int:
    return 0 if value == "0" else _whole(60, 86_400)(name, value)


def _yes(name: str, value: str) -> bool:
    return _one_of("no", "yes")(name, value) == "yes"


OPTIONS: Final[dict[str, Callable[[str, str], Any]]] = {
    "transport": _one_of("udp", "tcp", "tls"),
    "srtp": _one_of("off", "optional", "mandatory"),
    "realm": _like(HOST, "a domain"),
    "auth": _like(LOGIN, "a name without spaces"),
    "caller": _like(E164, "a number with + and 7 to 15 digits"),
    "format": _one_of("+", "00", "plain"),
    "codecs": _codecs,
    "local": _local,
    "ca": _like(re.compile(r"/[^\s;\"]{1,250}"), "the whole path of a file, without spaces"),
    "lines": _whole(1, LINES_MAX),
    "ring": _whole(5, 180),
    "lost": _whole(3, 60),
    "rtp": _ports,
    "register": _register,
    "addresses": _yes,
}
