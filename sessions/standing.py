"""How an expert stands: sessions that counted, and the Bayesian mean of their feedback."""

from collections.abc import Sequence

from msgspec import Struct

from ground.sql import Database


class Standing(Struct, kw_only=True, frozen=True):
    """`stars` is 1 to 5, 0 without feedback; `distribution` counts the feedback of one star to five."""

    sessions: int = 0
    ratings: int = 0
    stars: float = 0.0
    distribution: tuple[int, int, int, int, int] = (0, 0, 0, 0, 0)


NONE = Standing()


async def standings(db: Database, pool: str, experts: Sequence[str] | None = None) -> dict[str, Standing]:
    """The standing of `experts` (None: everybody in the pool who has one)."""
    return {}
