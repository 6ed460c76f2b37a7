"""Numbers as people type them, and all the kinds that must never be called."""

from contextlib import suppress

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st
from phonenumbers import PhoneNumberFormat, PhoneNumberType

from ground.errors import Refusal
from sessions.phone.numbers import CALLED, HIGH_RISK, Number, masked, parse, prefix, shown

EVERYWHERE = frozenset(phonenumbers.SUPPORTED_REGIONS)
KINDS = [kind for kind in PhoneNumberType.values() if kind not in (*CALLED, PhoneNumberType.UNKNOWN)]


def refused(typed: str, region: str = "", called: frozenset[str] = EVERYWHERE) -> str:
    with pytest.raises(Refusal) as refusal:
        parse(typed, region, called)
    return refusal.value.code


@pytest.mark.parametrize(
    ("typed", "region", "e164"),
    [
        ("+49 1511 2345678", "", "+4915112345678"),
        ("0151 1234 5678", "DE", "+4915112345678"),
        ("(0)30 / 1234-567", "DE", "+49301234567"),
        ("0049 30 1234567", "DE", "+49301234567"),
        ("".join(chr(0x660 + int(digit)) for digit in "015112345678"), "DE", "+4915112345678"),
        ("".join(chr(0xFF10 + int(digit)) for digit in "015112345678"), "DE", "+4915112345678"),
        ("\u202d+49 1511\u00a02345678\u202c", "", "+4915112345678"),
        ("06 1234 5678", "IT", "+390612345678"),
        ("(650) 253-0000", "US", "+16502530000"),
    ],
)
def test_what_people_type_becomes_one_number(typed: str, region: str, e164: str) -> None:
    assert parse(typed, region, EVERYWHERE).e164 == e164


@pytest.mark.parametrize(
    ("typed", "region"),
    [
        ("1-800-FLOWERS", "US"), ("+49 30 1234567 ext. 5", ""), ("+49 30 1234567;ext=5", ""), ("tel:+49301234567", ""),
        ("sip:bob@example.org", ""), ("+49 30 1234567,,,#77", ""), ("+49301234567*", ""), ("", "DE"), ("++", "DE"),
        ("0151", "DE"), ("+999123456789", ""), ("015112345678", ""), ("9" * 41, "DE"), ("+4915112345678\r\n", ""),
        ("+49 151 1234567890123", ""),
    ],
)  # fmt: skip
def test_what_is_no_number_is_none(typed: str, region: str) -> None:
    assert refused(typed, region) == "bad_number"


@pytest.mark.parametrize("kind", KINDS, ids=PhoneNumberType.to_string)
def test_no_country_has_a_number_of_these_kinds_that_is_called(kind: int) -> None:
    """Premium, shared cost, personal, pager, company-wide, voicemail, toll-free: an example of each country."""
    examples = [phonenumbers.example_number_for_type(region, kind) for region in sorted(EVERYWHERE)]
    typed = [phonenumbers.format_number(number, PhoneNumberFormat.E164) for number in examples if number]
    assert len(typed) > 10
    assert {refused(number) for number in typed} == {"number_refused"}


def test_every_country_has_ordinary_numbers_that_are_called() -> None:
    examples = [phonenumbers.example_number_for_type(region, PhoneNumberType.MOBILE) for region in sorted(EVERYWHERE)]
    for number in filter(None, examples):
        assert parse(phonenumbers.format_number(number, PhoneNumberFormat.E164), "", EVERYWHERE)


@pytest.mark.parametrize("code", sorted(phonenumbers.COUNTRY_CODES_FOR_NON_GEO_REGIONS))
def test_what_is_no_countrys_is_never_called(code: int) -> None:
    """Satellites, networks of ships and the world: +870, +881, +882, +883, +979 ..."""
    number = phonenumbers.example_number_for_non_geo_entity(code)
    assert number
    typed = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    assert refused(typed, called=EVERYWHERE | {"001"}) == "number_refused"


@pytest.mark.parametrize("begin", HIGH_RISK)
def test_high_risk_beginnings_are_never_called(begin: str) -> None:
    for length in range(5, 13):
        for fill in "123456789":
            assert refused(begin + (fill + "2345671234567")[:length]) in ("number_refused", "bad_number")


@pytest.mark.parametrize(
    ("typed", "region"),
    [("112", "DE"), ("110", "DE"), ("911", "US"), ("999", "GB"), ("000", "AU"), ("11833", "DE"), ("411", "US")],
)
def test_emergency_and_short_numbers_are_never_called(typed: str, region: str) -> None:
    assert refused(typed, region) == "number_refused"


@pytest.mark.parametrize(
    ("typed", "own"),
    [
        ("+18762345678", "JM"),
        ("+12423456789", "BS"),
        ("+447781123456", "GG"),
        ("+77012345678", "KZ"),
        ("+390669812345", "VA"),
    ],
)
def test_a_country_that_shares_anothers_code_is_one_of_its_own(typed: str, own: str) -> None:
    with pytest.raises(Refusal) as refusal:
        parse(typed, "", frozenset({"US", "GB", "RU", "IT"}))
    assert (refusal.value.code, refusal.value.detail) == ("region_not_called", own)
    assert parse(typed, "", {own}).region == own


def test_a_pool_that_calls_nowhere_calls_nobody() -> None:
    assert refused("+4915112345678", called=frozenset()) == "region_not_called"


@given(st.text(max_size=60), st.sampled_from(["", "DE", "US", "ZZ", "xx", "\x00"]))
def test_no_text_breaks_it(typed: str, region: str) -> None:
    with suppress(Refusal):
        number = parse(typed, region, EVERYWHERE)
        assert parse(number.e164, "", EVERYWHERE) == number


def test_how_a_number_is_shown_counted_and_hidden() -> None:
    number = Number("+4915112345678", "DE").e164
    assert shown(number) == "+49 1511 2345678"
    assert masked(number) == "+49…78"
    assert prefix(number) == "+491511"
