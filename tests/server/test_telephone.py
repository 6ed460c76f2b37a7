"""Sessions by telephone, the whole way: a page, a real store, a media worker, real SIP telephones on loopback."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from ground.errors import Refusal
from ground.store import Store
from tests.server.hall import Page
from tests.server.phones import ADA, VIC, Place, a_place_of_its_own, phones
from tests.sessions.phone.peers import Phone, Script, on, until
from tests.sessions.phone.tones import loudest_hz, share_at
from wire import messages as m


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    a_place_of_its_own(monkeypatch)


@pytest_asyncio.fixture
async def place(store: Store, pool: str, tmp_path: Path) -> AsyncIterator[Place]:
    async with phones(store, pool, tmp_path) as made:
        yield made


async def refused(page: Page, kind: Any, **fields: Any) -> str:
    with pytest.raises(Refusal) as refusal:
        await page.ask(kind, **fields)
    return refusal.value.code


@pytest.mark.claim("A2")
@pytest.mark.baresip
async def test_a_number_is_typed_confirmed_by_its_keys_and_called(place: Place, tmp_path: Path) -> None:
    """From the number to the talk of two telephones, and the end of it."""
    ada = await place.house.expert("ada")
    vic = await place.house.page("user", "vic")
    assert await refused(vic, m.Join, experts=["ada"], mode="phone") == "no_number"
    page = await vic.ask(m.SetNumber, number="0151 1234 5678", region="DE")
    assert (page.shown, page.region, page.verified, page.usable) == ("+49 1511 2345678", "DE", False, False)
    assert await refused(vic, m.Join, experts=["ada"], mode="phone") == "number_unverified"
    low, high = Phone(tmp_path / "low", hz=440), Phone(tmp_path / "high", user="200", hz=1320)
    async with on(low, high):
        place.exchange.lead(VIC, low)
        place.exchange.lead(ADA, high)
        page = await vic.ask(m.VerifyNumber, by="call")
        assert len(page.keys) == 6 and page.call == "calling"
        assert await refused(vic, m.ConfirmNumber, code=page.keys) == "bad_code", "the page is not the telephone"
        await low.sees("CALL_ESTABLISHED")
        for key in page.keys:
            await low.do("sndcode", key)
        while (page := await vic.ask(m.MyNumber)).call == "calling":
            await asyncio.sleep(0.1)
        assert (page.call, page.verified, page.usable, page.keys) == ("confirmed", True, True, "")
        await low.sees("CALL_CLOSED")
        low.events.clear()

        await (await place.confirmed("expert", "ada", ADA)).ask(m.AnswerOn, where="phone")
        session = await place.matched(vic, ada)
        await vic.until(m.Session, lambda said: said.my_leg == "calling")
        await vic.until(m.Session, lambda said: said.my_leg == "answered")
        await vic.until(m.Session, lambda said: said.their_leg == "answered" and said.state == "live")
        assert place.exchange.called == [VIC, VIC, ADA]
        await asyncio.sleep(2)
        ended = time.monotonic()
        await vic.ask(m.End, session=session)
        assert await low.sees("CALL_CLOSED") - ended < 1 and await high.sees("CALL_CLOSED") - ended < 1
        for phone, hz in ((low, 1320), (high, 440)):
            heard = await until(lambda phone=phone: phone.heard()[-16_000:])
            assert abs(loudest_hz(heard) - hz) < 5 and share_at(heard, hz) > 0.8


@pytest.mark.claim("A2")
@pytest.mark.sipp
@pytest.mark.parametrize(
    ("side", "code", "leg"),
    [
        ("user", 486, "busy"),
        ("expert", 603, "declined"),
        ("expert", 480, "no_answer"),
    ],
)
async def test_whoever_is_not_reached_is_told_in_words(
    place: Place, tmp_path: Path, side: str, code: int, leg: str
) -> None:
    ada, vic = await place.house.expert("ada"), await place.confirmed("user", "vic", VIC)
    await (await place.confirmed("expert", "ada", ADA)).ask(m.AnswerOn, where="phone")
    refuses = Script(tmp_path / "refuses", "refuse", code=str(code))
    async with on(refuses):
        place.exchange.lead(VIC if side == "user" else ADA, refuses)
        if side == "user":
            await place.matched(vic, ada)
            assert (ended := await place.ended(vic)).reason == f"user_{leg}" and ended.my_leg == leg
            assert VIC in place.exchange.called and ADA not in place.exchange.called
            return
        async with on(answers := Phone(tmp_path / "answers")):
            place.exchange.lead(VIC, answers)
            await place.matched(vic, ada)
            assert (ended := await place.ended(vic)).reason == f"expert_{leg}" and ended.their_leg == leg
            over = time.monotonic()
            assert await answers.sees("CALL_CLOSED") - over < 1


@pytest.mark.claim("A2")
@pytest.mark.baresip
async def test_a_caller_who_leaves_stops_the_experts_telephone(place: Place, tmp_path: Path) -> None:
    ada, vic = await place.house.expert("ada"), await place.confirmed("user", "vic", VIC)
    await (await place.confirmed("expert", "ada", ADA)).ask(m.AnswerOn, where="phone")
    mine, rings = Phone(tmp_path / "mine"), Phone(tmp_path / "rings", user="200", answers=False)
    async with on(mine, rings):
        place.exchange.lead(VIC, mine)
        place.exchange.lead(ADA, rings)
        session = await place.matched(vic, ada)
        await rings.sees("CALL_INCOMING")
        await vic.until(m.Session, lambda said: said.their_leg == "ringing")
        left = time.monotonic()
        await vic.ask(m.End, session=session)
        assert await rings.sees("CALL_CLOSED") - left < 1
        assert await mine.sees("CALL_CLOSED") - left < 1


@pytest.mark.claim("A2")
@pytest.mark.baresip
async def test_who_leaves_while_the_worker_takes_the_session_on_is_not_called(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The news of the end is quicker than the store's answer to whose the session is."""
    ada, vic = await place.house.expert("ada"), await place.confirmed("user", "vic", VIC)
    worker, answered = place.worker, asyncio.Event()
    bridge = worker._media.bridge

    async def late(pool: str, session: str, *said: Any, **more: Any) -> Any:
        answer = await bridge(pool, session, *said, **more)
        await vic.ask(m.End, session=session)
        await until(lambda: not worker.carried)
        answered.set()
        return answer

    monkeypatch.setattr(worker._media, "bridge", late)
    async with on(phone := Phone(tmp_path / "phone", answers=False)):
        place.exchange.lead(VIC, phone)
        await place.matched(vic, ada)
        await asyncio.wait_for(answered.wait(), 10)
        await asyncio.sleep(0.5)
        assert place.exchange.called == []


