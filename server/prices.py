"""What a line costs, and how long what somebody has lasts in it. Pure."""

from typing import Final

from billing import price
from directory.expert import PoolOptions

MINUTE_MS: Final = price.MINUTE_MS


def lasts_ms(available: int, rate: int, free_ms: int, cap_ms: int) -> int:
    """How long a session at `rate` lasts with what is available, at most the longest session."""
    return min(cap_ms, price.buys_ms(max(0, available), rate, free_ms))


def least_ms(options: PoolOptions, cap_ms: int) -> int:
    """The shortest session for which there has to be money before two meet."""
    return min(cap_ms, options.minimum_minutes * MINUTE_MS)
