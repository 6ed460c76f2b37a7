"""Files for the bank, and tables that a spreadsheet opens: pure."""

import csv
import io
import random
import re
from decimal import Decimal
from xml.etree import ElementTree as Xml

import pytest

from billing.payouts import bank_file
from billing.payouts.bank_accounts import checked, masked
from billing.payouts.bank_file import NAMESPACE, Order, Payment, latin, table, transfer
from billing.table import row
from ground.errors import Refusal

IBAN = "DE89370400440532013000"
AT = 1_800_000_000_000  # 15 January 2027, 08:00 UTC
CHARACTERS = re.compile(r"[A-Za-z0-9/?:().,'+ -]*")
FORMULAS = [
    '=HYPERLINK("https://evil.example","x")', "+1+1", "-2+3", "@SUM(A1)", "\t=1+1", "\r=1+1", " =1+1", "\n=cmd",
    "\uff1d1+1",
]  # fmt: skip


def an_order(*payments: Payment, payer: str = "Acme GmbH") -> Order:
    return Order(
        order="payout-0123456789abcdef", at=AT, currency="EUR", payer=payer, payer_iban=IBAN, about="Acme line",
        payments=list(payments),
    )  # fmt: skip


def a_payment(number: int = 1, name: str = "Ada Quill", amount: int = 1250) -> Payment:
    return Payment(reference=f"payout-0123456789abcdef-{number}", name=name, iban=IBAN, amount=amount)


def shape(element: Xml.Element) -> list[str]:
    """The paths of all leaves in order, without the namespace."""
    name = element.tag.removeprefix(f"{{{NAMESPACE}}}")
    return [f"{name}/{path}" for child in element for path in shape(child)] or [name]


def text_of(document: Xml.Element, path: str) -> str:
    return document.findtext("/".join(f"{{{NAMESPACE}}}{name}" for name in path.split("/"))) or ""


def test_a_credit_transfer_has_the_elements_of_the_standard_in_its_order() -> None:
    made = transfer(an_order(a_payment(1), a_payment(2, amount=99_999_999_999)))
    assert made.startswith(b"<?xml version='1.0' encoding='UTF-8'?>")
    document = Xml.fromstring(made)
    head = [f"GrpHdr/{name}" for name in ("MsgId", "CreDtTm", "NbOfTxs", "CtrlSum", "InitgPty/Nm")]
    info = [
        "PmtInfId", "PmtMtd", "NbOfTxs", "CtrlSum", "PmtTpInf/SvcLvl/Cd", "ReqdExctnDt/Dt", "Dbtr/Nm",
        "DbtrAcct/Id/IBAN", "DbtrAgt/FinInstnId/Othr/Id", "ChrgBr",
    ]  # fmt: skip
    one = ["PmtId/EndToEndId", "Amt/InstdAmt", "Cdtr/Nm", "CdtrAcct/Id/IBAN", "RmtInf/Ustrd"]
    payments = [f"PmtInf/CdtTrfTxInf/{name}" for name in one] * 2
    expected = [*head, *(f"PmtInf/{name}" for name in info), *payments]
    assert shape(document) == [f"Document/CstmrCdtTrfInitn/{path}" for path in expected]
    at = "CstmrCdtTrfInitn"
    assert text_of(document, f"{at}/GrpHdr/CreDtTm") == "2027-01-15T08:00:00+00:00"
    assert text_of(document, f"{at}/PmtInf/ReqdExctnDt/Dt") == "2027-01-15"
    for part in ("GrpHdr", "PmtInf"):
        assert text_of(document, f"{at}/{part}/NbOfTxs") == "2"
        assert text_of(document, f"{at}/{part}/CtrlSum") == "1000000012.49"
    amounts = list(document.iter(f"{{{NAMESPACE}}}InstdAmt"))
    assert [(amount.text, amount.get("Ccy")) for amount in amounts] == [("12.50", "EUR"), ("999999999.99", "EUR")]


NAMES = [
    "</Nm><Nm>Eve", "Ada & Co <b>", "Žofie Nováková", "Jürgen Groß", "Łukasz Żółć", "Đorđe", "Ægir Þór", "//slash//",
    "A" * 500, "x\x00y\ud800z", "نور Nour", "José 🎈 O\N{RIGHT SINGLE QUOTATION MARK}Neil", "-" * 80, "a\nb\tc",
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_whatever_people_are_called_the_file_stays_within_the_alphabet_and_lengths(name: str) -> None:
    document = Xml.fromstring(transfer(an_order(a_payment(name=name), payer=name)))
    for element in document.iter():
        written, tag = element.text or "", element.tag.rpartition("}")[2]
        assert CHARACTERS.fullmatch(written) and "//" not in written, written
        most = {"Nm": 70, "Ustrd": 140, "MsgId": 35, "PmtInfId": 35, "EndToEndId": 35}.get(tag, 10**6)
        assert len(written) <= most and written == written.strip()


def test_names_are_spelled_as_banks_spell_them() -> None:
    told = ("Žofie Nováková", "Łukasz Żółć", "Groß & Söhne", "O\N{RIGHT SINGLE QUOTATION MARK}Neil", "Đorđe")
    spelled = ["Zofie Novakova", "Lukasz Zolc", "Gross + Sohne", "O'Neil", "Dorde"]
    assert [latin(name, 70) for name in told] == spelled
    assert bank_file.has_letters("Ada") and not bank_file.has_letters("نور") and not bank_file.has_letters(" - ")


def test_random_names_make_a_well_formed_file() -> None:
    seed = random.randrange(2**32)
    dice = random.Random(seed)
    for _ in range(200):
        name = "".join(chr(dice.choice((dice.randrange(0x20), dice.randrange(0x3000)))) for _ in range(90))
        document = Xml.fromstring(transfer(an_order(a_payment(name=name))))
        assert all(CHARACTERS.fullmatch(element.text or "") for element in document.iter()), seed


def test_the_table_says_the_same() -> None:
    lines = list(csv.reader(io.StringIO(table(an_order(a_payment(name="=1+1"))).decode("utf-8-sig"))))
    assert lines[1] == ["payout-0123456789abcdef-1", "'=1+1", IBAN, "12.50", "EUR", "Acme line"]


@pytest.mark.parametrize("formula", FORMULAS, ids=ascii)
def test_no_text_of_a_table_begins_a_formula_and_no_line_becomes_two(formula: str) -> None:
    made = row([formula, Decimal("-12.50"), -3, 'say "x", y'])
    (cells,) = csv.reader(io.StringIO(made))
    assert cells[0].startswith("'") and "\n" not in cells[0] and "\r" not in cells[0]
    assert cells[1:] == ["-12.50", "-3", 'say "x", y'], "numbers are ours and stay numbers"


GOOD = ["DE89 3704 0044 0532 0130 00", "gb82west12345698765432", "FR14 2004 1010 0505 0001 3M02 606", "NO9386011117947"]
BAD = ["", "DE89370400440532013001", "DE8937040044053201300", "XX89370400440532013000", "D" * 64, "=DE89",
       "\u0414\u041589370400440532013000", "DE89370400440532013000\x00", "5", "4242424242424242"]  # fmt: skip


def test_a_number_is_taken_as_people_write_it_and_checked() -> None:
    assert [checked(iban)[:4] for iban in GOOD] == ["DE89", "GB82", "FR14", "NO93"]
    for iban in BAD:
        with pytest.raises(Refusal, match="bad_iban") as refusal:
            checked(iban)
        assert refusal.value.detail == "", "the number is not repeated"
    assert masked(IBAN) == "DE•• 3000" and masked("") == ""
