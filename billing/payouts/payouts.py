"""The door of payouts: who is owed what, batches of payouts, and what the bank is told.

A batch takes what it is to pay from nobody: it is booked when the operator says that the bank has paid. Until then an
expert stands in one open batch at most, so that nothing is paid twice.
"""

from collections.abc import Sequence
from typing import Any, Final, Literal

from msgspec import Struct

from billing import ledger
from billing.booking import Command, lock
from billing.payouts import bank_accounts, store
from billing.payouts.bank_accounts import FRESH_MS, POOL, masked
from billing.payouts.bank_file import AMOUNT_MAX, Order, Payment, in_sepa
from ground.errors import Refusal
from ground.ids import new_id
from ground.sql import Tx

LINES_MAX: Final = 500
"""The most payouts in one batch; those who are owed most go first."""
OWED_MAX: Final = 1000
PAGE: Final = 50
State = Literal["open", "paid", "cancelled"]
Flag = Literal["no_details", "details_changed", "in_batch"]


class Owed(Struct, kw_only=True, frozen=True):
    """What an expert is owed. `holder`, `iban` (masked) and `changed_at` are of the bank account, empty where there is
    none. `flags`: `no_details` can't be paid; `details_changed` not long ago, so ask first; `in_batch` is being paid in
    `batch`."""

    expert: str
    amount: int
    holder: str
    iban: str
    changed_at: int
    flags: list[Flag]
    batch: str


class Line(Struct, kw_only=True, frozen=True):
    """One payout of a batch, its number masked."""

    expert: str
    amount: int
    holder: str
    iban: str


class Batch(Struct, kw_only=True, frozen=True):
    """A batch. Times in ms, `closed_at` 0 while it is open; `lines` only where one is asked for. `sepa`: the bank can
    be told in SEPA's form."""

    batch: str
    state: State
    currency: str
    amount: int
    count: int
    made_at: int
    closed_at: int
    sepa: bool
    lines: list[Line]


async def owed(tx: Tx, pool: str, now: int, limit: int = OWED_MAX) -> tuple[list[Owed], bool]:
    """Who is owed something, the most first, and whether there are more."""
    rows = await store.earnings(tx, pool, limit + 1)
    accounts = await store.bank_accounts_of(tx, pool, [row["owner"] for row in rows])
    open_now = await store.open_lines(tx, pool)
    found = [_owed(row, accounts.get(row["owner"]), open_now.get(row["owner"]), now) for row in rows[:limit]]
    return found, len(rows) > limit


async def make(
    tx: Tx, pool: str, currency: str, *, op: str, now: int, experts: Sequence[str] | None, minimum: int
) -> tuple[Batch, bool]:
    """A batch of all that is owed, or of what is owed to `experts`, where it is `minimum` or more; and whether it is
    new (False: `op` has made it before). Who has no bank account, or stands in an open batch, is left out.

    Refused `nothing_owed`, `op_reused`, `bad_amount` (the pool's money is in another currency).
    """
    given: dict[str, str | int] = {"experts": "*" if experts is None else ",".join(sorted(experts)), "minimum": minimum}
    ask = Command(pool, op, "make", given, now)
    await lock(tx, pool, currency)
    if first := await _answered(tx, ask):
        return await batch(tx, pool, first), False
    lines = await _lines(tx, pool, experts, minimum)
    if not lines:
        raise Refusal("nothing_owed")
    made = new_id("payout")
    row = {
        "pool": pool, "batch": made, "state": "open", "currency": currency, "count": len(lines),
        "amount": sum(line["amount"] for line in lines), "made_at": now, "closed_at": None,
    }  # fmt: skip
    await store.add_batch(tx, row, [{"pool": pool, "batch": made, "open": True} | line for line in lines])
    await _remember(tx, ask, made)
    return await batch(tx, pool, made), True


async def batches(tx: Tx, pool: str, before: int = 0, limit: int = PAGE) -> tuple[list[Batch], bool]:
    """The newest made before the time `before` (ms; 0: all), without their lines, and whether there are more."""
    rows = await store.newest_batches(tx, pool, before, limit + 1)
    return [_batch(row, []) for row in rows[:limit]], len(rows) > limit


async def batch(tx: Tx, pool: str, name: str) -> Batch:
    """One batch. Refused `no_such_batch`."""
    return _batch(await _there(tx, pool, name), await store.lines_of(tx, pool, name))


async def pay(tx: Tx, pool: str, name: str, *, op: str, now: int) -> tuple[Batch, list[tuple[Line, str]]]:
    """The bank has paid: book it for each expert, once. Answers with the payouts just booked and the key of each, none
    when `op` has done it before. Refused `no_such_batch`, `batch_closed`, `op_reused`, and `balance_too_low` when an
    expert is no longer owed as much (then nothing is booked)."""
    before = await _close(tx, pool, name, "paid", op, now)
    if before is None:
        return await batch(tx, pool, name), []
    booked = []
    for row in await store.lines_of(tx, pool, name):
        key = f"payout:{name}:{row['line']}"
        await ledger.payout(
            tx, pool, row["expert"], row["amount"], before["currency"], key=key, now=now, reference=name
        )
        booked.append((_line(row), key))
    return await batch(tx, pool, name), booked


async def cancel(tx: Tx, pool: str, name: str, *, op: str, now: int) -> tuple[Batch, bool]:
    """It will not be paid: its experts may be in another batch; and whether that is new. Refused as `pay`."""
    before = await _close(tx, pool, name, "cancelled", op, now)
    return await batch(tx, pool, name), before is not None


