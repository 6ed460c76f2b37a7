"""Card numbers typed where none belongs: nobody reads, keeps or logs more of them than the last digits. Pure.

What a card processor asks for is typed on its own page. All the same somebody will write a number into a chat.
"""

import re
from functools import cache
from typing import Final

from wire.messages import ClientMessage

WRITTEN: Final = ("text", "reason", "name", "words")
"""Fields in which people write what others, or the books, get to read."""
# Thirteen to nineteen digits as networks give them out, alone or in groups; not a part of a longer row of digits.
_ROW = re.compile(r"(?<![\d.,])(?<!\d[ -])[2-6]\d(?:[ -]?\d){10,16}\d(?![ -]?\d)")
_SHOWN = 4


def masked(text: str) -> str:
    """`text` with every card number in it replaced but for its last four digits."""
    return _ROW.sub(lambda found: _mask(found.group()), text)


def without_card_numbers(message: ClientMessage) -> ClientMessage:
    """The message itself, its card numbers masked."""
    for field in _written(type(message)):
        text = getattr(message, field)
        if (safe := masked(text)) != text:
            setattr(message, field, safe)
    return message


@cache
def _written(kind: type[ClientMessage]) -> tuple[str, ...]:
    return tuple(field for field in WRITTEN if field in kind.__struct_fields__)


def _mask(row: str) -> str:
    digits = [int(one) for one in row if one.isdigit()]
    return f"•••• {row[-_SHOWN:]}" if _checks(digits) else row


def _checks(digits: list[int]) -> bool:
    """The check digit that all card numbers have (Luhn)."""
    doubled = [sum(divmod(2 * digit, 10)) for digit in digits[-2::-2]]
    return (sum(doubled) + sum(digits[::-2])) % 10 == 0
