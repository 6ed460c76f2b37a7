"""What operators see and do about people."""

import pytest

from ground.errors import Refusal
from ground.sql import Database
from identity import audit
from identity.accounts import Accounts
from identity.members import Members
from identity.tokens import Identity

NOW = 1_750_000_000_000
OLGA = Identity(pool="demo", role="operator", subject="olga", name="Olga", expires_at=0, token_id="")


async def test_pages_go_back_in_time_and_lose_nobody_who_came_at_once(database: Database) -> None:
    accounts, members = Accounts(database), Members(database)
    for n in range(7):
        await accounts.open("demo", "user", f"u{n}@line.example", f"U{n}", now=NOW + n // 3)
    await accounts.open("demo", "operator", "u0@line.example", "U0", now=NOW)
    first, more = await members.page("demo", "user", limit=2)
    assert [one.name for one in first][:1] == ["U6"] and len(first) == 4 and more
    second, more = await members.page("demo", "user", before=first[-1].joined_at, limit=2)
    assert {one.name for one in second} == {"U0", "U1", "U2"} and not more
    (operator,), _more = await members.page("demo", "operator")
    assert (operator.email, operator.blocked, operator.joined_at) == ("u0@line.example", False, NOW)


async def test_whoever_is_blocked_is_listed_account_or_not(database: Database) -> None:
    members = Members(database)
    uma = await Accounts(database).open("demo", "user", "uma@line.example", "Uma", now=NOW)
    await members.block("demo", "user", uma, "threats", by=OLGA, now=NOW)
    await members.block("demo", "user", "u-visitor", "spam", by=OLGA, now=NOW + 1)
    people, _more = await members.page("demo", "user")
    assert [(one.subject, one.email, one.blocked_reason) for one in people] == [
        ("u-visitor", "", "spam"), (uma, "uma@line.example", "threats"),
    ]  # fmt: skip
    await members.unblock("demo", "user", "u-visitor", "no spam", by=OLGA, now=NOW + 2)
    people, _more = await members.page("demo", "user")
    assert [one.subject for one in people] == [uma]
    said = [(line.action, line.object, line.reason, line.actor) for line in await audit.page(database, "demo")]
    assert said == [
        ("unblock", "user:u-visitor", "no spam", "olga"),
        ("block", "user:u-visitor", "spam", "olga"),
        ("block", f"user:{uma}", "threats", "olga"),
    ]


async def test_nobody_blocks_themselves(database: Database) -> None:
    with pytest.raises(Refusal, match="not_allowed"):
        await Members(database).block("demo", "operator", "olga", "oops", by=OLGA, now=NOW)
    assert await audit.page(database, "demo") == []
