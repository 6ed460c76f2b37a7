"""Public holidays of a country or a part of it, by the code that an expert chose: "DE", "DE-BY". Pure."""

import re
from datetime import date
from functools import lru_cache
from types import ModuleType

from msgspec import Struct

from directory.spans import HoursError

CODE_MAX = 40

_WORD_ENDS = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=^DR)(?=C)")
_SMALL = {"And", "Of", "The", "Da"}
_TOO_SPLIT = {"Mc Donald": "McDonald"}


class Subdivision(Struct, kw_only=True, frozen=True):
    """A part of a country that has holidays of its own. `name` is as the place itself writes it, or the code."""

    code: str
    name: str


class Country(Struct, kw_only=True, frozen=True):
    """A country whose holidays are known. `name` is English."""

    code: str
    name: str
    subdivisions: list[Subdivision]


def check_holidays(code: str) -> None:
    """Raises HoursError when `code` is neither "" nor one that `holiday_countries` knows."""
    country, dash, part = code.partition("-")
    parts = _parts().get(country) if len(code) <= CODE_MAX else None
    if code and (parts is None or (dash and part not in parts)):
        raise HoursError(f"{code[:CODE_MAX]!r} is not a country or a part of one like DE or DE-BY")


@lru_cache(maxsize=4096)
def public_holidays(code: str, year: int) -> frozenset[date]:
    """The public holidays of one year. Raises HoursError for an unknown code."""
    check_holidays(code)
    country, _, part = code.partition("-")
    return frozenset(_library().country_holidays(country, subdiv=part or None, years=year, expand=False))


def is_holiday(code: str, day: date) -> bool:
    """Whether `day` is a public holiday of `code`; "" has none. Raises HoursError for an unknown code."""
    return bool(code) and day in public_holidays(code, day.year)


@lru_cache(maxsize=1)
def holiday_countries() -> tuple[Country, ...]:
    """Every country that can be chosen, by its English name. The first call takes a quarter of a second."""
    known = _parts()
    found = [
        Country(code=code, name=_name(words), subdivisions=_subdivisions(code))
        for words, code, *_ in _library().registry.COUNTRIES.values()
        if code in known
    ]
    return tuple(sorted(found, key=lambda country: country.name))


def _library() -> ModuleType:
    """It takes a while to load, and most pools have no holidays."""
    import holidays  # noqa: PLC0415
    import holidays.registry  # noqa: PLC0415

    return holidays


@lru_cache(maxsize=1)
def _parts() -> dict[str, frozenset[str]]:
    """From a country's two letters to its parts."""
    supported = _library().list_supported_countries(include_aliases=False)
    return {code: frozenset(parts) for code, parts in supported.items() if len(code) == 2}


def _subdivisions(code: str) -> list[Subdivision]:
    country = _library().country_holidays(code)
    names: dict[str, str] = {}
    for name, part in country.subdivisions_aliases.items():
        names.setdefault(part, name)
    return [Subdivision(code=part, name=names.get(part, part)) for part in sorted(_parts()[code])]


def _name(words: str) -> str:
    """The library names countries by one word: UnitedArabEmirates."""
    name = " ".join(word.lower() if word in _SMALL else word for word in _WORD_ENDS.sub(" ", words).split())
    for wrong, right in _TOO_SPLIT.items():
        name = name.replace(wrong, right)
    return name
