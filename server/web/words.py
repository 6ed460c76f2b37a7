"""The words of pages and mails that the server makes, in every language that people can choose.

A language is a JSON file in `words/`, from key to text; `{name}` is a place for a value. A text that depends on a
number is a map from CLDR plural forms to texts and is chosen by the value `count`. `page.*` are for pages, `mail.*` for
mails, `transcript.*` for conversations, `csv.*` for heads of tables. Dates, numbers and money are Babel's.
"""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import msgspec
from babel import Locale
from babel.dates import format_date, format_time
from babel.numbers import format_currency, format_decimal, parse_pattern
from babel.units import format_unit

from ground.currency import digits_of, whole

LANGUAGES: Final = ("en", "de", "es", "ar")
RIGHT_TO_LEFT: Final = frozenset({"ar"})
PLACE: Final = re.compile(r"\{([a-z_]+)\}")
Text = str | dict[str, str]
_FOLDER: Final = Path(__file__).parent / "words"


@cache
def words(language: str) -> Mapping[str, Text]:
    """All texts of one of LANGUAGES. Raises KeyError for another."""
    if language not in LANGUAGES:
        raise KeyError(language)
    return msgspec.json.decode((_FOLDER / f"{language}.json").read_bytes(), type=dict[str, Text])


def text(language: str, key: str, **values: str | int) -> str:
    """The text `key` with its places filled; numbers as that language writes them. Raises KeyError for a key or a value
    that is missing."""
    found = words(language)[key]
    if isinstance(found, dict):
        form = Locale.parse(language).plural_form(int(values["count"]))
        found = found.get(form) or found["other"]
    return PLACE.sub(lambda place: _shown(language, values[place[1]]), found)


def speaker(language: str) -> Callable[..., str]:
    """`text` in one language, for templates: `t("page.title", name=...)`."""

    def t(key: str, **values: str | int) -> str:
        return text(language, key, **values)

    return t


def chosen(*wanted: str, default: str = "en") -> str:
    """The first of LANGUAGES that fits `wanted`, language tags in order of preference ("de-AT" gives "de")."""
    spoken = (tag.replace("_", "-").partition("-")[0].lower() for tag in wanted)
    return next((language for language in spoken if language in LANGUAGES), default)


def moment(language: str, at: int, zone: str) -> str:
    """The instant `at` (ms) as date and time in `zone` (an IANA name), with the zone's short name."""
    when = datetime.fromtimestamp(at / 1000, ZoneInfo(zone))
    return f"{day(language, at, zone)}, {format_time(when, 'HH:mm zzz', tzinfo=when.tzinfo, locale=language)}"


def day(language: str, at: int, zone: str) -> str:
    """The day of the instant `at` (ms) in `zone`, written out."""
    return format_date(datetime.fromtimestamp(at / 1000, ZoneInfo(zone)).date(), "long", locale=language)


def money(language: str, minor: int, currency: str) -> str:
    """So many minor units of `currency` (ISO 4217)."""
    pattern = parse_pattern(Locale.parse(language).currency_formats["standard"].pattern)
    pattern.frac_prec = (digits_of(currency),) * 2
    return format_currency(whole(minor, currency), currency, pattern, language, currency_digits=False)


def duration(language: str, ms: int) -> str:
    """So long, in minutes and whole seconds."""
    minutes, seconds = divmod(ms // 1000, 60)
    told = [(minutes, "duration-minute")] if minutes else []
    units = [*told, (seconds, "duration-second")]
    return " ".join(format_unit(count, unit, "short", locale=language) for count, unit in units)


def number(language: str, value: float, digits: int = 1) -> str:
    """`value` with at most so many digits after the point."""
    return format_decimal(round(value, digits), locale=language)


def _shown(language: str, value: str | int) -> str:
    return value if isinstance(value, str) else format_decimal(value, locale=language)
