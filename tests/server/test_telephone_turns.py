"""Call me when it is my turn: the page is closed, the telephone rings, and picking up is the yes."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
import pytest_asyncio

from billing import ledger
from ground.store import Store
from identity.accounts import Accounts
from identity.passwords import Passwords
from mail.outbox import Outbox
from sessions.phone import turns as worker_turns
from tests.databases import database_url, postgres_server
from tests.server.hall import Page, conducted
from tests.server.hall import until as comes
from tests.server.phones import ADA, VIC, Place, a_place_of_its_own, phones
from tests.server.prepaid import OPTIONS as PREPAID
from tests.server.prepaid import RATE, balance, pay_in
from tests.sessions.phone.peers import Phone, Script, on, until
from tests.sessions.phone.tones import loudest_hz
from wire import messages as m

__all__ = ["database_url", "postgres_server"]


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    a_place_of_its_own(monkeypatch)


@pytest_asyncio.fixture
async def place(store: Store, pool: str, tmp_path: Path) -> AsyncIterator[Place]:
    async with phones(store, pool, tmp_path) as made:
        yield made


@pytest_asyncio.fixture
async def anywhere(store: Store, pool: str, tmp_path: Path, database_url: str) -> AsyncIterator[Place]:
    """The same on each kind of database in turn."""
    async with phones(store, pool, tmp_path, database=database_url) as made:
        yield made


async def waits(place: Place, name: str = "vic", number: str = VIC) -> Page:
    """Somebody stands in Ada's line, wants to be called, and has closed the page."""
    page = await place.confirmed("user", name, number)
    await page.ask(m.Join, experts=["ada"], mode="phone")
    await page.ask(m.CallMe, on=True)
    await page.go()
    return page


async def away(place: Place) -> Page:
    """Ada, whose line may be joined, and who is not free yet."""
    ada = await place.house.expert("ada")
    await ada.ask(m.Declare, status="away")
    return ada


@pytest.mark.claim("A2")
@pytest.mark.baresip
async def test_the_page_is_closed_and_the_telephone_rings(place: Place, tmp_path: Path) -> None:
    ada = await away(place)
    async with on(phone := Phone(tmp_path / "phone", hz=440)):
        place.exchange.lead(VIC, phone)
        await waits(place)
        await ada.ask(m.Declare, status="online")
        offer = await ada.until(m.Offer, lambda said: said.by_phone and said.theirs)
        assert offer.state == "ringing", "picking up was the user's yes"
        await asyncio.sleep(1.6)
        await ada.ask(m.Accept, offer=offer.offer)
        said = await ada.until(m.Session, lambda said: said.their_leg == "answered" and said.theirs)
        assert place.exchange.called == [VIC], "the call of the turn is the call of the session"
        await ada.ask(m.End, session=said.session)
        await phone.sees("CALL_CLOSED", 1.5)
        tone = await until(lambda: phone.heard()[4000:12_000])
        assert abs(loudest_hz(tone) - 425) < 5, "whoever waits for the expert hears it ring"


