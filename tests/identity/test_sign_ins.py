"""Sign-ins and blocks: a cookie is worth what its row says. On both databases."""

import pytest
import sqlalchemy as sa
from sqlalchemy import event

from ground.clock import SetClock
from ground.errors import Refusal
from ground.sql import Database
from identity import cookies, store
from identity.accounts import Accounts
from identity.arrivals import Arrivals
from identity.cookies import TTL_S, USER_TTL_S
from identity.members import Members
from identity.sign_ins import AGENT_MAX, KEPT_MS, SEEN_MS, SignIns, end_account
from identity.tokens import Identity, Member, Secret, Tokens
from server.guard import Guard

NOW = 1_750_000_000_000
TOKENS = Tokens([Secret(kid="k", value=b"s" * 32)])
OLGA = Identity(pool="demo", role="operator", subject="olga", name="Olga", expires_at=0, token_id="")


async def signed_in(db: Database, subject: str = "uma", role: Member = "user", now: int = NOW) -> Identity:
    who = Identity(pool="demo", role=role, subject=subject, name=subject.title(), expires_at=0, token_id="")
    return await Arrivals(db).of(who, "link", now=now, agent="Firefox" * 100)


async def test_a_sign_in_holds_until_it_ends_or_is_ended(database: Database) -> None:
    sign_ins = SignIns(database)
    one, two = await signed_in(database), await signed_in(database)
    assert one.token_id != two.token_id
    assert await sign_ins.check(one, NOW + 1) == one
    assert [ended.id for ended in await sign_ins.end(one, one.token_id, NOW + 2)] == [one.token_id]
    assert await sign_ins.check(one, NOW + 3) is None
    assert await sign_ins.check(two, NOW + 3) == two, "the other device stays"
    assert await sign_ins.end(one, one.token_id, NOW + 4) == [], "it is over already"
    assert await sign_ins.check(two, two.expires_at) is None
    assert [row.agent for row in await sign_ins.of(two, NOW + 3)] == [("Firefox" * 100)[:AGENT_MAX]]


async def test_users_stay_longer_than_those_who_may_more(database: Database) -> None:
    assert (await signed_in(database)).expires_at == NOW + USER_TTL_S * 1000
    assert (await signed_in(database, "ada", "expert")).expires_at == NOW + TTL_S * 1000


async def test_nobody_ends_or_uses_the_sign_in_of_another(database: Database) -> None:
    sign_ins = SignIns(database)
    uma, viktor = await signed_in(database), await signed_in(database, "viktor")
    assert await sign_ins.end(viktor, uma.token_id, NOW + 1) == []
    assert await sign_ins.end_others(viktor, NOW + 1) == []
    stolen = Identity(pool="demo", role="operator", subject="olga", name="", expires_at=0, token_id=uma.token_id)
    assert await sign_ins.check(stolen, NOW + 1) is None
    assert await sign_ins.check(uma, NOW + 2)


async def test_all_others_end_and_this_one_stays(database: Database) -> None:
    sign_ins = SignIns(database)
    mine, *others = [await signed_in(database) for _ in range(4)]
    ended = await sign_ins.end_others(mine, NOW + 1)
    assert {one.id for one in ended} == {other.token_id for other in others}
    assert [one.id for one in await sign_ins.of(mine, NOW + 2)] == [mine.token_id]


async def test_an_account_s_sign_ins_end_in_every_pool(database: Database) -> None:
    subject = await Accounts(database).open("demo", "user", "uma@line.example", "Uma", now=NOW)
    who = Identity(pool="demo", role="user", subject=subject, name="Uma", expires_at=0, token_id="", account=subject)
    signed = await Arrivals(database).of(who, "mail", now=NOW)
    async with database.begin() as tx:
        assert [one.id for one in await end_account(tx, subject, NOW + 1, "erased")] == [signed.token_id]
        with pytest.raises(ValueError, match="which"):
            await end_account(tx, "", NOW, "erased")


