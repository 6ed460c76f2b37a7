"""History of a session that the live store has forgotten: from the books, for its two sides only."""

import pytest

from ground.errors import Refusal
from ground.sql import Database, Stamp
from ground.store import Store
from sessions.conversation import Conversation
from sessions.store import record
from tests.sessions.test_store import said, session


@pytest.fixture
async def conversation(store: Store, pool: str, database: Database) -> Conversation:
    async with database.begin() as tx:
        await record(tx, pool, [(Stamp("e", 1, 1), [session("s1"), *(said(n, f"line {n}") for n in range(1, 8))])])
    return Conversation(store, database)


async def test_both_sides_read_it_page_by_page(conversation: Conversation, pool: str) -> None:
    for side, who in (("user", "u1"), ("expert", "ada")):
        newest = await conversation.history(pool, "s1", side, who, limit=5)
        assert [line.n for line in newest.lines] == [3, 4, 5, 6, 7] and newest.more
        oldest = await conversation.history(pool, "s1", side, who, before=3, limit=5)
        assert [line.text for line in oldest.lines] == ["line 1", "line 2"] and not oldest.more


@pytest.mark.parametrize(("side", "who"), [("user", "u2"), ("expert", "bruno"), ("user", "ada"), ("operator", "ada")])
async def test_anybody_else_gets_the_answer_of_a_session_that_does_not_exist(
    conversation: Conversation, pool: str, side: str, who: str
) -> None:
    for name in ("s1", "nowhere"):
        with pytest.raises(Refusal) as refusal:
            await conversation.history(pool, name, side, who)
        assert (refusal.value.code, refusal.value.detail) == ("no_such_session", name)
