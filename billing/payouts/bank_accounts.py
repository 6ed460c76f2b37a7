"""Where money goes: the bank account of an expert, and that which the pool pays from.

Nobody sees a whole number again, only `masked`; it leaves in files for the bank.
"""

from typing import Final

from msgspec import Struct
from stdnum import iban as standard
from stdnum.exceptions import ValidationError

from billing.payouts import store
from billing.payouts.bank_file import NAME_MAX, has_letters
from ground.errors import Refusal
from ground.sql import Tx

FRESH_MS: Final = 72 * 3_600_000
"""Bank details that changed so lately are shown to the operator as such, before anything is paid to them."""
POOL: Final = ""
"""In place of an expert: the account that the pool pays from."""
_LONGEST: Final = 64


class BankAccount(Struct, kw_only=True, frozen=True):
    """Whose it is, the number as it may be shown, and when they were set (ms)."""

    name: str
    iban: str
    changed_at: int


async def put(tx: Tx, pool: str, expert: str, name: str, iban: str, now: int) -> BankAccount:
    """Set the bank account of `expert` (`POOL`: the pool's). Refused `bad_iban`, and `malformed` (`name`) for a name
    that no bank could read."""
    number = checked(iban)
    name = " ".join(name.split())
    if not has_letters(name) or not name.isprintable() or len(name) > NAME_MAX:
        raise Refusal("malformed", "name")
    row = {"pool": pool, "expert": expert, "name": name, "iban": number, "changed_at": now}
    await store.put_bank_account(tx, row)
    return BankAccount(name=name, iban=masked(number), changed_at=now)


async def of(tx: Tx, pool: str, expert: str) -> BankAccount | None:
    """The bank account of `expert`, or None."""
    row = await store.bank_account(tx, pool, expert)
    return BankAccount(name=row["name"], iban=masked(row["iban"]), changed_at=row["changed_at"]) if row else None


async def delete(tx: Tx, pool: str, expert: str) -> bool:
    """Forget it; whether there was one."""
    return await store.delete_bank_account(tx, pool, expert)


def checked(iban: str) -> str:
    """The number without its gaps, its check digits and its country's form being right. Raises Refusal
    (`bad_iban`)."""
    if len(iban) > _LONGEST or not iban.isascii():
        raise Refusal("bad_iban")
    try:
        return standard.validate(iban)
    except ValidationError:
        raise Refusal("bad_iban") from None


def masked(iban: str) -> str:
    """The country and the last four figures: "DE•• 3000"; "" stays so."""
    return f"{iban[:2]}•• {iban[-4:]}" if iban else ""
