"""Telephone numbers as people type them: to E.164, or refused by name. Pure.

Only what an ordinary person can be reached at is called: landlines, mobiles and numbers of internet telephony, of the
countries that the pool names. Whatever earns its owner money when it is called (premium rate, shared cost), passes the
call on to anywhere (personal and company-wide numbers), or costs much by nature (satellites) is refused.
"""

import unicodedata
from collections.abc import Collection
from typing import Final, NamedTuple

import phonenumbers
from phonenumbers import PhoneNumber, PhoneNumberFormat, PhoneNumberType

from ground.errors import Refusal

CALLED: Final = frozenset(
    {
        PhoneNumberType.FIXED_LINE,
        PhoneNumberType.MOBILE,
        PhoneNumberType.FIXED_LINE_OR_MOBILE,
        PhoneNumberType.VOIP,
    }
)
NOWHERE: Final = "001"
"""What a number belongs to that is no country's: satellites, networks that span the world."""
HIGH_RISK: Final = (
    "+4470", "+4476",  # United Kingdom: personal numbers, passed on to anywhere at the caller's cost; pagers
    "+49137", "+49138",  # Germany: mass calls and votes
    "+4918", "+49700",  # Germany: shared cost, company-wide and personal numbers
    "+3989", "+39178", "+39199",  # Italy: premium, personal, shared cost
    "+1500", "+1521", "+1522", "+1533", "+1544", "+1566", "+1577", "+1588",  # North America: personal numbers
    "+1700", "+1900",  # and carriers' own, and premium
)  # fmt: skip
"""Beginnings that fraud lives on: refused whatever the data of a release say of their kind. Sources: the number plans
of Ofcom, BNetzA, AGCOM and NANPA."""
_MARKS: Final = frozenset("+()[]./-\u2010\u2011\u2012\u2013\u2014\u2212\uff0b\uff0d\uff08\uff09")
TYPED_MAX: Final = 40


class Number(NamedTuple):
    """A number that may be called: in E.164 with +, and the country (ISO 3166) to which it belongs."""

    e164: str
    region: str


def parse(typed: str, region: str, called: Collection[str]) -> Number:
    """The number that somebody typed, in the country `region` unless it begins with + and a country's code.

    `called` are the countries that may be called. The area codes of the Caribbean look like those of the United States
    and are countries of their own: who wants them called names them.
    Refused `bad_number` (none that exists, or with letters or an extension), `number_refused`, `region_not_called`.
    """
    text = _plain(typed)
    number = _parsed(text, region)
    e164 = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    own = phonenumbers.region_code_for_number(number)
    if own == NOWHERE:
        raise Refusal("number_refused")
    if own is None or not phonenumbers.is_valid_number(number):
        raise Refusal("number_refused" if _is_short(text, region) else "bad_number")
    if phonenumbers.number_type(number) not in CALLED or e164.startswith(HIGH_RISK):
        raise Refusal("number_refused")
    if own not in called:
        raise Refusal("region_not_called", own)
    return Number(e164, own)


def strangers(regions: Collection[str]) -> list[str]:
    """Those of `regions` that are no country's code with numbers of its own ("UK" is one: the code is GB)."""
    return [region for region in regions if region not in phonenumbers.SUPPORTED_REGIONS]


def shown(e164: str) -> str:
    """A number of ours as people write it, with its country's code."""
    return phonenumbers.format_number(phonenumbers.parse(e164), PhoneNumberFormat.INTERNATIONAL)


def masked(e164: str) -> str:
    """What a log may say of a number: +49…12."""
    number = phonenumbers.parse(e164)
    return f"+{number.country_code}…{e164[-2:]}"


def prefix(e164: str) -> str:
    """What calls are counted by beside the number: the block in which a fraudster would hold many numbers.

    The country's code with the first four digits after it: an area or a network, and a piece of it.
    """
    number = phonenumbers.parse(e164)
    return e164[: 1 + len(str(number.country_code)) + 4]


def _plain(typed: str) -> str:
    """ASCII digits and marks alone. Refused `bad_number` for anything else, such as letters that stand for digits."""
    kept = [c for c in typed if unicodedata.category(c) not in ("Cf", "Zs")]  # invisible marks come with a paste
    if not kept or len(typed) > TYPED_MAX:
        raise Refusal("bad_number")
    return "".join(_plain_sign(c) for c in kept)


def _plain_sign(sign: str) -> str:
    if (digit := unicodedata.decimal(sign, None)) is not None:
        return str(digit)
    if sign not in _MARKS:
        raise Refusal("bad_number")
    return "+" if sign in "+\uff0b" else ""


def _parsed(text: str, region: str) -> PhoneNumber:
    try:
        return phonenumbers.parse(text, region or None)
    except phonenumbers.NumberParseException:
        raise Refusal("number_refused" if _is_short(text, region) else "bad_number") from None


def _is_short(text: str, region: str) -> bool:
    """Whether it is a short number of that country: emergency, directory, votes."""
    if not region or text.startswith("+"):
        return False
    try:
        return phonenumbers.is_emergency_number(text, region) or bool(
            phonenumbers.is_valid_short_number(phonenumbers.parse(text, region))
        )
    except phonenumbers.NumberParseException:
        return phonenumbers.is_emergency_number(text, region)
