"""What the doors of deposits share."""

from collections.abc import Awaitable, Callable
from typing import Protocol

from msgspec import Struct

from billing.deposits.processor import Processor
from ground.clock import Clock
from ground.sql import Database, Tx


class Letters(Protocol):
    """What users are written, in the transaction of what it is about. `balance` is what they may spend afterwards; a
    letter of one `key` goes once."""

    async def deposited(
        self, tx: Tx, pool: str, user: str, amount: int, currency: str, balance: int, now: int, *, key: str = ""
    ) -> None:
        """A deposit is credited."""

    async def refunded(
        self, tx: Tx, pool: str, user: str, amount: int, currency: str, balance: int, now: int, *, key: str = ""
    ) -> None:
        """Unused balance goes back to the card."""

    async def refund_failed(
        self, tx: Tx, pool: str, user: str, amount: int, currency: str, balance: int, now: int, *, key: str = ""
    ) -> None:
        """It did not get there, and is in the balance again."""

    async def reload_failed(
        self, tx: Tx, pool: str, user: str, amount: int, currency: str, balance: int, now: int, *, off: bool,
        key: str = "",
    ) -> None:  # fmt: skip
        """The kept card could not be charged; `off`: and will not be again."""


Note = Callable[[Tx, str, int, str, str, str], Awaitable[None]]
"""Writes into the operators' audit: pool, time (ms), what was done, to what, why."""


class Tools(Struct, frozen=True):
    """`exponent` gives the decimal places of our minor units by currency."""

    db: Database
    processor: Processor
    clock: Clock
    letters: Letters
    exponent: Callable[[str], int]
    note: Note


Whose = tuple[str, str]
"""Pool and user: whose money has moved. Whoever gets one tells the pages and the live store."""
