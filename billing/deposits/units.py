"""Our minor units and the card processor's: for a few currencies they are not the same. Pure."""

from typing import Final

from ground.errors import Refusal

WHOLE: Final = frozenset("BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF VND VUV XAF XOF XPF".split())
"""Currencies that the processor counts whole."""
THOUSANDTHS: Final = frozenset("BHD JOD KWD OMR TND".split())
"""Currencies that the processor counts in thousandths, of which it takes tens only."""
_TENS: Final = 10


def processors(amount: int, currency: str, exponent: int) -> int:
    """`amount` of ours, in units of 10**-`exponent` of `currency`, as the processor counts it.

    Raises Refusal (`bad_amount`) for one that a card can't be charged with.
    """
    theirs = _exponent(currency)
    if theirs < exponent:
        whole, rest = divmod(amount, 10 ** (exponent - theirs))
    else:
        whole, rest = amount * 10 ** (theirs - exponent), 0
    if rest or (currency in THOUSANDTHS and whole % _TENS):
        raise Refusal("bad_amount")
    return whole


def ours(amount: int, currency: str, exponent: int) -> int:
    """What the processor counts as `amount`, in our units; a fraction counts as one."""
    theirs = _exponent(currency)
    if theirs < exponent:
        return amount * 10 ** (exponent - theirs)
    return -(-amount // 10 ** (theirs - exponent))


def _exponent(currency: str) -> int:
    if currency in WHOLE:
        return 0
    return 3 if currency in THOUSANDTHS else 2
