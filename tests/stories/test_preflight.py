"""What a call needs is tried before it is one's turn: whoever is not ready learns it in time."""

import asyncio
import re

import pytest
from playwright.async_api import Locator, expect

from tests.stories.scene import Person, Scene
from tests.stories.test_audio import REFUSED
from tests.stories.test_bridged import books, hall, market, two
from tests.stories.test_directory import AXE, violations
from tests.stories.test_meter import is_left_with
from wire import messages

__all__ = ["books", "hall"]
pytestmark = pytest.mark.browser
SHUT_IN = """const Open = RTCPeerConnection;
RTCPeerConnection = class extends Open { constructor(how) { super({ ...how, iceTransportPolicy: "relay" }); } };"""
"""A network that lets nothing through but what a relay brings, and there is none."""


def row(person: Person, name: str) -> Locator:
    """A line of the list of what a call needs."""
    return person.page.locator("openline-preflight li", has_text=name)


async def stands_in_line(user: Person, position: str) -> None:
    await user.button("Join the line: Ada Quill", user.card("ada")).click()
    await user.panel.get_by_role("radio", name="Audio call").check()
    await user.button(re.compile("^Join (as|the)"), user.panel).click()
    await user.sees(position, user.panel)


@pytest.mark.claim("A18")
@pytest.mark.timeout(90)
async def test_who_is_next_learns_in_time_what_is_missing(scene: Scene) -> None:
    await market(scene, uma=100_000, vera=100_000, wim=100_000, zoe=100_000)
    ada, uma = await two(scene)
    await expect(ada.part("preflight")).to_have_attribute("data-ready", "good", timeout=15_000)
    vera, wim = await asyncio.gather(scene.talker("user", "vera"), scene.talker("user", "wim"))
    assert isinstance(await vera.ask(messages.Connect, expert="ada"), messages.Joined)
    await ada.part("accept").click()
    await vera.until(messages.Session)
    zoe = await scene.talker("user", "zoe")
    for waits in (wim, zoe):
        assert isinstance(await waits.ask(messages.Join, experts=["ada"]), messages.Joined)
    await stands_in_line(uma, "2 people ahead of you")
    await expect(uma.part("preflight")).to_have_count(0)

    # One goes, and the second place is near enough: all is tried, and all is well.
    assert isinstance(await wim.ask(messages.Leave), messages.Ok)
    await expect(uma.part("preflight")).to_have_attribute("data-ready", "good", timeout=15_000)
    for name, words in (
        ("Microphone", "You can be heard."),
        ("Connection", "Audio gets through."),
        ("Balance", "Enough"),
    ):
        await expect(row(uma, name)).to_contain_text(words)
    if AXE.exists():
        assert await violations(uma) == []

    # What is missing is told as soon as it is.
    await is_left_with(scene, "uma", 500)
    await uma.page.reload()
    await uma.reopen_panel()
    await expect(row(uma, "Balance")).to_contain_text("Too low for this call")
    await expect(uma.part("preflight")).to_have_attribute("data-ready", "bad")


@pytest.mark.slow
@pytest.mark.timeout(90)
async def test_a_microphone_that_is_refused_and_a_network_that_is_shut(scene: Scene) -> None:
    await market(scene, uma=100_000, vera=100_000)
    ada, uma = await asyncio.gather(
        scene.expert("ada", name="Ada Quill", init=REFUSED + SHUT_IN),
        scene.user("uma", init=REFUSED + SHUT_IN),
    )
    vera = await scene.talker("user", "vera")
    assert isinstance(await vera.ask(messages.Connect, expert="ada"), messages.Joined)
    await ada.part("accept").click()
    await stands_in_line(uma, "You are next")
    for person in (ada, uma):
        if await row(person, "Not tested yet").count():
            await person.part("test-microphone").click()
        await expect(row(person, "Microphone")).to_contain_text(
            "The microphone is blocked. Allow it in the settings of this page"
        )
        await expect(row(person, "Connection")).to_contain_text("Audio does not get through", timeout=20_000)
        await expect(person.part("preflight")).to_have_attribute("data-ready", "bad")
    if AXE.exists():
        assert await violations(uma) == []
        assert await violations(ada) == []


@pytest.mark.slow
@pytest.mark.timeout(90)
async def test_another_network_is_tried_anew(scene: Scene) -> None:
    await market(scene, uma=100_000, vera=100_000)
    ada, uma = await two(scene)
    vera = await scene.talker("user", "vera")
    assert isinstance(await vera.ask(messages.Connect, expert="ada"), messages.Joined)
    await ada.part("accept").click()
    await stands_in_line(uma, "You are next")
    await expect(uma.part("preflight")).to_have_attribute("data-ready", "good", timeout=15_000)
    await uma.page.evaluate(f'{SHUT_IN} dispatchEvent(new Event("online"));')
    await expect(row(uma, "Connection")).to_contain_text("Audio does not get through", timeout=20_000)
    await expect(uma.part("preflight")).to_have_attribute("data-ready", "bad")
