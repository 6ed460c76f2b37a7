"""What two had to do with each other; on both databases."""

import pytest

from ground.sql import Database
from ground.store import Store
from sessions.conversation import Conversation
from sessions.feedback import Feedback
from sessions.meetings import NEWEST, Meetings, between
from tests.sessions.logged import MINUTE, log, session


@pytest.mark.claim("B7")
async def test_only_the_sessions_of_these_two(database: Database, store: Store, pool: str) -> None:
    await log(
        database, pool, session("s1", live_at=1000, matched_at=900, ended_at=1000 + MINUTE),
        session("s2", live_at=9000, matched_at=8000, ended_at=9000 + 5 * MINUTE, mode="audio"),
        session("never", live_at=0), session("open", cause="live", state="live", ended_at=0),
        session("other", user="max"), session("another", expert="bob"),
    )  # fmt: skip
    feedback = Feedback(database, Conversation(store, database))
    await feedback.give(pool, "s1", "uma", 4, "", after_s=30, op="op1", now=5)
    found = await between(database, pool, "uma", "ada")
    assert (found.count, found.last) == (2, 9000)
    assert [(one.session, one.mode, one.at, one.seconds, one.stars) for one in found.newest] == [
        ("s2", "audio", 9000, 300, 0),
        ("s1", "chat", 1000, 60, 4),
    ]
    none = Meetings(count=0, last=0, newest=[])
    for user, expert in (("max", "bob"), ("nobody", "ada"), ("uma", "eve"), ("ada", "uma")):
        assert await between(database, pool, user, expert) == none
    assert await between(database, f"{pool}x", "uma", "ada") == none


async def test_many_meetings_are_counted_and_the_newest_named(database: Database, pool: str) -> None:
    await log(database, pool, *(session(f"s{n}", matched_at=n, live_at=n + 1) for n in range(NEWEST + 5)))
    found = await between(database, pool, "uma", "ada")
    assert (found.count, len(found.newest), found.newest[0].session) == (NEWEST + 5, NEWEST, f"s{NEWEST + 4}")
