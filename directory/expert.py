"""A pool, an expert, and what their fields may hold."""

import re
import unicodedata
from datetime import date
from typing import Any, Literal, get_args

from msgspec import Struct, field

from directory.hours import HoursError, parse_hours, zone

Mode = Literal["chat", "audio"]

ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
NAME_MAX = 100
HEADLINE_MAX = 200
BIOGRAPHY_MAX = 10_000
LIST_MAX = 20
CATEGORY_MAX = 60

_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}")
_LINE_BREAKS = frozenset("\n\r\t")
_REORDERS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


class Pool(Struct, kw_only=True, frozen=True):
    """A tenant. `settings` are plain values; queueing knows what they mean. `revision` grows with every change of the
    pool or its experts, so that whoever has read it once need not read it all again."""

    pool: str
    name: str
    settings: dict[str, Any] = field(default_factory=dict)
    revision: int = 1


class Expert(Struct, kw_only=True, frozen=True):
    """Who an expert is. `hours` as in `directory/hours.py`; `started_on` is an ISO date or ""."""

    expert: str
    name: str
    headline: str = ""
    biography: str = ""
    categories: list[str] = []
    languages: list[str] = []
    modes: list[Mode] = field(default_factory=lambda: ["chat"])
    timezone: str = "UTC"
    hours: str = ""
    started_on: str = ""
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
        "started_on": _date(expert.started_on),
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
