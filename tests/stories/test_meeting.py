"""The main story: three people and an operator, from "who is free" to the end of the second session."""

import asyncio
import re

import pytest
from playwright.async_api import expect

from tests.stories.people import ADA, BRUNO, CHIDI
from tests.stories.scene import Person, Scene
from wire import messages

pytestmark = pytest.mark.browser
CLOCK = re.compile(r"^\d+:\d\d$")
GRACE_S = 2


async def runs(person: Person, part: str) -> None:
    """A clock that shows another time a moment later."""
    clock = person.part(part).first
    before = await clock.inner_text()
    assert CLOCK.match(before)
    await expect(clock).not_to_have_text(before, timeout=4000)


async def passes(person: Person, seconds: int) -> None:
    """Wait until so much time has passed by the clock of the first who waits."""
    clock = person.part("waited").first
    minutes, rest = map(int, (await clock.inner_text()).split(":"))
    due = minutes * 60 + rest + seconds
    late = [f"{at // 60}:{at % 60:02}" for at in range(due, due + 10)]
    await expect(clock).to_have_text(re.compile("|".join(late)), timeout=(seconds + 8) * 1000)


@pytest.mark.claim("A7", "B1", "B8", "B12", "B13", "B14", "B27", "B29")
@pytest.mark.claim("B33", "B34", "B36", "B37", "B38", "B39", "B40")
@pytest.mark.timeout(90)
async def test_two_users_one_after_the_other_with_everybody_watching(scene: Scene) -> None:
    await scene.begin([ADA, BRUNO, CHIDI], wrap_up_ms=60_000)
    ada, uma, viktor, olga = await asyncio.gather(
        scene.expert("ada", name="Ada Quill"), scene.user("uma"), scene.user("viktor"), scene.operator()
    )
    await scene.present("bruno")
    await expect(viktor.card("bruno")).to_contain_text("Free")
    await viktor.page.evaluate("() => { window.sameDocument = true; }")

    # The first user picks a free expert: one click, it rings, the expert accepts.
    await expect(uma.card("ada")).to_contain_text("Free")
    await uma.button("Chat: Ada Quill", uma.card("ada")).click()
    await uma.sees("Calling Ada Quill")
    await ada.sees("Uma would like to talk")
    await ada.part("accept").click()
    await uma.connected()
    await ada.connected()
    await expect(viktor.card("ada")).to_contain_text("On another call")
    await expect(olga.page.locator('[data-expert="ada"]')).to_have_attribute("data-indicator", "busy")
    await expect(olga.part("tile-live")).to_contain_text("1")

    # The second joins the line of the busy one and sees place and forecast; expert and operator see him wait.
    await viktor.card("ada").get_by_role("button", name="Ada Quill", exact=True).click()
    await viktor.sees("Ada Quill is on another call", viktor.panel)
    await viktor.button("Join as next", viktor.panel).click()
    await viktor.sees("You are next", viktor.panel)
    await expect(viktor.panel.locator(".place .number")).to_have_text(re.compile("^1"))
    await expect(viktor.panel.locator(".expect")).to_contain_text(re.compile(r"min|minute| h"))
    await expect(ada.part("waiter")).to_contain_text("Viktor")
    await runs(ada, "waited")
    await olga.page.locator('[data-expert="ada"] [part~="expand"]').click()
    await expect(olga.part("waiter")).to_contain_text("Viktor")
    await runs(olga, "waited")

    # He switches to a free expert, thinks better of it while it rings, and comes back: never in two lines.
    await viktor.button("Switch: Bruno Salt", viktor.panel).click()
    await viktor.sees("Calling Bruno Salt", viktor.panel)
    await expect(ada.part("waiter")).to_have_count(0)
    await viktor.close_panel()
    await viktor.reopen_panel()
    await viktor.button("Stop calling", viktor.panel).click()
    await viktor.close_panel()
    await viktor.button("Join the line: Ada Quill", viktor.card("ada")).click()
    await expect(ada.part("waiter")).to_contain_text("Viktor")
    assert await viktor.page.evaluate("window.sameDocument"), "no page was loaded anew"

    # The expert ends; wrap-up shows; then the second user is offered.
    await ada.end()
    await uma.sees("Ada Quill ended the session.")
    await expect(ada.part("wrap-up")).to_be_visible()
    await expect(viktor.card("ada")).to_contain_text("Finishing up")
    await ada.part("ready").click()
    await ada.sees("Viktor would like to talk")
    await ada.part("accept").click()
    await viktor.connected()
    await converse(ada, viktor)
    await viktor.end()
    await ada.sees("Viktor ended the session.")
    await ada.part("ready").click()
    await expect(uma.card("ada")).to_contain_text("Free")
    await expect(olga.page.locator('[data-expert="ada"]')).to_have_attribute("data-indicator", "free")


async def converse(ada: Person, viktor: Person) -> None:
    """Chat both ways: ticks, typing, and the history after a reload of either page."""
    await viktor.say("Good morning")
    await expect(ada.part("message").first).to_have_text("Good morning")
    await expect(viktor.part("tick")).to_have_attribute("data-tick", "delivered")
    await ada.page.locator('textarea[part~="composer"]').press_sequentially("Hello")
    await viktor.sees("Ada Quill is typing")
    await ada.page.keyboard.press("Enter")
    await expect(viktor.part("message").last).to_have_text("Hello")
    for person in (viktor, ada):
        await person.page.reload()
        if person is viktor:
            await person.reopen_panel()
        await expect(person.part("message")).to_have_text(["Good morning", "Hello"])
        await person.connected()
    await viktor.say("Still here")
    await expect(ada.part("message").last).to_have_text("Still here")


@pytest.mark.claim("B12", "B31", "B36")
async def test_a_reload_in_line_keeps_the_place_and_two_tabs_are_one_presence(scene: Scene) -> None:
    await scene.begin([ADA, BRUNO], grace_ms=GRACE_S * 1000)
    ada = await scene.expert("ada", name="Ada Quill")
    viktor, uma = await asyncio.gather(scene.user("viktor"), scene.user("uma"))
    await scene.present("bruno")
    await uma.button("Chat: Ada Quill", uma.card("ada")).click()
    await ada.part("accept").click()
    ahead = await scene.talker("user", "first")
    assert isinstance(await ahead.ask(messages.Join, experts=["ada"]), messages.Joined)
    await viktor.button("Join the line: Ada Quill", viktor.card("ada")).click()
    await expect(viktor.panel.locator(".place .number")).to_have_text(re.compile("^2"))
    first = viktor.page
    await first.reload()
    await expect(viktor.part("bar")).to_contain_text("Place 2")
    second = await viktor.open(f"{scene.books.base}/p/{scene.pool}")
    await expect(viktor.part("bar")).to_contain_text("Place 2")
    await expect(ada.part("waiter")).to_have_count(2)
    await first.close()
    await passes(ada, 2 * GRACE_S)
    await expect(ada.part("waiter")).to_have_count(2)
    await expect(ada.part("waiter").last).to_have_attribute("data-state", "ready")
    await expect(second.locator('[part~="bar"]')).to_contain_text("Place 2")