async def test_it_is_written_down_now_and_then_that_somebody_was_seen(database: Database) -> None:
    sign_ins = SignIns(database)
    uma = await signed_in(database)
    await sign_ins.check(uma, NOW + SEEN_MS)
    assert [one.seen_at for one in await sign_ins.of(uma, NOW)] == [NOW]
    await sign_ins.check(uma, NOW + SEEN_MS + 1)
    assert [one.seen_at for one in await sign_ins.of(uma, NOW)] == [NOW + SEEN_MS + 1]


async def test_whoever_is_blocked_comes_in_by_no_door(database: Database) -> None:
    sign_ins, members = SignIns(database), Members(database)
    uma = await signed_in(database)
    await members.block("demo", "user", "uma", "threats", by=OLGA, now=NOW + 1)
    with pytest.raises(Refusal, match="blocked"):
        await sign_ins.check(uma, NOW + 2)
    assert await sign_ins.blocked() == {("demo", "user", "uma")}
    with pytest.raises(Refusal, match="blocked"):
        await signed_in(database, now=NOW + 2)
    assert await signed_in(database, "uma", "expert", now=NOW + 2)
    await members.unblock("demo", "user", "uma", "a mistake", by=OLGA, now=NOW + 3)
    assert await sign_ins.check(uma, NOW + 4) is None, "what ended stays over"
    assert await signed_in(database, now=NOW + 5)


async def test_the_books_tell_what_ended_lately(database: Database) -> None:
    sign_ins = SignIns(database)
    uma, vik = await signed_in(database), await signed_in(database, "vik")
    await sign_ins.end(uma, uma.token_id, NOW + 10)
    await Members(database).block("demo", "user", "vik", "threats", by=OLGA, now=NOW + 20)
    found = await sign_ins.ended_since(NOW + 9)
    assert sorted(found) == sorted([
        ("demo", "user", "uma", "signed_out", uma.token_id), ("demo", "user", "vik", "blocked", vik.token_id),
        ("demo", "user", "vik", "blocked", ""),
    ])  # fmt: skip
    assert len(await sign_ins.ended_since(NOW + 10)) == 2


async def test_old_sign_ins_are_forgotten(database: Database) -> None:
    old = await signed_in(database, "ada", "expert")
    await signed_in(database, "ada", "expert", now=old.expires_at + KEPT_MS + 1)
    async with database.read() as tx:
        assert (await tx.execute(sa.select(sa.func.count()).select_from(store.sign_ins))).scalar_one() == 1


async def test_a_cookie_costs_one_read_and_none_costs_nothing(database: Database) -> None:
    guard = Guard(TOKENS, SetClock(NOW + 5), SignIns(database))
    uma = await signed_in(database)
    header = cookies.sign_in(TOKENS, uma, now=NOW, secure=False).split(";")[0]
    asked: list[str] = []
    event.listen(
        database._engine.sync_engine, "before_cursor_execute", lambda *given: asked.append(given[2].split()[0])
    )
    assert await guard.of_cookie("theme=dark; other=1", "demo", ["user"], secure=False) is None
    assert await guard.of_cookie("openline-user-demo=forged.to.ken", "demo", ["user"], secure=False) is None
    assert asked == []
    found = await guard.of_cookie(header, "demo", ["user"], secure=False)
    assert found and (found.subject, found.token_id) == ("uma", uma.token_id)
    assert [word for word in asked if word not in ("BEGIN", "ROLLBACK", "COMMIT")] == ["SELECT"]


async def test_a_cookie_that_no_row_knows_is_worth_nothing(database: Database) -> None:
    """Such as those of the release before this one: signed by us, but ended by nobody."""
    guard = Guard(TOKENS, SetClock(NOW + 5), SignIns(database))
    who = Identity(pool="demo", role="operator", subject="olga", name="Olga", expires_at=0, token_id="")
    header = cookies.sign_in(TOKENS, who, now=NOW, secure=False).split(";")[0]
    assert await guard.of_cookie(header, "demo", ["operator"], secure=False) is None
