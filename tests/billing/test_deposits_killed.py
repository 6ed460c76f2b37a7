"""SIGKILL at every commit of a deposit and a refund, before it and right behind it, each time from the beginning."""

import asyncio
import json
import signal
import sys

import pytest

from billing import store as books
from billing.deposits import store
from ground.clock import SetClock, SystemClock
from ground.sql import Database
from tests import processor as tp
from tests.billing.counter import POOL, USER, Counter, Stand, settings_of, standing
from tests.billing.payer_process import AMOUNT, BACK
from tests.repo.house import ROOT

KILLED = 256 - signal.SIGKILL
HOUR_MS = 3_600_000


class Forks:
    """The process that forks; see payer_process.py."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.deaths = 0

    async def run(self, kill: int, stand: Stand) -> bool:
        """Whether it came to its end. Each is an hour later than the one before, so that nothing waits."""
        events = [(body.decode(), signature) for body, signature in stand.hook.came]
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write(json.dumps([kill, self.deaths * HOUR_MS, events]).encode() + b"\n")
        async with asyncio.timeout(30):
            code = int(await self.process.stdout.readline())
        assert code in (0, KILLED), code
        self.deaths += code == KILLED
        return code == 0


@pytest.mark.claim("A16")
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_killed_at_every_commit_each_effect_comes_once(database: Database, database_url: str) -> None:
    async with standing(database) as stand:
        stand.hook.shut = True
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.billing.payer_process", database_url, stand.found.api,
            stdin=-1, stdout=-1, cwd=ROOT,
        )  # fmt: skip
        forks, over = Forks(process), False
        while not over:
            nth = 2 if await being_sent(stand) else 1  # that a part is looked at is a change each time
            for kill in (-nth, nth):
                over = await forks.run(kill, stand) and bool(await stand.counter.rows("refunds"))
                await check(stand)
            await pay(stand)
        assert forks.deaths >= 13, forks.deaths
        assert process.stdin
        process.stdin.close()
        await process.wait()
        await finish(stand)


async def being_sent(stand: Stand) -> bool:
    async with stand.counter.database.read() as tx:
        due = await store.due_parts(tx, 2**60, 1)
    return bool(due) and due[0]["attempts"] > 0


async def pay(stand: Stand) -> None:
    """The user pays as soon as there is a page."""
    rows = await stand.counter.rows()
    if rows and rows[0]["url"] and not await _told(stand):
        assert (await tp.pay(rows[0]["url"])).status == 303
        await stand.until(lambda: _told(stand))


async def _told(stand: Stand) -> bool:
    return "checkout.session.completed" in stand.hook.kinds()


async def check(stand: Stand) -> None:
    """At no moment is there more than one of anything, or money that came from nowhere."""
    rows, refunds = await stand.counter.rows(), await stand.counter.rows("refunds")
    assert len(rows) <= 1 and len(refunds) <= 1
    expected = (AMOUNT if rows and rows[0]["state"] == "paid" else 0) - (BACK if refunds else 0)
    assert (await stand.counter.balance()).balance == expected
    async with stand.counter.database.read() as tx:
        processor = await books.account(tx, POOL, "processor", "")
    assert (processor["balance"] if processor else 0) == -expected


async def finish(stand: Stand) -> None:
    """Whoever comes later sends what was left."""
    later = SetClock(SystemClock().now_ms() + 100 * HOUR_MS)
    counter = Counter(stand.counter.database, settings_of(stand.found), later)
    stand.others.append(counter)
    await counter.refunds.resume()
    payer = await counter.payer(USER)
    assert (payer["refunding"], payer["last4"]) == ("", "4242")
    assert [one.amount for one in (await stand.client.v1.refunds.list_async()).data] == [BACK]
    assert len((await stand.client.v1.checkout.sessions.list_async()).data) == 1
    assert len((await stand.client.v1.customers.list_async()).data) == 1
    await check(stand)
