"""A number is typed in a browser, a real telephone rings and says a code, and the page takes it."""

import asyncio
from collections.abc import AsyncIterator

import msgspec
import pytest
import pytest_asyncio
from playwright.async_api import expect

from directory.expert import PoolOptions
from sessions.speech.speech import Speech, program_of
from tests.ports import LOOPBACK
from tests.server.phones import VIC
from tests.sessions.phone.peers import Phone, on
from tests.sessions.speech.listening import by_ear, samples
from tests.sessions.speech.test_voice import digits
from tests.stories.people import ADA
from tests.stories.scene import Scene
from tests.stories.test_directory import violations
from tests.stories.venue import Books, own_server

pytestmark = [pytest.mark.browser, pytest.mark.baresip, pytest.mark.speech, pytest.mark.slow]
OPTIONS = PoolOptions(phone_regions=["DE"], verify_numbers=True, phone_calls=10)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def phone(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Phone]:
    """Vic's; the trunk leads straight to it."""
    async with on(made := Phone(tmp_path_factory.mktemp("phone") / "vic", user=VIC)):
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def books(tmp_path_factory: pytest.TempPathFactory, phone: Phone) -> AsyncIterator[Books]:
    trunk = f"sip:openline@{LOOPBACK}:{phone.port};local={LOOPBACK}"
    state = tmp_path_factory.mktemp("telephone")
    async with own_server(state, "--media", "1", OPENLINE_SIP_TRUNK=trunk) as (process, opened):
        async with asyncio.timeout(60):
            while '"event": "voice"' not in process.said():
                await asyncio.sleep(0.1)
        yield opened


@pytest.mark.claim("A2")
async def test_a_code_that_is_said_is_typed_on_the_page(scene: Scene, phone: Phone) -> None:
    await scene.begin([msgspec.structs.replace(ADA, modes=["chat", "phone"])], options=OPTIONS)
    await scene.expert("ada", name="Ada Quill")
    vic = await scene.user("vic", locale="de-DE")
    await vic.button("Telefon: Ada Quill", vic.card("ada")).click()
    await expect(vic.panel.get_by_role("radio", name="Telefon")).to_be_checked()
    await vic.part("number").fill("0151 12345678")
    await vic.button("Diese Nummer verwenden").click()
    await vic.button("Jetzt anrufen").click()
    await vic.sees("Geben Sie", seconds=20)
    assert not await violations(vic)
    await phone.sees("CALL_ESTABLISHED", 20)
    await phone.sees("CALL_CLOSED", 40)
    heard = by_ear(samples(phone.heard()), await digits(Speech(program_of("")), "de", 8_000))
    await vic.part("code").fill(heard[-6:])
    await vic.button("Bestätigen").click()
    await expect(vic.part("known")).to_contain_text("+49 1511 2345678")
    await vic.sees("Unter dieser Nummer rufen wir Sie an.")
