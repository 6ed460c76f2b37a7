"""One reader per pool: what it keeps, how it comes back, and who is here through this process."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from ground import keys
from ground.embedded import EmbeddedStore
from ground.errors import StoreUnavailable
from ground.store import Store
from identity.sign_outs import SignOuts
from server import attachments, fanout
from server.attachments import Member
from tests.server.hall import Hall, Page, hall
from wire import messages as m


@pytest_asyncio.fixture
async def house(store: Store, pool: str, tmp_path: Path) -> AsyncIterator[Hall]:
    async with hall(store, pool, tmp_path) as made:
        yield made


async def settled(house: Hall) -> None:
    """The mirror has taken everything that is in the journal."""
    live = house.fanout.pool(house.pool)
    epoch, seq = await house.journal.tail(house.pool)
    assert await live.reached(epoch, seq, 5)


async def test_two_processes_see_the_same(house: Hall, pool: str) -> None:
    other = Hall(house.store, house.db, pool)
    here, there = await house.page(), await other.page()
    await house.expert("ada")
    for page in (here, there):
        await page.until(m.Lights, lambda said: said.lights[-1].indicator == "free")
    await other.fanout.close()


async def test_a_sign_out_is_heard_by_every_process(house: Hall, pool: str) -> None:
    other = Hall(house.store, house.db, pool)
    heard: asyncio.Queue[tuple[str, ...]] = asyncio.Queue()
    for process in (house, other):
        process.fanout.signed_out = lambda *told: heard.put_nowait(told)
        await process.page("user", "u1")
    for told in (("signed_out", "a-sign-in"), ("blocked", "")):
        await SignOuts(house.store).announce(pool, "user", "u1", *told)
        async with asyncio.timeout(2):
            assert [await heard.get() for _ in range(2)] == [(pool, "user", "u1", *told)] * 2
    await other.fanout.close()


async def test_everybody_hears_a_beat_with_a_fresh_confirmation(house: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fanout, "BEAT_S", 0.2)
    pages = [await house.page() for _ in range(15)]
    for page in pages:
        page.told.clear()
    for page in pages:
        beat = await page.until(m.Beat)
        assert beat.at - beat.confirmed_at < 5000
    confirmed = pages[0].heard(m.Beat)[-1].confirmed_at
    await pages[0].until(m.Beat, lambda said: said.confirmed_at > confirmed)


async def test_what_was_missed_is_the_latest_of_each_and_only_of_ones_own(house: Hall) -> None:
    expert = await house.expert("ada")
    await settled(house)
    live = house.fanout.pool(house.pool)
    before = live.mirror.seq
    for reason in ("one", "two", "three"):
        await expert.ask(m.Declare, status="away", reason=reason)
    await settled(house)
    missed = [change.message() for change in live.since(before, {"light:ada"})]
    assert [light.reason for said in missed if isinstance(said, m.Lights) for light in said.lights] == ["three"]
    assert live.since(before, {"light:bob"}) == []
    assert live.since(live.mirror.seq + 5, {"light:bob"}) == []


async def test_who_left_off_before_what_is_kept_can_not_resume(house: Hall) -> None:
    expert = await house.expert("ada")
    await expert.ask(m.Declare, status="away")
    await settled(house)
    live = house.fanout.pool(house.pool)
    epoch, seq = live.mirror.epoch, live.mirror.seq
    oldest = live.recent[0].seq
    assert live.can_resume(epoch, oldest - 1)
    assert not live.can_resume(epoch, oldest - 2)
    assert live.can_resume(epoch, seq)
    assert not live.can_resume("other", seq)
    live.recent.clear()
    assert live.can_resume(epoch, seq)
    assert not live.can_resume(epoch, seq - 1)


async def test_a_page_that_knows_more_than_this_process_is_waited_for(house: Hall) -> None:
    await house.page()
    live = house.fanout.pool(house.pool)
    waiting = asyncio.create_task(live.reached(live.mirror.epoch, live.mirror.seq + 1, 5))
    await house.expert("bob")
    assert await waiting
    assert not await live.reached(live.mirror.epoch, live.mirror.seq + 100, 0.05)


async def test_tabs_are_one_presence_and_a_forgotten_lease_is_taken_again(house: Hall, pool: str) -> None:
    pages = [await house.page("user", "ann") for _ in range(3)]
    here = house.attachments
    for page in pages[:2]:
        await page.go()
    assert (await house.presence.attach(pool, "another", "user", "ann"))["first"] is False
    await house.presence.detach(pool, "another", "user", "ann")
    await house.presence.release(pool, house.process)
    await here._renew(pool)
    await here._settle_all(pool)
    assert (await house.presence.detach(pool, house.process, "user", "ann"))["last"] is True
    await pages[2].go()
    assert not here._held


async def test_a_renewal_whose_answer_was_lost_loses_nobody(
    house: Hall, pool: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The lease had lapsed and the store said so to nobody: the next look puts the members back all the same."""
    await house.expert("ada")
    await house.presence.release(pool, house.process)
    renew = house.presence.renew

    async def unheard(*args: str) -> None:
        await renew(*args)
        raise StoreUnavailable("the answer was lost")

    monkeypatch.setattr(house.presence, "renew", unheard)
    with pytest.raises(StoreUnavailable):
        await house.attachments._renew(pool)
    monkeypatch.undo()
    monkeypatch.setattr(attachments, "RENEW_S", 0.05)
    keeping = asyncio.create_task(house.attachments.keep())
    held = keys.key(pool, "held", house.process)
    async with asyncio.timeout(5):
        while not await house.store.nodes.node(pool).sismember(held, "expert:ada"):
            await asyncio.sleep(0.02)
    keeping.cancel()


async def test_an_expert_of_another_pool_is_not_attached(house: Hall) -> None:
    stranger = Page(house, "expert", "mallory")
    with pytest.raises(Exception, match="unknown_expert"):
        await stranger.come()
    assert Member(house.pool, "expert", "mallory") not in house.attachments._held
    await house.commands.gone(stranger.conn)


@pytest.mark.slow
async def test_a_store_that_is_killed_loses_nothing_that_pages_saw(pool: str, tmp_path: Path) -> None:
    embedded = EmbeddedStore(tmp_path / "store")
    store = await Store.open(await embedded.start())
    async with hall(store, pool, tmp_path) as house:
        keeping = asyncio.create_task(house.attachments.keep())
        expert, user = await house.expert("ada"), await house.page("user", "ann")
        await expert.ask(m.Declare, status="away")
        joined = await user.ask(m.Join, experts=["ada"])
        embedded._process.kill()
        page = Page(house, "operator", "olga")
        await again(page)
        await page.watch(all=True, lines=["ada"])
        snapshot = await page.until(m.Snapshot)
        assert [waiter.ticket for waiter in snapshot.queues[0].waiters] == [joined.ticket]
        await expert.ask(m.Declare, status="away", reason="still here")
        await page.until(m.Lights, lambda said: said.lights[-1].reason == "still here")
        keeping.cancel()
    await store.close()
    await embedded.stop()


async def again(page: Page) -> None:
    """Come, as soon as the store is back."""
    async with asyncio.timeout(20):
        while True:
            try:
                await page.hall.store.ping()
                await page.come()
                return
            except Exception:
                await asyncio.sleep(0.1)
