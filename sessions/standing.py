"""How an expert stands: sessions that counted, and the Bayesian mean of their feedback."""

from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from ground.sql import Database
from sessions import store
from sessions.feedback import store as given

COUNTS_FROM_MS: Final = 30_000
"""A session that was live for less is not counted: nobody had the time to be served."""
WEIGHT: Final = 5
"""How many votes at the pool's mean every expert begins with."""
PRIOR: Final = 3.5
"""The mean that a pool without any feedback is taken to have: a little above the middle of one to five."""
PRIOR_WEIGHT: Final = 20
"""How many votes at `PRIOR` every pool begins with, so that its first vote is not its mean."""


class Standing(Struct, kw_only=True, frozen=True):
    """`stars` is 1 to 5, 0 without feedback; `distribution` counts the feedback of one star to five."""

    sessions: int = 0
    ratings: int = 0
    stars: float = 0.0
    distribution: tuple[int, int, int, int, int] = (0, 0, 0, 0, 0)


NONE = Standing()


async def standings(db: Database, pool: str, experts: Sequence[str] | None = None) -> dict[str, Standing]:
    """The standing of `experts` (None: everybody in the pool who has one). Hidden feedback doesn't count."""
    async with db.read() as tx:
        rated = await given.counts(tx, pool, experts)
        mean = pool_mean(*await given.all_stars(tx, pool)) if rated else PRIOR
        served = await store.counted(tx, pool, experts, COUNTS_FROM_MS)
    return {
        expert: standing(served.get(expert, 0), rated.get(expert, NONE.distribution), mean)
        for expert in rated.keys() | served.keys()
    }


def pool_mean(votes: int, stars: int) -> float:
    """The mean of a pool's feedback, weighed against `PRIOR_WEIGHT` votes at `PRIOR`."""
    return (PRIOR_WEIGHT * PRIOR + stars) / (PRIOR_WEIGHT + votes)


def standing(sessions: int, distribution: tuple[int, int, int, int, int], mean: float) -> Standing:
    """The standing that these counts make.

    The Bayesian mean (C·m + Σ stars) / (C + n): n votes are weighed against C = `WEIGHT` votes at m = `mean`, the
    pool's (see `pool_mean`). So one vote of five doesn't top the list, and the more votes there are the less m matters.
    """
    ratings = sum(distribution)
    if not ratings:
        return Standing(sessions=sessions)
    total = sum(stars * count for stars, count in enumerate(distribution, start=1))
    stars = round((WEIGHT * mean + total) / (WEIGHT + ratings), 2)
    return Standing(sessions=sessions, ratings=ratings, stars=stars, distribution=distribution)
