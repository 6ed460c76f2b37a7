"""What is said on the telephone, the whole way: a page, a real store, a media worker, a voice, real SIP telephones."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
import pytest_asyncio

from ground.errors import Refusal
from ground.store import Store
from sessions.media.hearing import Ear
from sessions.media.sound import OPUS_RATE, Decimator, Samples, chime_samples
from sessions.media.workers import Workers
from sessions.phone.store import CONFIRMED, calls_of
from sessions.phone.telephone import Telephone
from sessions.speech.speech import Speech, program_of
from sessions.speech.texts import WORDS, Language, Phrase
from sessions.speech.voice import Voice
from tests.server.hall import Page
from tests.server.phones import ADA, VIC, Place, a_place_of_its_own, phones
from tests.server.prepaid import OPTIONS as PREPAID
from tests.server.prepaid import RATE, pay_in
from tests.sessions.phone.peers import Phone, Script, on, until
from tests.sessions.phone.tones import share_at
from tests.sessions.speech.listening import by_ear, loud, samples, spoken
from tests.sessions.speech.test_speech import program
from tests.sessions.speech.test_voice import digits
from wire import messages as m

OPTIONS = msgspec.structs.replace(PREPAID, phone_regions=["DE"], verify_numbers=True, phone_calls=10)
pytestmark = [pytest.mark.baresip, pytest.mark.speech]


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    a_place_of_its_own(monkeypatch)


@pytest_asyncio.fixture
async def speech() -> Speech:
    return Speech(program_of(""))


@pytest_asyncio.fixture
async def place(store: Store, pool: str, tmp_path: Path, speech: Speech) -> AsyncIterator[Place]:
    voice = Voice(speech)
    await voice.prepare()
    async with phones(store, pool, tmp_path, OPTIONS, rate=RATE, voice=voice) as made:
        yield made


async def said(speech: Speech, language: Language, phrase: Phrase) -> Samples:
    """A phrase as a telephone hears it."""
    return loud(Decimator(OPUS_RATE // 8_000).lower(await speech.say(language, WORDS[language][phrase])))


async def stands(page: Page, call: str, seconds: float = 40) -> m.NumberPage:
    """One's number, as soon as the call to confirm it stands so."""
    async with asyncio.timeout(seconds):
        while True:
            found: m.NumberPage = await page.ask(m.MyNumber)
            if found.call == call:
                return found
            await asyncio.sleep(0.1)


@pytest.mark.claim("A2")
async def test_a_number_is_confirmed_by_the_code_that_its_telephone_was_told(
    place: Place, tmp_path: Path, speech: Speech
) -> None:
    vic = await place.house.page("user", "vic")
    await vic.ask(m.SetNumber, number="0151 1234 5678", region="DE", language="es-MX")
    async with on(phone := Phone(tmp_path / "phone")):
        place.exchange.lead(VIC, phone)
        page = await vic.ask(m.VerifyNumber, by="call", language="es-MX", op="once")
        assert (page.spoken, page.keys, page.call, page.usable) == (True, "", "calling", False)
        again = await vic.ask(m.VerifyNumber, by="call", language="es-MX", op="once")
        assert (again.spoken, again.keys) == (True, "")
        assert (await stands(vic, "told")).spoken
        await phone.sees("CALL_CLOSED", 1)
        assert place.exchange.called == [VIC]
        heard = by_ear(samples(phone.heard()), await digits(speech, "es", 8_000))
        code = heard[-6:]
        assert code in heard[:-6], "twice"
    wrong = str((int(code) + 1) % 1_000_000).rjust(6, "0")
    with pytest.raises(Refusal, match="bad_code"):
        await vic.ask(m.ConfirmNumber, code=wrong)
    page = await vic.ask(m.ConfirmNumber, code=code)
    assert page.verified and page.usable
    with pytest.raises(Refusal, match="code_expired"):
        await vic.ask(m.ConfirmNumber, code=code)
    async with place.house.db.read() as tx:
        assert [row["outcome"] for row in await calls_of(tx, place.house.pool, "user", "vic")] == [CONFIRMED]


async def test_who_does_not_hear_a_code_is_told_why(place: Place, tmp_path: Path) -> None:
    vic = await place.house.page("user", "vic")
    await vic.ask(m.SetNumber, number="0151 1234 5678", region="DE")
    async with on(refuses := Script(tmp_path / "refuses", "refuse", code="486")):
        place.exchange.lead(VIC, refuses)
        assert (await vic.ask(m.VerifyNumber, by="call")).spoken
        assert not (await stands(vic, "busy")).verified


