"""What is kept of experts' days and of who waited for them: written from real life, read over HTTP."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from ground.sql import Stamp
from ground.store import Store
from presence import history
from presence.facts import ExpertFacts
from queueing import waits
from tests.queueing.test_waits import ticket
from tests.server.hall import Hall, conducted, hall
from tests.server.people_site import NOW, POOL, PeopleSite, people_site
from tests.server.test_commands import talk
from tests.server.test_conductor import written
from wire import messages as m

HOUR = 3_600_000
ADA, BOB = (f"/v1/pools/{POOL}/experts/{expert}" for expert in ("ada", "bob"))


@pytest_asyncio.fixture
async def house(store: Store, pool: str, tmp_path: Path) -> AsyncIterator[Hall]:
    async with hall(store, pool, tmp_path) as made:
        yield made


@pytest_asyncio.fixture
async def site(store_url: str, tmp_path: Path) -> AsyncIterator[PeopleSite]:
    async with people_site(store_url, f"sqlite:///{tmp_path / 'openline.db'}", tmp_path) as running:
        yield running


@pytest.mark.claim("B11")
@pytest.mark.claim("B12")
async def test_a_day_of_an_expert_and_of_those_who_waited_is_in_the_books(house: Hall) -> None:
    operator = await house.page("operator", "olga")
    async with conducted(house):
        ada, bob = await house.expert("ada"), await house.expert("bob")
        ann, max_, zoe, tom = [await house.page("user", name) for name in ("ann", "max", "zoe", "tom")]
        await talk(bob, zoe, "bob")
        session = await talk(ada, ann, "ada")
        await max_.ask(m.Join, experts=["ada", "bob"])
        waiting = await tom.ask(m.Join, experts=["ada"])
        await tom.ask(m.Switch, expert="bob")
        await operator.ask(m.Move, ticket=waiting.ticket, expert="ada", reason="asked to")
        await tom.ask(m.Leave)
        await ann.ask(m.End, session=session)
        await ada.until(m.Lights, lambda said: any((one.expert, one.indicator) == ("ada", "wrap-up")
                                                   for one in said.lights))  # fmt: skip
        await ada.ask(m.FinishWrapUp)
        rings = await ada.until(m.Offer, lambda said: said.partner == "Max" and said.state == "ringing")
        await ada.ask(m.Accept, offer=rings.offer)
        await written(house)
    now = house.clock.now_ms() + 1
    stays = {
        expert: [(one.user, one.outcome) for one in await waits.waits(house.db, house.pool, expert, 0, now)]
        for expert in ("ada", "bob")
    }
    assert sorted(stays["ada"]) == [("ann", "matched"), ("max", "matched"), ("tom", "left"), ("tom", "switched")]
    assert sorted(stays["bob"]) == [("max", "elsewhere"), ("tom", "moved"), ("zoe", "matched")]
    spans = await history.timeline(house.db, house.pool, "ada", 0, now)
    assert [span.indicator for span in spans] == [
        "offline", "free", "ringing", "busy", "wrap-up", "free", "ringing", "busy"
    ]  # fmt: skip
    spent = await history.time_in_state(house.db, house.pool, "ada", spans[0].from_ms, now)
    assert sum(spent.values()) == now - spans[0].from_ms


def expert(cause: str, indicator: Any, since: int) -> ExpertFacts:
    return ExpertFacts(
        cause=cause, expert="ada", indicator=indicator, declared="online", reason="", forced=False, present=True,
        open=True, engagement="idle", since=since, until=0, offer="", session="", by="",
    )  # fmt: skip


async def fill(site: PeopleSite, since: int) -> None:
    """Ada was free for an hour and is busy; Uma waited half an hour for her, Max too."""
    told: list[tuple[int, list[object]]] = [
        (since, [expert("declared", "free", since), ticket("t1", "joined", [("ada", 1)], user="uma")]),
        (since + HOUR // 2, [ticket("t1", "done", [], "left", user="uma")]),
        (since + HOUR, [expert("in_session", "busy", since + HOUR)]),
        (since + HOUR, [ticket("t2", "joined", [("ada", 2)], user="max", name="Max")]),
        (since + HOUR + HOUR // 2, [ticket("t2", "done", [], "expert_offline", user="max", name="Max")]),
    ]
    entries = [(Stamp("before", n, at), events) for n, (at, events) in enumerate(told, start=1)]
    async with site.database.begin() as tx:
        await history.record(tx, POOL, entries)
        await waits.record(tx, POOL, entries)


@pytest.mark.claim("B11")
@pytest.mark.claim("B12")
async def test_the_expert_and_operators_read_it_over_http(site: PeopleSite) -> None:
    since = NOW() - 3 * HOUR
    await fill(site, since)
    ada, operator = await site.signed_in(("expert", "ada")), await site.signed_in(("operator", "olga"))
    for reader in (ada, operator):
        told = (await reader.get(f"{ADA}/timeline?from={since}&to={since + 2 * HOUR}")).json()
        assert (told["from"], told["to"]) == (since, since + 2 * HOUR)
        assert told["spans"][0] | {"indicator": "free", "from_ms": since, "to_ms": since + HOUR} == told["spans"][0]
        assert told["ms"] == {"free": HOUR, "busy": HOUR}
        stays = (await reader.get(f"{ADA}/waits?from={since}&to={since + 2 * HOUR}")).json()["waits"]
        assert [(one["user"], one["from_ms"], one["to_ms"], one["outcome"]) for one in stays] == [
            ("max", since + HOUR, since + HOUR + HOUR // 2, "dropped"), ("uma", since, since + HOUR // 2, "left"),
        ]  # fmt: skip
    before = await operator.get(f"{ADA}/timeline?from={since - 2 * HOUR}&to={since - HOUR}")
    assert (before.json()["spans"], before.json()["ms"]) == ([], {})
    lately = (await ada.get(f"{ADA}/waits")).json()
    assert lately["to"] - lately["from"] == 24 * HOUR and len(lately["waits"]) == 2
    future = (await ada.get(f"{ADA}/timeline?to={NOW() + 99 * HOUR}")).json()
    assert future["to"] <= NOW()


async def test_nobody_else_reads_it_and_times_that_are_none_are_refused(site: PeopleSite) -> None:
    await fill(site, NOW() - HOUR)
    ada, user = await site.signed_in(("expert", "ada")), await site.signed_in(("user", "uma"))
    operator = await site.signed_in(("operator", "olga"))
    for page in ("timeline", "waits"):
        for reader, path, status in (
            (site.guest, ADA, 401), (user, ADA, 401), (ada, BOB, 404), (ada, f"{BOB}y", 404),
            (operator, f"{BOB}y", 404), (ada, ADA.replace(POOL, "other"), 401),
        ):  # fmt: skip
            refused = await reader.get(f"{path}/{page}")
            assert (refused.status_code, "waits" in refused.json() or "spans" in refused.json()) == (status, False)
        assert (await ada.get(f"{BOB}/{page}")).json()["code"] == (await ada.get(f"{BOB}y/{page}")).json()["code"]
        for asked in ("from=x", "to=", "from=-1", "from=5&to=4", "from=0", f"from={10**30}"):
            wrong = await ada.get(f"{ADA}/{page}?{asked}")
            assert (wrong.status_code, wrong.json()["code"]) == (400, "malformed")
