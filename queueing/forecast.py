"""How long the wait is at each place of a line. Pure: no clock, no store, and the same answer for the same input.

The wait of a place is the time until the expert is free to be offered that ticket:

    what is left of the current engagement
    + for everybody ahead who does not leave before: ring time + session + wrap-up

Session lengths are the expert's own, smoothed and shrunk towards the pool's (`queueing/experience.py`); the current
session is conditioned on how long it has run; who is ahead may leave. The sum is taken along `PATHS` stratified
sample paths (Latin hypercube sampling, McKay, Beckman & Conover 1979), so no place is ever forecast earlier than
the one before it. It is a forecast for an expert who stays and answers every offer.
"""

import math
import random
from collections.abc import Callable, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import Any, Final, Literal, NamedTuple

from msgspec import Struct

from queueing.experience import Experience

PATHS: Final = 96
MOST_PLACES: Final = 1000
# How fast offers are answered is not recorded: assumed exponential with this share of the ring timeout as its mean.
RING_SHARE: Final = 1 / 6
_SEED: Final = 1958


class LineState(Struct, frozen=True, kw_only=True):
    """One expert's line at a moment. Times are milliseconds since 1970, durations milliseconds, 0 where there is none.

    `engaged_since_ms` is when the present engagement began. `cap_until_ms` is when the current session is cut;
    `session_cap_ms` the longest that any later one may last, None for no limit. `waited_ahead` is how long each
    ticket in the line has waited so far, head first; `limits_ahead` the longest session of each, as far as known.
    `bounds` is the longest wait of each place (`queueing/bound.py`), empty where nothing bounds it. While ringing, the
    head is the one who is rung.
    """

    engagement: Literal["idle", "ringing", "in_session", "wrap_up"]
    engaged_since_ms: int = 0
    wrap_up_until_ms: int = 0
    cap_until_ms: int = 0
    session_cap_ms: int | None = None
    wrap_up_ms: int = 0
    ring_ms: int = 0
    waited_ahead: Sequence[int] = ()
    limits_ahead: Sequence[int] = ()
    bounds: Sequence[int] = ()


class PlaceForecast(NamedTuple):
    """Seconds from now: the wait is at most `p50_s` in half of all cases, at most `p80_s` in four of five, and never
    more than `bound_s` (None where nothing bounds it)."""

    p50_s: float
    p80_s: float
    bound_s: float | None


def forecast(state: LineState, experience: Experience, places: int, now_ms: int) -> list[PlaceForecast]:
    """The forecast of places 1 to `places`; the last is usually that of who would join now.

    Never falls from one place to the next; p50 ≤ p80 ≤ bound. Raises ValueError for more than `MOST_PLACES`.
    """
    if not 0 <= places <= MOST_PLACES:
        raise ValueError(f"places must be 0 to {MOST_PLACES}")
    waits = _current(state, experience, now_ms)
    lengths = experience.lengths_model.remaining(0.0, _strata())
    rings = [_ring(state, u) for u in _strata()]
    first_rings = rings if state.engagement != "ringing" else [min(r, _ring_left_s(state, now_ms)) for r in rings]
    found = []
    for place in range(places):
        found.append(_place(sorted(waits), state.bounds[place] / 1000 if place < len(state.bounds) else None))
        waited_ms = state.waited_ahead[place] if place < len(state.waited_ahead) else 0
        leaves = _shuffled(2, place)(experience.patience.remaining(waited_ms / 1000, _strata()))
        answers = _shuffled(1, place)(rings if place else first_rings)
        services = _shuffled(0, place)(_sessions(state, lengths, place))
        waits = _behind(waits, services, answers, leaves)
    return found


def _behind(
    waits: Sequence[float], services: Sequence[float], rings: Sequence[float], leaves: Sequence[float]
) -> list[float]:
    """The waits one place further back: who is ahead is served unless they leave before their turn."""
    return [
        wait + ring + service if wait < leave else wait
        for wait, service, ring, leave in zip(waits, services, rings, leaves, strict=True)
    ]


def _place(ordered: Sequence[float], bound_s: float | None) -> PlaceForecast:
    p50, p80 = ordered[PATHS // 2], ordered[PATHS * 4 // 5]
    if bound_s is None:
        return PlaceForecast(p50, p80, None)
    return PlaceForecast(min(p50, bound_s), min(p80, bound_s), bound_s)


def _current(state: LineState, experience: Experience, now_ms: int) -> list[float]:
    """What is left of the current engagement, on each path."""
    if state.engagement == "wrap_up":
        return [_until_s(state.wrap_up_until_ms, now_ms)] * PATHS
    if state.engagement != "in_session":
        return [0.0] * PATHS
    ran_s = max(0, now_ms - state.engaged_since_ms) / 1000
    most_s = _until_s(state.cap_until_ms, now_ms) if state.cap_until_ms else float("inf")
    left = experience.lengths_model.remaining(ran_s, _strata())
    return [min(seconds, most_s) + state.wrap_up_ms / 1000 for seconds in left]


def _sessions(state: LineState, lengths: Sequence[float], place: int) -> list[float]:
    """A whole session of who stands at `place` and its wrap-up, one for each stratum."""
    most_ms = state.limits_ahead[place] if place < len(state.limits_ahead) else state.session_cap_ms
    most_s = float("inf") if most_ms is None else most_ms / 1000
    return [min(seconds, most_s) + state.wrap_up_ms / 1000 for seconds in lengths]


def _ring(state: LineState, u: float) -> float:
    """The `u`-quantile of the time until an offer is answered (seconds): exponential, cut at the ring timeout."""
    return min(-math.log1p(-u) * RING_SHARE, 1.0) * state.ring_ms / 1000


def _ring_left_s(state: LineState, now_ms: int) -> float:
    return _until_s(state.engaged_since_ms + state.ring_ms, now_ms)


def _until_s(at_ms: int, now_ms: int) -> float:
    return max(0, at_ms - now_ms) / 1000


@lru_cache(maxsize=1)
def _strata() -> tuple[float, ...]:
    """The middles of `PATHS` equal parts of (0, 1)."""
    return tuple((i + 0.5) / PATHS for i in range(PATHS))


@lru_cache(maxsize=3 * MOST_PLACES)
def _shuffled(kind: int, place: int) -> Callable[[Sequence[float]], Any]:
    """Puts strata in the order that this place has on the paths: shuffled, and always the same."""
    order = list(range(PATHS))
    random.Random(_SEED + 3 * place + kind).shuffle(order)  # noqa: S311 - a sample path, not a secret
    return itemgetter(*order)
