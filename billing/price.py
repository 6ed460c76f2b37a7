"""What time costs and what money buys. Pure; all amounts are integers in minor units, all times milliseconds.

Every rounding has its name here: `cost` rounds the debit down (for the user), `fee` rounds the fee down (for the
expert), `buys_ms` rounds the time up (for the user), `needed` rounds what is set aside up (so that time bought is
always covered). The expert's credit is debit minus fee, so that debit = credit + fee holds by construction.
"""

from typing import Final

MINUTE_MS: Final = 60_000
SHORT_MS: Final = 30_000
"""A connection of this length or less costs nothing."""
BASIS_POINTS: Final = 10_000


def cost(rate: int, free_ms: int, ran_ms: int) -> int:
    """What `ran_ms` of connection cost at `rate` a minute when the first `free_ms` are free; a fraction is dropped.

    Nothing for `SHORT_MS` or less.
    """
    if ran_ms <= SHORT_MS:
        return 0
    return rate * max(0, ran_ms - free_ms) // MINUTE_MS


def fee(amount: int, fee_bps: int) -> int:
    """The pool's part of `amount`, `fee_bps` hundredths of a per cent; a fraction stays with the expert."""
    return amount * fee_bps // BASIS_POINTS


def buys_ms(amount: int, rate: int, free_ms: int) -> int:
    """How long `amount` lasts at `rate` (more than 0), the free beginning included.

    A fraction is rounded up, so that the last minor unit is used and not left over. `cost` of it is at most `amount`
    for rates below 60,000."""
    return free_ms - (-amount * MINUTE_MS // rate)


def needed(rate: int, free_ms: int, ms: int) -> int:
    """What has to be set aside so that `ms` of connection are covered, whatever part of them is used."""
    return -(-rate * max(0, ms - free_ms) // MINUTE_MS)
