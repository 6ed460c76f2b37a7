"""What the card processor's answers mean: of all that they hold, what is used here, checked. Pure.

A reader raises what `msgspec` raises, KeyError, TypeError or ValueError for an answer that is not what was expected.
"""

from typing import Any

import msgspec
from msgspec import Struct


class PayPage(Struct, frozen=True):
    """A page of the processor to pay at; `url` is "" when it is no longer open."""

    checkout: str
    url: str


class CheckoutState(Struct, frozen=True, kw_only=True):
    """What became of a page. `amount` in the processor's units, `currency` as we write it; `deposit` is our own name
    for it, twice: a reference and a note, which must agree."""

    checkout: str
    mode: str
    paid: bool
    expired: bool
    amount: int
    currency: str
    reference: str
    deposit: str
    payment: str


class Payment(Struct, frozen=True, kw_only=True):
    """A payment. `status` is the processor's word; `method` the card's name, "" where there is none."""

    payment: str
    status: str
    received: int
    currency: str
    deposit: str
    customer: str
    method: str
    reason: str


class Card(Struct, frozen=True, kw_only=True):
    """What may be shown of a card."""

    method: str
    brand: str
    last4: str
    exp_month: int
    exp_year: int


class Returned(Struct, frozen=True, kw_only=True):
    """A refund at the processor. `part` is our own name for it."""

    sent: str
    status: str
    part: str
    reason: str


class Disputed(Struct, frozen=True, kw_only=True):
    """A payment that its payer disputes."""

    dispute: str
    payment: str
    amount: int
    currency: str
    status: str
    reason: str


class Event(Struct, frozen=True, kw_only=True):
    """What the processor told: something of `kind` happened to `thing`. The rest of it is not believed."""

    event: str
    kind: str
    thing: str


class Thing(Struct):
    id: str


class Data(Struct):
    object: Thing


class Told(Struct):
    id: str
    type: str
    data: Data


def id_of(found: dict[str, Any]) -> str:
    return msgspec.convert(found, Thing).id


def pay_page(found: dict[str, Any]) -> PayPage:
    return PayPage(id_of(found), _text(found, "url"))


def checkout_state(found: dict[str, Any]) -> CheckoutState:
    return CheckoutState(
        checkout=id_of(found), mode=_text(found, "mode"), paid=found["payment_status"] == "paid",
        expired=found["status"] == "expired", amount=_whole(found, "amount_total"),
        currency=_text(found, "currency").upper(), reference=_text(found, "client_reference_id"),
        deposit=_noted(found, "deposit"), payment=_named(found, "payment_intent"),
    )  # fmt: skip


def payment(found: dict[str, Any]) -> Payment:
    error = found.get("last_payment_error") or {}
    return Payment(
        payment=id_of(found), status=_text(found, "status"), received=_whole(found, "amount_received"),
        currency=_text(found, "currency").upper(), deposit=_noted(found, "deposit"),
        customer=_named(found, "customer"), method=_named(found, "payment_method"),
        reason=_text(error, "decline_code") or _text(error, "code"),
    )  # fmt: skip


def card(found: dict[str, Any]) -> Card | None:
    """None for a payment method that is no card."""
    shown = found.get("card")
    if not isinstance(shown, dict):
        return None
    return Card(
        method=id_of(found), brand=_text(shown, "brand")[:20], last4=_text(shown, "last4")[:4],
        exp_month=_whole(shown, "exp_month"), exp_year=_whole(shown, "exp_year"),
    )  # fmt: skip


def returned(found: dict[str, Any]) -> Returned:
    return Returned(
        sent=id_of(found), status=_text(found, "status"), part=_noted(found, "part"),
        reason=_text(found, "failure_reason"),
    )  # fmt: skip


def all_of(found: dict[str, Any]) -> list[dict[str, Any]]:
    return msgspec.convert(found["data"], list[dict[str, Any]])


def all_returned(found: dict[str, Any]) -> list[Returned]:
    return [returned(one) for one in all_of(found)]


def disputed(found: dict[str, Any]) -> Disputed:
    return Disputed(
        dispute=id_of(found), payment=_named(found, "payment_intent"), amount=_whole(found, "amount"),
        currency=_text(found, "currency").upper(), status=_text(found, "status"), reason=_text(found, "reason"),
    )  # fmt: skip


def _text(found: dict[str, Any], name: str) -> str:
    value = found.get(name)
    return msgspec.convert("" if value is None else value, str)


def _whole(found: dict[str, Any], name: str) -> int:
    return msgspec.convert(found[name], int)


def _named(found: dict[str, Any], name: str) -> str:
    """The id of another object, which may be there whole."""
    value = found.get(name)
    return id_of(value) if isinstance(value, dict) else _text(found, name)


def _noted(found: dict[str, Any], name: str) -> str:
    return _text(found.get("metadata") or {}, name)
