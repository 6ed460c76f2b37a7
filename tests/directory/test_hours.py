"""Weekly hours become windows, whatever the clocks of the place do."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from directory.hours import HoursError, Schedule, Shift, parse_hours, windows

BERLIN = "Europe/Berlin"


def at(text: str, zone: str = "UTC") -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp()) * 1000


def shown(text: str, zone: str, start: str, days: int) -> list[str]:
    """The windows as their edges in UTC."""
    found = windows(Schedule(text, zone), at(start), days) or []
    return [
        f"{datetime.fromtimestamp(a / 1000, UTC):%d.%H:%M}-{datetime.fromtimestamp(b / 1000, UTC):%d.%H:%M}"
        for a, b in found
    ]


def test_empty_is_always_open() -> None:
    assert windows(Schedule("", BERLIN), 0) is None
    assert windows(Schedule("  "), 0) is None


def test_days_lists_and_ranges() -> None:
    assert parse_hours("Mon 09:00-10:00") == [Shift(0, 540, 600)]
    assert [shift.day for shift in parse_hours("fri-mon 09:00-10:00")] == [4, 5, 6, 0]
    assert [shift.day for shift in parse_hours("mon,wed-thu 09:00-10:00")] == [0, 2, 3]
    assert len(parse_hours("daily 00:00-24:00;")) == 7
    assert parse_hours("sun 22:00-02:00") == [Shift(6, 1320, 1560)]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("mon", "entry 1: 'mon' needs days and"),
        ("mon 09:00-10:00;; tue 25:00-26:00", "entry 3: '25:00-26:00' has a time"),
        ("09:00-17:00", "needs days and"),
        ("someday 09:00-10:00", "'someday' is not a day"),
        ("mon- 09:00-10:00", "'' is not a day"),
        ("mon,mon 09:00-10:00", "names a day twice"),
        ("mon 9:00-10:00", "'9:00-10:00' is not a range"),
        ("mon 09:00-09:00", "is empty"),
        ("mon 24:00-02:00", "does not exist"),
        ("mon 09:60-10:00", "does not exist"),
        ("mon 09:00-24:01", "does not exist"),
        ("mon 09:00-10:00 " + "x" * 1000, "longer than"),
        ("daily " + "09:00-10:00 " * 15, "more than 100"),
        (";;", "name no day"),
        ("mon \u0660\u0669:00-\u0661\u0660:00", "is not a range"),
    ],
)
def test_what_is_wrong_is_named(text: str, reason: str) -> None:
    with pytest.raises(HoursError, match=reason):
        parse_hours(text)


@pytest.mark.parametrize("zone", ["Mars/Olympus", "../../etc/passwd", "", "/etc/localtime", "UTC\x00"])
def test_an_unknown_zone_is_named(zone: str) -> None:
    with pytest.raises(HoursError, match="unknown time zone"):
        windows(Schedule("", zone), 0)


def test_a_week_with_a_lunch_break() -> None:
    text = "mon-tue 09:00-12:00 13:00-17:00; sat 10:00-14:00"
    assert shown(text, BERLIN, "2026-01-05", 7) == [
        "05.08:00-05.11:00", "05.12:00-05.16:00", "06.08:00-06.11:00", "06.12:00-06.16:00", "10.09:00-10.13:00",
    ]  # fmt: skip


def test_a_window_that_has_begun_is_whole_and_one_that_is_over_is_gone() -> None:
    assert shown("mon 09:00-12:00", "UTC", "2026-01-05T11:59:59", 1) == ["05.09:00-05.12:00"]
    assert shown("mon 09:00-12:00", "UTC", "2026-01-05T12:00:00", 1) == []


def test_across_midnight_and_from_the_day_before() -> None:
    assert shown("sun 22:00-02:00", "UTC", "2026-01-05T01:00", 1) == ["04.22:00-05.02:00"]


def test_neighbours_and_overlaps_are_one_window() -> None:
    assert shown("mon 22:00-24:00; tue 00:00-03:00 02:00-05:00", "UTC", "2026-01-05", 3) == ["05.22:00-06.05:00"]
    assert len(shown("daily 00:00-24:00", BERLIN, "2026-03-20", 14)) == 1


def test_far_zones_see_their_own_day() -> None:
    assert shown("mon 00:00-01:00", "Pacific/Kiritimati", "2026-01-04T10:30", 1) == ["04.10:00-04.11:00"]
    assert shown("sun 23:00-24:00", "Pacific/Niue", "2026-01-05T10:30", 1) == ["05.10:00-05.11:00"]


def test_the_office_opens_at_nine_on_both_sides_of_a_change() -> None:
    assert shown("sat,sun,mon 09:00-10:00", BERLIN, "2026-03-28", 3) == [
        "28.08:00-28.09:00", "29.07:00-29.08:00", "30.07:00-30.08:00",
    ]  # fmt: skip


def test_a_night_shift_is_an_hour_shorter_in_spring_and_longer_in_autumn() -> None:
    assert shown("sat 22:00-06:00", BERLIN, "2026-03-28", 2) == ["28.21:00-29.04:00"]
    assert shown("sat 22:00-06:00", BERLIN, "2026-10-24", 2) == ["24.20:00-25.05:00"]


def test_a_time_that_is_skipped_is_the_instant_of_the_change() -> None:
    assert shown("sun 02:30-05:00", BERLIN, "2026-03-29", 1) == ["29.01:00-29.03:00"]
    assert shown("sun 01:00-02:30", BERLIN, "2026-03-29", 1) == ["29.00:00-29.01:00"]
    assert shown("sun 02:10-02:50", BERLIN, "2026-03-29", 1) == []


def test_a_time_that_happens_twice_is_the_first_of_the_two() -> None:
    assert shown("sun 01:00-02:30", BERLIN, "2026-10-24T20:00", 1) == ["24.23:00-25.00:30"]
    assert shown("sun 02:30-05:00", BERLIN, "2026-10-24T20:00", 1) == ["25.00:30-25.04:00"]


def test_a_day_that_a_country_skipped_has_no_window() -> None:
    """Samoa went from the 29th to the 31st of December 2011, a Friday."""
    assert shown("fri 09:00-17:00", "Pacific/Apia", "2011-12-28", 5) == []
    assert shown("thu-sat 00:00-24:00", "Pacific/Apia", "2011-12-28", 5) == ["29.10:00-31.10:00"]


def test_the_time_ahead_is_bounded() -> None:
    for days in (0, 61):
        with pytest.raises(HoursError, match="1 to 60 days"):
            windows(Schedule("mon 09:00-10:00"), 0, days)


ZONES = [
    "UTC",
    BERLIN,
    "America/New_York",
    "Australia/Lord_Howe",
    "Asia/Kolkata",
    "America/St_Johns",
    "Africa/Casablanca",
]
MINUTES = st.integers(0, 1439)


@given(st.sampled_from(ZONES), st.integers(0, 365 * 3), MINUTES, MINUTES, st.integers(1, 30))
def test_windows_are_sorted_apart_and_open_when_the_wall_clock_says_so(
    zone: str, day: int, start: int, end: int, days: int
) -> None:
    if start == end:
        return
    text = f"daily {start // 60:02}:{start % 60:02}-{end // 60:02}:{end % 60:02}"
    begin = datetime(2025, 1, 1, tzinfo=UTC) + timedelta(days=day)
    found = windows(Schedule(text, zone), int(begin.timestamp()) * 1000, days) or []
    assert found == sorted(found)
    assert all(a < b for a, b in found)
    assert all(first[1] < second[0] for first, second in pairwise(found))
    for hour in range(0, 24 * days, 5):
        moment = begin + timedelta(hours=hour)
        wall = moment.astimezone(ZoneInfo(zone))
        if any((moment + d).astimezone(ZoneInfo(zone)).utcoffset() != wall.utcoffset()
               for d in (timedelta(hours=-30), timedelta(hours=30))):  # fmt: skip
            continue  # days of a change have their own tests above
        minute = wall.hour * 60 + wall.minute
        says = start <= minute < end if start < end else (minute >= start or minute < end)
        ms = int(moment.timestamp()) * 1000
        assert any(a <= ms < b for a, b in found) is says
