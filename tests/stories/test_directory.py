"""The directory: categories, the keyboard alone, a phone, dark, right to left, and what axe has to say."""

import asyncio
import re
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import expect

from tests.repo.house import ROOT
from tests.stories.people import ADA, BRUNO, CHIDI
from tests.stories.scene import Person, Scene
from wire import messages

pytestmark = pytest.mark.browser
AXE = ROOT / "client_applet" / "node_modules" / "axe-core" / "axe.min.js"
SERIOUS = ("serious", "critical")
PHONE = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}


AT_REST = """() => {
  const under = (root) => [
    ...root.getAnimations(),
    ...[...root.querySelectorAll("*")].flatMap((one) => (one.shadowRoot ? under(one.shadowRoot) : [])),
  ];
  const ending = under(document).filter((one) => one.effect.getComputedTiming().endTime !== Infinity);
  return Promise.allSettled(ending.map((one) => one.finished)).then(() => undefined);
}"""
"""Resolves when nothing changes its colour any more: halfway from one to the other nothing is readable."""


async def violations(person: Person) -> list[str]:
    """What axe holds to be serious or worse on the page as it is. Evaluated, as the page's policy allows no scripts."""
    await person.page.evaluate(AXE.read_text("utf-8"))
    await person.page.evaluate(AT_REST)
    found: dict[str, Any] = await person.page.evaluate("axe.run({ resultTypes: ['violations'] })")
    return [
        f"{person.name}: {one['id']} {one['help']}: {node['target']} {node['failureSummary']}"
        for one in found["violations"]
        if one["impact"] in SERIOUS
        for node in one["nodes"]
    ]


async def scrolls_sideways(person: Person) -> bool:
    wide: bool = await person.page.evaluate("document.scrollingElement.scrollWidth > innerWidth")
    return wide


@pytest.mark.claim("A12", "B9", "B1")
async def test_categories_narrow_the_list_and_the_lights_stay_live(scene: Scene) -> None:
    await scene.begin([ADA, BRUNO, CHIDI])
    uma = await scene.user("uma")
    cards = uma.page.locator("li[data-expert]")
    await expect(cards).to_have_count(3)
    await uma.button("Technology").click()
    await expect(cards).to_have_count(1)
    light = uma.card("chidi").locator(".light .what")
    await expect(light).to_have_text("Offline")
    shape = await light.locator("svg").inner_html()
    await scene.present("chidi")
    await expect(light).to_have_text("Free")
    assert await light.locator("svg").inner_html() != shape, "another shape, not only another colour"
    await uma.button("Technology").click()
    await uma.button("Money").click()
    await expect(cards).to_have_count(2)


@pytest.mark.claim("B13", "B30")
async def test_joining_by_the_keyboard_alone(scene: Scene) -> None:
    await scene.begin([ADA])
    ada = await scene.present("ada")
    await ada.ask(messages.Declare, status="away")
    uma = await scene.user("uma")
    await expect(uma.card("ada")).to_contain_text("Away")
    join = uma.button(re.compile("^Join the line"), uma.card("ada"))
    for _ in range(12):
        await uma.page.keyboard.press("Tab")
        if await join.evaluate("(button) => button.getRootNode().activeElement === button"):
            break
    await uma.page.keyboard.press("Enter")
    await uma.sees("You are next", uma.panel)
    await uma.page.keyboard.press("Escape")
    await expect(uma.panel).to_have_count(0)
    await expect(uma.part("bar")).to_contain_text("Place 1")
    assert await uma.page.evaluate("document.activeElement !== document.body"), "the focus is not lost"


@pytest.mark.claim("B9", "B30")
async def test_a_phone_in_the_dark_and_a_page_from_right_to_left(scene: Scene) -> None:
    await scene.begin([ADA, BRUNO, CHIDI])
    await scene.present("ada")
    phone, arab = await asyncio.gather(
        scene.user("uma", color_scheme="dark", **PHONE), scene.user("amal", locale="ar-EG", **PHONE)
    )
    for person in (phone, arab):
        assert not await scrolls_sideways(person), person.name
        await person.card("ada").get_by_role("button", name="Ada Quill", exact=True).tap()
        await expect(person.panel).to_be_visible()
        box = await person.panel.bounding_box()
        assert box is not None
        assert box["x"] >= 0 and box["x"] + box["width"] <= 360
    assert await arab.page.locator("openline-directory").get_attribute("dir") == "rtl"
    assert await arab.page.evaluate("document.documentElement.lang") == "ar"
    background = await phone.panel.evaluate("(panel) => getComputedStyle(panel).backgroundColor")
    assert background != await arab.panel.evaluate("(panel) => getComputedStyle(panel).backgroundColor")


@pytest.mark.claim("B9", "B30")
@pytest.mark.skipif(not Path(AXE).exists(), reason="axe-core is not installed")
@pytest.mark.timeout(120)
async def test_axe_finds_nothing_serious(scene: Scene) -> None:
    await scene.begin([ADA, BRUNO, CHIDI])
    ada, uma, olga = await asyncio.gather(
        scene.expert("ada", name="Ada Quill"), scene.user("uma", color_scheme="dark"), scene.operator()
    )
    bruno = await scene.present("bruno")
    await bruno.ask(messages.Declare, status="away")
    found = await violations(uma)
    await uma.card("bruno").get_by_role("button", name="Bruno Salt", exact=True).click()
    await uma.button(re.compile("^Join"), uma.panel).click()
    await uma.sees("You are next", uma.panel)
    found += await violations(uma)
    waiter = await scene.talker("user", "second")
    assert isinstance(await waiter.ask(messages.Connect, expert="ada"), messages.Joined)
    await expect(ada.part("accept")).to_be_visible()
    found += await violations(ada)
    await ada.part("accept").click()
    await expect(ada.part("state")).to_be_visible()
    await olga.page.locator('[data-expert="bruno"] [part~="expand"]').click()
    await expect(olga.part("waiter")).to_be_visible()
    found += await violations(ada) + await violations(olga)
    assert not found, "\n".join(found)
