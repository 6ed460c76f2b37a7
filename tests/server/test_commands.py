"""Messages to doors and back: the real house, without sockets."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from ground.errors import Refusal
from ground.store import Store
from tests.server.hall import Hall, Page, hall
from wire import messages as m


@pytest_asyncio.fixture
async def house(store: Store, pool: str, tmp_path: Path) -> AsyncIterator[Hall]:
    async with hall(store, pool, tmp_path) as made:
        yield made


async def refused(page: Page, kind: Any, /, **fields: Any) -> tuple[str, str]:
    with pytest.raises(Refusal) as caught:
        await page.ask(kind, **fields)
    return caught.value.code, caught.value.detail


@pytest.mark.claim("B8")
@pytest.mark.claim("B33")
async def test_a_guest_sees_the_lights_move(house: Hall) -> None:
    guest = await house.page()
    snapshot = await guest.until(m.Snapshot)
    assert [(light.expert, light.indicator) for light in snapshot.lights] == [
        ("ada", "offline"), ("bob", "offline"), ("eve", "offline"),
    ]  # fmt: skip
    assert [profile.name for profile in snapshot.profiles] == ["Ada Lovelace", "Bob Noyce", "Eve Curie"]
    await house.expert("ada")
    lights = await guest.until(m.Lights, lambda said: said.lights[-1].indicator == "free")
    assert lights.lights[-1].expert == "ada"


@pytest.mark.claim("B27")
@pytest.mark.claim("B13")
@pytest.mark.claim("B38")
async def test_join_offer_accept_talk_end(house: Hall) -> None:
    expert = await house.expert("ada")
    user = await house.page("user", "ann")
    joined = await user.ask(m.Join, experts=["ada"])
    assert (joined.state, joined.places[0].expert, joined.places[0].ahead) == ("offered", "ada", [])
    assert joined.forecast[0].p50 >= 0
    rings = await expert.until(m.Offer, lambda offer: offer.state == "ringing")
    assert (rings.side, rings.partner, rings.mine, rings.theirs) == ("expert", "Ann", False, True)
    mine = await user.until(m.Offer)
    assert (mine.side, mine.partner, mine.mine, mine.theirs) == ("user", "Ada Lovelace", True, False)
    await expert.ask(m.Accept, offer=rings.offer)
    session = await user.until(m.Session)
    await user.ask(m.Connected, session=session.session)
    await expert.ask(m.Connected, session=session.session)
    await user.until(m.Session, lambda said: said.state == "live")
    await user.ask(m.Say, session=session.session, text="hello")
    said = await expert.until(m.Said)
    assert (said.line.n, said.line.side, said.line.text) == (1, "user", "hello")
    await expert.ask(m.Delivered, session=session.session, n=1)
    assert (await user.until(m.DeliveredTo)).n == 1
    page = await user.ask(m.History, session=session.session)
    assert [line.text for line in page.lines] == ["hello"]
    await user.ask(m.End, session=session.session)
    assert (await expert.until(m.Session, lambda said: said.state == "ended")).ended_by == "user"
    await expert.until(m.Lights, lambda said: said.lights[-1].indicator == "wrap-up")
    await expert.ask(m.FinishWrapUp)
    await expert.until(m.Lights, lambda said: said.lights[-1].indicator == "free")


async def test_whispers_reach_the_other_side_only(house: Hall) -> None:
    expert, user, session = await meet(house)
    await user.ask(m.Typing, session=session)
    await user.ask(m.Signal, session=session, kind="candidate", data="a")
    await user.ask(m.Signal, session=session, kind="candidate", data="b")
    await expert.until(m.Signalled, lambda said: said.data == "b")
    assert [said.data for said in expert.heard(m.Signalled)] == ["a", "b"]
    assert expert.heard(m.TypingNow)[0].side == "user"
    assert user.heard(m.Signalled) == [] == user.heard(m.TypingNow)


@pytest.mark.claim("B36")
@pytest.mark.claim("B37")
@pytest.mark.claim("B12")
@pytest.mark.claim("B34")
async def test_the_expert_and_the_operator_see_who_waits(house: Hall) -> None:
    await busy_with(house, "ada")
    operator = await house.page("operator", "olga", all=True, lines=["ada"])
    expert = await house.page("expert", "ada", lines=["ada"])
    user = await house.page("user", "ben")
    joined = await user.ask(m.Join, experts=["ada"])
    for console in (operator, expert):
        change = await console.until(m.QueueChange, lambda said: bool(said.changed))
        assert [(waiter.name, waiter.joined_at) for waiter in change.changed] == [("Ben", joined.joined_at)]
    await operator.ask(m.Remove, ticket=joined.ticket, reason="wrong place")
    assert (await expert.until(m.QueueChange, lambda said: bool(said.gone))).gone == [joined.ticket]
    told = await user.until(m.Notice)
    assert (told.code, told.detail) == ("removed_by_operator", "wrong place")
    assert (await user.until(m.MyTicket, lambda said: said.state == "done")).places == []


@pytest.mark.claim("B14")
async def test_a_line_tells_its_changes_once_for_all(house: Hall) -> None:
    await busy_with(house, "ada")
    waiting = [await house.page("user", name) for name in ("ben", "cid", "dan")]
    for page in waiting:
        await page.ask(m.Join, experts=["ada"])
    first, second, third = waiting
    await third.until(m.MyTicket, lambda said: bool(said.places))
    change = await first.until(m.LineChange, lambda said: said.length == 3)
    await second.ask(m.Leave)
    left = await third.until(m.LineChange, lambda said: bool(said.left))
    assert left.length == 2
    assert change.seq < left.seq
    assert left.left == [ticket_place(second).ordinal]


def ticket_place(page: Page) -> m.LinePlace:
    return next(said.places[0] for said in page.heard(m.MyTicket) if said.places)


@pytest.mark.claim("A8")
async def test_objects_of_others_are_answered_like_none_at_all(house: Hall) -> None:
    expert, user, session = await meet(house)
    stranger = await house.page("user", "sam")
    other = await house.page("expert", "bob")
    for page in (stranger, other):
        for of in (session, "s0-none"):
            assert await refused(page, m.Say, session=of, text="x") == ("no_such_session", of)
            assert await refused(page, m.End, session=of) == ("no_such_session", of)
            assert await refused(page, m.History, session=of) == ("no_such_session", of)
            assert await refused(page, m.Delivered, session=of, n=1) == ("no_such_session", of)
            assert await refused(page, m.Signal, session=of, kind="bye") == ("no_such_session", of)
            assert await refused(page, m.Connected, session=of) == ("no_such_session", of)
    offer = user.heard(m.Offer)[0].offer
    for of in (offer, "o0-none"):
        assert await refused(stranger, m.Accept, offer=of) == ("no_such_offer", of)
        assert await refused(stranger, m.Decline, offer=of) == ("no_such_offer", of)
    with pytest.raises(Refusal, match="not_allowed"):
        await stranger.watch(lines=["ada"])
    with pytest.raises(Refusal, match="not_allowed"):
        await other.watch(lines=["ada"])
    assert expert.heard(m.Said) == []


async def test_a_repeat_gets_the_first_answer(house: Hall) -> None:
    await busy_with(house, "ada")
    user = await house.page("user", "ben")
    answers = [await user.ask(m.Join, op="operation-1", experts=["ada"]) for _ in range(2)]
    assert answers[0].ticket == answers[1].ticket
    assert answers[0].places == answers[1].places


async def test_a_mode_that_is_not_offered_is_refused(house: Hall) -> None:
    await house.expert("bob")
    user = await house.page("user", "ben")
    assert await refused(user, m.Join, experts=["bob"], mode="audio") == ("mode_not_offered", "bob")


async def test_an_operator_forces_a_status_and_the_expert_is_told(house: Hall) -> None:
    expert = await house.expert("ada")
    operator = await house.page("operator", "olga")
    await operator.ask(m.Force, expert="ada", status="away", reason="lunch")
    told = await expert.until(m.Notice)
    assert (told.code, told.detail) == ("forced_status", "lunch")


async def test_a_second_tab_keeps_the_member_here(house: Hall) -> None:
    first, second = await house.page("user", "ann"), await house.page("user", "ann")
    await busy_with(house, "ada")
    await first.ask(m.Join, experts=["ada"])
    assert (await second.until(m.MyTicket, lambda said: bool(said.places))).places[0].expert == "ada"
    await first.go()
    operator = await house.page("operator", "olga", lines=["ada"])
    assert [waiter.connected for waiter in (await operator.until(m.Snapshot)).queues[0].waiters] == [True]
    await second.go()
    change = await operator.until(m.QueueChange)
    assert [waiter.connected for waiter in change.changed] == [False]


@pytest.mark.claim("B31")
async def test_who_comes_back_gets_what_was_missed(house: Hall) -> None:
    await busy_with(house, "ada")
    page = await house.page("user", "ben")
    await page.ask(m.Join, experts=["ada"])
    seen = await page.until(m.MyTicket, lambda said: bool(said.places))
    live = house.fanout.pool(house.pool)
    await page.go()
    await house.expert("bob")
    again = Page(house, "user", "ben")
    welcome = await again.come(epoch=live.mirror.epoch, seq=seen.seq)
    assert welcome.resumed
    await again.watch(all=True)
    assert again.heard(m.Snapshot) == []
    assert ("bob", "free") in [
        (light.expert, light.indicator) for said in again.heard(m.Lights) for light in said.lights
    ]
    assert again.heard(m.MyTicket)[-1].places[0].expert == "ada"
    assert isinstance(again.told[-1], m.Beat)


@pytest.mark.parametrize(("epoch", "seq"), [("another", 1), ("", 0), (None, 10**9)])
async def test_who_can_not_resume_starts_afresh(house: Hall, epoch: str | None, seq: int) -> None:
    page = await house.page()
    live = house.fanout.pool(house.pool)
    again = Page(house, "guest", "")
    welcome = await again.come(epoch=live.mirror.epoch if epoch is None else epoch, seq=seq)
    assert not welcome.resumed
    await again.watch(all=True)
    assert len(again.heard(m.Snapshot)) == len(page.heard(m.Snapshot)) == 1


async def test_a_lost_history_gives_everybody_a_fresh_snapshot(house: Hall) -> None:
    page = await house.page()
    live = house.fanout.pool(house.pool)
    old = live.mirror.epoch
    await house.journal.renew_epoch(house.pool, old)
    snapshot = await page.until(m.Snapshot, lambda said: said.epoch != old)
    assert [light.expert for light in snapshot.lights] == ["ada", "bob", "eve"]


async def meet(house: Hall) -> tuple[Page, Page, str]:
    """Ada and Ann in a live session."""
    expert, user = await house.expert("ada"), await house.page("user", "ann")
    return expert, user, await talk(expert, user, "ada")


async def busy_with(house: Hall, name: str) -> None:
    """The expert is in a session with somebody."""
    await talk(await house.expert(name), await house.page("user", "zoe"), name)


async def talk(expert: Page, user: Page, name: str) -> str:
    await user.ask(m.Join, experts=[name])
    offer = await expert.until(m.Offer, lambda said: said.state == "ringing")
    await expert.ask(m.Accept, offer=offer.offer)
    session = (await expert.until(m.Session)).session
    await asyncio.gather(expert.ask(m.Connected, session=session), user.ask(m.Connected, session=session))
    await expert.until(m.Session, lambda said: said.state == "live")
    return session