@pytest.mark.claim("B28")
async def test_both_telephones_are_told_what_goes_on_each_in_its_language(
    place: Place, tmp_path: Path, speech: Speech
) -> None:
    """Who waits for the other is told so; in the last minute, which begins at once here, both hear a tone and words."""
    await pay_in(place.house.db, place.house.pool, "vic", RATE)
    ada, vic = await place.house.expert("ada"), await place.confirmed("user", "vic", VIC, "de-AT")
    await (await place.confirmed("expert", "ada", ADA, "ar")).ask(m.AnswerOn, where="phone")
    mine, theirs = Phone(tmp_path / "mine"), Phone(tmp_path / "theirs", user="200", answers=False)
    async with on(mine, theirs):
        place.exchange.lead(VIC, mine)
        place.exchange.lead(ADA, theirs)
        session = await place.matched(vic, ada)
        await theirs.sees("CALL_INCOMING", 20)
        await asyncio.sleep(4.5)
        await theirs.do("accept")
        await vic.until(m.Session, lambda told: told.state == "live")
        await asyncio.sleep(5)
        await vic.ask(m.End, session=session)
        await mine.sees("CALL_CLOSED")
        await theirs.sees("CALL_CLOSED")
        heard = samples(await until(mine.heard))
        connecting, minute = await said(speech, "de", "connecting"), await said(speech, "de", "minute_left")
        at = [spoken(heard, sound) for sound in (connecting, chime_samples("minute_left", 8_000), minute)]
        assert all(like > 0.65 for like, _ in at), at
        assert at[0][1] < at[1][1] < at[2][1]
        heard, minute = samples(theirs.heard()), await said(speech, "ar", "minute_left")
        at = [spoken(heard, chime_samples("minute_left", 8_000)), spoken(heard, minute)]
        assert all(like > 0.65 for like, _ in at) and at[0][1] < at[1][1], at
        assert spoken(heard, await said(speech, "ar", "connecting"))[0] < 0.6, "nobody was waited for"


