"""A weekend in which the clocks change: hours set once beforehand, then the live pool alone opens and closes."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from directory.hours import Schedule
from ground.store import Store
from presence.facts import ExpertFacts
from presence.presence import Presence
from queueing.line import Line
from queueing.settings import PoolSettings
from server.roster import in_force
from tests.model.scene import Scene, refusal

QUARTER = timedelta(minutes=15)
HOURS = {
    "office": "daily 09:00-12:00 13:00-17:00",
    "night": "daily 22:00-06:00",
    "always": "",
}
WEEKENDS = [
    ("Europe/Berlin", "2026-03-28", -60), ("Europe/Berlin", "2026-10-24", 60),
    ("America/New_York", "2026-03-07", -60), ("America/New_York", "2026-10-31", 60),
    ("Australia/Lord_Howe", "2026-10-03", -30), ("Australia/Lord_Howe", "2026-04-04", 30),
    ("Asia/Kolkata", "2026-03-28", 0),
]  # fmt: skip


def is_open(expert: str, wall: datetime, closed_on: str) -> bool:
    """By the clock on the wall alone; the exception is the Monday's."""
    if wall.date().isoformat() == closed_on:
        return False
    if expert == "office":
        return wall.hour in (9, 10, 11, 13, 14, 15, 16)
    return expert == "always" or wall.hour >= 22 or wall.hour < 6


def quarters(begin: datetime, end: datetime) -> Iterator[datetime]:
    while begin < end:
        yield begin
        begin += QUARTER


class Weekend:
    """The live pool, asked at every quarter of an hour what it thinks."""

    def __init__(self, store: Store, pool: str) -> None:
        self.pool, self.line, self.presence = pool, Line(store), Presence(store)

    async def begin(self, zone: str, closed_on: str, now: int) -> None:
        await self.line.configure(self.pool, PoolSettings(), now=now)
        await self.presence.enrol(self.pool, list(HOURS), now=now)
        for expert, hours in HOURS.items():
            plan = Schedule(hours, zone, f"{closed_on} closed")
            await self.presence.set_hours(self.pool, expert, in_force(plan, now), now=now)
            await self.presence.declare(self.pool, expert, "online", now=now)

    async def come(self, now: int) -> None:
        """The process and its people are back; that windows open and close needs neither."""
        await self.presence.renew(self.pool, "p1", now=now)
        for expert in HOURS:
            await self.presence.attach(self.pool, "p1", "expert", expert, now=now)
        await self.presence.attach(self.pool, "p1", "user", "uma", now=now)

    async def may_join(self, expert: str, now: int) -> bool:
        code = await refusal(self.line.join(self.pool, "uma", [expert], now=now))
        if not code:
            await self.line.leave(self.pool, "uma", now=now)
        assert code in ("", "line_closed")
        return not code


@pytest.mark.claim("A4")
@pytest.mark.claim("A6")
@pytest.mark.parametrize(("zone", "saturday", "longer"), WEEKENDS)
async def test_lines_open_and_close_by_the_wall_clock_through_a_change(
    store: Store, pool: str, zone: str, saturday: str, longer: int
) -> None:
    place = ZoneInfo(zone)
    begin = datetime.fromisoformat(saturday).replace(hour=8, tzinfo=place).astimezone(UTC)
    monday = (datetime.fromisoformat(saturday) + timedelta(days=2)).date().isoformat()
    end = datetime.fromisoformat(monday).replace(hour=12, tzinfo=place).astimezone(UTC)
    weekend = Weekend(store, pool)
    await weekend.begin(zone, monday, int(begin.timestamp()) * 1000)
    for moment in quarters(begin, end):
        now = int(moment.timestamp()) * 1000
        await weekend.come(now)
        for expert in HOURS:
            wall = moment.astimezone(place)
            assert await weekend.may_join(expert, now) is is_open(expert, wall, monday), f"{expert} at {wall}"
    lasted = await night_shifts(Scene(store, pool))
    # The second begins on Sunday evening and is cut at the midnight of the closed day.
    assert lasted == [(8 * 60 + longer) * 60_000, 2 * 3_600_000]


async def night_shifts(scene: Scene) -> list[int]:
    """How long each opening of the night line lasted, by what the journal tells beforehand (milliseconds)."""
    told = [fact for fact in await scene.facts() if isinstance(fact, ExpertFacts) and fact.expert == "night"]
    begins = sorted({fact.until for fact in told if fact.indicator == "closed" and fact.until})
    ends = sorted({fact.closes for fact in told if fact.closes})
    return [end - max(begin for begin in begins if begin < end) for end in ends]
