"""Who is blocked, for those who come with a token."""

import asyncio

import pytest

from ground.clock import SetClock
from ground.errors import Refusal
from ground.sql import Database
from identity.members import Members
from identity.sign_ins import SignIns
from identity.tokens import Identity, Secret, Tokens
from server.guard import BLOCKED_S, Blocked, Guard

NOW = 1_750_000_000_000
OLGA = Identity(pool="demo", role="operator", subject="olga", name="", expires_at=0, token_id="")


class Counted(SignIns):
    """Counts the looks into the books."""

    looks = 0

    async def blocked(self) -> frozenset[tuple[str, str, str]]:
        self.looks += 1
        return await super().blocked()


async def block(db: Database) -> None:
    await Members(db).block("demo", "user", "uma", "threats", by=OLGA, now=NOW)


async def test_a_crowd_with_tokens_costs_one_look(database: Database) -> None:
    books, now = Counted(database), [100.0]
    blocked = Blocked(books, lambda: now[0])
    await asyncio.gather(*(blocked.check("demo", "user", f"u{n}") for n in range(50)))
    assert books.looks == 1
    await block(database)
    now[0] += BLOCKED_S + 0.1
    with pytest.raises(Refusal, match="blocked"):
        await blocked.check("demo", "user", "uma")
    assert books.looks == 2


async def test_nobody_slips_in_during_the_first_look(database: Database) -> None:
    await block(database)
    blocked = Blocked(SignIns(database))
    came = await asyncio.gather(*(blocked.check("demo", "user", "uma") for _ in range(20)), return_exceptions=True)
    assert [str(one) for one in came] == ["blocked"] * 20


async def test_who_is_blocked_just_now_is_refused_as_soon_as_the_process_hears_of_it(database: Database) -> None:
    tokens = Tokens([Secret(kid="k", value=b"s" * 32)])
    guard = Guard(tokens, SetClock(NOW), SignIns(database))
    token = tokens.issue("demo", "user", "uma", now=NOW)
    assert (await guard.of_token(token, "demo")).subject == "uma"
    await block(database)
    guard.blocked.forget()
    with pytest.raises(Refusal, match="blocked"):
        await guard.of_token(token, "demo")
    assert (await guard.of_token(tokens.issue("demo", "expert", "uma", now=NOW), "demo")).role == "expert"


async def test_books_that_do_not_answer_let_nobody_in_unseen(database: Database) -> None:
    blocked = Blocked(SignIns(database))
    await block(database)

    async def torn() -> frozenset[tuple[str, str, str]]:
        raise OSError("no database")

    blocked._sign_ins.blocked = torn  # type: ignore[method-assign]
    for _ in range(2):
        with pytest.raises(OSError, match="no database"):
            await blocked.check("demo", "user", "uma")
