"""What happens in a line: a missed offer, stepping away, the ready check."""

import asyncio
import re

import pytest
from playwright.async_api import expect

from tests.stories.people import ADA, BRUNO
from tests.stories.scene import Person, Scene
from wire import messages

pytestmark = pytest.mark.browser


async def joins(person: Person, expert: str, place: int) -> None:
    await person.button(re.compile("^Join the line"), person.card(expert)).click()
    await expect(person.panel.locator(".place .number")).to_have_text(re.compile(f"^{place}"))


@pytest.mark.claim("B12", "B39")
@pytest.mark.timeout(90)
async def test_a_missed_offer_sets_the_expert_away_and_the_user_back_to_the_head(scene: Scene) -> None:
    await scene.begin([ADA, BRUNO], ring_ms=4_000)
    ada, uma = await asyncio.gather(scene.expert("ada", name="Ada Quill"), scene.user("uma"))
    await ada.part("status-away").click()
    await ada.part("set-away").click()
    await expect(uma.card("ada")).to_contain_text("Away")
    await joins(uma, "ada", 1)
    second = await scene.talker("user", "second")
    assert isinstance(await second.ask(messages.Join, experts=["ada"]), messages.Joined)

    await ada.part("status-online").click()
    await ada.sees("Uma would like to talk")
    await expect(ada.page).to_have_title(re.compile("Uma is calling"))
    await ada.sees("You were set away")
    await uma.sees("Ada Quill did not answer. You are back at your old place.")
    await expect(uma.panel.locator(".place .number")).to_have_text(re.compile("^1"))
    await expect(ada.part("waiter")).to_have_count(2)
    await expect(ada.part("waiter").first).to_contain_text("Uma")

    await ada.part("back").click()
    await ada.sees("Uma would like to talk")
    await ada.page.keyboard.press("Alt+a")
    await uma.connected()


@pytest.mark.claim("B12", "B13")
@pytest.mark.timeout(90)
async def test_who_steps_away_keeps_the_place_is_passed_over_and_confirms_on_coming_back(scene: Scene) -> None:
    await scene.begin([ADA, BRUNO], ready_after_ms=1, ready_ms=60_000)
    ada, uma = await asyncio.gather(scene.expert("ada", name="Ada Quill"), scene.user("uma"))
    await ada.part("status-away").click()
    await ada.part("set-away").click()
    await expect(uma.card("ada")).to_contain_text("Away")
    await joins(uma, "ada", 1)
    await uma.button("Step away", uma.panel).click()
    await uma.button(re.compile("^5 min"), uma.panel).click()
    await uma.sees("You stepped away", uma.panel)
    await expect(ada.part("waiter")).to_have_attribute("data-state", "stepped_away")

    second = await scene.talker("user", "second", "Second")
    assert isinstance(await second.ask(messages.Join, experts=["ada"]), messages.Joined)
    await ada.part("status-online").click()
    await ada.sees("Second would like to talk")
    offer = await second.until(messages.Offer)
    assert isinstance(await second.ask(messages.Accept, offer=offer.offer), messages.Ok)
    await ada.part("accept").click()
    session = await second.until(messages.Session)
    await second.ask(messages.Connected, session=session.session)
    await ada.connected()
    await uma.sees("You stepped away", uma.panel)
    await second.ask(messages.End, session=session.session)
    await ada.part("ready").click()
    await expect(uma.card("ada")).to_contain_text("Free")

    await uma.button(re.compile("I.m back"), uma.panel).click()
    await uma.sees("Ada Quill is free. Are you there?", uma.panel)
    await uma.button(re.compile("Yes, I.m here"), uma.panel).click()
    await ada.part("accept").click()
    await uma.connected()
