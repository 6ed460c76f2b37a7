"""Dated exceptions and public holidays on top of weekly hours, minute by minute as the wall clock has it."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from directory.exceptions import parse_exceptions
from directory.expert import Expert, problems
from directory.holidays import holiday_countries, is_holiday, public_holidays
from directory.hours import HoursError, Schedule, parse_hours, windows
from directory.importer import parse

BERLIN = "Europe/Berlin"
OFFICE = "mon-fri 09:00-17:00"
NIGHTS = "daily 22:00-02:00"


def at(text: str, zone: str = BERLIN) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp()) * 1000


def shown(plan: Schedule, start: str, days: int) -> list[str]:
    """The windows as the wall clock of the place shows them."""
    place = ZoneInfo(plan.timezone)
    found = windows(plan, at(start, plan.timezone), days)
    assert found is not None
    return [" ".join(f"{datetime.fromtimestamp(edge / 1000, place):%d.%H:%M}" for edge in window) for window in found]


# ------------------------------------------------------------ exceptions


@pytest.mark.claim("A4")
def test_a_day_may_be_closed_or_have_other_times_and_so_may_several() -> None:
    text = "2026-12-24 closed; 2026-12-28 10:00-12:00 13:00-14:00; 2026-12-29..2026-12-31 closed"
    plan = Schedule(OFFICE, BERLIN, text)
    assert shown(plan, "2026-12-23", 9) == [
        "23.09:00 23.17:00", "25.09:00 25.17:00", "28.10:00 28.12:00", "28.13:00 28.14:00",
    ]  # fmt: skip


@pytest.mark.claim("A4")
def test_who_is_always_open_may_close_for_a_day() -> None:
    plan = Schedule("", BERLIN, "2026-12-24 closed; 2026-12-26 10:00-12:00")
    assert shown(plan, "2026-12-23T12:00", 5)[:3] == [
        "21.00:00 24.00:00", "25.00:00 26.00:00", "26.10:00 26.12:00",
    ]  # fmt: skip


def test_a_day_without_weekly_hours_may_open() -> None:
    assert shown(Schedule(OFFICE, BERLIN, "2026-12-26 11:00-12:00"), "2026-12-26", 1) == ["26.11:00 26.12:00"]


def test_a_shift_of_the_evening_before_ends_at_the_midnight_of_a_day_with_an_exception() -> None:
    closed = Schedule(NIGHTS, BERLIN, "2026-12-24 closed")
    assert shown(closed, "2026-12-23T12:00", 3) == ["23.22:00 24.00:00", "25.22:00 26.02:00"]
    other = Schedule(NIGHTS, BERLIN, "2026-12-24 20:00-21:00")
    assert shown(other, "2026-12-23T12:00", 2) == ["23.22:00 24.00:00", "24.20:00 24.21:00"]


def test_a_range_of_an_exception_runs_past_midnight_unless_the_next_day_is_closed() -> None:
    on_both = Schedule("", BERLIN, "2026-12-30..2026-12-31 20:00-02:00; 2027-01-01 closed")
    assert shown(on_both, "2026-12-30T03:00", 2) == ["30.20:00 31.02:00", "31.20:00 01.00:00"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("2026-12-24", "entry 1: '2026-12-24' needs `closed`"),
        ("2026-12-24 closed; 2026-02-30 closed", "entry 2: '2026-02-30' is not a date"),
        ("24.12.2026 closed", "entry 1: '24.12.2026' is not a date"),
        ("20261224 closed", "is not a date"),
        ("2026-W52-4 closed", "is not a date"),
        ("2026-12-24 shut", "entry 1: 'shut' is not a range"),
        ("2026-12-24 closed 10:00-12:00", "'closed' is not a range"),
        ("2026-12-24 10:00-10:00", "is empty"),
        ("2026-12-24 10:00-25:00", "does not exist"),
        ("2026-12-24..2026-12-20 closed", "ends before it begins"),
        ("2026-12-24.. closed", "'' is not a date"),
        ("2026-01-01..2027-01-02 closed", "longer than 366 days"),
        ("2026-12-20..2026-12-24 closed; 2026-12-24 10:00-11:00", "2026-12-24 is named twice"),
        ("2026-12-24 " + "10:00-11:00 " * 11, "more than 10 ranges"),
        ("2026-12-24 closed;" * 250, "longer than 4000"),
        (";".join(f"{date(2026, 1, 1) + timedelta(days=n)} x" for n in range(201)), "more than 200 entries"),
        ("\u0662026-12-24 closed", "is not a date"),
    ],
)
def test_what_is_wrong_with_an_exception_is_named_with_its_place(text: str, reason: str) -> None:
    with pytest.raises(HoursError, match=reason):
        parse_exceptions(text)


# ------------------------------------------------------------ holidays


@pytest.mark.claim("A4")
def test_public_holidays_are_closed_unless_an_exception_says_otherwise() -> None:
    """In 2026 Epiphany is a Tuesday; Bavaria keeps it, Berlin works."""
    bavaria = Schedule(OFFICE, BERLIN, "", "DE-BY")
    assert shown(bavaria, "2026-01-05", 3) == ["05.09:00 05.17:00", "07.09:00 07.17:00"]
    assert len(shown(bavaria._replace(holidays="DE-BE"), "2026-01-05", 3)) == 3
    working = bavaria._replace(exceptions="2026-01-06 12:00-13:00")
    assert "06.12:00 06.13:00" in shown(working, "2026-01-05", 3)


def test_a_holiday_is_of_the_experts_own_day_and_cuts_the_night_before() -> None:
    auckland = Schedule(NIGHTS, "Pacific/Auckland", "", "NZ")
    assert shown(auckland, "2026-12-24T12:00", 1) == ["24.22:00 25.00:00"]
    until_late = auckland._replace(exceptions="2026-12-24 22:00-02:00")
    assert shown(until_late, "2026-12-24T12:00", 1) == ["24.22:00 25.02:00"]


def test_who_is_always_open_closes_on_holidays() -> None:
    assert shown(Schedule("", BERLIN, "", "DE"), "2026-04-30T12:00", 2)[0].endswith("01.00:00")


@pytest.mark.parametrize("code", ["XX", "de", "DE-ZZ", "DE-", "-BY", "DEU", "DE-BY-X", "x" * 100, " "])
def test_an_unknown_country_is_named(code: str) -> None:
    with pytest.raises(HoursError, match="is not a country"):
        windows(Schedule("", BERLIN, "", code), 0)


def test_every_country_that_can_be_chosen_is_understood() -> None:
    countries = {country.code: country for country in holiday_countries()}
    assert countries["DE"].name == "Germany"
    assert countries["AE"].name == "United Arab Emirates"
    assert countries["BA"].name == "Bosnia and Herzegovina"
    assert ("BY", "Bayern") in [(part.code, part.name) for part in countries["DE"].subdivisions]
    assert len(countries) > 200
    for country in countries.values():
        assert public_holidays(country.code, 2026) is not None
    for part in countries["ES"].subdivisions:
        assert is_holiday(f"ES-{part.code}", date(2026, 12, 25))


def test_what_is_wrong_is_told_of_a_profile_and_of_a_row() -> None:
    assert problems(Expert(expert="ada", name="Ada", exceptions="2026-12-24 closed", holidays="DE-BY")) == []
    bad = Expert(expert="ada", name="Ada", exceptions="2026-12-24", holidays="Bavaria")
    assert [name for name, _reason in problems(bad)] == ["exceptions", "holidays"]
    parsed = parse(
        "id,name,exceptions,holidays\nada,Ada,2026-12-24 closed; 2026-12-31 10:00-12:00,DE-BY\nbob,Bob,24 Dec,"
    )
    assert [(one.exceptions, one.holidays) for one in parsed.rows] == [
        ("2026-12-24 closed; 2026-12-31 10:00-12:00", "DE-BY")
    ]
    assert [(wrong.line, wrong.column) for wrong in parsed.problems] == [(3, "exceptions")]


# ------------------------------------------------------------ minute by minute

ZONES = [BERLIN, "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "Africa/Casablanca", "America/Havana"]
DAYS = 5
CHANGES = ["2026-03-08", "2026-03-29", "2026-04-05", "2026-10-04", "2026-10-25", "2026-11-01", "2026-12-24"]
TIMES = st.tuples(st.integers(0, 95), st.integers(1, 95)).map(
    lambda edges: f"{_clock(edges[0] * 15)}-{_clock((edges[0] + edges[1]) * 15 % 1440)}"
)
RANGES = st.lists(TIMES, min_size=1, max_size=3).map(" ".join)


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


@st.composite
def plans(draw: st.DrawFn) -> tuple[Schedule, datetime]:
    """Hours of all kinds around a day on which clocks change somewhere, and when they are looked at."""
    day = date.fromisoformat(draw(st.sampled_from(CHANGES))) - timedelta(days=2)
    weekly = draw(st.sampled_from(["", "mon-fri", "daily", "sat,sun"]))
    entries = {}
    for n in draw(st.sets(st.integers(0, DAYS), max_size=3)):
        entries[day + timedelta(days=n)] = draw(st.one_of(st.just("closed"), RANGES))
    exceptions = "; ".join(f"{on} {what}" for on, what in entries.items())
    plan = Schedule(
        f"{weekly} {draw(RANGES)}" if weekly else "",
        draw(st.sampled_from(ZONES)),
        exceptions,
        draw(st.sampled_from(["", "US", "DE", "AU"])),
    )
    return plan, datetime(day.year, day.month, day.day, draw(st.integers(0, 23)), tzinfo=UTC)


def open_minutes(plan: Schedule, begin: datetime, minutes: int) -> list[bool]:
    """Whether each minute is open: every local day by its own words, every wall time found by walking."""
    place = ZoneInfo(plan.timezone)
    start = begin - timedelta(days=3)
    wall = [(start + timedelta(minutes=n)).astimezone(place).replace(tzinfo=None) for n in range(minutes + 6 * 1440)]
    highest, first_at = wall[0], {wall[0]: 0}
    for n, shows in enumerate(wall):
        while highest < shows:
            highest += timedelta(minutes=1)
            first_at[highest] = n
    is_open = [False] * len(wall)
    day = wall[0].date() + timedelta(days=1)
    while day < wall[-1].date() - timedelta(days=1):
        for opens, closes in ranges_on(plan, day):
            midnight = datetime(day.year, day.month, day.day)  # noqa: DTZ001 - what the wall shows
            begins, ends = (first_at[midnight + timedelta(minutes=edge)] for edge in (opens, closes))
            is_open[begins:ends] = [True] * (ends - begins)
        day += timedelta(days=1)
    return is_open[3 * 1440 : 3 * 1440 + minutes]


def ranges_on(plan: Schedule, day: date) -> list[tuple[int, int]]:
    """The ranges that begin on `day`, cut where the next day says so. In words of its own, by the module's text."""
    exceptions = {one.first: one.ranges for one in parse_exceptions(plan.exceptions)}
    tomorrow = day + timedelta(days=1)
    own, next_ = exceptions.get(day), exceptions.get(tomorrow)
    if own is not None:
        return [(a, min(b, 1440) if next_ == () else b) for a, b in own]
    if is_holiday(plan.holidays, day):
        return []
    weekly = (
        [(s.start, s.end) for s in parse_hours(plan.hours) if s.day == day.weekday()] if plan.hours else [(0, 1440)]
    )
    cut = next_ is not None or is_holiday(plan.holidays, tomorrow)
    return [(a, min(b, 1440) if cut else b) for a, b in weekly]


@pytest.mark.claim("A4")
@settings(deadline=None, max_examples=80)
@given(plans())
def test_windows_are_what_a_walk_through_every_minute_finds(made: tuple[Schedule, datetime]) -> None:
    plan, begin = made
    found = windows(plan, int(begin.timestamp()) * 1000, DAYS)
    if found is None:
        assert (plan.hours, plan.exceptions, plan.holidays) == ("", "", "")
        return
    assert all(a < b for a, b in found)
    assert all(first[1] < second[0] for first, second in pairwise(found))
    expected = open_minutes(plan, begin, DAYS * 1440)
    told = [False] * len(expected)
    for a, b in found:
        edges = [(edge // 1000 - int(begin.timestamp())) // 60 for edge in (a, b)]
        for n in range(max(0, edges[0]), min(len(told), edges[1])):
            told[n] = True
    wrong = [begin + timedelta(minutes=n) for n, (a, b) in enumerate(zip(told, expected, strict=True)) if a != b]
    assert not wrong, f"{plan}: from {wrong[0]} to {wrong[-1]}"
