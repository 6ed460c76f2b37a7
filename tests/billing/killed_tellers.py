"""A day's commands on the ledger in processes that are killed, as a script of its own: `URL WHAT STRIDE`.

WHAT is "commits" or "statements". For n = 1, 1 + STRIDE, ...: a process does the day on a pool of its own and kills
itself at the n-th point, which is before a statement, or before or after a commit; another does the whole day again. It
ends with the first n that the day doesn't reach. Prints how many processes were killed.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from sqlalchemy import event

from billing import ledger, meter
from ground.errors import Refusal
from ground.sql import Database, Tx
from tests.billing.books import EUR, NOW
from tests.billing.inline import on_this_thread


class Fuse:
    """Kills this process the n-th time it is touched. 0: never."""

    def __init__(self, n: int) -> None:
        self.left = n

    def touch(self, *_arguments: object) -> None:
        self.left -= 1
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


async def commands(tx: Tx, pool: str, step: int) -> None:
    """The day, a step a transaction."""
    terms: dict[str, Any] = {
        "rate": 600,
        "free_ms": 0,
        "minimum_ms": 60_000,
        "fee_bps": 2_000,
        "currency": EUR,
        "now": NOW,
    }
    match step:
        case 0 | 1:  # the same deposit is told twice
            await ledger.deposit(tx, pool, "uma", 1_000, EUR, key="d1", now=NOW)
        case 2:
            with suppress(Refusal):  # "not_funded" on the second time round: it has ended
                await meter.reserve(tx, pool, "o1", "uma", "ada", cap_ms=120_000, **terms)
        case 3:
            await meter.bind(tx, pool, "o1", "s1")
        case 4:
            await ledger.deposit(tx, pool, "uma", 700, EUR, key="d2", now=NOW)
            await meter.extend_open(tx, pool, "uma", NOW)
        case 5:
            await meter.settle(tx, pool, "o1", "s1", ran_ms=95_000, ended_by="user", ended_at=NOW)
        case 6:
            with suppress(Refusal):
                await meter.reserve(tx, pool, "o2", "uma", "ada", cap_ms=60_000, **terms)
                await meter.settle(tx, pool, "o2", "s2", ran_ms=30_000, ended_by="user", ended_at=NOW)
        case 7:
            await ledger.refund(tx, pool, "uma", 100, EUR, key="r1", now=NOW)
        case 8:
            await ledger.reverse(tx, pool, "r1", key="r1-failed", now=NOW)
        case 9:
            await ledger.refund(tx, pool, "uma", 50, EUR, key="r2", now=NOW)
        case 10:
            await ledger.payout(tx, pool, "ada", 60, EUR, key="b1", now=NOW)


async def opened(url: str) -> Database:
    """Opened once, so that who is forked finds every statement compiled; its connections are each process's own."""
    db = on_this_thread(url.removeprefix("sqlite:///")) if url.startswith("sqlite") else await Database.open(url)
    await day(db, "undisturbed", "", Fuse(0))
    return db


async def day(db: Database, pool: str, what: str, fuse: Fuse) -> None:
    engine = db._engine.sync_engine
    event.listen(engine, "before_cursor_execute" if what == "statements" else "commit", fuse.touch)
    for step in range(11):
        async with db.begin() as tx:
            await commands(tx, pool, step)
        if what == "commits":
            fuse.touch()
    await db.close()


def in_a_process(work: Callable[[], Awaitable[None]]) -> int:
    """Run `work` in a fork of this process; how it ended: 0, or minus the signal."""
    pid = os.fork()
    if pid == 0:
        code = 1
        with suppress(BaseException):
            asyncio.run(work())  # type: ignore[arg-type]
            code = 0
        os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def main(url: str, what: str, stride: int) -> None:
    db = asyncio.run(opened(url))
    n = killed = 0
    while True:
        n = n + stride if n else 1
        ended = in_a_process(lambda n=n: day(db, f"{what}{n}", what, Fuse(n)))  # type: ignore[misc]
        if ended == 0:
            break
        assert ended == -signal.SIGKILL, ended
        killed += 1
        assert in_a_process(lambda n=n: day(db, f"{what}{n}", what, Fuse(0))) == 0, n  # type: ignore[misc]
    print(killed)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
