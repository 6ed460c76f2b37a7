"""Rebuilds every balance from what was booked, and names what does not fit.

Accounts are gone through in order of their ids with their transfers beside them, then the transactions with their holds
and commands, in one snapshot of the database: memory does not grow with the books. A transfer tells the balances after
it, so each is checked on the way.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any, Final

from msgspec import Struct, field

from billing.audit import store
from billing.price import cost, fee
from ground.sql import Database, Tx

SHOWN: Final = 1_000
"""The most drifts that a report holds; `more` says that there are others."""
_ACCOUNTS: Final = 500
_TRANSACTIONS: Final = 5_000
_MAY_OWE: Final = ("fees", "processor", "world")


class Drift(Struct, frozen=True):
    """Something that does not fit: `rule` is broken at `object` ("p: wallet uma"); amounts in minor units."""

    pool: str
    rule: str
    object: str
    expected: int
    found: int


class Report(Struct):
    """What was looked at, and what does not fit."""

    accounts: int = 0
    transfers: int = 0
    transactions: int = 0
    drifts: list[Drift] = field(default_factory=list)
    more: bool = False

    def expect(self, pool: str, rule: str, where: str, expected: int, found: int) -> None:
        """Note a drift unless the two are the same."""
        if expected == found:
            return
        self.more = len(self.drifts) >= SHOWN
        if not self.more:
            self.drifts.append(Drift(pool, rule, where, expected, found))


Progress = Callable[[str, int, int], None]
"""Told what is looked at ("accounts"), how many of them are done, and how many there are."""


async def examine(db: Database, pool: str = "", progress: Progress = lambda _what, _done, _of: None) -> Report:
    """Look at the books of `pool`, or of all pools. Nothing is changed, and nobody has to wait."""
    report = Report()
    async with db.read() as tx:
        await store.one_snapshot(tx)
        there = await store.count(tx, pool)
        for name, currency, total in await store.sums(tx, pool):
            report.expect(name, "sum of all balances", f"{name}: {currency}", 0, total)
        await _accounts(tx, pool, report, lambda done: progress("accounts", done, there["accounts"]))
        await _transactions(tx, pool, report, lambda done: progress("transactions", done, there["transactions"]))
    # Each transaction has been held against its hold or command; as many of these, so that none stands alone.
    report.expect(pool, "posted holds", "as many as sessions", there["sessions"], there["posted"])
    others = there["transactions"] - there["sessions"]
    report.expect(pool, "commands", "as many as other transactions", others, there["commands"])
    return report


async def _accounts(tx: Tx, pool: str, report: Report, progress: Callable[[int], None]) -> None:
    last = 0
    while page := await store.accounts_after(tx, pool, last, _ACCOUNTS):
        first, last = page[0]["account"], page[-1]["account"]
        held = await store.pending(tx, first, last)
        async for row, total in _totals(page, store.moves(tx, first, last), report):
            _compare(row, total, held.get(row["account"], 0), report)
        report.accounts += len(page)
        progress(report.accounts)


def _compare(row: Any, total: int, held: int, report: Report) -> None:
    report.expect(row["pool"], "balance", _name(row), total, row["balance"])
    report.expect(row["pool"], "pending", _name(row), held, row["pending"])
    if row["kind"] not in _MAY_OWE:
        report.expect(row["pool"], "covers what is pending", _name(row), max(total, held), total)


async def _totals(page: Sequence[Any], moves: AsyncIterator[Any], report: Report) -> AsyncIterator[tuple[Any, int]]:
    """Each account of the page with the sum of its transfers. Both come in order of the account."""
    move = await anext(moves, None)
    for row in page:
        total = 0
        while move is not None and move[0] <= row["account"]:
            if move[0] == row["account"]:  # those of another pool between two of this one are passed over
                total += move[4]
                _follow(row, move, total, report)
            move = await anext(moves, None)
        yield row, total


def _follow(row: Any, move: Any, total: int, report: Report) -> None:
    _account, pool, currency, transfer, _change, after = move
    report.transfers += 1
    where = f"{_name(row)}, transfer {transfer}"
    report.expect(row["pool"], "balance after a transfer", where, total, after)
    report.expect(
        row["pool"], "one pool and currency", where, 1, int((pool, currency) == (row["pool"], row["currency"]))
    )


async def _transactions(tx: Tx, pool: str, report: Report, progress: Callable[[int], None]) -> None:
    end = await store.last_transaction(tx)
    for first in range(1, end + 1, _TRANSACTIONS):
        async for row in store.booked(tx, pool, first, min(end, first + _TRANSACTIONS - 1)):
            _look(row, report)
            report.transactions += 1
        progress(report.transactions)


def _look(row: Any, report: Report) -> None:
    """One transaction: it moves something, leaves nothing in escrow, and is what its hold or its command says."""
    pool, where = row["pool"], f"{row['pool']}: transaction {row['id']} ({row['key']})"
    report.expect(pool, "has transfers", where, 1, min(1, row["transfers"]))
    report.expect(pool, "left in escrow", where, 0, int(row["escrow"]))
    if row["kind"] != "session":
        told = (row["answer"] or "").startswith(f'{{"transaction":{row["id"]},')
        report.expect(pool, "is its command's answer", where, 1, int(told))
    elif row["hold"] is None:
        report.expect(pool, "has a hold", where, 1, 0)
    else:
        report.expect(pool, "is its hold's session", where, 1, int(row["key"] == f"session:{row['session']}"))
        due = min(cost(row["rate"], row["free_ms"], row["ran_ms"]), row["amount"])
        report.expect(pool, "posted as long as it ran", where, due, row["posted"])
        report.expect(pool, "fee as agreed", where, fee(row["posted"], row["fee_bps"]), row["fee"])
        report.expect(pool, "paid as posted", where, row["posted"], int(row["paid"]))
        report.expect(
            pool, "credit is what was posted less the fee", where, row["posted"] - row["fee"], int(row["earned"])
        )


def _name(row: Any) -> str:
    return f"{row['pool']}: {row['kind']} {row['owner']}".rstrip()
