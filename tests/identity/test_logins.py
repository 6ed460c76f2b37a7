"""From a provider's word to an account, on both databases: who comes twice at once, and whose address that is."""

import asyncio
from typing import Any

import pytest
import sqlalchemy as sa

from ground.errors import Refusal
from ground.sql import Database
from identity.oidc import Person
from identity.outside.logins import Logins
from identity.outside.settings import Provider
from identity.store import accounts

NOW = 1_800_000_000_000
MAIL = Provider(name="Mail", issuer="https://id.example", client_id="c", pools=["p"])


def person(**more: Any) -> Person:
    given: dict[str, Any] = {"issuer": MAIL.issuer, "subject": "1", "email": "uma@mail.example", "name": "Uma"}
    return Person(**(given | more))


async def rows(db: Database) -> list[Any]:
    async with db.read() as tx:
        return list((await tx.execute(sa.select(accounts.c.email))).scalars())


async def test_who_comes_for_the_first_time_twice_at_once_has_one_account(database: Database) -> None:
    logins = Logins(database)
    came = await asyncio.gather(*(logins.arrive(MAIL, "p", "user", person(), now=NOW) for _ in range(6)))
    assert len({who.account for who in came}) == len({who.subject for who in came}) == 1
    assert len({who.token_id for who in came}) == 6
    assert await rows(database) == ["uma@mail.example"]


async def test_a_verified_address_leads_to_its_account(database: Database) -> None:
    """The provider has verified it for both: whoever comes second joins the account of the address."""
    logins = Logins(database)
    first = await logins.arrive(MAIL, "p", "user", person(), now=NOW)
    second = await logins.arrive(MAIL, "p", "user", person(subject="2"), now=NOW)
    assert first.account == second.account
    stranger = await logins.arrive(MAIL, "p", "user", person(subject="3", email=""), now=NOW)
    assert stranger.account != first.account


async def test_an_address_that_is_none_is_none(database: Database) -> None:
    for n, email in enumerate(("@", "uma@", "uma at mail", "uma@mail.example\r\nBcc: all@mail.example")):
        await Logins(database).arrive(MAIL, "p", "user", person(subject=str(n), email=email), now=NOW)
    assert await rows(database) == [None] * 4


async def test_a_visitors_id_is_given_to_one_account_only(database: Database) -> None:
    logins = Logins(database)
    first = await logins.arrive(MAIL, "p", "user", person(), now=NOW, visitor="u-1")
    second = await logins.arrive(MAIL, "p", "user", person(subject="2", email=""), now=NOW, visitor="u-1")
    assert first.subject == "u-1" and second.subject == second.account


async def test_a_state_is_used_once_and_forgotten_when_it_can_not_come_again(database: Database) -> None:
    logins = Logins(database)
    outcomes = await asyncio.gather(*(logins.use_state("s", now=NOW) for _ in range(5)), return_exceptions=True)
    assert [type(outcome) for outcome in outcomes].count(Refusal) == 4
    with pytest.raises(Refusal, match="sign_in_failed"):
        await logins.use_state("s", now=NOW + 600_000)
    await logins.use_state("other", now=NOW + 600_001)
    async with database.read() as tx:
        assert (await tx.execute(sa.text("SELECT count(*) FROM used_states"))).scalar() == 1
