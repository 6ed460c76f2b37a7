"""What telephones and browsers hear of each other through the worker, and what a dead telephone costs."""

import asyncio
import time
from pathlib import Path

import msgspec
import pytest

from ground.store import Store
from presence.presence import Presence
from tests.databases import database_url, postgres_server
from tests.server.phones import ADA, VIC, a_place_of_its_own, phones
from tests.server.prepaid import OPTIONS as PREPAID
from tests.server.prepaid import RATE, pay_in
from tests.sessions.media.callers import caller, loopback_only
from tests.sessions.phone.peers import Phone, on, until
from tests.sessions.phone.tones import loudest_hz, share_at
from wire import messages as m

__all__ = ["database_url", "postgres_server"]

OPTIONS = msgspec.structs.replace(PREPAID, phone_regions=["DE"])


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    a_place_of_its_own(monkeypatch)
    loopback_only(monkeypatch)


@pytest.mark.claim("A2")
@pytest.mark.claim("B28")
@pytest.mark.baresip
async def test_a_browser_and_a_telephone_hear_each_other(store: Store, pool: str, tmp_path: Path) -> None:
    async with phones(store, pool, tmp_path) as place:
        ada, vic = await place.house.expert("ada"), await place.confirmed("user", "vic", VIC)
        async with on(phone := Phone(tmp_path / "phone", hz=440)), caller(1320) as browser:
            place.exchange.lead(VIC, phone)
            session = await place.matched(vic, ada)
            await ada.until(m.Session, lambda said: said.their_leg == "answered")
            answer = await ada.ask(m.MediaOffer, session=session, peer="p1", sdp=await browser.offer())
            await browser.take(answer.sdp)
            await ada.until(m.Session, lambda said: said.state == "live")
            await until(lambda: abs(browser.loudest_hz() - 440) < 15)
            await asyncio.sleep(1.5)
            await vic.ask(m.End, session=session)
            await phone.sees("CALL_CLOSED")
            heard = await until(lambda: phone.heard()[-12_000:])
            assert abs(loudest_hz(heard) - 1320) < 5 and share_at(heard, 1320) > 0.8


@pytest.mark.claim("A2", "A17", "B28")
@pytest.mark.baresip
async def test_a_telephone_that_dies_costs_no_more_than_three_seconds(store: Store, pool: str, tmp_path: Path) -> None:
    """The sound of a session that is paid for passes through the worker, which hears the last of it."""
    async with phones(store, pool, tmp_path, OPTIONS, rate=RATE) as place:
        await pay_in(place.house.db, pool, "vic", 5_000)
        ada, vic = await place.house.expert("ada"), await place.confirmed("user", "vic", VIC)
        await (await place.confirmed("expert", "ada", ADA)).ask(m.AnswerOn, where="phone")
        mine, theirs = Phone(tmp_path / "mine", hz=440), Phone(tmp_path / "theirs", user="200", hz=1320)
        async with on(mine, theirs):
            place.exchange.lead(VIC, mine)
            place.exchange.lead(ADA, theirs)
            session = await place.matched(vic, ada)
            await vic.until(m.Session, lambda said: said.state == "live")
            began = time.monotonic()
            await asyncio.sleep(2.0)
            mine.kill()
            killed = time.monotonic()
            said = await place.ended(vic, 10)
            assert said.reason in ("user_hung_up", "user_failed") and time.monotonic() - killed < 6
            await theirs.sees("CALL_CLOSED", 1)
            ran_ms, real_ms = place.facts(session).ran_ms, (killed - began) * 1000
            assert real_ms - 500 <= ran_ms <= real_ms + 3_000
            assert (await vic.until(m.Billed, lambda said: said.bill.session == session)).bill.ms == ran_ms
            heard = theirs.heard()[4000:14_000]
            assert abs(loudest_hz(heard) - 440) < 5 and share_at(heard, 440) > 0.8


@pytest.mark.claim("A17")
@pytest.mark.baresip
async def test_what_ends_by_our_fault_is_nobodys_free_call(
    store: Store, pool: str, tmp_path: Path, database_url: str
) -> None:
    """The media worker gives its sessions up, as one that dies does, once more often than there are free calls."""
    async with phones(store, pool, tmp_path, OPTIONS, rate=RATE, database=database_url) as place:
        await pay_in(place.house.db, pool, "vic", 5_000)
        ada, vic = await place.house.expert("ada"), await place.confirmed("user", "vic", VIC)
        await (await place.confirmed("expert", "ada", ADA)).ask(m.AnswerOn, where="phone")
        mine, theirs = Phone(tmp_path / "mine"), Phone(tmp_path / "theirs", user="200")
        async with on(mine, theirs):
            place.exchange.lead(VIC, mine)
            place.exchange.lead(ADA, theirs)
            over: set[str] = set()
            for _ in range(OPTIONS.free_calls + 1):
                await place.matched(vic, ada)
                live = await vic.until(m.Session, lambda said: said.state == "live" and said.session not in over)
                await Presence(store).release(pool, place.worker.name)
                billed = await vic.until(m.Billed, lambda said: said.bill.session not in over)
                assert (place.facts(live.session).reason, billed.bill.outcome) == ("media_lost", "short")
                over.add(live.session)


@pytest.mark.claim("A2")
@pytest.mark.baresip
async def test_the_ringing_tone_is_heard_also_where_time_costs_money(store: Store, pool: str, tmp_path: Path) -> None:
    """What is paid for is not heard while its clock stands still. The tone isn't paid for."""
    async with phones(store, pool, tmp_path, OPTIONS, rate=RATE) as place:
        await pay_in(place.house.db, pool, "vic", 5_000)
        ada, vic = await place.house.expert("ada"), await place.confirmed("user", "vic", VIC)
        await (await place.confirmed("expert", "ada", ADA)).ask(m.AnswerOn, where="phone")
        mine, theirs = Phone(tmp_path / "mine", hz=440), Phone(tmp_path / "theirs", user="200", answers=False)
        async with on(mine, theirs):
            place.exchange.lead(VIC, mine)
            place.exchange.lead(ADA, theirs)
            session = await place.matched(vic, ada)
            await vic.until(m.Session, lambda said: said.their_leg == "ringing")
            await asyncio.sleep(2.5)  # a second of tone, wherever in its turn it began
            await vic.ask(m.End, session=session)
            await mine.sees("CALL_CLOSED")
            heard = await until(mine.heard)
            parts = [heard[at : at + 4_000] for at in range(0, len(heard) - 3_999, 2_000)]
            assert any(loudest_hz(part) and share_at(part, 425) > 0.8 for part in parts)
