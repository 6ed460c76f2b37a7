"""`openline audit`: whoever changes the books behind the triggers is found, by one minor unit."""

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from billing import ledger, meter
from billing.audit import audit
from ground.sql import Database
from server.cli import main
from tests.billing.books import EUR, MINUTE, NOW, drop
from tests.databases import open_migrated

TAMPERED = {
    "balance": "UPDATE ledger_accounts SET balance = balance + 1 WHERE pool = 'p' AND owner = 'uma'",
    "sum of all balances": "UPDATE ledger_accounts SET balance = balance - 1 WHERE kind = 'world'",
    "pending": "UPDATE ledger_accounts SET pending = pending - 1 WHERE pending > 0",
    "covers what is pending": "UPDATE ledger_holds SET amount = amount + 999 WHERE state = 'pending'",
    "balance after a transfer": "UPDATE ledger_transfers SET debit_after = debit_after + 1 WHERE id = 1",
    "one pool and currency": "UPDATE ledger_transfers SET currency = 'USD' WHERE id = 1",
    "has transfers": "DELETE FROM ledger_transfers WHERE transaction_id = 1",
    "left in escrow": "UPDATE ledger_transfers SET amount = amount - 1"
    " WHERE credit = (SELECT account FROM ledger_accounts WHERE kind = 'fees')",
    "paid as posted": "UPDATE ledger_holds SET posted = posted - 1, fee = fee - 1 WHERE state = 'posted'",
    "credit is what was posted less the fee": "UPDATE ledger_holds SET fee = fee - 1 WHERE state = 'posted'",
    "posted as long as it ran": "UPDATE ledger_holds SET ran_ms = ran_ms - 1000 WHERE state = 'posted'",
    "fee as agreed": "UPDATE ledger_holds SET fee_bps = fee_bps + 1000 WHERE fee > 0",
    "is its hold's session": "UPDATE ledger_holds SET session = 'another' WHERE state = 'posted'",
    "has a hold": "DELETE FROM ledger_holds WHERE state = 'posted'",
    "is its command's answer": "UPDATE ledger_commands SET answer = '{\"transaction\":99,' WHERE key = 'd1'",
    "posted holds": "DELETE FROM ledger_transactions WHERE kind = 'session'",
    "commands": "INSERT INTO ledger_commands SELECT pool, 'more', name, input_hash, answer, at FROM ledger_commands"
    " LIMIT 1",
}


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with a bit of everything."""
    import asyncio

    path = tmp_path_factory.mktemp("books") / "openline.db"

    async def write() -> None:
        db = await open_migrated(f"sqlite:///{path}")
        await drop(db, "p", "ada", 100, fee_bps=1000)
        async with db.begin() as tx:
            await ledger.deposit(tx, "p", "uma", 500, EUR, key="d1", now=NOW)
            await ledger.collected(tx, "p", 100, EUR, key="b1", now=NOW)
            terms = {"rate": 100, "free_ms": 0, "cap_ms": 3 * MINUTE, "minimum_ms": 1, "fee_bps": 0}
            await meter.reserve(tx, "p", "o1", "uma", "ada", currency=EUR, now=NOW, **terms)
        await drop(db, "q", "bob", 7)
        await db.close()

    asyncio.run(write())
    return path


@pytest.fixture
def copied(books: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(books, tmp_path / "copy.db"))


def behind_the_triggers(path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("PRAGMA ignore_check_constraints = ON")
        for (trigger,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            db.execute(f"DROP TRIGGER {trigger}")
        assert db.execute(statement).rowcount >= 1


def run(path: Path, *words: str) -> Result:
    return CliRunner().invoke(main, ["audit", "--database", f"sqlite:///{path}", *words], catch_exceptions=False)


def test_books_in_balance(copied: Path) -> None:
    good = run(copied)
    assert good.exit_code == 0, good.output
    assert "in balance: 11 accounts, 18 sides of transfers, 6 transactions" in good.output
    assert json.loads(run(copied, "--pool", "q", "--json").output) == {
        "accounts": 5, "transfers": 6, "transactions": 2, "drifts": [], "more": False
    }  # fmt: skip


def test_a_drift_of_one_minor_unit_fails_and_names_the_account(copied: Path) -> None:
    behind_the_triggers(copied, TAMPERED["balance"])
    found = run(copied)
    assert found.exit_code == 1
    assert "p: wallet uma: balance: expected 500, found 501" in found.output
    assert run(copied, "--pool", "q").exit_code == 0
    assert run(copied, "--pool", "p", "--json").exit_code == 1


@pytest.mark.parametrize("rule", TAMPERED)
async def test_whatever_is_changed_is_found(copied: Path, rule: str) -> None:
    behind_the_triggers(copied, TAMPERED[rule])
    db = await Database.open(f"sqlite:///{copied}")
    report = await audit.examine(db)
    await db.close()
    assert rule in {drift.rule for drift in report.drifts}, report.drifts


async def test_a_report_is_bounded(copied: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "SHOWN", 1)
    behind_the_triggers(copied, "UPDATE ledger_accounts SET balance = balance + 1")
    db = await Database.open(f"sqlite:///{copied}")
    report = await audit.examine(db)
    await db.close()
    assert len(report.drifts) == 1 and report.more
