"""Statements: what was booked on an account, on either database."""

import pytest

from billing import ledger, meter
from billing.statements import statements
from billing.statements.statements import Line, Statement
from billing.store import Kind
from ground.sql import Database
from tests.billing.books import EUR, MINUTE, NOW, check, drop


async def read(db: Database, kind: Kind, owner: str, before: int = 0, limit: int = 50) -> Statement:
    async with db.read() as tx:
        found = await statements.statement(tx, "p", kind, owner, before=before, limit=limit)
    assert found is not None
    return found


async def every(db: Database, kind: Kind, owner: str) -> list[Line]:
    return [line async for some in statements.all_lines(db, "p", kind, owner) for line in some]


async def hold(db: Database, name: str, rate: int = 600) -> None:
    async with db.begin() as tx:
        await meter.reserve(
            tx, "p", name, "uma", "ada", rate=rate, free_ms=0, cap_ms=MINUTE, minimum_ms=MINUTE, fee_bps=2000,
            currency=EUR, now=NOW,
        )  # fmt: skip


async def settle(db: Database, name: str, ran_ms: int) -> None:
    async with db.begin() as tx:
        await meter.settle(tx, "p", name, f"s-{name}", ran_ms=ran_ms, ended_by="user", ended_at=NOW)


async def live(db: Database) -> None:
    """Uma deposits, talks for 40 s, for 30 s and not at all, has some back, and is in a session now."""
    async with db.begin() as tx:
        await ledger.deposit(tx, "p", "uma", 5000, EUR, key="d1", now=NOW, reference="dep-1")
    for name, ran_ms in (("long", 40_000), ("short", 30_000)):
        await hold(db, name)
        await settle(db, name, ran_ms)
    await hold(db, "left")
    async with db.begin() as tx:
        await meter.release(tx, "p", "left", NOW)
        await ledger.refund(tx, "p", "uma", 1000, EUR, key="r1", now=NOW)
        await ledger.goodwill(tx, "p", "uma", 7, EUR, key="g1", now=NOW, memo="for the noise")
    await hold(db, "now", 300)


@pytest.mark.claim("A14", "A15", "A20")
async def test_each_side_sees_what_was_booked_and_nothing_of_what_was_not(database: Database) -> None:
    await live(database)
    wallet, earned = await read(database, "wallet", "uma"), await read(database, "earnings", "ada")
    told = [(line.kind, line.amount, line.balance, line.reference) for line in wallet.lines]
    assert told == [
        ("goodwill", 7, 3607, ""), ("refund", -1000, 3600, ""), ("session", -400, 4600, "s-long"),
        ("deposit", 5000, 5000, "dep-1"),
    ]  # fmt: skip
    assert (wallet.balance, wallet.held, wallet.currency, wallet.frozen, wallet.more) == (3607, 300, EUR, False, False)
    assert [(one.hold, one.session, one.expert, one.amount, one.rate) for one in wallet.set_aside] == [
        ("now", "", "ada", 300, 300)
    ]
    (line,) = earned.lines
    assert (line.session, line.ran_ms, line.rate, line.gross, line.fee) == ("s-long", 40_000, 600, 400, 80)
    assert (line.amount, line.balance, line.user, line.expert, line.memo) == (320, 320, "uma", "ada", "")
    assert [one.amount for one in (await read(database, "fees", "")).lines] == [-7, 80]
    assert sum(one.amount for one in (await read(database, "escrow", "")).lines) == 0
    assert [(one.other, one.amount) for one in (await read(database, "processor", "")).lines] == [
        ("uma", 1000), ("uma", -5000)
    ]  # fmt: skip
    async with database.read() as tx:
        assert await statements.statement(tx, "p", "wallet", "vic") is None
        found = await statements.totals(tx, "p")
    assert (found.wallets.amount, found.owed.amount, found.fees, found.processor) == (3607, 320, 73, -4000)
    assert (found.open_holds, found.deposits, found.refunds) == (
        statements.Sum(count=1, amount=300), statements.Sum(count=1, amount=5000), statements.Sum(count=1, amount=1000)
    )  # fmt: skip
    await check(database)


async def test_pages_hold_while_new_lines_come_and_every_balance_is_the_one_after_its_line(database: Database) -> None:
    for number in range(1, 12):
        await drop(database, "p", "ada", number, fee_bps=5000)
    first = await read(database, "earnings", "ada", limit=4)
    await drop(database, "p", "ada", 100)
    pages, more = [first], first.more
    while more:
        page = await read(database, "earnings", "ada", before=pages[-1].lines[-1].id, limit=4)
        pages, more = [*pages, page], page.more
    walked = [line for page in pages for line in page.lines]
    assert [len(page.lines) for page in pages] == [4, 4, 3]
    oldest_first = await every(database, "earnings", "ada")
    assert [line.id for line in oldest_first[:-1]] == [line.id for line in reversed(walked)]
    balance = 0
    for line in oldest_first:
        balance += line.amount
        assert line.balance == balance
    now = await read(database, "earnings", "ada")
    assert balance == now.balance and sum(line.amount for line in oldest_first) == now.balance


async def test_a_long_account_is_read_in_pieces_and_what_comes_meanwhile_is_left_out(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(statements, "STREAMED", 3)
    for number in range(1, 8):
        await drop(database, "p", "ada", number)
    pieces = []
    async for some in statements.all_lines(database, "p", "wallet", "uma"):
        pieces.append(some)
        await drop(database, "p", "ada", 1000 + len(pieces))
    assert [len(piece) for piece in pieces] == [3, 3, 3, 3, 2]
    assert sum(line.amount for piece in pieces for line in piece) == 0
