"""Who stands first: the weights of the search, all of them, and what they mean. Pure.

    rank = relevance x soonness x standing

Relevance is BM25F (Robertson, Zaragoza & Taylor 2004, "Simple BM25 extension to multiple weighted fields"): how often a
word is found is weighted by where, then saturates, then counts by how rare the word is among the pool's experts.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Final, Literal, NamedTuple

Source = Literal["name", "headline", "expertise", "biography", "chats"]
COLUMNS: Final[tuple[Source, ...]] = ("name", "headline", "expertise", "biography", "chats")


class Column(NamedTuple):
    """`weight`: what one find there counts. `length`: how much a long text dilutes it, 0 to 1. `usual`: so many terms
    are short in any pool, also in one where most leave the column empty."""

    weight: float
    length: float
    usual: float


WEIGHTS: Final[dict[Source, Column]] = {
    # Whoever types a name means that person.
    "name": Column(4.0, 0.0, 2),
    # One line in which an expert says what they are for.
    "headline": Column(3.0, 0.4, 5),
    # Tags, chosen with care; many tags must not count more than few.
    "expertise": Column(4.0, 0.4, 4),
    # Much text, much of it in passing.
    "biography": Column(1.0, 0.7, 40),
    # Each answered chat counts once for each of its words, however often it was said; many chats are no fault.
    "chats": Column(1.5, 0.0, 100),
}
SATURATION: Final = 1.2
"""So much weighted frequency is half of the most that a word can count."""
COMPLETED: Final = 0.7
"""What a word counts that was completed or corrected, because nobody has it as it was typed."""

SOON_S: Final = 15 * 60.0
"""A wait of so long halves what soonness can add."""
NEVER_SOON: Final = 0.5
"""The soonness of an expert who can't come: half as good as one who is free, for help later may be worth it."""
AWAY_S: Final = 30 * 60.0
"""How long somebody who is away is taken to be away: not recorded, so assumed."""
STARS_SHARE: Final = 0.3
"""The part of the rank that feedback decides: five stars are 1, one star is 1 - this."""
STARS_UNKNOWN: Final = 4.0
"""An expert without feedback stands as one with so many stars: neither first nor last."""

CANDIDATES: Final = 100
"""So many of the likeliest are read and weighed exactly."""
LOOKED_MOST: Final = 3_000
"""Where all words asked for are so common that more experts have one, no more of them are looked at: who of thousands
comes first would tell little, and take long."""
ENOUGH: Final = 300
"""Common words pick nobody by themselves once rarer ones pick so many; they still weigh."""


class Totals(NamedTuple):
    """A pool as a whole: how many experts, and how many terms each column has of all of them together."""

    experts: int
    terms: Mapping[str, int]


class Sought(NamedTuple):
    """A word of the question: the terms it is found as, with how many experts at most, and what it counts."""

    word: str
    terms: tuple[str, ...]
    experts: int
    share: float = 1.0


class Weighed(NamedTuple):
    """`relevance` is 0 to 1; `finds` are the words found and where, what counts most first."""

    relevance: float
    finds: list[tuple[str, Source]]


def rarity(experts: int, of: int) -> float:
    """How much a word tells that is found with `experts` of so many."""
    return math.log(1 + (of - experts + 0.5) / (experts + 0.5)) if experts <= of else 0.0


def picking(sought: Sequence[Sought]) -> list[Sought]:
    """The words that pick candidates: from the rarest on, until they pick enough."""
    found, picked = [], 0
    for word in sorted(sought, key=lambda one: one.experts):
        if picked >= ENOUGH:
            break
        found.append(word)
        picked += word.experts
    return found


class Scales:
    """Weighs the terms of experts against one question."""

    def __init__(self, sought: Sequence[Sought], totals: Totals) -> None:
        self._totals = totals
        rarities = [rarity(one.experts, totals.experts) for one in sought]
        self._most = math.fsum(rarities)
        self._words = [
            (one.word, rare * one.share, [f" {term} " for term in one.terms])
            for one, rare in zip(sought, rarities, strict=True)
        ]

    def weigh(self, texts: Sequence[str]) -> Weighed:
        """How well one expert answers. `texts`: the terms of each of `COLUMNS`, with a space around each term."""
        whole = "|".join(texts)
        gained, dilution = 0.0, dict[str, float]()
        finds: list[tuple[float, str, Source]] = []
        for word, rare, needles in self._words:
            # Most words aren't there: one look at everything is far cheaper than one at each column.
            there = [needle for needle in needles if needle in whole]
            if not there:
                continue
            frequency = 0.0
            for column, text in zip(COLUMNS, texts, strict=True):
                if count := max(map(text.count, there)):
                    if column not in dilution:
                        dilution[column] = self._dilution(column, text)
                    part = count * WEIGHTS[column].weight / dilution[column]
                    frequency += part
                    finds.append((rare * part, word, column))
            gained += rare * frequency / (SATURATION + frequency)
        finds.sort(key=_most_first)
        return Weighed(gained / self._most if self._most else 0.0, [(word, source) for _, word, source in finds])

    def _dilution(self, column: Source, text: str) -> float:
        _weight, share, least = WEIGHTS[column]
        if not share:
            return 1.0
        usual = max(self._totals.terms.get(column, 0) / self._totals.experts, least)
        return 1 - share + share * (text.count(" ") - 1) / usual


def _most_first(find: tuple[float, str, Source]) -> float:
    return -find[0]


def soonness(p50_s: float, p80_s: float) -> float:
    """1 for an expert who is there at once, falling to `NEVER_SOON` with the wait; below 0 s stands for never."""
    if p50_s < 0:
        return NEVER_SOON
    wait = (p50_s + p80_s) / 2
    return NEVER_SOON + (1 - NEVER_SOON) * SOON_S / (SOON_S + wait)


def standing(stars: float) -> float:
    """What feedback is worth; `stars` is its Bayesian mean, 0 when there is none."""
    return 1 - STARS_SHARE * (5 - (stars or STARS_UNKNOWN)) / 4


def rank(relevance: float, wait: tuple[float, float], stars: float) -> float:
    """The order of a search's answer: more is better. `wait` is p50 and p80 in seconds, below 0 for never."""
    return relevance * soonness(*wait) * standing(stars)
