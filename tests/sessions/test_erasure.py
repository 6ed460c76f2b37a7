"""A user's data taken along and forgotten; on both databases."""

import json

import sqlalchemy as sa

from ground.sql import Database, Stamp, metadata
from ground.store import Store
from queueing import waits
from queueing.store import record as record_tickets
from sessions.conversation import Conversation
from sessions.erasure import erase_user, export_user
from sessions.feedback import Feedback
from sessions.meetings import between
from sessions.phone.book import Book
from sessions.phone.caps import Limits, Plan, Purpose, book, code_call
from sessions.phone.numbers import Number
from sessions.standing import standings
from sessions.store import transcript
from tests.queueing.test_waits import matched, ticket
from tests.sessions.logged import log, said, session

SECRETS = ("uma-the-user", "Uma-The-User", "my landlord", "answer to uma", "had enough of it", "+4915112345678")


async def fill(store: Store, db: Database, pool: str) -> Feedback:
    """Uma met Ada and Bob and spoke of feedback on one of them; Max met Ada."""
    uma = "uma-the-user"
    await log(
        db, pool, session("s-first", uma), session("s-max", "max"),
        session("s-second", uma, "bob", reason="had enough of it"),
        said("s-first", 1, "user", "my landlord is cruel"), said("s-first", 2, "expert", "answer to uma"),
        said("s-max", 1, "user", "hello from max"),
    )  # fmt: skip
    feedback = Feedback(db, Conversation(store, db))
    await feedback.give(pool, "s-first", uma, 5, "kind", may_teach=True, after_s=30, op="op-1", now=10)
    await feedback.give(pool, "s-second", uma, 2, "", after_s=30, op="op-2", now=11)
    await feedback.give(pool, "s-max", "max", 4, "fine", after_s=30, op="op-3", now=12)
    joined: list[object] = [ticket("t1", "joined", [("ada", 1)], user=uma, name="Uma-The-User")]
    facts = [joined, matched("t1", "ada", user=uma)]
    entries = [(Stamp("e1", n, n * 100), events) for n, events in enumerate(facts, start=1)]
    number = Number("+4915112345678", "DE")
    plans: tuple[Purpose, ...] = ("code", "turn", "session")
    await Book(db, b"key").set_number(pool, "user", uma, number, 13)
    async with db.begin() as tx:
        for purpose in plans:
            call = code_call(pool, "user", uma, purpose)
            plan = Plan(call=call, pool=pool, side="user", member=uma, number=number.e164, purpose=purpose)
            await book(tx, plan, Limits(9, 99, b"k"), 14)
        await waits.record(tx, pool, entries)
        await record_tickets(tx, pool, entries)
    return feedback


async def everything(db: Database) -> str:
    async with db.read() as tx:
        rows = [list(map(str, row)) for table in metadata.sorted_tables for row in await tx.execute(sa.select(table))]
    return json.dumps(rows)


async def test_a_user_takes_along_their_own_and_nothing_of_others(store: Store, database: Database, pool: str) -> None:
    await fill(store, database, pool)
    taken = await export_user(database, pool, "uma-the-user")
    assert [one["session"] for one in taken["sessions"]] == ["s-first", "s-second"]
    assert [one["text"] for one in taken["messages"]] == ["my landlord is cruel", "answer to uma"]
    assert [(one["stars"], one["text"]) for one in taken["feedback"]] == [(5, "kind"), (2, "")]
    assert [(one["expert"], one["from_ms"], one["to_ms"], one["outcome"]) for one in taken["waits"]] == [
        ("ada", 100, 200, "matched")
    ]
    assert [one["number"] for one in taken["phones"]] == ["+4915112345678"] and len(taken["phone_calls"]) == 3
    assert "max" not in json.dumps(taken)
    nobody = await export_user(database, pool, "nobody")
    assert set(map(repr, nobody.values())) == {"[]"} and {"sessions", "messages", "files", "notes"} <= nobody.keys()


async def test_an_erased_user_is_found_nowhere_and_every_count_stays(
    store: Store, database: Database, pool: str
) -> None:
    feedback = await fill(store, database, pool)
    before = await standings(database, pool), (await feedback.page(pool, "ada")).items
    kept = await everything(database)
    assert [secret for secret in SECRETS if secret not in kept] == []
    async with database.begin() as tx:
        await erase_user(tx, pool, "uma-the-user")
    left = await everything(database)
    assert [secret for secret in SECRETS if secret in left] == []
    assert (await standings(database, pool), (await feedback.page(pool, "ada")).items) == before
    assert await transcript(database, pool, "s-max") != []
    assert (await between(database, pool, "uma-the-user", "ada")).count == 0
    assert len(await waits.waits(database, pool, "ada", 0, 1000)) == 1
    async with database.read() as tx:
        sessions = (await tx.execute(sa.text("SELECT session FROM feedback WHERE pool = :p"), {"p": pool})).scalars()
        assert {one for one in sessions if one.startswith("s-")} == {"s-max"}


async def test_erasing_twice_or_nobody_changes_nothing(store: Store, database: Database, pool: str) -> None:
    await fill(store, database, pool)
    async with database.begin() as tx:
        await erase_user(tx, pool, "uma-the-user")
    once = await everything(database)
    async with database.begin() as tx:
        await erase_user(tx, pool, "uma-the-user")
        await erase_user(tx, f"{pool}x", "max")
        await erase_user(tx, pool, "")
    assert await everything(database) == once
