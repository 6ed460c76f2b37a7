"""Digits of currencies: the same on the server and in the pages."""

import re

import pytest

from ground.currency import NONE, THREE, digits_of, whole
from tests.repo.house import ROOT


@pytest.mark.parametrize(("currency", "text"), [("EUR", "12.34"), ("JPY", "1234"), ("KWD", "1.234"), ("HUF", "12.34")])
def test_an_amount_has_the_digits_of_its_currency(currency: str, text: str) -> None:
    assert str(whole(1234, currency)) == text
    assert digits_of(currency) == len(text.partition(".")[2])


def test_exactly_whatever_the_size() -> None:
    assert str(whole(10**17 + 1, "EUR")) == "1000000000000000.01"


def test_the_pages_count_alike() -> None:
    source = (ROOT / "client_applet" / "src" / "i18n" / "currency.ts").read_text()
    assert re.findall(r'const [A-Z]+ = "([A-Z ]+)"', source) == [NONE, THREE]
