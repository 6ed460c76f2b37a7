"""Ranges of times on the clock, as texts of hours write them: what weekly hours and exceptions share. Pure."""

import re

DAY_MINUTES = 24 * 60

_RANGE = re.compile(r"([0-9]{2}):([0-9]{2})-([0-9]{2}):([0-9]{2})")


class HoursError(ValueError):
    """The text or the time zone can't be understood; the message says where and why."""


def entries_of(text: str, what: str, limit: int) -> list[tuple[str, list[str]]]:
    """The entries between semicolons that hold anything: each as "entry 3: ", counted from 1, and its words."""
    if len(text) > limit:
        raise HoursError(f"the {what} are longer than {limit} characters")
    parts = enumerate(text.lower().split(";"), start=1)
    return [(f"entry {number}: ", part.split()) for number, part in parts if part.strip()]


def clock_range(word: str, at: str) -> tuple[int, int]:
    """Both ends of "22:00-02:00", minutes after midnight; an end at or before the start is on the next day (over 1440).

    `at` begins the message when it can't be understood. Raises HoursError.
    """
    match = _RANGE.fullmatch(word)
    if match is None:
        raise HoursError(f"{at}{word[:40]!r} is not a range of times like 09:00-17:00")
    start_h, start_m, end_h, end_m = (int(number) for number in match.groups())
    start, end = start_h * 60 + start_m, end_h * 60 + end_m
    if start_m > 59 or end_m > 59 or start >= DAY_MINUTES or end > DAY_MINUTES:
        raise HoursError(f"{at}{word!r} has a time that does not exist")
    if start == end:
        raise HoursError(f"{at}{word!r} is empty: a whole day is 00:00-24:00")
    return start, end if end > start else end + DAY_MINUTES
