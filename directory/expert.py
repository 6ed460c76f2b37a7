"""A pool, an expert, and what their fields may hold."""

import re
import unicodedata
from datetime import date
from typing import Annotated, Any, Literal, get_args

from msgspec import Meta, Struct, field

from directory.exceptions import parse_exceptions
from directory.holidays import check_holidays
from directory.hours import HoursError, parse_hours, zone

Mode = Literal["chat", "audio", "phone"]
Amount = Annotated[int, Meta(ge=1, le=10**9)]

ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
NAME_MAX = 100
HEADLINE_MAX = 200
BIOGRAPHY_MAX = 10_000
LIST_MAX = 20
CATEGORY_MAX = 60
RATE_MAX = 10_000_000

_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}")
_EMAIL = re.compile(r"[^\x00-\x20\x7f@]{1,64}@[^\x00-\x20\x7f@]{1,250}")
_LINE_BREAKS = frozenset("\n\r\t")
_REORDERS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


class PoolOptions(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """What a pool may set about its people; what it may set about its lines are its `settings`.

    `currency` is of the rates (ISO 4217). `visitors`: somebody without an account may join a line. `categories` is the
    tree as paths ("Money/Taxes") in the order in which pages show it. Feedback needs a session of `feedback_after_s`.

    `prepaid`: rates are charged from the user's balance; where not, everything is free whatever the rates are.
    `fee_bps` is the pool's part in hundredths of a per cent. The first `free_minutes` of a session are free, except for
    visitors. Who can't pay for `minimum_minutes` is not let into a line. `free_calls` sessions that cost nothing, of
    one user with one expert in 24 hours, are allowed, and as many begin free. `deposits` are the amounts offered, in
    minor units; `deposit_max` the largest.

    `phone_regions` are the countries whose numbers are called (ISO 3166; none: no telephone). `verify_numbers`: a
    number is confirmed by a code before a session calls it. `phone_calls` calls are made to one number, and for one
    user, in 24 hours. `bridge_audio`: all audio flows through our media workers, free sessions too. `recording`: audio
    and telephone may be recorded when both sides allow it; kept for `recording_days`. `file_mb` is the largest file in
    a chat (0: none), kept for `file_days`.
    """

    currency: Annotated[str, Meta(pattern=r"^[A-Z]{3}$(?!\n)")] = "EUR"
    visitors: bool = False
    categories: Annotated[list[Annotated[str, Meta(min_length=1, max_length=CATEGORY_MAX)]], Meta(max_length=500)] = []
    feedback_after_s: Annotated[int, Meta(ge=0, le=3600)] = 30
    prepaid: bool = False
    fee_bps: Annotated[int, Meta(ge=0, le=10_000)] = 0
    free_minutes: Annotated[int, Meta(ge=0, le=60)] = 0
    minimum_minutes: Annotated[int, Meta(ge=1, le=60)] = 1
    free_calls: Annotated[int, Meta(ge=1, le=1000)] = 3
    deposits: Annotated[list[Amount], Meta(min_length=1, max_length=6)] = field(
        default_factory=lambda: [1000, 2500, 5000]
    )
    deposit_max: Amount = 50_000
    phone_regions: Annotated[list[Annotated[str, Meta(pattern=r"^[A-Z]{2}$(?!\n)")]], Meta(max_length=250)] = []
    verify_numbers: bool = True
    phone_calls: Annotated[int, Meta(ge=1, le=1000)] = 10
    bridge_audio: bool = False
    recording: bool = False
    recording_days: Annotated[int, Meta(ge=1, le=3650)] = 30
    file_mb: Annotated[int, Meta(ge=0, le=100)] = 10
    file_days: Annotated[int, Meta(ge=1, le=3650)] = 365


class Pool(Struct, kw_only=True, frozen=True):
    """A tenant. `settings` are plain values; queueing knows what they mean. `revision` grows with every change of the
    pool or its experts, so that whoever has read it once need not read it all again."""

    pool: str
    name: str
    settings: dict[str, Any] = field(default_factory=dict)
    options: PoolOptions = PoolOptions()
    revision: int = 1


class Expert(Struct, kw_only=True, frozen=True):
    """Who an expert is. `hours`, `exceptions` and `holidays` as in `directory/hours.py`; `started_on` an ISO date.

    `rate` is in minor units of the pool's currency for a minute, 0 is free; `mode_rates` names the modes that cost
    something else (`directory/rates.py`). `email` is where messages for the expert go; no page of others ever shows it.
    `photo` is the path of the photo, or "".
    """

    expert: str
    name: str
    headline: str = ""
    biography: str = ""
    categories: list[str] = []
    languages: list[str] = []
    modes: list[Mode] = field(default_factory=lambda: ["chat"])
    timezone: str = "UTC"
    hours: str = ""
    exceptions: str = ""
    holidays: str = ""
    started_on: str = ""
    rate: int = 0
    mode_rates: dict[Mode, int] = {}
    email: str = ""
    photo: str = ""


def problems(expert: Expert) -> list[tuple[str, str]]:
    """What is wrong with `expert`, as pairs of a field and a reason in words."""
    found = {
        "id": _id(expert.expert),
        "name": _text(expert.name, NAME_MAX) or ("" if expert.name.strip() else "is missing"),
        "headline": _text(expert.headline, HEADLINE_MAX),
        "biography": _text(expert.biography, BIOGRAPHY_MAX, breaks=True),
        "categories": _list(expert.categories) or _first(_text(word, CATEGORY_MAX) for word in expert.categories),
        "languages": _list(expert.languages) or _first(_language(word) for word in expert.languages),
        "modes": _list(expert.modes) or _modes(list(expert.modes)),
        "timezone": _understood(zone, expert.timezone),
        "hours": _understood(parse_hours, expert.hours),
        "exceptions": _understood(parse_exceptions, expert.exceptions),
        "holidays": _understood(check_holidays, expert.holidays),
        "started_on": _date(expert.started_on),
        "rate": _rate(expert.rate),
        "mode_rates": _mode_rates(list(expert.mode_rates)),
        **{f"rate_{mode}": _rate(rate) for mode, rate in expert.mode_rates.items() if mode in get_args(Mode)},
        "email": "" if not expert.email or _EMAIL.fullmatch(expert.email) else "is not an email address",
    }
    return [(name, reason) for name, reason in found.items() if reason]


def id_problem(value: str) -> str:
    """Why `value` can't be the id of a pool or an expert, or ""."""
    return _id(value)


def _id(value: str) -> str:
    if not value:
        return "is missing"
    return "" if ID.fullmatch(value) else "must be 1 to 64 letters, digits, dots, dashes or underscores"


def _text(value: str, limit: int, *, breaks: bool = False) -> str:
    """Control characters break pages and logs; marks that turn the reading order let one name pass for another."""
    if len(value) > limit:
        return f"is longer than {limit} characters"
    allowed = _LINE_BREAKS if breaks else frozenset[str]()
    if any(c in _REORDERS or (unicodedata.category(c) in ("Cc", "Cs") and c not in allowed) for c in value):
        return "has a control character"
    return ""


def _list(values: list[Any]) -> str:
    if len(values) > LIST_MAX:
        return f"has more than {LIST_MAX} entries"
    return "has an entry twice" if len(set(values)) != len(values) else ""


def _first(reasons: Any) -> str:
    return next((reason for reason in reasons if reason), "")


def _language(word: str) -> str:
    return "" if _LANGUAGE.fullmatch(word) else f"{word[:20]!r} is not a language tag like en or pt-BR"


def _modes(modes: list[str]) -> str:
    if not modes:
        return "is empty"
    known = get_args(Mode)
    return _first("" if mode in known else f"{mode[:20]!r} is not one of {', '.join(known)}" for mode in modes)


def _rate(rate: int) -> str:
    return "" if 0 <= rate <= RATE_MAX else f"must be 0 to {RATE_MAX}"


def _mode_rates(modes: list[str]) -> str:
    return _modes(modes) if modes else ""


def _understood(check: Any, text: str) -> str:
    try:
        check(text)
    except HoursError as error:
        return str(error)
    return ""


def _date(text: str) -> str:
    if not text:
        return ""
    try:
        return "" if date.fromisoformat(text).isoformat() == text else "is not a date like 2019-05-31"
    except ValueError:
        return "is not a date like 2019-05-31"
