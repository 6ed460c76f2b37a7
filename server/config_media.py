"""Settings of media workers: where browsers reach them, and how many there are."""

import ipaddress
import re
from collections.abc import Mapping
from typing import Final

from msgspec import Struct, structs

SESSIONS: Final = 100
"""What one process, on one core, carries with room to spare."""
PORTS_EACH: Final = 2
"""Of a session: one for each of its browsers."""
_PORTS: Final = re.compile(r"(\d{1,5})-(\d{1,5})")


class MediaProblem(ValueError):
    """A setting is wrong; the text names it and says the way out."""


class MediaSettings(Struct, frozen=True):
    """`workers` are the media workers that a server starts beside itself, each taking `sessions` at most.

    They listen at `hosts` (all addresses of the machine where empty) on UDP ports of the range `ports` (any port where
    None), and say that they are at `announce` where that is set. Where `private` is true they speak with browsers in
    private networks as well; None leaves it to whether the server is reached at public names.
    """

    workers: int = 1
    sessions: int = SESSIONS
    ports: tuple[int, int] | None = None
    announce: str = ""
    hosts: tuple[str, ...] = ()
    private: bool | None = None


def media_of(env: Mapping[str, str], workers: int | None = None, sessions: int | None = None) -> MediaSettings:
    """From OPENLINE_MEDIA, OPENLINE_MEDIA_SESSIONS, _PORTS, _ANNOUNCE, _HOSTS and _PRIVATE; what is given goes first.

    Raises MediaProblem.
    """
    most = _whole(env, "OPENLINE_MEDIA_SESSIONS", sessions, SESSIONS, (1, 10_000))
    return MediaSettings(
        workers=_whole(env, "OPENLINE_MEDIA", workers, 1, (0, 64)),
        sessions=most,
        ports=_ports(env.get("OPENLINE_MEDIA_PORTS", "").strip(), most),
        announce=_address("OPENLINE_MEDIA_ANNOUNCE", env.get("OPENLINE_MEDIA_ANNOUNCE", "").strip()),
        hosts=_hosts(env.get("OPENLINE_MEDIA_HOSTS", "")),
        private=_yes("OPENLINE_MEDIA_PRIVATE", env.get("OPENLINE_MEDIA_PRIVATE", "").strip()),
    )


def on_its_own(settings: MediaSettings) -> MediaSettings:
    """The settings of a worker that no server has started. It doesn't know who reaches the servers, so it speaks with
    private networks only where that is set."""
    return structs.replace(settings, private=bool(settings.private))


def _whole(env: Mapping[str, str], name: str, given: int | None, default: int, bounds: tuple[int, int]) -> int:
    text = env.get(name, "").strip()
    value = given if given is not None else int(text) if re.fullmatch(r"\d{1,6}", text) else -1 if text else default
    if not bounds[0] <= value <= bounds[1]:
        raise MediaProblem(f"{name} must be a whole number from {bounds[0]} to {bounds[1]}")
    return value


def _ports(text: str, sessions: int) -> tuple[int, int] | None:
    if not text:
        return None
    found = _PORTS.fullmatch(text)
    low, high = (int(found[1]), int(found[2])) if found else (0, 0)
    if not 1024 <= low < high <= 65_535:
        raise MediaProblem("OPENLINE_MEDIA_PORTS must be a range of UDP ports from 1024 on, such as 40000-40999")
    if high - low + 1 < PORTS_EACH * sessions:
        raise MediaProblem(
            f"OPENLINE_MEDIA_PORTS has {high - low + 1} ports, and {sessions} sessions need {PORTS_EACH * sessions} at "
            "least: name more of them, or fewer sessions (OPENLINE_MEDIA_SESSIONS, --sessions)"
        )
    return low, high


def _address(name: str, text: str) -> str:
    if not text:
        return ""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        raise MediaProblem(f"{name}: {text!r} is no IP address; write it as 203.0.113.7") from None
    if address.is_unspecified or address.is_multicast:
        raise MediaProblem(f"{name}: nobody is at {text!r}; write an address of one machine, such as 203.0.113.7")
    return str(address)


def _hosts(text: str) -> tuple[str, ...]:
    return tuple(_address("OPENLINE_MEDIA_HOSTS", each.strip()) for each in text.split(",") if each.strip())


def _yes(name: str, text: str) -> bool | None:
    if text not in ("", "0", "1"):
        raise MediaProblem(f"{name} must be 1 (browsers in private networks, too) or 0")
    return text == "1" if text else None
