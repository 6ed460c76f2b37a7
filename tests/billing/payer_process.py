"""A process that takes deposits and gives money back, over and over, and dies each time at a commit.

    python -m tests.billing.payer_process DATABASE API

For each line of its standard input, [kill, ahead, [[body, signature], ...]], a fork asks for a page, follows these
events, asks for a refund and sends it, by a clock that is `ahead` (ms). It dies before its nth commit of a change when
`kill` is -n, right behind it when it is n. A line of the standard output tells how it ended: 0 when it came to its end.
"""

import asyncio
import json
import os
import signal
import sys
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Connection

from billing.deposits.processor import Settings, _load
from ground.clock import SetClock, SystemClock
from ground.sql import Database
from tests import processor as tp
from tests.billing.counter import POOL, USER, Counter

AMOUNT = 2500
BACK = 700


def die_at_commit(database: Database, kill: int) -> None:
    """See to it that one of the transactions that change something is the last thing that happens."""
    engine, count, changed = database._engine.sync_engine, 0, False

    def ran(_connection: Connection, cursor: Any, statement: str, *_given: Any) -> None:
        nonlocal changed
        changed |= statement.startswith(("INSERT", "UPDATE", "DELETE")) and cursor.rowcount > 0

    def before(_connection: Connection) -> None:
        nonlocal count
        count += changed
        if changed and count == -kill:
            os.kill(os.getpid(), signal.SIGKILL)

    def behind(*_given: Any) -> None:  # the connection comes back when the commit is done
        nonlocal changed
        if changed and count == kill:
            os.kill(os.getpid(), signal.SIGKILL)
        changed = False

    event.listen(engine, "after_cursor_execute", ran)
    event.listen(engine, "commit", before)
    event.listen(engine.pool, "checkin", behind)


async def run(url: str, api: str, kill: int, ahead: int, events: list[tuple[str, str]]) -> None:
    database = await Database.open(url)
    die_at_commit(database, kill)
    clock = SetClock(SystemClock().now_ms() + ahead)
    counter = Counter(database, Settings(key=tp.KEY, secret=tp.SECRET, api=api), clock)
    await counter.page("op-1", AMOUNT, keep=True)
    for body, signature in events:
        await counter.webhook.take(body.encode(), signature)
    if (await counter.balance()).balance:
        await refund(counter)
    await counter.processor.close()
    await database.close()


async def refund(counter: Counter) -> None:
    await counter.refunds.ask(POOL, USER, "back", BACK, "EUR")
    await counter.refunds.resume()


def main(url: str, api: str) -> None:
    _load(Settings(key=tp.KEY, secret=tp.SECRET, api=api))  # once, before the forks
    for line in sys.stdin:
        kill, ahead, events = json.loads(line)
        child = os.fork()
        if not child:
            try:
                asyncio.run(run(url, api, kill, ahead, events))
            except BaseException:
                sys.excepthook(*sys.exc_info())
                os._exit(1)
            os._exit(0)
        _pid, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status) % 256, flush=True)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
