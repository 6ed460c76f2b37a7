"""Settings of the telephone: the way to its network (a SIP trunk, or an Asterisk), texts, and how much is called."""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from msgspec import Struct

from ground.secret_text import secret_text
from sessions.phone.asterisk.settings import AriProblem, AriSettings, ari_of
from sessions.phone.texts import LOOPBACK
from sessions.phone.trunk import Trunk, TrunkProblem, trunk_of

if TYPE_CHECKING:
    from sessions.phone.engine import PhoneEngine

CALLS_A_DAY: Final = 1_000
SECRET_MIN: Final = 16


class PhoneProblem(ValueError):
    """A setting is wrong or missing. The text names it, says the way out, and never holds a secret."""


class PhoneSettings(Struct, frozen=True, kw_only=True):
    """`trunk` or `ari` is the way to the telephone network, both None where there is none. A pool makes `calls_a_day`
    calls and texts in 24 hours at most. Texts go through `text_url` ("": none), signed with `text_secret`. `speech` is
    what media workers speak with: a program, "" for espeak-ng where there is one, "off"."""

    trunk: Trunk | None = None
    ari: AriSettings | None = None
    calls_a_day: int = CALLS_A_DAY
    text_url: str = ""
    text_secret: str = ""
    speech: str = ""

    def __repr__(self) -> str:
        """Where the telephone network is; no secret."""
        return f"PhoneSettings({self.trunk or self.ari}, texts={bool(self.text_url)})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        """msgspec's own would show every field."""
        return []

    @property
    def calls(self) -> bool:
        """Whether there is a way to the telephone network."""
        return self.trunk is not None or self.ari is not None


def phone_of(env: Mapping[str, str]) -> PhoneSettings:
    """From OPENLINE_SIP_TRUNK or OPENLINE_ARI with what belongs to them, OPENLINE_PHONE_CALLS_DAY, OPENLINE_TEXT_URL,
    OPENLINE_TEXT_SECRET or OPENLINE_TEXT_SECRET_FILE, and OPENLINE_SPEECH. Raises PhoneProblem."""
    try:
        trunk, ari = trunk_of(env), ari_of(env)
    except (TrunkProblem, AriProblem) as problem:
        raise PhoneProblem(str(problem)) from None
    if trunk is not None and ari is not None:
        raise PhoneProblem("set OPENLINE_SIP_TRUNK or OPENLINE_ARI, not both: calls go one way")
    url, secret = _texts(env)
    speech = env.get("OPENLINE_SPEECH", "").strip()
    return PhoneSettings(
        trunk=trunk, ari=ari, calls_a_day=_calls(env), text_url=url, text_secret=secret, speech=speech
    )  # fmt: skip


async def open_engine(settings: PhoneSettings, instance: str) -> "PhoneEngine | None":
    """The telephone of a media worker; `instance` names the process. Raises PhoneUnavailable."""
    if settings.ari is not None:
        from sessions.phone.asterisk.engine import AsteriskEngine  # noqa: PLC0415 - only workers with one need it

        return await AsteriskEngine.open(settings.ari, instance=instance)
    if settings.trunk is not None:
        from sessions.phone.embedded.phone import EmbeddedPhone  # noqa: PLC0415

        return EmbeddedPhone(settings.trunk)
    return None


def _calls(env: Mapping[str, str]) -> int:
    text = env.get("OPENLINE_PHONE_CALLS_DAY", "").strip()
    if text and not re.fullmatch(r"[1-9][0-9]{0,6}", text):
        raise PhoneProblem("OPENLINE_PHONE_CALLS_DAY is how many calls a pool makes in 24 hours: 1 to 9999999")
    return int(text or CALLS_A_DAY)


def _texts(env: Mapping[str, str]) -> tuple[str, str]:
    url = env.get("OPENLINE_TEXT_URL", "").strip()
    try:
        secret = secret_text(env, "OPENLINE_TEXT_SECRET").strip()
    except ValueError as problem:
        raise PhoneProblem(str(problem)) from None
    if not (url or secret):
        return "", ""
    if not (url and secret):
        raise PhoneProblem(
            "texts need OPENLINE_TEXT_URL and OPENLINE_TEXT_SECRET_FILE (or OPENLINE_TEXT_SECRET) together"
        )
    if len(secret) < SECRET_MIN:
        raise PhoneProblem(f"OPENLINE_TEXT_SECRET(_FILE) has {SECRET_MIN} characters at least")
    if not _is_safe(url):
        raise PhoneProblem("OPENLINE_TEXT_URL is an https address (http on this machine) without user or password")
    return url, secret


def _is_safe(url: str) -> bool:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)
    return safe and bool(parts.hostname) and port != 0 and "@" not in parts.netloc
