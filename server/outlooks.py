"""Whether those who wait will be served before an expert's hours end. Pure."""

from collections.abc import Sequence
from typing import Final

from presence.facts import ExpertFacts
from wire.messages import Outlook, PlaceForecast

NEAR_MS: Final = 2 * 3_600_000
"""An end that is further away worries nobody."""


def outlook(place: PlaceForecast, left_s: float) -> Outlook:
    """How a place stands when the hours end in `left_s`: `likely` when its turn comes before in four cases of five,
    `unlikely` when it does so in less than half of them."""
    if place.p80 <= left_s:
        return "likely"
    return "unsure" if place.p50 <= left_s else "unlikely"


def outlooks(expert: ExpertFacts, places: Sequence[PlaceForecast], at: int) -> list[Outlook]:
    """For each of `places`, forecast at the time `at`; all "" while no end is near.

    A forecast is for an expert who stays: of one who is offline nobody can hope for much, and of one who is away
    nothing is sure.
    """
    if not 0 < expert.closes - at <= NEAR_MS:
        return ["" for _ in places]
    if expert.indicator == "offline":
        return ["unlikely" for _ in places]
    found = [outlook(place, (expert.closes - at) / 1000) for place in places]
    return ["unsure" if one == "likely" and expert.indicator == "away" else one for one in found]
