"""Toll fraud: whatever somebody types, repeats, rotates or does at once, no more is called than the caps allow.

The telephones are real: sipp counts by its messages what has really been called.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import phonenumbers
import pytest
import pytest_asyncio
import structlog
from phonenumbers import PhoneNumberFormat, PhoneNumberType
from structlog.testing import LogCapture

from ground.errors import Refusal
from ground.store import Store
from server.config_phone import PhoneSettings
from sessions.phone.codes import TRIES
from tests.server import hall
from tests.server.hall import Page
from tests.server.hall import until as comes
from tests.server.phones import OPTIONS, VIC, Place, a_place_of_its_own, phones
from tests.sessions.phone.peers import Script, on
from tests.sessions.phone.test_texts import SECRET, sending
from wire import messages as m

CALLS_A_DAY = 12
EARNING = (
    PhoneNumberType.PREMIUM_RATE,
    PhoneNumberType.SHARED_COST,
    PhoneNumberType.PERSONAL_NUMBER,
    PhoneNumberType.UAN,
)


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    a_place_of_its_own(monkeypatch)
    monkeypatch.setattr(hall, "PHONE", PhoneSettings(calls_a_day=CALLS_A_DAY))


@pytest_asyncio.fixture(loop_scope="session")
async def store(store_url: str) -> AsyncIterator[Store]:
    """In the loop of these tests."""
    opened = await Store.open(store_url)
    yield opened
    await opened.close()


@pytest.fixture
def log() -> Iterator[LogCapture]:
    capture, before = LogCapture(), structlog.get_config()["processors"]
    structlog.configure(processors=[capture])
    yield capture
    structlog.configure(processors=before)


@asynccontextmanager
async def attacked(store: Store, pool: str, folder: Path, **options: object) -> AsyncIterator[Place]:
    async with phones(store, pool, folder, msgspec.structs.replace(OPTIONS, **options)) as place:
        yield place


async def asked(page: Page, kind: type[m.Request], **fields: object) -> str:
    """The code of the refusal, "" where it was granted."""
    try:
        await page.ask(kind, **fields)
    except Refusal as refusal:
        return refusal.code
    return ""


async def quiet(place: Place, numbers: int) -> None:
    """So many numbers were called, and nothing more comes."""
    async with asyncio.timeout(20):
        while len(place.exchange.called) < numbers:
            await asyncio.sleep(0.05)
    await asyncio.sleep(1)


@pytest.mark.claim("A2")
async def test_no_number_that_earns_money_gets_as_far_as_a_call(store: Store, pool: str, tmp_path: Path) -> None:
    """Premium, shared cost, personal, company-wide and satellite numbers of every country, all of which are called."""
    regions = sorted(phonenumbers.SUPPORTED_REGIONS)
    found = [phonenumbers.example_number_for_type(region, kind) for region in regions for kind in EARNING]
    nowhere = phonenumbers.COUNTRY_CODES_FOR_NON_GEO_REGIONS
    found += [phonenumbers.example_number_for_non_geo_entity(code) for code in nowhere]
    numbers = [phonenumbers.format_number(one, PhoneNumberFormat.E164) for one in found if one]
    async with attacked(store, pool, tmp_path, phone_regions=regions, verify_numbers=False) as place:
        mal = await place.house.page("user", "mal")
        codes = {await asked(mal, m.SetNumber, number=number) for number in numbers}
        assert len(numbers) > 300 and codes == {"number_refused"}
        assert await asked(mal, m.VerifyNumber) == "no_number"
        assert await asked(mal, m.Join, experts=["ada"], mode="phone") == "no_number"
        assert place.exchange.called == []


@pytest.mark.claim("A2")
@pytest.mark.sipp
async def test_rotating_visitors_all_at_once_spend_no_more_than_the_cap(
    store: Store, pool: str, tmp_path: Path
) -> None:
    """Sixty visitors, each with a number of their own, each asking twice, in one rush."""
    async with (
        attacked(store, pool, tmp_path) as place,
        on(sink := Script(tmp_path / "s", "refuse", calls=99, code="486")),
    ):
        pages = [await place.house.page("user", f"mal{n}") for n in range(60)]
        for n, page in enumerate(pages):
            number = f"+4930{n % 10}{n:03d}555"
            place.exchange.lead(number, sink)
            await page.ask(m.SetNumber, number=number)
        granted, said = 0, ["phone_full"]
        async with asyncio.timeout(30):
            while "phone_full" in said:
                rush = [asked(page, m.VerifyNumber) for page in pages for _ in range(2)]
                said = await asyncio.gather(*rush)
                granted += said.count("")
        await quiet(place, granted)
        assert granted == len(place.exchange.called) == CALLS_A_DAY
        assert {await asked(page, m.VerifyNumber) for page in pages[:9]} == {"too_many_calls"}


@pytest.mark.claim("A2")
@pytest.mark.sipp
async def test_one_who_calls_again_and_again_is_called_as_often_as_allowed(
    store: Store, pool: str, tmp_path: Path
) -> None:
    """A session that ends at once is a call, too."""
    async with (
        attacked(store, pool, tmp_path, phone_calls=2) as place,
        on(sink := Script(tmp_path / "s", "refuse", calls=9, code="486")),
    ):
        place.exchange.lead(VIC, sink)
        ada, mal = await place.house.expert("ada"), await place.confirmed("user", "mal", VIC)
        for _ in range(2):
            await _call_once(place, mal, ada)
        code = await asked(mal, m.Join, experts=["ada"], mode="phone")
        assert code == "too_many_calls"
        assert place.exchange.called == [VIC, VIC]
        again = await place.confirmed("user", "mal2", VIC)
        assert await asked(again, m.Join, experts=["ada"], mode="phone") == "too_many_calls"


async def _call_once(place: Place, mal: Page, ada: Page) -> None:
    """Join, be accepted, and let it end."""
    ticket = (await mal.ask(m.Join, experts=["ada"], mode="phone")).ticket
    offer = await ada.until(m.Offer, lambda said: (said.ticket, said.state) == (ticket, "ringing"))
    await ada.ask(m.Accept, offer=offer.offer)
    await comes(lambda: _is_gone(place, ticket))


async def _is_gone(place: Place, ticket: str) -> bool:
    return ticket not in place.house.fanout.pool(place.house.pool).mirror.tickets


@pytest.mark.claim("A2")
@pytest.mark.sipp
async def test_a_code_is_not_guessed(store: Store, pool: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither by trying, nor by asking again with the same operation, nor with what the page shows for the keys."""
    async with sending() as (sender, texts):
        url = texts._url
        monkeypatch.setattr(hall, "PHONE", PhoneSettings(calls_a_day=99, text_url=url, text_secret=SECRET))
        async with attacked(store, pool, tmp_path) as place:
            mal = await place.house.page("user", "mal")
            page = await mal.ask(m.SetNumber, number=VIC)
            assert page.ways == ["call", "text"]
            assert (await mal.ask(m.VerifyNumber, by="text", language="de", op="first")).keys == ""
            told = msgspec.json.decode(sender.bodies[0])
            code = told["text"][:6]
            assert told["number"] == VIC and code.isdigit() and "Ihr Code" in told["text"]
            wrong = f"{(int(code) + 7) % 1_000_000:06d}"
            rush = await asyncio.gather(*(asked(mal, m.ConfirmNumber, code=wrong) for _ in range(4 * TRIES)))
            assert rush.count("bad_code") == TRIES
            await mal.ask(m.VerifyNumber, by="text", op="first")
            assert await asked(mal, m.ConfirmNumber, code=code) == "code_expired"
            assert len(sender.bodies) == 1, "a repeat sends nothing"
            assert not (await mal.ask(m.MyNumber)).verified
            assert await asked(mal, m.VerifyNumber, by="text", op="second") == "too_many_calls", "not so soon"


@pytest.mark.sipp
async def test_no_log_names_a_number_or_a_code(store: Store, pool: str, tmp_path: Path, log: LogCapture) -> None:
    async with (
        attacked(store, pool, tmp_path) as place,
        on(sink := Script(tmp_path / "s", "refuse", calls=2, code="486")),
    ):
        place.exchange.lead(VIC, sink)
        ada, vic = await place.house.expert("ada"), await place.house.page("user", "vic")
        await vic.ask(m.SetNumber, number=VIC)
        keys = (await vic.ask(m.VerifyNumber)).keys
        await quiet(place, 1)
        await place.matched(await place.confirmed("user", "vic", VIC), ada)
        await place.ended(vic)
    told = repr(log.entries)
    assert VIC not in told and VIC[1:] not in told and VIC[3:] not in told and keys not in told
