"""From a page's offer to a media worker: whose session it is, who carries it, what when that one is gone."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import pytest_asyncio

from directory.expert import PoolOptions
from ground.errors import Refusal
from ground.store import Store
from server import bridging
from server.desks.calls import CallsDesk, comes_by_browser
from server.evidence import Evidence
from sessions.media.workers import Workers
from sessions.turn import turn_servers
from tests.server.hall import Hall, Page, conducted, hall
from tests.sessions.media.callers import Caller, caller, until
from tests.sessions.media.scenes import workers_of_its_own, working
from tests.sessions.media.test_taping import FACTS as BRIDGED
from wire import messages as m

FACTS = msgspec.structs.replace(BRIDGED, path="direct")


@pytest.fixture(autouse=True)
def place(monkeypatch: pytest.MonkeyPatch) -> None:
    workers_of_its_own(monkeypatch)


@pytest_asyncio.fixture
async def house(store: Store, pool: str, tmp_path: Path, place: None) -> AsyncIterator[Hall]:
    wide = {"ring_ms": 600_000, "connect_ms": 600_000, "wrap_up_ms": 1, "ready_after_ms": 600_000, "bridge_audio": 1}
    async with hall(store, pool, tmp_path, wide) as made, conducted(made):
        await made.profiles.put_options(pool, PoolOptions(recording=True))
        mail = asyncio.create_task(made.switchboard.post.run())
        await made.switchboard.post.listening(5)
        yield made
        mail.cancel()
        await asyncio.gather(mail, return_exceptions=True)


async def meet(user: Page, expert: Page, mode: str = "audio") -> str:
    joined = await user.ask(m.Join, experts=[expert.conn.member], mode=mode)
    offer = await expert.until(m.Offer, lambda said: said.ticket == joined.ticket and said.state == "ringing")
    await expert.ask(m.Accept, offer=offer.offer)
    session = (await user.until(m.Session, lambda said: said.seq > offer.seq)).session
    await expert.until(m.Session, lambda said: said.session == session)
    return session


async def refused(page: Page, kind: Any, **fields: Any) -> str:
    with pytest.raises(Refusal) as refusal:
        await page.ask(kind, **fields)
    return refusal.value.code


async def offer(page: Page, session: str, one: Caller, peer: str = "p1") -> m.MediaAnswer:
    answer: m.MediaAnswer = await page.ask(m.MediaOffer, session=session, peer=peer, sdp=await one.offer())
    await one.take(answer.sdp)
    return answer


async def test_both_pages_offer_at_once_and_meet_at_one_of_many_workers(house: Hall, store: Store) -> None:
    ada, ann = await house.expert("ada"), await house.page("user", "ann")
    session = await meet(ann, ada)
    async with working(store, "m1"), working(store, "m2"), working(store, "m3"), caller(440) as one, caller(880) as two:
        answers = await asyncio.gather(offer(ann, session, one), offer(ada, session, two))
        assert answers[0].worker == answers[1].worker != ""
        live = await ann.until(m.Session, lambda said: said.state == "live")
        assert live.path == "bridged", "nobody said `connected` but the worker"
        await until(lambda: abs(one.loudest_hz() - 880) < 12 and abs(two.loudest_hz() - 440) < 12)
        await ann.ask(m.End, session=session)
        await until(lambda: one.pc.connectionState == two.pc.connectionState == "closed")
        assert not ann.heard(m.MediaMoved)


async def test_whose_it_is_not_is_told_nothing_and_what_is_not_bridged_is_not(house: Hall, store: Store) -> None:
    ada, ann, mal = await house.expert("ada"), await house.page("user", "ann"), await house.page("user", "mal")
    session = await meet(ann, ada)
    async with working(store, "m1") as m1, caller(440) as one:
        sdp = await one.offer()
        ask = {"peer": "p", "sdp": sdp}
        eve = await house.page("expert", "eve")
        for page in (mal, eve):
            assert await refused(page, m.MediaOffer, session=session, **ask) == "no_such_session"
            assert await refused(page, m.IceOf, session=session) == "no_such_session"
            assert await refused(page, m.Record, session=session, on=True) == "no_such_session"
        for bad in ("v=0", "v=0" + 16_381 * "\x01"):
            assert await refused(ann, m.MediaOffer, session=session, peer="p", sdp=bad) == "bad_sdp"
        assert m1.carried == {} or not any(m1.carried[key].facts is None for key in m1.carried)
        await ann.ask(m.End, session=session)
        await ann.until(m.Session, lambda said: said.state == "ended")
        assert await refused(ann, m.MediaOffer, session=session, **ask) == "session_over"
        chat = await meet(ann, await house.expert("bob"), "chat")
        assert await refused(ann, m.MediaOffer, session=chat, **ask) == "not_bridged"


def test_a_page_takes_no_telephone_off_the_line() -> None:
    audio = msgspec.structs.replace(FACTS, path="bridged")
    phone = msgspec.structs.replace(audio, mode="phone", user_leg="answered")
    both = msgspec.structs.replace(phone, expert_by_phone=True)  # also before it rings
    told = [[comes_by_browser(facts, side) for side in ("user", "expert")] for facts in (FACTS, audio, phone, both)]
    assert told == [[False, False], [True, True], [False, True], [False, False]]
    assert not comes_by_browser(msgspec.structs.replace(phone, user_leg=""), "user"), "before it rings, too"


async def test_without_a_worker_and_with_a_full_one_it_is_said_by_name(house: Hall, store: Store) -> None:
    ada, ann = await house.expert("ada"), await house.page("user", "ann")
    eve, ben = await house.expert("eve"), await house.page("user", "ben")
    first, second = await meet(ann, ada), await meet(ben, eve)
    async with caller(440) as one:
        ask = {"peer": "p", "sdp": await one.offer()}
        assert await refused(ann, m.MediaOffer, session=first, **ask) == "no_media"
        async with working(store, "m1", most=1):
            assert (await ann.ask(m.MediaOffer, session=first, **ask)).worker == "m1"
            assert await refused(ben, m.MediaOffer, session=second, **ask) == "media_full"


@pytest.mark.claim("A17")
async def test_a_worker_that_is_gone_is_replaced_and_the_other_page_is_told(house: Hall, store: Store) -> None:
    ada, ann = await house.expert("ada"), await house.page("user", "ann")
    session = await meet(ann, ada)
    async with working(store, "m2"), caller(440) as one, caller(880) as two:
        await Workers(store).enlist("dead", 10_000, 0)
        assert await house.switchboard.bridging.claim(house.pool, session) == "dead"
        await ann.until(m.Session)
        answer = await offer(ann, session, one)
        assert answer.worker == "m2"
        moved = await ada.until(m.MediaMoved)
        assert (moved.session, moved.worker) == (session, "m2")
        assert (await offer(ada, session, two)).worker == "m2"
        await ann.until(m.Session, lambda said: said.state == "live")


async def test_a_worker_that_lost_the_session_says_so_and_gets_it_again(house: Hall, store: Store) -> None:
    ada, ann = await house.expert("ada"), await house.page("user", "ann")
    session = await meet(ann, ada)
    async with working(store, "m1") as m1, caller(440) as one, caller(440) as again:
        await offer(ann, session, one)
        await house.presence.release(house.pool, m1.name)
        assert (await ann.until(m.MediaMoved)).worker == ""
        assert (await offer(ann, session, again, "p2")).worker == "m1"
        assert (house.pool, session) in m1.carried


async def test_who_is_next_may_try_the_way_and_nobody_else_often(house: Hall, store: Store) -> None:
    ada = await house.expert("ada")
    pages = {name: await house.page("user", name) for name in ("ann", "ben", "cal", "dan")}
    await meet(pages["ann"], ada)
    for name in ("ben", "cal", "dan"):
        await pages[name].ask(m.Join, experts=["ada"], mode="audio")
    async with working(store, "m1", most=100), caller(440) as one, caller(440) as two:
        ask = {"session": "", "peer": "p"}
        for name, may in (("ben", True), ("cal", True), ("dan", False)):
            await pages[name].until(m.MyTicket, lambda said: bool(said.places))
            sdp = await (one if name == "ben" else two).offer()
            if may:
                await pages[name].ask(m.IceOf, session="")
                answer = await pages[name].ask(m.MediaOffer, sdp=sdp, **ask)
                assert answer.worker == "m1"
            else:
                assert await refused(pages[name], m.MediaOffer, sdp=sdp, **ask) == "no_ticket"
                assert await refused(pages[name], m.IceOf, session="") == "no_ticket"
        assert (await ada.ask(m.MediaOffer, sdp=await two.offer(), **ask)).worker == "m1"
        sdp = await one.offer()
        await pages["ben"].ask(m.MediaOffer, sdp=sdp, **ask)
        assert await refused(pages["ben"], m.MediaOffer, sdp=sdp, **ask) == "rate_limited"
        assert await refused(await house.page("user", "eli"), m.MediaOffer, sdp=sdp, **ask) == "no_ticket"


async def test_the_way_is_not_said_to_be_shut_because_one_worker_is_gone(
    house: Hall, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bridging, "ANSWER_S", 0.5)
    ada = await house.expert("ada")
    async with working(store, "m1", most=100), caller(440) as one:
        await Workers(store).enlist("dead", 10_000, 0)
        answer = await ada.ask(m.MediaOffer, session="", peer="p", sdp=await one.offer())
        assert answer.worker == "m1"


async def test_offers_and_credentials_are_limited(house: Hall, store: Store) -> None:
    ada, ann = await house.expert("ada"), await house.page("user", "ann")
    session = await meet(ann, ada)
    codes = [await refused(ann, m.MediaOffer, session=session, peer="p", sdp="x") for _ in range(12)]
    assert codes.count("rate_limited") in (3, 4) and codes[0] == "no_media"
    with contextlib.suppress(Refusal):
        for n in range(20):
            await ann.ask(m.IceOf, session=session)
            assert n < 16
    assert await refused(ann, m.IceOf, session=session) == "rate_limited"


async def test_credentials_are_of_the_call_and_the_side_and_end_soon(house: Hall) -> None:
    turn = turn_servers("turn:turn.example:3478", ["x" * 40])
    plain = m.IceServer(urls=["stun:stun.example"], username="", credential="")
    board = house.switchboard
    desk = CallsDesk(board.bridging, board.media, turn, lambda _conn: [plain], house.clock, lambda: 0.0)
    ada, ann = await house.expert("ada"), await house.page("user", "ann")
    session = await meet(ann, ada)
    given = [await desk.handlers()[m.IceOf](page.conn, m.IceOf(id=1, session=session)) for page in (ann, ada)]
    for ice, side in zip(given, ("user", "expert"), strict=True):
        assert isinstance(ice, m.Ice) and ice.servers[0] == plain and len(ice.servers) == 2
        until_s, _, name = ice.servers[1].username.partition(":")
        assert name == f"{house.pool}/{session}/{side}" and int(until_s) * 1000 == ice.until
        assert 0 < ice.until - house.clock.now_ms() <= 600_000
    tests = [await desk.handlers()[m.IceOf](ada.conn, m.IceOf(id=n, session="")) for n in (2, 3)]
    names = {test.servers[1].username.partition(":")[2] for test in tests if isinstance(test, m.Ice)}
    assert len(names) == 1, "coturn counts what a name has: a member gets no more by asking again"
    assert session not in (name := names.pop()) and "/ada/" not in name


async def test_both_allow_recording_or_it_does_not_begin(house: Hall) -> None:
    ada, ann = await house.expert("ada"), await house.page("user", "ann")
    session = await meet(ann, ada)
    await ann.ask(m.Record, session=session, on=True)
    assert (await ada.until(m.Session, lambda said: said.recording != "off")).recording == "asked"
    await ada.ask(m.Record, session=session, on=True)
    await ann.until(m.Session, lambda said: said.recording == "on")
    await ada.ask(m.Record, session=session, on=False)
    await until(lambda: [page.heard(m.Session)[-1].recording for page in (ann, ada)] == ["off", "off"])


async def test_a_pool_that_records_nothing_says_so(store: Store, pool: str, tmp_path: Path) -> None:
    async with hall(store, pool, tmp_path, {"bridge_audio": 1, "ring_ms": 600_000}) as house:
        ada, ann = await house.expert("ada"), await house.page("user", "ann")
        session = await meet(ann, ada)
        assert await refused(ann, m.Record, session=session, on=True) == "not_recorded"
        await ann.ask(m.Record, session=session, on=False)


async def test_pages_are_asked_for_signs_of_life_unless_their_session_is_by_telephone(house: Hall) -> None:
    """In audio they count as soon as somebody goes on by chat."""
    ada, ann = await house.expert("ada"), await house.page("user", "ann")
    session = await meet(ann, ada)
    live = ann.conn.view.live
    asked: dict[str, int] = {}
    for mode in ("audio", "phone"):
        facts = live.mirror.session(session)
        live.mirror.sessions[session] = msgspec.structs.replace(facts, state="live", rate=600, mode=mode)
        evidence = Evidence(house.line, house.process, lambda: [live])
        evidence.sweep(max(ann.conn.heard, ada.conn.heard) + 10)
        asked[mode] = len(evidence._tasks)
        await asyncio.gather(*evidence._tasks.values())
    assert asked == {"audio": 2, "phone": 0}


async def test_what_the_sockets_hear_is_no_evidence_of_the_sound(house: Hall, store: Store) -> None:
    ada, ann = await house.expert("ada"), await house.page("user", "ann")
    session = await meet(ann, ada)
    async with working(store, "m1"), caller(440) as one, caller(880) as two:
        await offer(ann, session, one)
        await offer(ada, session, two)
        await ann.until(m.Session, lambda said: said.state == "live")
        await house.line.evidence(house.pool, session, "user", house.process, 3_000)
        shot = await house.line.snapshot(house.pool)
        assert [(each.frozen, each.running_since > 0) for each in shot.sessions] == [("", True)]
