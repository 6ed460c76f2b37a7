"""Hours: from weekly hours, dated exceptions, public holidays and a time zone to the windows of the next days. Pure.

Weekly hours: "mon-fri 09:00-12:00 13:00-17:00; sat 10:00-14:00". An empty text is always open. An end at or before its
start is on the next day ("fri 22:00-02:00"), `24:00` is the end of the day. Days: mon ... sun, ranges ("fri-mon"),
lists ("mon,wed"), `daily`. Exceptions as in `directory/exceptions.py`, holidays as in `directory/holidays.py`.

What a local day's hours are is said by its exception; without one it is closed on a public holiday; else the weekly
hours hold. A range belongs to the day on which it begins. The part after midnight of one that runs past it counts,
unless the next day is closed by an exception or its hours are said by something stronger: so on a day off nobody is
open, and a shift of the evening before ends at 00:00.
"""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import NamedTuple, Protocol
from zoneinfo import ZoneInfo, available_timezones

from directory.exceptions import DatedHours, on, parse_exceptions
from directory.holidays import check_holidays, is_holiday
from directory.spans import DAY_MINUTES, HoursError, clock_range, entries_of

__all__ = ["HoursError", "Plan", "Schedule", "Shift", "parse_hours", "windows", "zone"]

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
TEXT_MAX = 1000
RANGES_MAX = 100
DAYS_AHEAD_MAX = 60

_ZONES = frozenset(available_timezones())
_WEEKLY, _HOLIDAY, _EXCEPTION = range(3)


class Plan(Protocol):
    """Whatever has hours: an `Expert`, a `Schedule`."""

    @property
    def hours(self) -> str: ...
    @property
    def exceptions(self) -> str: ...
    @property
    def holidays(self) -> str: ...
    @property
    def timezone(self) -> str: ...


class Schedule(NamedTuple):
    """Hours that are nobody's (yet), such as those in an editor."""

    hours: str = ""
    timezone: str = "UTC"
    exceptions: str = ""
    holidays: str = ""


class Shift(NamedTuple):
    """Open from `start` to `end`, minutes after midnight of `day` (0 is Monday); `end` may lie on the next day."""

    day: int
    start: int
    end: int


class _Day(NamedTuple):
    """The ranges of times that begin on `day`, and what says so: the stronger, the greater."""

    day: date
    said_by: int
    ranges: tuple[tuple[int, int], ...]


def parse_hours(text: str) -> list[Shift]:
    """The shifts of a week, in the order of the text. Raises HoursError."""
    shifts = [shift for at, words in entries_of(text, "hours", TEXT_MAX) for shift in _entry(at, words)]
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


def windows(plan: Plan, from_ms: int, days: int = 14) -> list[tuple[int, int]] | None:
    """The windows [open, close) that end after `from_ms` and begin within `days` days of it, sorted, merged.

    None means always open. A window may have begun before `from_ms`; one that would go on beyond the days looked at
    (at least `days`) ends with them. Wall-clock times become instants so: one that a change of the clocks skips is
    the instant of the change, one that happens twice is the first of the two; so shifts that meet on the wall meet in
    time. Raises HoursError.
    """
    place = zone(plan.timezone)
    shifts, exceptions = parse_hours(plan.hours), parse_exceptions(plan.exceptions)
    check_holidays(plan.holidays)
    if not (shifts or exceptions or plan.holidays):
        return None
    if not 1 <= days <= DAYS_AHEAD_MAX:
        raise HoursError(f"windows are made for 1 to {DAYS_AHEAD_MAX} days ahead")
    # Two days back: a shift may end the day after, and its local day may have begun a day before that of UTC.
    first = datetime.fromtimestamp(from_ms / 1000, UTC).date() - timedelta(days=2)
    until_ms = from_ms + days * DAY_MINUTES * 60_000
    calendar = [_day(first + timedelta(days=n), shifts, exceptions, plan.holidays) for n in range(days + 5)]
    found = [
        (_instant(today.day, start, place), _instant(today.day, min(end, _latest(today, tomorrow)), place))
        for today, tomorrow in pairwise(calendar)
        for start, end in today.ranges
    ]
    return [(start, end) for start, end in _merge(found) if end > from_ms and start < until_ms]


def _day(day: date, shifts: list[Shift], exceptions: list[DatedHours], holidays: str) -> _Day:
    if said := on(exceptions, day):
        return _Day(day, _EXCEPTION, said.ranges)
    if is_holiday(holidays, day):
        return _Day(day, _HOLIDAY, ())
    if not shifts:
        return _Day(day, _WEEKLY, ((0, DAY_MINUTES),))
    return _Day(day, _WEEKLY, tuple((shift.start, shift.end) for shift in shifts if shift.day == day.weekday()))


def _latest(today: _Day, tomorrow: _Day) -> int:
    """The latest minute, counted from the midnight that begins `today`, at which its ranges may end."""
    day_off = tomorrow.said_by == _EXCEPTION and not tomorrow.ranges
    return DAY_MINUTES if day_off or tomorrow.said_by > today.said_by else 2 * DAY_MINUTES


def _entry(at: str, words: list[str]) -> list[Shift]:
    if len(words) < 2:
        raise HoursError(f"{at}{words[0][:40]!r} needs days and at least one range of times")
    return [Shift(day, *clock_range(word, at)) for day in _days(at, words[0]) for word in words[1:]]


def _days(at: str, word: str) -> list[int]:
    if word == "daily":
        return list(range(7))
    days = [day for part in word.split(",") for day in _day_range(at, part)]
    if len(set(days)) != len(days):
        raise HoursError(f"{at}{word[:40]!r} names a day twice")
    return days


def _day_range(at: str, part: str) -> list[int]:
    first, dash, last = part.partition("-")
    for name in (first, last) if dash else (first,):
        if name not in DAYS:
            raise HoursError(f"{at}{name[:40]!r} is not a day: use {', '.join(DAYS)} or daily")
    start = DAYS.index(first)
    count = (DAYS.index(last) - start) % 7 if dash else 0
    return [(start + step) % 7 for step in range(count + 1)]


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
