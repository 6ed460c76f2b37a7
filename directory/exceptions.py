"""Dated exceptions from the weekly hours. Pure.

"2026-12-24 closed; 2026-12-31 10:00-14:00 16:00-18:00; 2027-01-02..2027-01-09 closed": a date or the first and the last
of several, then `closed` or ranges of times as in weekly hours.
"""

import re
from datetime import date, timedelta
from itertools import pairwise
from typing import NamedTuple

from directory.spans import HoursError, clock_range, entries_of

TEXT_MAX = 4000
ENTRIES_MAX = 200
RANGES_MAX = 10
DAYS_MAX = 366
"""The longest run of days that one entry may name."""

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


class DatedHours(NamedTuple):
    """On the local days `first` to `last` these ranges (minutes after midnight) are in force, none when closed."""

    first: date
    last: date
    ranges: tuple[tuple[int, int], ...]


def parse_exceptions(text: str) -> list[DatedHours]:
    """The exceptions of a text, earliest first; no day is named twice. Raises HoursError."""
    entries = entries_of(text, "exceptions", TEXT_MAX)
    if len(entries) > ENTRIES_MAX:
        raise HoursError(f"the exceptions have more than {ENTRIES_MAX} entries")
    found = sorted(_entry(at, words) for at, words in entries)
    for one, other in pairwise(found):
        if other.first <= one.last:
            raise HoursError(f"{other.first.isoformat()} is named twice")
    return found


def on(exceptions: list[DatedHours], day: date) -> DatedHours | None:
    """The exception that holds on `day`."""
    return next((one for one in exceptions if one.first <= day <= one.last), None)


def _entry(at: str, words: list[str]) -> DatedHours:
    first, last = _dates(at, words[0])
    if len(words) < 2:
        raise HoursError(f"{at}{words[0][:40]!r} needs `closed` or at least one range of times")
    if words[1:] == ["closed"]:
        return DatedHours(first, last, ())
    if len(words) > RANGES_MAX + 1:
        raise HoursError(f"{at}more than {RANGES_MAX} ranges of times")
    return DatedHours(first, last, tuple(clock_range(word, at) for word in words[1:]))


def _dates(at: str, word: str) -> tuple[date, date]:
    one, dots, other = word.partition("..")
    first = _date(at, one)
    last = _date(at, other) if dots else first
    if last < first:
        raise HoursError(f"{at}{word!r} ends before it begins")
    if last - first >= timedelta(days=DAYS_MAX):
        raise HoursError(f"{at}{word!r} is longer than {DAYS_MAX} days")
    return first, last


def _date(at: str, word: str) -> date:
    try:
        if _DATE.fullmatch(word):
            return date.fromisoformat(word)
    except ValueError:
        pass
    raise HoursError(f"{at}{word[:40]!r} is not a date like 2026-12-24")
