"""The one who keeps time and books: deadlines run, entries are written once, another goes on where one was killed."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
import sqlalchemy as sa

from ground.leadership import Leadership
from ground.sql import Stamp
from ground.store import Store
from identity.audit import page as audit_page
from presence.history import timeline
from queueing.facts import SessionFacts
from queueing.store import ticket_log
from server import conductor as conducting
from server.books import LOST
from sessions import store as sessions
from sessions.facts import SaidFacts
from tests.server.hall import EXPERTS, Hall, Page, conducted, hall, until
from wire import messages as m

FAST = {"ring_ms": 300, "wrap_up_ms": 200, "presence_grace_ms": 100}


@pytest_asyncio.fixture
async def house(store: Store, pool: str, tmp_path: Path) -> AsyncIterator[Hall]:
    async with hall(store, pool, tmp_path, FAST) as made:
        yield made


async def written(house: Hall) -> None:
    """The books hold all that is in the journal."""

    async def done() -> bool:
        epoch, seq = await house.journal.tail(house.pool)
        return tuple(await house.books.cursor(house.pool)) == (epoch, seq)

    await until(done)


async def offer_for(house: Hall, expert: Page) -> m.Offer:
    user = await house.page("user", "ann")
    await user.ask(m.Join, experts=["ada"])
    return await expert.until(m.Offer, lambda said: said.state == "ringing")


@pytest.mark.claim("B35")
@pytest.mark.claim("B11")
async def test_a_missed_offer_is_noticed_without_anybody_asking_and_written_down(house: Hall) -> None:
    async with conducted(house):
        expert = await house.expert("ada")
        await offer_for(house, expert)
        notice = await expert.until(m.Notice)
        assert notice.code == "missed_offer"
        await written(house)
        spans = await timeline(house.db, house.pool, "ada", 0, 2**52)
        assert [span.indicator for span in spans] == ["offline", "free", "ringing", "away"]


async def test_the_pool_becomes_what_the_directory_says(house: Hall) -> None:
    async with conducted(house):

        async def there() -> bool:
            shot = await house.line.snapshot(house.pool)
            return {facts.expert for facts in shot.experts} == {"ada", "bob", "eve"}

        await until(there)
        shot = await house.line.snapshot(house.pool)
        assert shot.settings["ring_ms"] == 300


async def test_every_entry_is_written_once_whoever_writes(house: Hall) -> None:
    operator, expert = await house.page("operator", "olga"), await house.expert("ada")
    await expert.ask(m.Declare, status="away")
    user = await house.page("user", "ann")
    joined = await user.ask(m.Join, experts=["ada"])
    await operator.ask(m.Remove, ticket=joined.ticket, reason="wrong place")
    entries = await house.journal.read(house.pool, 0, 1000)
    half = len(entries) // 2
    await house.books.write(house.pool, entries[:half])
    await asyncio.gather(*(house.books.write(house.pool, entries) for _ in range(3)))
    await house.books.write(house.pool, entries[half:])
    async with house.db.read() as tx:
        logged = (await tx.execute(sa.select(ticket_log.c.outcome).where(ticket_log.c.pool == house.pool))).all()
    assert logged == [("dropped",)]
    done = await audit_page(house.db, house.pool)
    assert [(one.actor, one.action, one.reason) for one in done] == [("olga", "remove", "wrong place")]


async def test_another_goes_on_where_one_was_stopped(house: Hall, store: Store, pool: str) -> None:
    async with conducted(house) as first:
        expert = await house.expert("ada")
        await until(lambda: _is(pool in first.leading))
        other = Hall(store, house.db, pool)
        async with conducted(other) as second:
            await expert.ask(m.Declare, status="away", reason="one")
            await written(house)
            assert not second.leading
    async with conducted(other) as second:
        await until(lambda: _is(pool in second.leading))
        await expert.ask(m.Declare, status="away", reason="two")
        await written(house)


async def _is(value: bool) -> bool:
    return value


async def test_a_leader_that_is_killed_is_followed_within_its_lease(
    house: Hall, store: Store, pool: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conducting, "LEAD_MS", 600)
    await house.page()
    await Leadership(store).hold(pool, "dead", 600)
    async with conducted(house) as conductor:
        await until(lambda: _is(pool in conductor.leading))


async def test_a_session_that_the_live_store_lost_is_ended_at_its_last_sign(house: Hall) -> None:
    lost = await _log_a_session(house, "s1-lost")
    async with conducted(house):
        await house.expert("ada")

        async def closed() -> bool:
            found = await sessions.find(house.db, house.pool, "s1-lost")
            return found is not None and found.state == "ended"

        await until(closed)
    found = await sessions.find(house.db, house.pool, "s1-lost")
    assert found is not None
    assert (found.reason, found.ended_at, found.by) == (LOST, lost, "system")


async def _log_a_session(house: Hall, session: str) -> int:
    """A live session in the books of an earlier history, with something said in it; when that was."""
    talk = SessionFacts(
        cause="live", session=session, expert="ada", user="zoe", name="Zoe", ticket="t0", mode="chat", state="live",
        joined_at=1, matched_at=2000, live_at=3000, ended_at=0, cap_until=99, user_on=True, expert_on=True,
        gone_side="", gone_until=0, overtook=[], reason="", by="system",
    )  # fmt: skip
    said = SaidFacts(session=session, n=1, side="user", text="hi", at=9000, op="op")
    async with house.db.begin() as tx:
        await sessions.record(tx, house.pool, [(Stamp("old", 7, 9000), [talk, said])])
    return 9000


async def test_a_journal_that_was_trimmed_too_early_does_not_stop_the_books(house: Hall) -> None:
    expert = await house.expert("ada")
    for reason in ("one", "two", "three"):
        await expert.ask(m.Declare, status="away", reason=reason)
    _epoch, seq = await house.journal.tail(house.pool)
    await house.journal.trim(house.pool, seq, 1)
    async with conducted(house):
        await written(house)
        await expert.ask(m.Declare, status="online")
        await written(house)
        spans = await timeline(house.db, house.pool, "ada", 0, 2**52)
        assert spans[-1].indicator == "free"


async def test_who_leaves_the_directory_leaves_the_pool(house: Hall) -> None:
    await house.roster.install(house.pool)
    await house.presence.enrol(house.pool, ["old"])
    page = await house.page()
    house.roster._installed.clear()
    await house.roster.install(house.pool)
    await page.until(m.Lights, lambda said: [light.expert for light in said.lights] == ["old"])
    assert set(house.fanout.pool(house.pool).mirror.experts) == {one.expert for one in EXPERTS}
