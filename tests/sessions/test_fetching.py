"""Tickets: for one thing, once, within a minute; on both databases."""

import asyncio
from typing import Any

import pytest
import sqlalchemy as sa

from ground.errors import Refusal
from ground.sql import Database
from identity.tokens import Secret, Tokens
from sessions.fetching.store import used_tickets
from sessions.fetching.tickets import TICKET_S, Pass, Tickets
from tests.model.scene import refusal

POOL, NOW = "support", 1_800_000_000_500


@pytest.fixture
def tickets(database: Database) -> Tickets:
    return Tickets(Tokens([Secret(kid="k", value=b"s" * 32)]), database)


def given(tickets: Tickets) -> str:
    ticket, until = tickets.give("file", POOL, "d-1", session="s1", role="user", member="uma", now=NOW)
    assert NOW < until <= NOW + TICKET_S * 1000
    return ticket


async def test_of_many_who_use_it_one_gets_in(tickets: Tickets) -> None:
    ticket = given(tickets)
    tries = [tickets.use(ticket, "file", POOL, "d-1", now=NOW) for _ in range(10)]
    answers: list[Any] = await asyncio.gather(*tries, return_exceptions=True)
    (said,) = [one for one in answers if isinstance(one, Pass)]
    assert (said.thing, said.session, said.role, said.member) == ("d-1", "s1", "user", "uma")
    assert {one.code for one in answers if isinstance(one, Refusal)} == {"bad_token"}


@pytest.mark.parametrize(
    "changed",
    [{"kind": "send_file"}, {"kind": "recording"}, {"thing": "d-2"}, {"pool": "other"}, {"now": NOW + 60_000}],
)
async def test_it_stands_for_one_thing_of_one_pool_for_a_minute(tickets: Tickets, changed: dict[str, Any]) -> None:
    ask: dict[str, Any] = {"kind": "file", "pool": POOL, "thing": "d-1", "now": NOW} | changed
    ticket, now = given(tickets), ask.pop("now")
    assert await refusal(tickets.use(ticket, *ask.values(), now=now)) == "bad_token"
    await tickets.use(ticket, "file", POOL, "d-1", now=NOW + 59_000)


@pytest.mark.parametrize("how", ["", "x", "a.b.c", "socket", "other key"])
async def test_what_we_did_not_give_out_is_none(tickets: Tickets, database: Database, how: str) -> None:
    tokens = Tokens([Secret(kid="k", value=b"t" * 32)])
    forged = {
        "socket": Tokens([Secret(kid="k", value=b"s" * 32)]).issue(POOL, "user", "uma", now=NOW),
        "other key": given(Tickets(tokens, database)),
    }.get(how, how)
    assert await refusal(tickets.use(forged, "file", POOL, "d-1", now=NOW)) == "bad_token"


async def test_used_ones_are_forgotten_when_they_are_over(tickets: Tickets, database: Database) -> None:
    await tickets.use(given(tickets), "file", POOL, "d-1", now=NOW)

    async def kept() -> int:
        async with database.read() as tx:
            return int((await tx.execute(sa.select(sa.func.count()).select_from(used_tickets))).scalar_one())

    await tickets.tidy(NOW)
    assert await kept() == 1
    await tickets.tidy(NOW + 61_000)
    assert await kept() == 0
