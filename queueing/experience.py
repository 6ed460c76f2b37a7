"""What the past says about session lengths and patience, ready to be asked for quantiles. Pure.

`Lengths` is a weighted sample: the expert's own lengths, smoothed in log space, shrunk towards the pool's by
`PSEUDO_SESSIONS`, and those towards a plain prior. `KaplanMeier` is the survival curve of waiting users
(Kaplan & Meier 1958, "Nonparametric estimation from incomplete observations").
"""

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, groupby
from statistics import NormalDist
from typing import Final, Self

# What is not the expert's own counts as so many sessions; what is not the pool's likewise.
PSEUDO_SESSIONS: Final = 8
OWN_LENGTHS: Final = 200
POOL_LENGTHS: Final = 400
PATIENCE_SAMPLES: Final = 1000
# With no session ever held: log-normal, median five minutes, a factor of 2.2 for one standard deviation.
PRIOR_MEDIAN_S: Final = 300.0
PRIOR_SIGMA: Final = 0.8
SHORTEST_S: Final = 0.001
# Gauss-Hermite with three nodes: a normal kernel with bandwidth 1 as points and weights.
_KERNEL: Final = ((-math.sqrt(3.0), 1 / 6), (0.0, 2 / 3), (math.sqrt(3.0), 1 / 6))
_GRID: Final = 256


class Lengths:
    """A weighted sample of session lengths in seconds."""

    def __init__(self, points: Sequence[tuple[float, float]]) -> None:
        ordered = sorted(points)
        self._values = [value for value, _ in ordered]
        self._total = list(accumulate(weight for _, weight in ordered))

    def remaining(self, ran_s: float, shares: Sequence[float]) -> list[float]:
        """Quantiles (at `shares`, ascending) of what is left of a session that has run for `ran_s`. Seconds.

        Beyond what was ever seen the rest is taken as exponential with half the time already run as its mean:
        a session that outlasted all others is likely to go on.
        """
        first = bisect_right(self._values, ran_s)
        below = self._total[first - 1] if first else 0.0
        mass = self._total[-1] - below
        if first == len(self._values) or mass <= 0.0:
            return [-math.log1p(-share) * ran_s / 2 for share in shares]
        last, found, at = len(self._values) - 1, [], first
        for share in shares:
            target = below + mass * share
            while at < last and self._total[at] < target:
                at += 1
            found.append(self._values[at] - ran_s)
        return found


class KaplanMeier:
    """How long users wait before they leave by themselves, as quantiles on a grid (infinite: would not leave)."""

    def __init__(self, left_s: Sequence[float], stayed_s: Sequence[float]) -> None:
        """`left_s`: waits of those who left; `stayed_s`: waits of those who were served, or still wait. Seconds."""
        curve = _survival(left_s[-PATIENCE_SAMPLES:], stayed_s[-PATIENCE_SAMPLES:])
        self._times = [time for time, _ in curve]
        self._gone = [1.0 - alive for _, alive in curve]
        self._grid = [self._quantile((i + 0.5) / _GRID) for i in range(_GRID)]

    def gone(self, waited_s: float) -> float:
        """The share of users who have left by `waited_s` if nobody is served before."""
        at = bisect_right(self._times, waited_s)
        return self._gone[at - 1] if at else 0.0

    def remaining(self, waited_s: float, shares: Sequence[float]) -> list[float]:
        """Quantiles (at `shares`) of how much longer one stays who has waited for `waited_s`. Seconds, or infinity."""
        if not self._times:
            return [math.inf] * len(shares)
        gone = self.gone(waited_s)
        grid, start, step = self._grid, gone * _GRID, (1.0 - gone) * _GRID
        return [grid[min(int(start + step * share), _GRID - 1)] - waited_s for share in shares]

    def _quantile(self, share: float) -> float:
        at = bisect_right(self._gone, share)
        return self._times[at] if at < len(self._times) else math.inf


def _survival(left_s: Sequence[float], stayed_s: Sequence[float]) -> list[tuple[float, float]]:
    """(time, share still there after it) at each time at which somebody left."""
    events = sorted([(time, True) for time in left_s] + [(time, False) for time in stayed_s])
    at_risk, alive, curve = len(events), 1.0, []
    for time, group in groupby(events, key=lambda event: event[0]):
        happened = [left for _, left in group]
        if any(happened):
            alive *= 1.0 - sum(happened) / at_risk
            curve.append((time, alive))
        at_risk -= len(happened)
    return curve


@dataclass(frozen=True)
class Experience:
    """Past session lengths in seconds, newest last (the expert's own, and the pool's), and patience. Build it once per
    change; what it derives is kept."""

    lengths: Sequence[float]
    pool_lengths: Sequence[float]
    patience: KaplanMeier

    @cached_property
    def lengths_model(self) -> Lengths:
        """Own lengths, weighted n / (n + k), then the pool's likewise, then the prior."""
        points: list[tuple[float, float]] = []
        left = 1.0
        for sample in (self.lengths[-OWN_LENGTHS:], self.pool_lengths[-POOL_LENGTHS:]):
            share = left * len(sample) / (len(sample) + PSEUDO_SESSIONS)
            points += _smoothed(sample, share)
            left -= share
        return Lengths(points + _prior(left))

    @cached_property
    def typical_s(self) -> float:
        """Half of all sessions are shorter. Seconds."""
        return self.lengths_model.remaining(0.0, (0.5,))[0]

    @classmethod
    def none(cls) -> Self:
        """Nothing known yet."""
        return cls((), (), KaplanMeier((), ()))


def _smoothed(sample: Sequence[float], weight: float) -> list[tuple[float, float]]:
    """The sample with a normal kernel in log space, its bandwidth by Silverman's rule (1986, eq. 3.31)."""
    logs = [math.log(max(seconds, SHORTEST_S)) for seconds in sample]
    if not logs:
        return []
    mean = math.fsum(logs) / len(logs)
    deviation = math.sqrt(math.fsum((x - mean) ** 2 for x in logs) / max(1, len(logs) - 1))
    width = 0.9 * (deviation or PRIOR_SIGMA / 4) * len(logs) ** -0.2
    return [(math.exp(x + node * width), weight / len(logs) * part) for x in logs for node, part in _KERNEL]


def _prior(weight: float) -> list[tuple[float, float]]:
    parts = 32
    normal = NormalDist(math.log(PRIOR_MEDIAN_S), PRIOR_SIGMA)
    return [(math.exp(normal.inv_cdf((i + 0.5) / parts)), weight / parts) for i in range(parts)]