async def order(tx: Tx, pool: str, name: str, about: str, *, sepa: bool) -> Order:
    """What the bank is to do for a batch; `about` is what experts read on their account.

    Refused `no_such_batch`; `batch_closed` when it is cancelled or an expert in it is forgotten; for SEPA's form
    also `bad_iban` when the pool has no bank account (`pool`) or an account is out of SEPA's reach (the expert), and
    `bad_amount` outside of euros.
    """
    row = await _there(tx, pool, name)
    lines = await store.lines_of(tx, pool, name)
    if row["state"] == "cancelled" or not all(line["iban"] for line in lines):
        raise Refusal("batch_closed")
    payer = await store.bank_account(tx, pool, POOL)
    if sepa:
        _check_sepa(row, lines, payer)
    return Order(
        order=name, at=row["made_at"], currency=row["currency"], payer=payer["name"] if payer else "",
        payer_iban=payer["iban"] if payer else "", about=about, payments=[_payment(line) for line in lines],
    )  # fmt: skip


async def forget(tx: Tx, pool: str, expert: str) -> None:
    """Delete an expert's bank account, here and in what was paid."""
    await bank_accounts.delete(tx, pool, expert)
    await store.unname_lines(tx, pool, expert)


async def export(tx: Tx, pool: str, expert: str) -> dict[str, Any]:
    """An expert's bank account, the number whole, and payouts, as plain data. Times in ms."""
    account = await store.bank_account(tx, pool, expert)
    kept = {name: account[name] for name in ("name", "iban", "changed_at")} if account else None
    return {"bank_account": kept, "payouts": await store.payouts_of(tx, pool, expert)}


async def in_open_batch(tx: Tx, pool: str, expert: str) -> bool:
    """Whether something is being paid to `expert`."""
    return expert in await store.open_lines(tx, pool)


async def _lines(tx: Tx, pool: str, experts: Sequence[str] | None, minimum: int) -> list[dict[str, Any]]:
    open_now = await store.open_lines(tx, pool)
    # Those who can't be paid now must not crowd out the others, so all are looked at.
    rows = await store.earnings(tx, pool, None, experts)
    accounts = await store.bank_accounts_of(tx, pool, [row["owner"] for row in rows])
    able = [row for row in rows if row["owner"] in accounts and row["owner"] not in open_now]
    due = [row for row in able if row["balance"] >= minimum]
    return [
        {
            "line": number, "expert": row["owner"], "amount": row["balance"],
            "name": accounts[row["owner"]]["name"], "iban": accounts[row["owner"]]["iban"],
        }
        for number, row in enumerate(due[:LINES_MAX], 1)
    ]  # fmt: skip


async def _close(tx: Tx, pool: str, name: str, state: State, op: str, now: int) -> dict[str, Any] | None:
    """The batch as it was before; None when `op` has closed it already."""
    row = await _there(tx, pool, name)
    ask = Command(pool, op, state, {"batch": name}, now)
    await lock(tx, pool, row["currency"])
    if await _answered(tx, ask):
        return None
    if (await _there(tx, pool, name))["state"] != "open":  # by now: another may have been before us at the gate
        raise Refusal("batch_closed")
    await store.close_batch(tx, pool, name, state, now)
    await _remember(tx, ask, name)
    return row


async def _answered(tx: Tx, ask: Command) -> str | None:
    """The batch that a command was answered with before. Behind the gate. Refused `op_reused`."""
    first = await store.command(tx, ask.pool, ask.key)
    if first is not None and first[0] != ask.input_hash:
        raise Refusal("op_reused", ask.key)
    return first[1] if first else None


async def _remember(tx: Tx, ask: Command, name: str) -> None:
    row = {"pool": ask.pool, "op": ask.key, "input_hash": ask.input_hash, "batch": name}
    await store.add_command(tx, row)


async def _there(tx: Tx, pool: str, name: str) -> dict[str, Any]:
    row = await store.batch(tx, pool, name)
    if row is None:
        raise Refusal("no_such_batch")
    return row


def _check_sepa(batch: dict[str, Any], lines: list[dict[str, Any]], payer: dict[str, Any] | None) -> None:
    if payer is None or not in_sepa(payer["iban"]):
        raise Refusal("bad_iban", "pool")
    if batch["currency"] != "EUR" or max(line["amount"] for line in lines) > AMOUNT_MAX:
        raise Refusal("bad_amount", batch["currency"])
    outside = [line["expert"] for line in lines if not in_sepa(line["iban"])]
    if outside:
        raise Refusal("bad_iban", outside[0])


def _owed(row: Any, account: dict[str, Any] | None, open_line: tuple[str, int] | None, now: int) -> Owed:
    flags: list[Flag] = [] if account else ["no_details"]
    if account and account["changed_at"] > now - FRESH_MS:
        flags.append("details_changed")
    if open_line:
        flags.append("in_batch")
    return Owed(
        expert=row["owner"], amount=row["balance"], holder=account["name"] if account else "",
        iban=masked(account["iban"]) if account else "", changed_at=account["changed_at"] if account else 0,
        flags=flags, batch=open_line[0] if open_line else "",
    )  # fmt: skip


def _batch(row: dict[str, Any], lines: list[dict[str, Any]]) -> Batch:
    named = {name: row[name] for name in ("batch", "state", "currency", "amount", "count", "made_at")}
    sepa = row["currency"] == "EUR" and all(in_sepa(line["iban"]) for line in lines)
    return Batch(**named, closed_at=row["closed_at"] or 0, sepa=sepa, lines=[_line(line) for line in lines])


def _line(row: dict[str, Any]) -> Line:
    return Line(expert=row["expert"], amount=row["amount"], holder=row["name"], iban=masked(row["iban"]))


def _payment(row: dict[str, Any]) -> Payment:
    reference = f"{row['batch']}-{row['line']}"
    return Payment(reference=reference, name=row["name"], iban=row["iban"], amount=row["amount"])