@pytest.mark.claim("A2")
@pytest.mark.baresip
async def test_there_is_time_to_pick_up(place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A telephone rings for `call_ms`, however soon a worker forgets a turn that nobody asks for."""
    monkeypatch.setattr(worker_turns, "ASKED_S", 1.5)
    monkeypatch.setattr(worker_turns, "STILL_S", 0.5)
    ada = await away(place)
    async with on(phone := Phone(tmp_path / "phone", answers=False)):
        place.exchange.lead(VIC, phone)
        await waits(place)
        await ada.ask(m.Declare, status="online")
        await phone.sees("CALL_INCOMING")
        await asyncio.sleep(4)
        await phone.do("accept")
        offer = await ada.until(m.Offer, lambda said: said.theirs)
        assert offer.state == "ringing" and place.exchange.called == [VIC]
        await ada.ask(m.Accept, offer=offer.offer)
        session = (await ada.until(m.Session, lambda said: said.their_leg == "answered")).session
        await ada.ask(m.End, session=session)


@pytest.mark.claim("A2")
@pytest.mark.sipp
async def test_no_answer_twice_gives_the_place_up_and_is_told(anywhere: Place, tmp_path: Path) -> None:
    place = anywhere
    house, ada = place.house, await away(place)
    vic = await Accounts(house.db, Passwords()).open(house.pool, "user", "vic@example.org", "Vic", now=1)
    async with on(refuses := Script(tmp_path / "refuses", "refuse", calls=2, code="486")):
        place.exchange.lead(VIC, refuses)
        await waits(place, vic)
        await ada.ask(m.Declare, status="online")
        await comes(lambda: _gone(place, vic))
    assert place.exchange.called == [VIC, VIC]
    await comes(lambda: _has_letters(place))
    letters, _more = await Outbox(house.db).page(house.pool)
    assert [(one.to, one.kind) for one in letters] == [("vic@example.org", "missed_call")]
    assert "tried twice to reach you" in letters[0].text
    back = await house.page("user", vic)
    assert (await back.ask(m.MyNumber)).missed_at > 0
    await back.ask(m.Join, experts=["ada"], mode="phone")
    assert (await back.ask(m.MyNumber)).missed_at == 0


@pytest.mark.claim("A2")
@pytest.mark.baresip
async def test_an_offer_that_is_withdrawn_stops_the_ringing(place: Place, tmp_path: Path) -> None:
    ada = await away(place)
    async with on(phone := Phone(tmp_path / "phone", answers=False)):
        place.exchange.lead(VIC, phone)
        await waits(place)
        await ada.ask(m.Declare, status="online")
        await phone.sees("CALL_INCOMING")
        gone = time.monotonic()
        await ada.ask(m.Declare, status="away")
        assert await phone.sees("CALL_CLOSED") - gone < 1
    ticket = place.house.fanout.pool(place.house.pool).mirror.ticket_of("vic")
    assert ticket and ticket.state == "waiting", "it was not their doing"


@pytest.mark.baresip
async def test_who_hangs_up_before_the_expert_came_is_not_waited_for(place: Place, tmp_path: Path) -> None:
    ada = await away(place)
    async with on(phone := Phone(tmp_path / "phone")):
        place.exchange.lead(VIC, phone)
        await waits(place)
        await ada.ask(m.Declare, status="online")
        await ada.until(m.Offer, lambda said: said.theirs)
        await phone.do("hangup")
        await ada.until(m.Offer, lambda said: said.state == "not_ready")


@pytest.mark.claim("A2")
@pytest.mark.baresip
async def test_no_more_telephones_ring_than_experts_are_free(place: Place, tmp_path: Path) -> None:
    ada = await away(place)
    one, other = Phone(tmp_path / "one", answers=False), Phone(tmp_path / "other", user="200", answers=False)
    async with on(one, other):
        place.exchange.lead(VIC, one)
        place.exchange.lead(ADA, other)
        await waits(place)
        await waits(place, "wim", ADA)
        await ada.ask(m.Declare, status="online")
        await one.sees("CALL_INCOMING")
        await asyncio.sleep(1.5)
        assert place.exchange.called == [VIC]


@pytest.mark.claim("A2", "A14")
@pytest.mark.baresip
async def test_nothing_is_called_that_is_not_paid_for(store: Store, pool: str, tmp_path: Path) -> None:
    """The money is set aside before the telephone rings, and without it nothing rings."""
    options = msgspec.structs.replace(PREPAID, phone_regions=["DE"])
    async with phones(store, pool, tmp_path, options, rate=RATE) as place:
        house, ada = place.house, await away(place)
        await pay_in(house.db, pool, "vic", 5_000)
        async with on(phone := Phone(tmp_path / "phone")):
            place.exchange.lead(VIC, phone)
            await waits(place)
            async with house.db.begin() as tx:
                await ledger.forfeit(tx, pool, "vic", 5_000, "EUR", key="spent", now=1, memo="")
            await ada.ask(m.Declare, status="online")
            await ada.until(m.Offer, lambda said: said.state == "not_ready" and said.reason == "balance_too_low")
            assert place.exchange.called == []
            await pay_in(house.db, pool, "vic", 2_000, "second")
            await house.metering.funded(pool, "vic")
            offer = await ada.until(m.Offer, lambda said: said.theirs and said.state == "ringing")
            assert place.exchange.called == [VIC] and (await balance(house.db, pool, "vic"))[1] > 0
            await ada.ask(m.Accept, offer=offer.offer)
            said = await ada.until(m.Session, lambda said: said.theirs)
            await ada.ask(m.End, session=said.session)


@pytest.mark.claim("A2")
@pytest.mark.baresip
async def test_another_leader_goes_on_with_what_rings(place: Place, tmp_path: Path) -> None:
    """The process that leads stops in order while a telephone rings: the next one neither loses nor repeats it."""
    ada = await away(place)
    async with on(phone := Phone(tmp_path / "phone", answers=False)):
        place.exchange.lead(VIC, phone)
        await waits(place)
        await ada.ask(m.Declare, status="online")
        await phone.sees("CALL_INCOMING")
        await place.depose()
        async with conducted(place.house):
            await phone.do("accept")
            offer = await ada.until(m.Offer, lambda said: said.theirs and said.state == "ringing")
            await ada.ask(m.Accept, offer=offer.offer)
            said = await ada.until(m.Session, lambda said: said.their_leg == "answered")
            assert place.exchange.called == [VIC]
            await ada.ask(m.End, session=said.session)
            await phone.sees("CALL_CLOSED", 1.5)


async def _gone(place: Place, user: str) -> bool:
    return place.house.fanout.pool(place.house.pool).mirror.ticket_of(user) is None


async def _has_letters(place: Place) -> bool:
    return bool((await Outbox(place.house.db).page(place.house.pool))[0])
