"""After the session: stars, words, and every page that shows the expert knows at once."""

import asyncio
import re
from pathlib import Path

import pytest
from playwright.async_api import expect

from directory.expert import PoolOptions
from tests.stories.people import ADA
from tests.stories.scene import Person, Scene
from tests.stories.test_directory import AXE, violations

pytestmark = pytest.mark.browser


async def met(scene: Scene) -> tuple[Person, Person]:
    """Ada and a user in a session of each other, who have said a word."""
    await scene.begin([ADA], options=PoolOptions(feedback_after_s=0))
    ada, uma = await asyncio.gather(scene.expert("ada", name="Ada Quill"), scene.user("uma"))
    await uma.button(re.compile("^Chat"), uma.card("ada")).click()
    await ada.part("accept").click()
    for person in (ada, uma):
        await person.connected()
    await uma.say("My invoice and my ledger are three cents apart")
    await expect(ada.part("message").first).to_contain_text("three cents")
    return ada, uma


@pytest.mark.claim("A13", "A11", "B7")
async def test_stars_are_given_once_and_show_everywhere_at_once(scene: Scene) -> None:
    ada, uma = await met(scene)
    viktor = await scene.user("viktor")
    await expect(viktor.card("ada").locator('[part~="stars"]')).to_have_count(0)
    await ada.end()
    form = uma.part("feedback")
    await expect(form).to_be_visible()
    await uma.part("submit").click()
    await uma.sees("Choose one to five stars first")
    # By the keyboard: the stars are one group.
    await form.get_by_role("radio", name="3 stars").focus()
    await uma.page.keyboard.press("ArrowRight")
    await expect(form.get_by_role("radio", name="4 stars")).to_be_checked()
    if Path(AXE).exists():
        assert await violations(uma) == []
    await uma.part("text").fill("Clear words, and quick.")
    await expect(form.get_by_role("checkbox")).not_to_be_checked()
    await form.get_by_role("checkbox").check()
    await uma.part("submit").click()
    await uma.sees("Your feedback is on the profile now")
    await expect(viktor.card("ada").locator('[part~="stars"]')).to_contain_text("3.6")
    await uma.part("done").click()

    # The two had to do with each other: they are told, nobody else is.
    await uma.page.reload()
    for person, told in ((uma, 1), (viktor, 0)):
        await person.card("ada").get_by_role("button", name="Ada Quill", exact=True).click()
        await expect(person.part("profile")).to_contain_text("1 rating")
        await expect(person.part("met")).to_have_count(told)
    await expect(uma.part("met")).to_contain_text("You spoke with Ada Quill once")
    await expect(uma.part("feedback")).to_have_count(0)

    # What the chat was about helps others to find her, and is not shown.
    await viktor.close_panel()
    await viktor.page.get_by_role("searchbox").fill("invoice")
    await expect(viktor.card("ada").locator('[part~="why"]')).to_contain_text("answered questions on")
    assert "three cents" not in await viktor.page.locator("body").inner_text()


@pytest.mark.claim("A13")
async def test_whoever_would_rather_not_is_not_asked_again(scene: Scene) -> None:
    _ada, uma = await met(scene)
    await uma.end()
    await expect(uma.part("feedback")).to_be_visible()
    await uma.part("skip").click()
    await expect(uma.part("feedback")).to_have_count(0)
    await uma.part("done").click()
    await uma.page.reload()
    await expect(uma.card("ada")).to_be_visible()
    await expect(uma.part("feedback")).to_have_count(0)
