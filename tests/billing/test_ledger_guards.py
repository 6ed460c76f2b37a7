"""What the database itself refuses, whoever writes: raw SQL against SQLite and PostgreSQL."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import sqlalchemy as sa

from billing import ledger, meter
from ground.sql import Database
from tests.billing.books import EUR, MINUTE, NOW, check, drop

Run = Callable[..., Awaitable[None]]
TRANSFER = (
    "INSERT INTO ledger_transfers (transaction_id, pool, currency, debit, credit, amount, debit_after, credit_after)"
    " VALUES (:of, :pool, :currency, :debit, :credit, :amount, :debit_after, :credit_after)"
)
HOLD = (
    "INSERT INTO ledger_holds (pool, hold, wallet, earnings, currency, rate, free_ms, cap_ms, fee_bps, amount,"
    " told_amount, state, created_at, expires_at, ended_at, ran_ms, posted, fee, outcome, ended_by) VALUES ('p', 'ox',"
    " {wallet}, {earnings}, 'EUR', 1, 0, 1, 0, {amount}, {amount}, '{state}', 0, 0, NULL, 0, 0, 0, '', '')"
)


@pytest.fixture
async def refuses(database: Database) -> Callable[..., Awaitable[None]]:
    """Runs a statement that has to be refused as against the rules of the books."""

    async def refuses(statement: str, **values: Any) -> None:
        with pytest.raises(sa.exc.IntegrityError):
            async with database.begin() as tx:
                await tx.execute(sa.text(statement), values)

    return refuses


async def _setting(db: Database) -> dict[str, int]:
    """Two pools with money, a posted, a voided and an open hold; the ids of accounts, and of a transaction ("of")."""
    await drop(db, "p", "ada", 100, fee_bps=1000)
    async with db.begin() as tx:
        await ledger.deposit(tx, "p", "uma", 500, EUR, key="d1", now=NOW)
        await ledger.deposit(tx, "q", "uma", 500, "USD", key="d1", now=NOW)
        for offer, cap_ms in (("o1", 3 * MINUTE), ("o2", MINUTE)):
            await meter.reserve(
                tx, "p", offer, "uma", "ada", rate=100, free_ms=0, cap_ms=cap_ms, minimum_ms=MINUTE, fee_bps=0,
                currency=EUR, now=NOW,
            )  # fmt: skip
        await meter.settle(tx, "p", "o2", "s2", ran_ms=10, ended_by="user", ended_at=NOW)
        rows = await tx.execute(sa.text("SELECT pool, kind, account FROM ledger_accounts"))
        ids = {f"{pool}-{kind}": account for pool, kind, account in rows}
        find = sa.text("SELECT id FROM ledger_transactions WHERE pool = 'p' AND key = 'd1'")
        return ids | {"of": (await tx.execute(find)).scalar_one()}


async def test_the_database_holds_the_rules_of_the_books(database: Database, refuses: Run) -> None:
    ids = await _setting(database)
    await _transfers(database, refuses, ids)
    await _accounts(refuses, ids)
    await _holds(refuses, ids)
    await _append_only(database, refuses)
    await check(database)


async def _transfers(database: Database, refuses: Run, ids: dict[str, int]) -> None:
    """The wallet has 500, of it 300 set aside; processor and escrow stand at -600 and 0."""
    wallet, escrow, processor = ids["p-wallet"], ids["p-escrow"], ids["p-processor"]
    good = {"of": ids["of"], "pool": "p", "currency": "EUR", "debit": wallet, "credit": escrow, "amount": 200,
            "debit_after": 300, "credit_after": 200}  # fmt: skip
    async with database.begin() as tx:  # it is what is wrong below that is refused, and not the rest
        tried = await tx.begin_nested()
        await tx.execute(sa.text(TRANSFER), good)
        await tried.rollback()
    for wrong in (
        {"amount": 0}, {"amount": -200, "debit_after": 700, "credit_after": -200}, {"amount": 10**12 + 1},
        {"credit": wallet}, {"debit_after": 301}, {"credit_after": 201}, {"of": 10**6}, {"debit": 10**6},
        {"currency": "USD"}, {"pool": "q"}, {"credit": ids["q-escrow"]},
        {"amount": 201, "debit_after": 299, "credit_after": 201},  # of what is set aside
        {"amount": 501, "debit_after": -1, "credit_after": 501},
        {"debit": escrow, "credit": processor, "amount": 1, "debit_after": -1, "credit_after": -599},
        {"debit": processor, "credit": wallet, "amount": 1, "debit_after": -601, "credit_after": 501},  # twice
    ):  # fmt: skip
        await refuses(TRANSFER, **(good | wrong))


async def _accounts(refuses: Run, ids: dict[str, int]) -> None:
    where = f"WHERE account = {ids['p-wallet']}"
    for change in ("balance = balance + 1", "balance = 0", "balance = -1", "pending = 0", "pending = pending + 1",
                   "kind = 'fees'", "pool = 'q'", "currency = 'USD'", "account = 77", "owner = ''"):  # fmt: skip
        await refuses(f"UPDATE ledger_accounts SET {change} {where}")
    columns = "(pool, kind, owner, currency, balance, pending, frozen_reason)"
    for row in ("'p', 'wallet', 'vic', 'EUR', 1, 0, ''", "'p', 'wallet', 'vic', 'EUR', 0, 1, ''",
                "'p', 'wallet', '', 'EUR', 0, 0, ''", "'p', 'purse', 'vic', 'EUR', 0, 0, ''",
                "'p', 'wallet', 'uma', 'EUR', 0, 0, ''", "'p', 'fees', 'uma', 'EUR', 0, 0, ''"):  # fmt: skip
        await refuses(f"INSERT INTO ledger_accounts {columns} VALUES ({row})")


async def _holds(refuses: Run, ids: dict[str, int]) -> None:
    for change in ("amount = amount - 1", "amount = amount + 201", "rate = 1", "told_amount = 0", "fee_bps = 1",
                   f"wallet = {ids['p-fees']}", "state = 'gone'", "state = 'voided'", "ended_at = 1",
                   "state = 'voided', outcome = 'charged', ended_at = 1",
                   "state = 'posted', outcome = 'charged', ended_at = 1, posted = 1",
                   f"state = 'posted', outcome = 'charged', ended_at = 1, posted = 301, transaction_id = {ids['of']}",
                   "session = 's2'"):  # fmt: skip
        await refuses(f"UPDATE ledger_holds SET {change} WHERE hold = 'o1'")
    for ended in ("o2", "o-p-uma-ada-100"):  # once, and nothing of it changes
        for change in ("state = 'pending', outcome = '', ended_at = NULL", "ran_ms = 5", "fee = 0", "ended_by = 'x'"):
            await refuses(f"UPDATE ledger_holds SET {change} WHERE hold = '{ended}'")
    sides = {"wallet": ids["p-wallet"], "earnings": ids["p-earnings"]}
    for other in ({"amount": 201}, {"amount": -1}, {"state": "voided"}, {"wallet": ids["q-wallet"]},
                  {"wallet": ids["p-fees"]}):  # fmt: skip
        await refuses(HOLD.format(**({"amount": 1, "state": "pending"} | sides | other)))


async def _append_only(db: Database, refuses: Run) -> None:
    for table in ("transactions", "transfers", "commands"):
        await refuses(f"UPDATE ledger_{table} SET pool = pool")
    for table in ("accounts", "transactions", "transfers", "holds", "commands"):
        await refuses(f"DELETE FROM ledger_{table}")
        if db.kind == "postgresql":
            await refuses(f"TRUNCATE ledger_{table} CASCADE")
        else:
            await refuses(f"INSERT OR REPLACE INTO ledger_{table} SELECT * FROM ledger_{table} LIMIT 1")


async def test_what_a_hold_posted_is_what_moves(database: Database, refuses: Run) -> None:
    """A posted hold names its transaction; nothing but what it posted can be booked there, and only once."""
    ids = await _setting(database)
    of, wallet, escrow = ids["of"], ids["p-wallet"], ids["p-escrow"]
    async with database.begin() as tx:
        made = sa.text(
            "INSERT INTO ledger_transactions (pool, kind, key, at, reference, memo)"
            " VALUES ('p', 'session', 'session:s1', 0, 's1', '') RETURNING id"
        )
        of = (await tx.execute(made)).scalar_one()
        posted = "state = 'posted', outcome = 'charged', ended_at = 1, posted = 200, fee = 50, session = 's1'"
        await tx.execute(sa.text(f"UPDATE ledger_holds SET {posted}, transaction_id = {of} WHERE hold = 'o1'"))
    row = {"of": of, "pool": "p", "currency": "EUR"}
    for debit, credit, amount, debit_after, credit_after in (
        (wallet, escrow, 199, 301, 199), (wallet, ids["p-fees"], 200, 300, 210), (wallet, escrow, 500, 0, 500),
    ):  # fmt: skip
        await refuses(TRANSFER, **row, debit=debit, credit=credit, amount=amount, debit_after=debit_after,
                      credit_after=credit_after)  # fmt: skip
