"""Test cards and test accounts with their published numbers, and what happens to whoever pays with them.

No other number is taken: a real card typed by mistake is refused before anything looks at it, and no number, not even
a test one, is kept or logged.
"""

import re
from typing import Final, Literal

from msgspec import Struct

Challenge = Literal["", "once", "always"]


class Decline(Struct, frozen=True):
    """Why a payment does not go through. `code` and `decline_code` as the interface names them."""

    code: str
    decline_code: str
    message: str


class Instrument(Struct, frozen=True, kw_only=True):
    """One test card or bank account.

    `challenge`: the holder is asked to approve, the first time or `always` (then nothing goes through without them).
    `declined` says why it never goes through; `delayed` payments take a moment, and fail with `declined` only then.
    `disputed` is the reason with which the holder disputes it; `refund` what becomes of a refund.
    """

    name: str
    number: str
    says: str
    brand: str = "visa"
    kind: Literal["card", "sepa_debit"] = "card"
    challenge: Challenge = ""
    declined: Decline | None = None
    delayed: bool = False
    disputed: str = ""
    refund: Literal["", "late", "fails"] = ""

    @property
    def last4(self) -> str:
        return self.number[-4:]


GENERIC: Final = Decline("card_declined", "generic_decline", "Your card was declined.")
FUNDS: Final = Decline("card_declined", "insufficient_funds", "Your card has insufficient funds.")
NOT_APPROVED: Final = Decline(
    "payment_intent_authentication_failure", "", "The payment was not approved. Please try another card."
)
NEEDS_HOLDER: Final = Decline(
    "authentication_required", "authentication_required", "The card needs its holder to approve this payment."
)
DEBIT_FAILED: Final = Decline("payment_method_provider_decline", "", "The bank did not let the debit through.")


def _declining(name: str, number: str, code: str, message: str, decline_code: str = "") -> Instrument:
    return Instrument(name=name, number=number, says=message, declined=Decline(code, decline_code, message))


INSTRUMENTS: Final = (
    Instrument(name="visa", number="4242424242424242", says="Pays."),
    Instrument(name="mastercard", number="5555555555554444", says="Pays.", brand="mastercard"),
    Instrument(name="amex", number="378282246310005", says="Pays.", brand="amex"),
    Instrument(
        name="asks_once", number="4000002500003155", challenge="once",
        says="Asks you to approve the first payment, then pays without you.",
    ),
    Instrument(
        name="asks_always", number="4000002760003184", challenge="always",
        says="Asks you to approve each payment: without you, none goes through.",
    ),
    Instrument(
        name="asks_then_declines", number="4000008260003178", challenge="always", declined=FUNDS,
        says="Asks you to approve, and then has insufficient funds.",
    ),
    Instrument(name="declined", number="4000000000000002", declined=GENERIC, says="Is declined."),
    Instrument(name="no_funds", number="4000000000009995", declined=FUNDS, says="Has insufficient funds."),
    _declining("lost", "4000000000009987", "card_declined", "Your card was declined.", "lost_card"),
    _declining("expired", "4000000000000069", "expired_card", "Your card has expired."),
    _declining("wrong_cvc", "4000000000000127", "incorrect_cvc", "Your card's security code is incorrect."),
    _declining("error", "4000000000000119", "processing_error", "An error occurred while processing your card."),
    Instrument(
        name="disputed", number="4000000000000259", disputed="fraudulent",
        says="Pays, and the holder disputes it a moment later.",
    ),
    Instrument(
        name="not_received", number="4000000000002685", disputed="product_not_received",
        says="Pays, and a moment later the holder says that they got nothing for it.",
    ),
    Instrument(name="refund_late", number="4000000000007726", refund="late", says="Pays; refunds take a moment."),
    Instrument(name="refund_fails", number="4000000000005126", refund="fails", says="Pays; refunds fail later."),
    Instrument(
        name="debit", number="AT611904300234573201", kind="sepa_debit", brand="", delayed=True,
        says="A bank account that pays a moment later.",
    ),
    Instrument(
        name="debit_fails", number="AT861904300235473202", kind="sepa_debit", brand="", delayed=True,
        declined=DEBIT_FAILED, says="A bank account whose payment fails a moment later.",
    ),
    Instrument(
        name="debit_disputed", number="AT591904300235473203", kind="sepa_debit", brand="", delayed=True,
        disputed="debit_not_authorized", says="A bank account that pays, and disputes it.",
    ),
)  # fmt: skip
BY_NAME: Final = {one.name: one for one in INSTRUMENTS}
_BY_NUMBER: Final = {one.number: one for one in INSTRUMENTS}
_EXPIRY: Final = re.compile(r"(0?[1-9]|1[0-2])\s*/\s*(?:20)?([0-9]{2})")


class Wrong(Exception):
    """A field of the form is not right. The text says what to do; it never holds what was typed."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(message)
        self.name = name


def instrument_of(number: str) -> Instrument:
    """The test card or account with this number, spaces and dashes aside. Raises Wrong."""
    plain = re.sub(r"[\s-]", "", number).upper()
    if not plain:
        raise Wrong("number", "Type a test number.")
    if plain not in _BY_NUMBER:
        raise Wrong("number", "This is not one of the test numbers below. Never type a real card here.")
    return _BY_NUMBER[plain]


def expiry_of(text: str, year: int, month: int) -> tuple[int, int]:
    """Month and year of an expiry such as 12/34, not before the given month. Raises Wrong."""
    match = _EXPIRY.fullmatch(text.strip())
    if match is None:
        raise Wrong("expiry", "Type month and year, such as 12/34.")
    found = (2000 + int(match[2]), int(match[1]))
    if found < (year, month):
        raise Wrong("expiry", "This date is over. Any date to come will do.")
    return found[1], found[0]


def check_cvc(text: str, brand: str) -> None:
    """Raises Wrong unless `text` has as many digits as the brand prints on its cards."""
    digits = 4 if brand == "amex" else 3
    if not (text.strip().isascii() and text.strip().isdigit() and len(text.strip()) == digits):
        raise Wrong("cvc", f"Type any {digits} digits.")
