"""Our minor units and the card processor's: for a few currencies they are not the same. Pure."""

from typing import Final

from ground.errors import Refusal

WHOLE: Final = frozenset(
    ["BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "VND", "VUV", "XAF", "XOF", "XPF"]
)
"""Currencies that the processor counts whole."""
THOUSANDTHS: Final = frozenset(["BHD", "JOD", "KWD", "OMR", "TND"])
"""Currencies that the processor counts in thousandths, of which it takes tens only."""
_TENS: Final = 10


def processors(amount: int, currency: str, exponent: int) -> int:
    """`amount` of ours, in units of 10**-`exponent` of `currency`, as the processor counts it.

    Raises Refusal (`bad_amount`) for one that a card can't be charged with.
    """
    if amount % step(currency, exponent):
        raise Refusal("bad_amount")
    return amount * _power(_exponent(currency)) // _power(exponent)


def ours(amount: int, currency: str, exponent: int) -> int:
    """What the processor counts as `amount`, in our units; a fraction counts as one."""
    return -(-amount * _power(exponent) // _power(_exponent(currency)))


def step(currency: str, exponent: int) -> int:
    """The smallest amount of ours, and with its multiples the only ones, that a card can be charged with."""
    least = _TENS if currency in THOUSANDTHS else 1
    return max(1, least * _power(exponent) // _power(_exponent(currency)))


def _exponent(currency: str) -> int:
    if currency in WHOLE:
        return 0
    return 3 if currency in THOUSANDTHS else 2


def _power(exponent: int) -> int:
    return int(10**exponent)