@pytest.mark.claim("B28", "A18")
async def test_who_talks_hears_why_it_is_over(
    store: Store, pool: str, tmp_path: Path, speech: Speech, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing of the other side is heard behind the end, and nothing is charged for the words. They are said as well
    where the worker learns of the end by being refused: here it gives evidence all the time."""
    monkeypatch.setattr(Ear, "told", lambda *_: None)
    voice = Voice(speech)
    await voice.prepare()
    async with phones(store, pool, tmp_path, OPTIONS, rate=RATE, voice=voice, session_cap_ms=4_000) as place:
        await pay_in(place.house.db, pool, "vic", RATE)
        ada, vic = await place.house.expert("ada"), await place.confirmed("user", "vic", VIC, "es")
        await (await place.confirmed("expert", "ada", ADA, "de")).ask(m.AnswerOn, where="phone")
        mine, theirs = Phone(tmp_path / "mine", hz=440), Phone(tmp_path / "theirs", user="200", hz=1320)
        async with on(mine, theirs):
            place.exchange.lead(VIC, mine)
            place.exchange.lead(ADA, theirs)
            session = await place.matched(vic, ada)
            assert (await place.ended(vic)).reason == "cap"
            over = time.monotonic()
            assert place.facts(session).ran_ms == 4_000
            ears: list[tuple[Phone, Language, int]] = [(mine, "es", 1320), (theirs, "de", 440)]
            for phone, language, hz in ears:
                closed = await phone.sees("CALL_CLOSED", 10) - over
                assert 1 < closed < 8, closed
                heard = samples(await until(phone.heard))
                like, at = spoken(heard, words := await said(speech, language, "cap"))
                assert like > 0.65, (like, at)
                assert share_at(heard[at : at + len(words)].tobytes(), hz) < 0.2


@pytest.mark.claim("B28")
async def test_who_waits_for_a_telephone_that_is_not_picked_up_is_told_so(
    place: Place, tmp_path: Path, speech: Speech
) -> None:
    await pay_in(place.house.db, place.house.pool, "vic", 5 * RATE)
    ada, vic = await place.house.expert("ada"), await place.confirmed("user", "vic", VIC, "en")
    await (await place.confirmed("expert", "ada", ADA)).ask(m.AnswerOn, where="phone")
    busy = Script(tmp_path / "busy", "refuse", code="486")
    async with on(mine := Phone(tmp_path / "mine"), busy):
        place.exchange.lead(VIC, mine)
        place.exchange.lead(ADA, busy)
        await place.matched(vic, ada)
        assert (await place.ended(vic)).reason == "expert_busy"
        await mine.sees("CALL_CLOSED", 8)
        like, _ = spoken(samples(await until(mine.heard)), await said(speech, "en", "unreached"))
        assert like > 0.65


@pytest.mark.claim("A2")
async def test_whose_turn_it_is_is_told_so(place: Place, tmp_path: Path, speech: Speech) -> None:
    ada = await place.house.expert("ada")
    await ada.ask(m.Declare, status="away")
    await pay_in(place.house.db, place.house.pool, "vic", 5 * RATE)
    vic = await place.confirmed("user", "vic", VIC, "en")
    async with on(phone := Phone(tmp_path / "phone")):
        place.exchange.lead(VIC, phone)
        await vic.ask(m.Join, experts=["ada"], mode="phone")
        await vic.ask(m.CallMe, on=True)
        await ada.ask(m.Declare, status="online")
        await phone.sees("CALL_ESTABLISHED", 20)
        await asyncio.sleep(6)
        await phone.do("hangup")
        await phone.sees("CALL_CLOSED")
        like, _ = spoken(samples(await until(phone.heard)), await said(speech, "en", "turn"))
        assert like > 0.65


@pytest.mark.claim("A2")
async def test_who_picked_up_in_vain_is_told_that_the_place_is_kept_and_called_again(
    place: Place, tmp_path: Path, speech: Speech
) -> None:
    """The next turn comes at once, and waits for these words: their own telephone would be busy."""
    ada = await place.house.expert("ada")
    await ada.ask(m.Declare, status="away")
    await pay_in(place.house.db, place.house.pool, "vic", 5 * RATE)
    vic = await place.confirmed("user", "vic", VIC, "de")
    first = Phone(tmp_path / "first")
    async with on(first):
        place.exchange.lead(VIC, first)
        await vic.ask(m.Join, experts=["ada"], mode="phone")
        await vic.ask(m.CallMe, on=True)
        await ada.ask(m.Declare, status="online")
        offer = await ada.until(m.Offer, lambda told: told.theirs and told.state == "ringing")
        await ada.ask(m.Declare, status="away")
        await ada.ask(m.Declare, status="online")
        closed = await first.sees("CALL_CLOSED", 8)
        heard = samples(await until(first.heard))
        assert spoken(heard, await said(speech, "de", "kept"))[0] > 0.65
        again = await ada.until(m.Offer, lambda told: told.theirs and told.offer != offer.offer)
        assert place.exchange.called == [VIC, VIC] and first.at("CALL_ESTABLISHED") > closed
        await ada.ask(m.Accept, offer=again.offer)
        session = await ada.until(m.Session, lambda told: told.their_leg == "answered")
        await vic.ask(m.End, session=session.session)


@pytest.mark.claim("A2")
async def test_whoever_gives_up_the_place_is_hung_up_at_once(place: Place, tmp_path: Path) -> None:
    ada = await place.house.expert("ada")
    await ada.ask(m.Declare, status="away")
    await pay_in(place.house.db, place.house.pool, "vic", 5 * RATE)
    vic = await place.confirmed("user", "vic", VIC)
    async with on(phone := Phone(tmp_path / "phone")):
        place.exchange.lead(VIC, phone)
        await vic.ask(m.Join, experts=["ada"], mode="phone")
        await vic.ask(m.CallMe, on=True)
        await ada.ask(m.Declare, status="online")
        await ada.until(m.Offer, lambda told: told.theirs and told.state == "ringing")
        over = time.monotonic()
        await vic.ask(m.Leave)
        assert await phone.sees("CALL_CLOSED") - over < 1


async def test_a_voice_that_fails_leaves_keys_and_tones(place: Place, store: Store, tmp_path: Path) -> None:
    """The next number is asked for keys, and the next call of a session goes on without words."""
    await pay_in(place.house.db, place.house.pool, "vic", 5 * RATE)
    silent = Voice(Speech(program(tmp_path, "exit 1")))
    telephone = place.worker.telephone
    assert isinstance(telephone, Telephone)
    place.worker.voice = telephone._voice = silent
    async with asyncio.timeout(10):
        while any(each.speaks for each in await Workers(store).listed()):
            await asyncio.sleep(0.1)
    vic = await place.house.page("user", "vic")
    await vic.ask(m.SetNumber, number="0151 1234 5678", region="DE", language="de")
    async with on(phone := Phone(tmp_path / "phone", hz=440)):
        place.exchange.lead(VIC, phone)
        page = await vic.ask(m.VerifyNumber, by="call", language="de")
        assert not page.spoken and len(page.keys) == 6
        await phone.sees("CALL_ESTABLISHED", 20)
        for key in page.keys:
            await phone.do("sndcode", key)
        assert (await stands(vic, "confirmed")).usable
        ada = await place.house.expert("ada")
        session = await place.matched(vic, ada)
        await vic.until(m.Session, lambda told: told.my_leg == "answered")
        await vic.ask(m.End, session=session)