@pytest.mark.claim("A2")
@pytest.mark.baresip
async def test_who_hangs_up_ends_it_for_both_within_a_second(place: Place, tmp_path: Path) -> None:
    ada, vic = await place.house.expert("ada"), await place.confirmed("user", "vic", VIC)
    await (await place.confirmed("expert", "ada", ADA)).ask(m.AnswerOn, where="phone")
    mine, theirs = Phone(tmp_path / "mine"), Phone(tmp_path / "theirs", user="200")
    async with on(mine, theirs):
        place.exchange.lead(VIC, mine)
        place.exchange.lead(ADA, theirs)
        session = await place.matched(vic, ada)
        await vic.until(m.Session, lambda said: said.state == "live")
        hung_up = time.monotonic()
        await theirs.do("hangup")
        assert await mine.sees("CALL_CLOSED") - hung_up < 1
        ended = await place.ended(vic)
        assert (ended.session, ended.reason, ended.ended_by) == (session, "expert_hung_up", "expert:ada")
        assert time.monotonic() - hung_up < 1


@pytest.mark.baresip
async def test_an_expert_at_the_console_is_not_called(place: Place, tmp_path: Path) -> None:
    """The page makes its offer to the same worker (tests of bridging); until then the clock stands."""
    ada, vic = await place.house.expert("ada"), await place.confirmed("user", "vic", VIC)
    async with on(mine := Phone(tmp_path / "mine")):
        place.exchange.lead(VIC, mine)
        session = await place.matched(vic, ada)
        said = await vic.until(m.Session, lambda said: said.my_leg == "answered" and said.mine)
        assert (said.their_leg, said.state, said.path) == ("", "connecting", "bridged")
        assert place.facts(session).worker == place.worker.name
        await mine.do("hangup")
        assert (await place.ended(ada)).reason == "user_hung_up"
    assert place.exchange.called == [VIC]


async def test_without_a_free_line_the_session_ends_by_name(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.dialling.LINE_S", 1.5)
    place.exchange.lines = 0
    ada, vic = await place.house.expert("ada"), await place.confirmed("user", "vic", VIC)
    await asyncio.sleep(2.5)  # the registry hears of it with the next renewal
    await place.matched(vic, ada)
    assert (await place.ended(vic)).reason == "phone_full"
    assert place.exchange.called == []
