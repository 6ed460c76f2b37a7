"""Weekly hours: from a text and a time zone to the windows of the next days. Pure.

"mon-fri 09:00-12:00 13:00-17:00; sat 10:00-14:00". An empty text is always open. An end at or before its start is on
the next day ("fri 22:00-02:00"), `24:00` is the end of the day. Days: mon ... sun, ranges ("fri-mon"), lists
("mon,wed"), `daily`.
"""

import re
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo, available_timezones

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
TEXT_MAX = 1000
RANGES_MAX = 100
DAYS_AHEAD_MAX = 60
DAY_MINUTES = 24 * 60

_RANGE = re.compile(r"([0-9]{2}):([0-9]{2})-([0-9]{2}):([0-9]{2})")
_ZONES = frozenset(available_timezones())


class HoursError(ValueError):
    """The text or the time zone can't be understood; the message says where and why."""


class Shift(NamedTuple):
    """Open from `start` to `end`, minutes after midnight of `day` (0 is Monday); `end` may lie on the next day."""

    day: int
    start: int
    end: int


def parse_hours(text: str) -> list[Shift]:
    """The shifts of a week, in the order of the text. Raises HoursError."""
    if len(text) > TEXT_MAX:
        raise HoursError(f"the hours are longer than {TEXT_MAX} characters")
    shifts = [shift for entry in text.lower().split(";") if entry.strip() for shift in _entry(entry.split())]
    if text.strip() and not shifts:
        raise HoursError("the hours name no day")
    if len(shifts) > RANGES_MAX:
        raise HoursError(f"the hours have more than {RANGES_MAX} ranges")
    return shifts


def zone(name: str) -> ZoneInfo:
    """The time zone of an IANA name. Raises HoursError for any other text, before it becomes a path."""
    if name not in _ZONES:
        raise HoursError(f"unknown time zone {name[:64]!r}")
    return ZoneInfo(name)


def windows(text: str, timezone: str, from_ms: int, days: int = 14) -> list[tuple[int, int]] | None:
    """The windows [open, close) that end after `from_ms` and begin within `days` days of it, sorted, merged.

    None means always open. A window may have begun before `from_ms`. Wall-clock times become instants so: one that
    a change of the clocks skips is the instant of the change, one that happens twice is the first of the two;
    so shifts that meet on the wall meet in time. Raises HoursError.
    """
    place = zone(timezone)
    shifts = parse_hours(text)
    if not shifts:
        return None
    if not 1 <= days <= DAYS_AHEAD_MAX:
        raise HoursError(f"windows are made for 1 to {DAYS_AHEAD_MAX} days ahead")
    # Two days back: a shift may end the day after, and its local day may have begun a day before that of UTC.
    first = datetime.fromtimestamp(from_ms / 1000, UTC).date() - timedelta(days=2)
    until_ms = from_ms + days * DAY_MINUTES * 60_000
    found = [
        (_instant(day, shift.start, place), _instant(day, shift.end, place))
        for day in (first + timedelta(days=ahead) for ahead in range(days + 4))
        for shift in shifts
        if shift.day == day.weekday()
    ]
    return [(start, end) for start, end in _merge(found) if end > from_ms and start < until_ms]


def _entry(words: list[str]) -> list[Shift]:
    if len(words) < 2:
        raise HoursError(f"{words[0][:40]!r} needs days and at least one range of times")
    return [shift for day in _days(words[0]) for word in words[1:] for shift in [_shift(day, word)]]


def _days(word: str) -> list[int]:
    if word == "daily":
        return list(range(7))
    days = [day for part in word.split(",") for day in _day_range(part)]
    if len(set(days)) != len(days):
        raise HoursError(f"{word[:40]!r} names a day twice")
    return days


def _day_range(part: str) -> list[int]:
    first, dash, last = part.partition("-")
    for name in (first, last) if dash else (first,):
        if name not in DAYS:
            raise HoursError(f"{name[:40]!r} is not a day: use {', '.join(DAYS)} or daily")
    start = DAYS.index(first)
    count = (DAYS.index(last) - start) % 7 if dash else 0
    return [(start + step) % 7 for step in range(count + 1)]


def _shift(day: int, word: str) -> Shift:
    match = _RANGE.fullmatch(word)
    if match is None:
        raise HoursError(f"{word[:40]!r} is not a range of times like 09:00-17:00")
    start_h, start_m, end_h, end_m = (int(number) for number in match.groups())
    start, end = start_h * 60 + start_m, end_h * 60 + end_m
    if start_m > 59 or end_m > 59 or start >= DAY_MINUTES or end > DAY_MINUTES:
        raise HoursError(f"{word!r} has a time that does not exist")
    if start == end:
        raise HoursError(f"{word!r} is empty: a whole day is 00:00-24:00")
    return Shift(day, start, end if end > start else end + DAY_MINUTES)


def _instant(day: date, minutes: int, place: ZoneInfo) -> int:
    """The instant (ms) at which the wall clock of `place` shows `minutes` after midnight of `day`."""
    wall = datetime(day.year, day.month, day.day) + timedelta(minutes=minutes)  # noqa: DTZ001 (wall time, no zone yet)
    instant = wall.replace(tzinfo=place).astimezone(UTC)
    if instant.astimezone(place).replace(tzinfo=None) != wall:
        instant = _change(wall.replace(tzinfo=place, fold=1).astimezone(UTC), instant, place)
    return int(instant.timestamp()) * 1000


def _change(before: datetime, after: datetime, place: ZoneInfo) -> datetime:
    """The instant between the two at which the clocks of `place` change, to the second."""
    old = before.astimezone(place).utcoffset()
    while after - before > timedelta(seconds=1):
        middle = (before + (after - before) / 2).replace(microsecond=0)
        if middle.astimezone(place).utcoffset() == old:
            before = middle
        else:
            after = middle
    return after


def _merge(found: list[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for start, end in sorted(found):
        if start >= end:  # the whole shift fell into skipped time
            continue
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged
