"""The forecast: its promises as properties, and its honesty against a simulated line with a fixed seed."""

import math
import random
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from queueing.experience import Experience, KaplanMeier, Lengths
from queueing.forecast import LineState, PlaceForecast, forecast

NOW = 1_800_000_000_000
WRAP_MS, RING_MS, CAP_MS = 30_000, 30_000, 1_800_000
NOTHING = Experience.none()

seconds = st.floats(0.001, 20_000.0)
patience = st.builds(KaplanMeier, st.lists(seconds, max_size=40), st.lists(seconds, max_size=40))
experiences = st.builds(Experience, st.lists(seconds, max_size=40), st.lists(seconds, max_size=40), patience)
ages = st.integers(0, 10_000_000)


caps = st.integers(1, 20_000_000)


@st.composite
def states(draw: st.DrawFn) -> LineState:
    cap_ms = draw(st.none() | caps)
    since = NOW - draw(ages)
    return LineState(
        engagement=draw(st.sampled_from(["idle", "ringing", "in_session", "wrap_up"])),
        engaged_since_ms=since,
        wrap_up_until_ms=NOW + draw(st.integers(-5000, 100_000)),
        cap_until_ms=0 if cap_ms is None else since + cap_ms,
        session_cap_ms=cap_ms,
        wrap_up_ms=draw(st.integers(0, 100_000)),
        ring_ms=draw(st.integers(0, 100_000)),
        waited_ahead=draw(st.lists(ages, max_size=25)),
        limits_ahead=draw(st.lists(caps, max_size=25)),
        bounds=sorted(draw(st.lists(ages, max_size=40))),
    )


@given(states(), experiences, st.integers(0, 30))
@settings(max_examples=150, deadline=None)
def test_never_falls_from_place_to_place_and_stays_in_order(state: LineState, known: Experience, places: int) -> None:
    found = forecast(state, known, places, NOW)
    assert len(found) == places
    for place in found:
        assert 0 <= place.p50_s <= place.p80_s < math.inf
        assert place.bound_s is None or place.p80_s <= place.bound_s
    for before, after in pairwise(found):
        assert before.p50_s <= after.p50_s
        assert before.p80_s <= after.p80_s
        assert before.bound_s is not None or after.bound_s is None
        assert (before.bound_s or 0) <= (after.bound_s if after.bound_s is not None else math.inf)


def test_what_those_ahead_can_pay_for_shortens_the_forecast() -> None:
    known = Experience([600.0] * 200, [], KaplanMeier([], []))

    def third(limits: list[int]) -> float:
        state = LineState(engagement="idle", session_cap_ms=CAP_MS, waited_ahead=[0, 0], limits_ahead=limits)
        return forecast(state, known, 3, NOW)[2].p50_s

    assert third([]) == pytest.approx(1200, rel=0.1)
    assert third([60_000, 120_000]) == pytest.approx(180, abs=15)


def test_the_rest_of_a_session_is_not_linear_in_how_long_it_ran() -> None:
    """Half the sessions take a minute, half an hour: who has talked for two minutes will talk for long."""
    known = Experience([60.0] * 100 + [3600.0] * 100, [], KaplanMeier([], []))

    def first(ran_s: int) -> PlaceForecast:
        return forecast(LineState(engagement="in_session", engaged_since_ms=NOW - ran_s * 1000), known, 1, NOW)[0]

    assert first(0).p50_s < first(150).p50_s
    assert first(150).p50_s == pytest.approx(3450, rel=0.15)
    assert first(20_000).p50_s == pytest.approx(20_000 / 2 * math.log(2), rel=0.1)


def test_few_own_sessions_lean_on_the_pool_and_many_do_not() -> None:
    pool = [600.0 * (0.9 + 0.2 * i / 400) for i in range(400)]

    def second_place(own: int) -> float:
        known = Experience([60.0] * own, pool, KaplanMeier([], []))
        return forecast(LineState(engagement="idle", waited_ahead=[0]), known, 2, NOW)[1].p50_s

    assert second_place(0) == pytest.approx(600, rel=0.1)
    assert second_place(1) > 400
    assert second_place(100) < 100


def test_impatient_people_ahead_shorten_the_wait() -> None:
    state = LineState(engagement="in_session", engaged_since_ms=NOW, wrap_up_ms=WRAP_MS, waited_ahead=[0] * 10)
    patient = Experience([300.0] * 50, [], KaplanMeier([], [600.0] * 200))
    hasty = Experience([300.0] * 50, [], KaplanMeier([120.0, 240.0, 480.0, 900.0] * 50, [600.0] * 20))
    assert forecast(state, hasty, 11, NOW)[10].p50_s < 0.5 * forecast(state, patient, 11, NOW)[10].p50_s


def test_kaplan_meier_on_a_worked_example() -> None:
    """Six users: left at 6, served at 6, left at 10, served at 15, left at 22, served at 25."""
    curve = KaplanMeier([6, 10, 22], [6, 15, 25])
    assert curve.gone(5) == 0
    assert curve.gone(6) == pytest.approx(1 / 6)
    assert curve.gone(10) == pytest.approx(1 - 5 / 6 * 3 / 4)
    assert curve.gone(100) == pytest.approx(1 - 5 / 6 * 3 / 4 * 1 / 2)
    assert curve.remaining(8, [0.01, 0.9]) == [2, math.inf]


def test_lengths_condition_on_what_has_passed() -> None:
    lengths = Lengths([(100.0, 1.0), (200.0, 1.0), (300.0, 2.0)])
    assert lengths.remaining(0, [0.1, 0.4, 0.9]) == [100, 200, 300]
    assert lengths.remaining(150, [0.1, 0.9]) == [50, 150]


def test_refuses_more_places_than_a_line_can_have() -> None:
    with pytest.raises(ValueError, match="places"):
        forecast(LineState(engagement="idle"), NOTHING, 1001, NOW)


class Office:
    """A simulated expert: log-normal sessions cut at the cap, exponential patience, answers within 1 to 8 s."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def length(self) -> float:
        return min(self.random.lognormvariate(5.7, 0.9), CAP_MS / 1000)

    def patience(self) -> float:
        return self.random.expovariate(1 / 1500)

    def experience(self, own: int) -> Experience:
        waits = [(self.patience(), self.random.expovariate(1 / 700)) for _ in range(600)]
        left = [patience for patience, served in waits if patience < served]
        stayed = [served for patience, served in waits if patience >= served]
        pool = [self.length() for _ in range(400)]
        return Experience([self.length() for _ in range(own)], pool, KaplanMeier(left, stayed))

    def moment(self, ahead: int) -> tuple[LineState, float]:
        """A moment in the middle of a session, and what is in truth left of it (seconds)."""
        length, begun = 0.0, 0.0
        while begun >= length:  # sessions are met in proportion to their length
            length, begun = self.length(), self.random.uniform(0, CAP_MS / 1000)
        waited = sorted((int(self.random.uniform(0, 1_200_000)) for _ in range(ahead)), reverse=True)
        since = NOW - int(begun * 1000)
        state = LineState(
            engagement="in_session", engaged_since_ms=since, cap_until_ms=since + CAP_MS, session_cap_ms=CAP_MS,
            wrap_up_ms=WRAP_MS, ring_ms=RING_MS, waited_ahead=waited,
        )  # fmt: skip
        return state, length - begun

    def true_waits(self, state: LineState, left_s: float) -> list[float]:
        """What each place really waits, were it to stay: only who is ahead matters in a FIFO line."""
        clock = left_s + WRAP_MS / 1000
        waits = [clock]
        for waited_ms in state.waited_ahead:
            stays = self.random.expovariate(1 / 1500)  # memoryless: however long they have waited
            if stays > clock:
                clock += self.random.uniform(1, 8) + self.length() + WRAP_MS / 1000
            assert waited_ms >= 0
            waits.append(clock)
        return waits


@pytest.mark.parametrize("own", [0, 5, 150])
def test_is_honest_in_a_simulated_line(own: int) -> None:
    """p50 and p80 hold as often as they say (four standard errors and model error: ± 0.06)."""
    office = Office(seed=20)
    within50 = within80 = total = 0
    known = office.experience(own)
    for _ in range(400):
        state, left_s = office.moment(ahead=5)
        for place, truth in zip(forecast(state, known, 6, NOW), office.true_waits(state, left_s), strict=True):
            within50 += truth <= place.p50_s
            within80 += truth <= place.p80_s
            total += 1
    assert within50 / total == pytest.approx(0.5, abs=0.06)
    assert within80 / total == pytest.approx(0.8, abs=0.06)
