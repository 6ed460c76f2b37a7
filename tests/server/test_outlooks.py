"""Whether those who wait will be served before the hours end."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from presence.facts import ExpertFacts
from queueing.facts import PoolSnapshot, TicketFacts
from server.mirror import Mirror
from server.outlooks import NEAR_MS, outlook, outlooks
from server.translate import Told, Translator
from wire import messages as m

ADA = ExpertFacts(
    cause="opened", expert="ada", indicator="busy", declared="online", reason="", forced=False, present=True,
    open=True, engagement="in_session", since=5, until=0, offer="", session="s1", by="system", closes=900_000,
)  # fmt: skip
ANN = TicketFacts(
    cause="joined", ticket="t1", user="ann", name="Ann", mode="chat", state="waiting", lines=[("ada", 3)], joined_at=7,
    connected=True, paused_until=0, pause_reason="", must_confirm=False, offer="", session="", reason="joined", by="",
)  # fmt: skip


def place(p50: float, p80: float) -> m.PlaceForecast:
    return m.PlaceForecast(p50=p50, p80=p80, bound=-1.0)


PLACES = [place(60, 120), place(600, 1200), place(1000, 2000)]


def test_it_is_likely_when_the_turn_comes_before_in_four_cases_of_five() -> None:
    assert [outlook(PLACES[1], left) for left in (1200, 1199.9, 600, 599.9)] == [
        "likely", "unsure", "unsure", "unlikely",
    ]  # fmt: skip


@settings(deadline=None)
@given(st.lists(st.floats(0, 1e5), min_size=2, max_size=9), st.floats(0, 7200))
def test_nobody_further_back_stands_better(waits: list[float], left: float) -> None:
    grades = ["likely", "unsure", "unlikely"]
    found = [grades.index(outlook(place(wait, wait * 1.5), left)) for wait in sorted(waits)]
    assert found == sorted(found)


@pytest.mark.parametrize(
    ("fields", "at", "expected"),
    [
        ({}, 0, ["likely", "unsure", "unlikely"]),
        ({}, 800_000, ["unsure", "unlikely", "unlikely"]),
        ({"closes": 0}, 0, ["", "", ""]),
        ({"closes": NEAR_MS + 1}, 0, ["", "", ""]),
        ({"closes": NEAR_MS}, 0, ["likely", "likely", "likely"]),
        ({}, 900_000, ["", "", ""]),
        ({"indicator": "away"}, 0, ["unsure", "unsure", "unlikely"]),
        ({"indicator": "offline"}, 0, ["unlikely", "unlikely", "unlikely"]),
    ],
)
def test_the_outlooks_of_a_line(fields: dict[str, object], at: int, expected: list[str]) -> None:
    assert outlooks(replace(ADA, **fields), PLACES, at) == expected


def told(outlooks_of: list[m.Outlook], *tickets: TicketFacts) -> Told:
    """What the entry with Ada's closing says when these tickets stand in her line."""
    mirror = Mirror(
        PoolSnapshot(
            epoch="e", seq=0, at=0, settings={}, experts=[ADA], tickets=list(tickets), offers=[], sessions=[],
            deadlines=[], stats={},
        )
    )  # fmt: skip
    step = mirror.apply(1, 100, [replace(ADA, cause="closing_soon")])
    return Translator(mirror, str, lambda _expert: outlooks_of).translate(step)


def notices(told_: Told) -> list[tuple[str, str, str, str]]:
    said = [(topic, change.message()) for topic, change in told_]
    return [(topic, one.code, one.detail, one.expert) for topic, one in said if isinstance(one, m.Notice)]


def test_each_who_waits_is_told_how_their_own_place_stands() -> None:
    ben = replace(ANN, ticket="t2", user="ben", lines=[("bob", 1), ("ada", 4)])
    rung = replace(ANN, ticket="t0", user="rung", state="offered", lines=[("ada", 1)])
    elsewhere = replace(ANN, ticket="t3", user="cat", lines=[("bob", 2)])
    assert notices(told(["likely", "unsure", "unlikely", ""], rung, ben, ANN, elsewhere)) == [
        ("user:ann", "closing_soon", "unsure", "ada"), ("user:ben", "closing_soon", "unlikely", "ada"),
    ]  # fmt: skip


def test_without_a_forecast_nothing_is_sure_and_an_empty_line_is_told_nothing() -> None:
    assert notices(told([], ANN)) == [("user:ann", "closing_soon", "unsure", "ada")]
    assert notices(told([])) == []


def test_the_ends_of_two_lines_at_one_instant_are_two_notices() -> None:
    bob = replace(ADA, expert="bob")
    both = replace(ANN, lines=[("ada", 3), ("bob", 1)])
    mirror = Mirror(
        PoolSnapshot(
            epoch="e", seq=0, at=0, settings={}, experts=[ADA, bob], tickets=[both], offers=[], sessions=[],
            deadlines=[], stats={},
        )
    )  # fmt: skip
    step = mirror.apply(1, 100, [replace(expert, cause="closing_soon") for expert in (ADA, bob)])
    changes = [change for _topic, change in Translator(mirror, str).translate(step) if change.key.startswith("notice:")]
    assert len({change.key for change in changes}) == 2


def test_a_light_whose_end_moved_is_told() -> None:
    mirror = Mirror(
        PoolSnapshot(
            epoch="e", seq=0, at=0, settings={}, experts=[ADA], tickets=[], offers=[], sessions=[], deadlines=[],
            stats={},
        )
    )  # fmt: skip
    step = mirror.apply(1, 100, [replace(ADA, closes=1_000_000)])
    (lights,) = [c.message() for topic, c in Translator(mirror, str).translate(step) if topic == "lights"]
    assert isinstance(lights, m.Lights)
    assert [light.closes for light in lights.lights] == [1_000_000]
