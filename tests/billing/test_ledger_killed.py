"""Processes that die at every point of a deposit, a hold, a charge and a refund; then they are asked again."""

import asyncio
import os
import sys

import pytest
import sqlalchemy as sa

from ground.sql import Database
from tests.billing.books import check, totals
from tests.repo.house import ROOT

DAY = {
    ("earnings", "ada"): 700, ("escrow", ""): 0, ("fees", ""): 190, ("processor", ""): -1650, ("wallet", "uma"): 700,
    ("world", ""): 60,
}  # fmt: skip


async def kill(url: str, what: str, stride: int) -> int:
    """Let tellers die at every `stride`-th of these points; how many died."""
    asked = [sys.executable, "-m", "tests.billing.killed_tellers", url, what, str(stride)]
    teller = await asyncio.create_subprocess_exec(*asked, cwd=ROOT, stdout=asyncio.subprocess.PIPE)
    said, _ = await teller.communicate()
    assert teller.returncode == 0
    return int(said)


@pytest.mark.claim("A16", "A20")
async def test_whenever_a_process_is_killed_each_effect_is_there_once(database: Database, database_url: str) -> None:
    """SQLite: around every commit and at some statements; PostgreSQL: at few. OPENLINE_KILLS=all: everywhere."""
    every = os.environ.get("OPENLINE_KILLS") == "all"
    commits, statements = (1, 7) if database.kind == "sqlite" else (4, 60)
    killed = await kill(database_url, "commits", 1 if every else commits)
    assert killed == (22 if every or commits == 1 else 6)  # eleven transactions
    killed += await kill(database_url, "statements", 1 if every else statements)
    async with database.read() as tx:
        pools = (await tx.execute(sa.text("SELECT DISTINCT pool FROM ledger_accounts"))).scalars().all()
        states = (await tx.execute(sa.text("SELECT hold, state, count(*) FROM ledger_holds GROUP BY 1, 2"))).all()
    assert len(pools) == killed + 3  # and three that nobody disturbed
    for pool in pools:
        assert await totals(database, pool) == DAY, pool
    assert sorted(states) == [("o1", "posted", killed + 3), ("o2", "voided", killed + 3)]
    await check(database)
