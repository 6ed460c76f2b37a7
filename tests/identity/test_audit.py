"""The audit of operators' actions."""

from ground.sql import Database, Stamp
from identity.audit import Action, Audited, append, note, page

FORCE = Action(actor="op", action="force", object="expert:ada", reason="asleep\x00")


async def test_an_entry_applied_twice_is_one_action(database: Database) -> None:
    for _ in range(2):
        async with database.begin() as tx:
            await append(tx, "demo", Stamp("e1", 7, 1000), FORCE)
    async with database.begin() as tx:
        await append(tx, "demo", Stamp("e2", 7, 2000), FORCE)
        await append(tx, "other", Stamp("e1", 7, 1000), FORCE)
    found = await page(database, "demo")
    assert [(line.epoch, line.seq, line.at) for line in found] == [("e2", 7, 2000), ("e1", 7, 1000)]
    assert found[1] == Audited(
        at=1000, actor="op", action="force", object="expert:ada", reason="asleep\ufffd", epoch="e1", seq=7
    )


async def test_pages_go_back_in_time_and_notes_are_kept_each(database: Database) -> None:
    async with database.begin() as tx:
        for at in (1000, 2000, 3000):
            await note(tx, "demo", at, FORCE)
    assert [line.at for line in await page(database, "demo", limit=2)] == [3000, 2000]
    assert [line.at for line in await page(database, "demo", before=2000)] == [1000]
