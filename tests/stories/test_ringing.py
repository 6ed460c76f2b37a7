"""A session by telephone in two browsers: how each telephone stands, and how it ended, in words on both sides."""

import asyncio
from collections.abc import AsyncIterator

import msgspec
import pytest
import pytest_asyncio
from playwright.async_api import expect

from directory.expert import PoolOptions
from tests.ports import LOOPBACK
from tests.server.phones import VIC
from tests.sessions.phone.peers import Phone, on
from tests.stories.people import ADA
from tests.stories.scene import Person, Scene
from tests.stories.test_audio import TONE, TONE_HZ
from tests.stories.test_directory import violations
from tests.stories.venue import Books, own_server

pytestmark = [pytest.mark.browser, pytest.mark.baresip, pytest.mark.slow, pytest.mark.timeout(120)]
OPTIONS = PoolOptions(phone_regions=["DE"], verify_numbers=False, phone_calls=10)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def phone(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Phone]:
    """Vic's; it rings until somebody does something. The trunk leads straight to it."""
    async with on(made := Phone(tmp_path_factory.mktemp("ringing") / "vic", user=VIC, answers=False)):
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def books(tmp_path_factory: pytest.TempPathFactory, phone: Phone) -> AsyncIterator[Books]:
    trunk = f"sip:openline@{LOOPBACK}:{phone.port};local={LOOPBACK}"
    state = tmp_path_factory.mktemp("exchange")
    async with own_server(state, "--media", "1", OPENLINE_SIP_TRUNK=trunk, OPENLINE_SPEECH="off") as (_, opened):
        yield opened


async def calls(vic: Person, ada: Person, phone: Phone) -> None:
    """Vic asks for a call, Ada accepts, and Vic's telephone rings."""
    before = phone.at("CALL_INCOMING")
    await vic.button("Connect now", vic.panel).click()
    await ada.part("accept").click()
    async with asyncio.timeout(20):
        while phone.at("CALL_INCOMING") == before:
            await asyncio.sleep(0.05)


async def opens(vic: Person) -> None:
    await vic.button("Phone call: Ada Quill", vic.card("ada")).click()
    await expect(vic.panel.get_by_role("radio", name="Phone call")).to_be_checked()


@pytest.mark.claim("A2")
async def test_each_side_reads_how_the_telephones_stand(scene: Scene, phone: Phone) -> None:
    person = msgspec.structs.replace(ADA, modes=["chat", "phone"])
    await scene.begin([person], options=OPTIONS, wrap_up_ms=1)
    ada, vic = await asyncio.gather(
        scene.expert("ada", name="Ada Quill", init=TONE % TONE_HZ["Ada Quill"], permissions=["microphone"]),
        scene.user("vic"),
    )
    await opens(vic)
    await vic.part("number").fill("0151 12345678")
    await vic.button("Use this number").click()
    await calls(vic, ada, phone)
    await vic.sees("Your phone is ringing. Pick it up.")
    await ada.sees("It rings at Vic.")
    await expect(ada.part("call-state")).to_have_attribute("data-flowing", "true", timeout=15_000)
    await expect(ada.part("call-state")).to_have_text("Waiting for Vic to pick up the phone …")
    assert not await violations(vic) + await violations(ada)

    await phone.do("hangup")
    await vic.sees("Your phone was busy.")
    await ada.sees("The phone of Vic was busy.")
    await vic.part("done").click()
    await ada.part("done").click()

    await opens(vic)
    await calls(vic, ada, phone)
    await phone.do("accept")
    await vic.sees("You are on the phone.")
    await ada.sees("Vic is on the phone.")
    await expect(ada.part("call-state")).to_have_text("Audio connected")
    await phone.do("hangup")
    await ada.sees("Vic ended the session.")
    await vic.sees("You ended the session.")
