"""How many digits the minor unit of a currency has: ISO 4217, whatever a formatting library makes of it.

CLDR, and with it Babel and browsers, counts some currencies without digits because nobody uses coins so small, and not
all versions agree; an amount that one side writes and another reads must not depend on that.
"""

from decimal import Decimal
from typing import Final

NONE: Final = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
THREE: Final = "BHD IQD JOD KWD LYD OMR TND"


def digits_of(currency: str) -> int:
    """The digits after the point of an amount in `currency` (ISO 4217)."""
    return 0 if currency in NONE.split() else 3 if currency in THREE.split() else 2


def whole(minor: int, currency: str) -> Decimal:
    """So many minor units in units of `currency`, exactly; its text has all digits: 1250 of EUR is 12.50."""
    return Decimal(minor).scaleb(-digits_of(currency))
