"""What the profile page shows of an expert, in the words of one language. Pure: the time is an argument (ms)."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from urllib.parse import quote, urlencode
from zoneinfo import ZoneInfo

from babel import Locale
from babel.core import UnknownLocaleError
from babel.dates import format_date, format_skeleton, format_time, get_timezone_name
from babel.numbers import format_decimal

from directory.expert import Expert, Mode
from ground.currency import whole
from server.web.words import money, text
from wire.messages import Profile

DAYS: Final = 7
DAY_MS: Final = 24 * 3600 * 1000
Window = tuple[int, int]


def service(language: str, started_on: str, now: int, zone: str) -> str:
    """How long since the day `started_on`: "7 years", in the first year "5 months"; "" for none, or one to come."""
    if not started_on:
        return ""
    since, today = date.fromisoformat(started_on), _local(now, zone).date()
    months = (today.year - since.year) * 12 + today.month - since.month - (today.day < since.day)
    if since > today:
        return ""
    if months >= 12:
        return text(language, "page.profile.years", count=months // 12)
    return text(language, "page.profile.months", count=max(1, months))


def price(language: str, rate: int, currency: str) -> str:
    """What a minute costs."""
    if not rate:
        return text(language, "page.profile.free")
    return text(language, "page.profile.per_minute", price=money(language, rate, currency))


def prices(language: str, rates: Mapping[Mode, int], currency: str) -> list[dict[str, str]]:
    """What a minute costs in each mode, for people and (`amount`, in whole units) for machines; one without the mode's
    name where all cost the same."""
    alike = len(set(rates.values())) == 1
    return [
        {
            "mode": "" if alike else text(language, f"page.profile.mode.{mode}"),
            "text": price(language, rate, currency),
            "amount": str(whole(rate, currency)),
        }
        for mode, rate in list(rates.items())[: 1 if alike else None]
    ]


def cheapest(language: str, profile: Profile, currency: str) -> str:
    """What a minute costs at the least, as the list of experts says it."""
    if all(one.rate == profile.rate for one in profile.rates):
        return price(language, profile.rate, currency)
    return text(language, "page.profile.from", price=price(language, profile.rate, currency))


def language_name(tag: str, language: str) -> str:
    """The language `tag` as a reader of `language` calls it; the tag itself when nobody knows it."""
    reader = Locale.parse(language)
    known = reader.languages.get(tag.replace("-", "_")) or reader.languages.get(tag.lower())
    if known:
        return str(known)
    try:
        return str(Locale.parse(tag, sep="-").get_display_name(language) or tag)
    except (UnknownLocaleError, ValueError, TypeError):
        return tag


def zone_name(zone: str, language: str, now: int) -> str:
    """The time zone in words: "Central European Standard Time (Berlin)"."""
    long = get_timezone_name(_local(now, zone), locale=language)
    city = zone.rpartition("/")[2].replace("_", " ")
    return long if city == zone else f"{long} ({city})"


def week(language: str, windows: Sequence[Window], now: int, zone: str) -> list[dict[str, Any]]:
    """The next seven days of `zone`: the day's name and its spans of time; none is a closed day.

    A window over midnight stands with the day on which it begins, one of more than a day with each of its days.
    """
    first = _local(now, zone).date()
    days = [first + timedelta(days=ahead) for ahead in range(DAYS)]
    spans: dict[date, list[str]] = {day: [] for day in days}
    for start, end in windows:
        if end - start <= DAY_MS:
            began = max(_local(start, zone).date(), first)
            if began in spans:
                spans[began].append(_span(language, start, end, zone))
            continue
        for day in days:
            begins, ends = _midnight(day, zone), _midnight(day + timedelta(days=1), zone)
            if start <= begins and end >= ends:
                spans[day].append(text(language, "page.profile.whole_day"))
            elif max(start, begins) < min(end, ends):
                spans[day].append(_span(language, max(start, begins), min(end, ends), zone))
    return [
        {"name": format_skeleton("MMMMEEEEd", day, locale=language), "day": day.isoformat(), "spans": spans[day]}
        for day in days
    ]


def rows(distribution: Sequence[int]) -> list[tuple[int, int]]:
    """How often each number of stars was given, five first."""
    return [(stars, distribution[stars - 1]) for stars in range(5, 0, -1)]


def said_on(language: str, at: int) -> dict[str, str]:
    """A day for people and for machines."""
    day = datetime.fromtimestamp(at / 1000, UTC).date()
    return {"text": format_date(day, "long", locale=language), "day": day.isoformat()}


def average(language: str, stars: float) -> str:
    """The mean number of stars, with one digit after the point."""
    return format_decimal(stars, "0.0", locale=language)


def links(pool: str, expert: Expert) -> dict[str, Any]:
    """Where the page leads to."""
    place = f"/p/{quote(pool)}"
    categories = [
        {"name": one.replace("/", " \u203a "), "href": f"{place}?{urlencode({'category': one})}"}
        for one in expert.categories
    ]
    return {"directory": place, "self": f"{place}/x/{quote(expert.expert)}", "categories": categories}


def _span(language: str, start: int, end: int, zone: str) -> str:
    return " \u2013 ".join(format_time(_local(at, zone).time(), "short", locale=language) for at in (start, end))


def _local(at: int, zone: str) -> datetime:
    return datetime.fromtimestamp(at / 1000, ZoneInfo(zone))


def _midnight(day: date, zone: str) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone)).timestamp()) * 1000
