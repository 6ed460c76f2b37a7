"""Files that a bank takes: a credit transfer in SEPA's form (ISO 20022, pain.001.001.09), and a table. Pure.

SEPA knows Latin letters, figures and a few signs: names are spelled with those, as banks do, and cut to length.
"""

import unicodedata
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final
from xml.etree import ElementTree as Xml

from msgspec import Struct

from billing.table import BOM, Cell, row
from ground.currency import whole

NAMESPACE: Final = "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"
NAME_MAX: Final = 70
ID_MAX: Final = 35
REMITTANCE_MAX: Final = 140
AMOUNT_MAX: Final = 99_999_999_999
"""In cents: SEPA's own bound."""
COUNTRIES: Final = (
    "AD AL AT BE BG CH CY CZ DE DK EE ES FI FR GB GI GR HR HU IE IS IT LI LT LU LV MC MD ME MK MT NL NO PL PT RO "
    "RS SE SI SK SM VA"
)
"""Whose accounts SEPA reaches."""
_ALLOWED: Final = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/-?:().,'+ ")
_SPELLED: Final = {
    "\N{LATIN SMALL LETTER DOTLESS I}": "i", "\N{RIGHT SINGLE QUOTATION MARK}": "'",
    "\N{LEFT SINGLE QUOTATION MARK}": "'", "\N{EN DASH}": "-", "\N{EM DASH}": "-", "_": "-", "&": "+",
    "ß": "ss", "ẞ": "SS", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L",
    "đ": "d", "Đ": "D", "ð": "d", "Ð": "D", "þ": "th", "Þ": "TH",
}  # fmt: skip


class Payment(Struct, kw_only=True, frozen=True):
    """Money for one account. `name` is its holder's, `amount` in minor units, `reference` ours, unique in the file."""

    reference: str
    name: str
    iban: str
    amount: int


class Order(Struct, kw_only=True, frozen=True):
    """What the bank is to do: `payments` from the account of the payer. `at` in ms; `about` is what receivers read."""

    order: str
    at: int
    currency: str
    payer: str
    payer_iban: str
    about: str
    payments: list[Payment]


def in_sepa(iban: str) -> bool:
    """Whether the account is in a country that SEPA reaches."""
    return iban[:2] in COUNTRIES.split()


def latin(text: str, limit: int) -> str:
    """`text` in the letters that SEPA knows, at most `limit` of them; what has no such spelling becomes a point."""
    spelled = "".join(_SPELLED.get(letter, letter) for letter in text)
    plain = (letter for letter in unicodedata.normalize("NFKD", spelled) if not unicodedata.combining(letter))
    line = " ".join("".join(_known(letter) for letter in plain).split())
    while "//" in line:
        line = line.replace("//", "/")
    return line.strip("/ ")[:limit].strip("/ ")


def has_letters(text: str) -> bool:
    """Whether a bank could read `text` as a name."""
    return any(letter.isalpha() for letter in latin(text, NAME_MAX))


def table(order: Order) -> bytes:
    """The payments as comma-separated values, UTF-8."""
    lines = [row(["Reference", "Name", "IBAN", "Amount", "Currency", "Text"])]
    for one in order.payments:
        amount = whole(one.amount, order.currency)
        cells: list[Cell] = [one.reference, one.name, one.iban, amount, order.currency, order.about]
        lines.append(row(cells))
    return (BOM + "".join(lines)).encode()


def transfer(order: Order) -> bytes:
    """The order in SEPA's form; in euros, between accounts that SEPA reaches (`in_sepa`), at most `AMOUNT_MAX` each."""
    document = Xml.Element("Document", {"xmlns": NAMESPACE})
    begun = Xml.SubElement(document, "CstmrCdtTrfInitn")
    head = Xml.SubElement(begun, "GrpHdr")
    _put(head, "MsgId", latin(order.order, ID_MAX))
    _put(head, "CreDtTm", _time(order.at).strftime("%Y-%m-%dT%H:%M:%S+00:00"))
    _put_sums(head, order)
    _put(head, "InitgPty/Nm", latin(order.payer, NAME_MAX))
    _put_payments(Xml.SubElement(begun, "PmtInf"), order)
    body: bytes = Xml.tostring(document, encoding="UTF-8", xml_declaration=True)
    return body


def _put_payments(info: Xml.Element, order: Order) -> None:
    """The order of the elements is the standard's."""
    _put(info, "PmtInfId", latin(order.order, ID_MAX))
    _put(info, "PmtMtd", "TRF")
    _put_sums(info, order)
    _put(info, "PmtTpInf/SvcLvl/Cd", "SEPA")
    _put(info, "ReqdExctnDt/Dt", _time(order.at).strftime("%Y-%m-%d"))
    _put(info, "Dbtr/Nm", latin(order.payer, NAME_MAX))
    _put(info, "DbtrAcct/Id/IBAN", order.payer_iban)
    _put(info, "DbtrAgt/FinInstnId/Othr/Id", "NOTPROVIDED")  # banks find themselves by the IBAN
    _put(info, "ChrgBr", "SLEV")
    for one in order.payments:
        _put_payment(Xml.SubElement(info, "CdtTrfTxInf"), one, order)


def _put_payment(into: Xml.Element, one: Payment, order: Order) -> None:
    _put(into, "PmtId/EndToEndId", latin(one.reference, ID_MAX))
    _put(into, "Amt/InstdAmt", f"{whole(one.amount, order.currency):f}").set("Ccy", order.currency)
    _put(into, "Cdtr/Nm", latin(one.name, NAME_MAX))
    _put(into, "CdtrAcct/Id/IBAN", one.iban)
    _put(into, "RmtInf/Ustrd", latin(order.about, REMITTANCE_MAX))


def _put_sums(into: Xml.Element, order: Order) -> None:
    _put(into, "NbOfTxs", str(len(order.payments)))
    _put(into, "CtrlSum", f"{whole(_sum(order.payments), order.currency):f}")


def _put(into: Xml.Element, path: str, text: str) -> Xml.Element:
    for name in path.split("/"):
        into = Xml.SubElement(into, name)
    into.text = text
    return into


def _sum(payments: Sequence[Payment]) -> int:
    return sum(one.amount for one in payments)


def _time(at: int) -> datetime:
    return datetime.fromtimestamp(at / 1000, UTC)


def _known(letter: str) -> str:
    if letter in _ALLOWED:
        return letter
    return " " if letter.isspace() else "."
