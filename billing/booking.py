"""How anything is booked: accounts locked in one order, transfers appended, answers kept for repeats of a command.

Whoever books takes the pool's gate first, the row of its escrow account, and holds it until the transaction ends. So
commands on one pool's money run one after the other, and no two transactions can wait for each other.
"""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple, TypeVar

import msgspec
from msgspec import Struct

from billing import store
from billing.store import Kind
from ground.errors import Refusal
from ground.sql import Tx

AMOUNT_MAX: Final = 10**12
"""The largest amount of one movement, in minor units."""
_MAY_OWE: Final = ("fees", "processor", "world")
"""Kinds whose balance may be below zero."""

Who = tuple[Kind, str]
"""An account's kind and owner within a pool."""
ESCROW: Final[Who] = ("escrow", "")
FEES: Final[Who] = ("fees", "")
PROCESSOR: Final[Who] = ("processor", "")
WORLD: Final[Who] = ("world", "")


class Account(Struct):
    """A locked account. `balance` follows what is booked on it in this transaction."""

    account: int
    kind: Kind
    owner: str
    currency: str
    balance: int
    pending: int
    frozen: bool

    @property
    def available(self) -> int:
        """What may be spent: the balance less what open holds have set aside."""
        return self.balance - self.pending


Accounts = Mapping[Who, Account]


class Leg(NamedTuple):
    """`amount` moves from `debit` to `credit`."""

    debit: Who
    credit: Who
    amount: int


class Command(Struct, frozen=True):
    """What was asked once: `key` names it within the pool, `given` is the input that a repeat has to have, too."""

    pool: str
    key: str
    name: str
    given: dict[str, str | int]
    now: int

    @property
    def input_hash(self) -> str:
        return hashlib.sha256(msgspec.json.encode([self.name, self.given], order="sorted")).hexdigest()


A = TypeVar("A", bound=Struct)


async def lock(tx: Tx, pool: str, currency: str, *who: Who) -> Accounts:
    """The pool's gate and the accounts `who`, made where they are missing, locked until the transaction ends.

    Raises Refusal("bad_amount") when one of them is in another currency.
    """
    wanted = [ESCROW, *sorted({*who} - {ESCROW})]
    rows = await store.lock_accounts(tx, pool, wanted)
    there = {(row["kind"], row["owner"]) for row in rows}
    if missing := [one for one in wanted if one not in there]:
        await store.open_accounts(tx, pool, currency, missing)
        rows = await store.lock_accounts(tx, pool, wanted)
    if any(row["currency"] != currency for row in rows):
        raise Refusal("bad_amount", f"the money here is not {currency}")
    return {(row["kind"], row["owner"]): _account(row) for row in rows}


async def answered(tx: Tx, command: Command, kind: type[A]) -> A | None:
    """What this command was answered the first time; None when this is the first time. Call it behind the gate.

    Raises Refusal("op_reused") when the key stands for something else.
    """
    first = await store.command(tx, command.pool, command.key)
    if first is None:
        return None
    if first[0] != command.input_hash:
        raise Refusal("op_reused", command.key)
    return msgspec.json.decode(first[1], type=kind)


async def remember(tx: Tx, command: Command, answer: A) -> A:
    """Keep the answer of a command for its repeats."""
    row = {"pool": command.pool, "key": command.key, "name": command.name, "input_hash": command.input_hash}
    await store.add_command(tx, row | {"answer": msgspec.json.encode(answer).decode(), "at": command.now})
    return answer


async def book(
    tx: Tx, pool: str, accounts: Accounts, kind: str, key: str, legs: Sequence[Leg], *, now: int,
    reference: str = "", memo: str = "", reverses: int | None = None,
) -> int:  # fmt: skip
    """Append a transaction of these legs, and return its id. The accounts are those of `lock`.

    Raises Refusal("bad_amount"), and Refusal("balance_too_low") when an account lacks what a leg takes from it.
    """
    planned = plan(pool, accounts, legs)
    transaction = await begin(tx, pool, kind, key, now=now, reference=reference, memo=memo, reverses=reverses)
    await append(tx, transaction, planned)
    return transaction


async def begin(
    tx: Tx, pool: str, kind: str, key: str, *, now: int,
    reference: str = "", memo: str = "", reverses: int | None = None,
) -> int:  # fmt: skip
    """A transaction still without transfers, for who has to know its id before them."""
    row: dict[str, Any] = {"pool": pool, "kind": kind, "key": key, "at": now}
    return await store.add_transaction(tx, row | {"reference": reference, "memo": memo, "reverses": reverses})


async def append(tx: Tx, transaction: int, planned: Sequence[dict[str, Any]]) -> None:
    await store.add_transfers(tx, [row | {"transaction_id": transaction} for row in planned])


def plan(pool: str, accounts: Accounts, legs: Sequence[Leg]) -> list[dict[str, Any]]:
    """The rows of these legs, refused as in `book`; `accounts` stand as after them."""
    return [_planned(pool, accounts, leg) for leg in legs]


def check_amount(amount: object) -> None:
    """Raises Refusal("bad_amount") for what is no amount to be moved."""
    if type(amount) is not int or not 1 <= amount <= AMOUNT_MAX:
        raise Refusal("bad_amount", f"1 to {AMOUNT_MAX}")


def _planned(pool: str, accounts: Accounts, leg: Leg) -> dict[str, Any]:
    check_amount(leg.amount)
    debit, credit = accounts[leg.debit], accounts[leg.credit]
    if debit.kind not in _MAY_OWE and debit.available < leg.amount:
        raise Refusal("balance_too_low")
    debit.balance -= leg.amount
    credit.balance += leg.amount
    sides = {"debit": debit.account, "debit_after": debit.balance, "credit": credit.account}
    return sides | {"credit_after": credit.balance, "amount": leg.amount, "pool": pool, "currency": debit.currency}


def _account(row: Any) -> Account:
    plain = {name: row[name] for name in ("account", "kind", "owner", "currency", "balance", "pending")}
    return Account(**plain, frozen=row["frozen_at"] is not None)
