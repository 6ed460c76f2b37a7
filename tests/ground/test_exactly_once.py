"""A conductor that is killed at any moment and starts again counts each entry once."""

import asyncio
import os
import sys

import pytest
import sqlalchemy as sa

from ground.sql import Database, get_cursor
from identity.store import actions

ENTRIES = 400
CONDUCTOR = f"""
import asyncio, sys
from ground.sql import Database, get_cursor, set_cursor
from identity.audit import Action, note

async def main():
    db = await Database.open(sys.argv[1])
    while True:
        async with db.begin() as tx:
            seq = (await get_cursor(tx, "demo")).seq
            if seq == {ENTRIES}:
                return await db.close()
            for entry in range(seq + 1, min(seq + 4, {ENTRIES} + 1)):  # a note written twice would count twice
                await note(tx, "demo", entry, Action(actor="op", action="force", object="expert:ada", reason="r"))
                await set_cursor(tx, "demo", "e1", entry)
        print(entry, flush=True)

asyncio.run(main())
"""


async def _conduct(url: str, kill_after: int) -> bool:
    """Run a conductor; SIGKILL it after so many transactions. Whether it came to the end."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", CONDUCTOR, url, stdout=asyncio.subprocess.PIPE, env=os.environ | {"PYTHONPATH": "."}
    )
    assert process.stdout is not None
    async with asyncio.timeout(60):
        for _ in range(kill_after):
            if not await process.stdout.readline():
                return await process.wait() == 0
        process.kill()
        await process.communicate()
    return False


async def test_each_entry_counts_once(database: Database, database_url: str) -> None:
    rounds = 0
    while not await _conduct(database_url, kill_after=37 + rounds):
        rounds += 1
    assert rounds >= 2
    async with database.begin() as tx:
        assert (await get_cursor(tx, "demo")).seq == ENTRIES
        written = list(await tx.scalars(sa.select(actions.c.at).order_by(actions.c.at)))
    assert written == list(range(1, ENTRIES + 1))


@pytest.mark.parametrize("steps", [1, 5])
async def test_a_cancelled_transaction_leaves_nothing_and_frees_the_writer(database: Database, steps: int) -> None:
    async def write() -> None:
        async with database.begin() as tx:
            await tx.execute(sa.insert(actions).values(_row("a")))
            await asyncio.Event().wait()

    task = asyncio.create_task(write())
    for _ in range(steps):
        await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with asyncio.timeout(5), database.begin() as tx:
        assert (await tx.execute(sa.select(actions))).all() == []
        await tx.execute(sa.insert(actions).values(_row("b")))


def _row(key: str) -> dict[str, object]:
    texts = dict.fromkeys(("actor", "action", "object", "reason", "epoch"), "x")
    return {"pool": "demo", "key": key, "at": 1, "seq": 1} | texts
