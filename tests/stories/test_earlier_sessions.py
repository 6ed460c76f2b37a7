"""Earlier sessions in one's account: what is kept of them stays within reach when the page has long been closed."""

import asyncio
from typing import Any

import pytest
from playwright.async_api import Locator, expect

from sessions.earlier import PAGE
from tests.sessions.logged import log, session
from tests.stories.people import ADA, BRUNO
from tests.stories.scene import Person, Scene
from tests.stories.test_directory import AXE, PHONE, scrolls_sideways, violations
from wire import messages

pytestmark = pytest.mark.browser
DARK_PHONE: dict[str, Any] = {**PHONE, "locale": "ar-EG", "color_scheme": "dark"}


def row(person: Person, partner: str) -> Locator:
    return person.page.locator("openline-earlier li").filter(has_text=partner)


async def account(scene: Scene, person: Person, count: int, role: str = "user") -> None:
    """The account page of somebody with so many earlier sessions, as soon as the books have them."""
    await person.open(f"{scene.books.base}/p/{scene.pool}/account?role={role}")
    rows = person.page.locator("openline-earlier li")
    async with asyncio.timeout(20):
        while True:
            await expect(person.page.locator('openline-earlier section[aria-busy="false"]')).to_be_visible()
            if await rows.count() == count:
                return
            await asyncio.sleep(0.2)
            await person.page.reload()


async def transcript(person: Person, of: Locator) -> str:
    async with person.page.expect_download() as saving:
        await person.button("Download transcript", of).click()
    return (await (await saving.value).path()).read_text()


@pytest.mark.claim("B7", "B27")
@pytest.mark.timeout(90)
async def test_the_transcript_is_there_after_a_transfer_and_a_closed_page(scene: Scene) -> None:
    await scene.begin([ADA, BRUNO], wrap_up_ms=60_000)
    ada, uma, bruno = await asyncio.gather(
        scene.expert("ada", name="Ada Quill"), scene.user("uma"), scene.present("bruno")
    )
    await uma.button("Chat: Ada Quill", uma.card("ada")).click()
    await ada.part("accept").click()
    await asyncio.gather(uma.connected(), ada.connected())
    await uma.say("Who knows about boilers?")
    await ada.sees("Who knows about boilers?")
    await ada.part("tool-transfer").click()
    await ada.button(BRUNO.name, ada.part("sheet")).click()
    await uma.button(f"Go on with {BRUNO.name}").click()
    offer = await bruno.until(messages.Offer)
    await bruno.ask(messages.Accept, offer=offer.offer)
    second = await bruno.until(messages.Session, lambda one: one.state != "ended")
    await uma.page.close()
    await bruno.ask(messages.End, session=second.session)

    await account(scene, uma, 2)
    await expect(row(uma, "Ada Quill")).to_contain_text(f"went on with {BRUNO.name}")
    assert "Who knows about boilers?" in await transcript(uma, row(uma, "Ada Quill"))
    newest = uma.page.locator("openline-earlier li").first
    await expect(newest.locator("strong")).to_have_text(BRUNO.name)
    await expect(newest.get_by_role("button")).to_have_count(0)  # nothing was said
    if AXE.exists():
        assert await violations(uma) == []

    await account(scene, ada, 1, "expert")
    assert "Who knows about boilers?" in await transcript(ada, row(ada, "Uma"))


@pytest.mark.timeout(90)
async def test_a_long_list_comes_by_pages_and_fits_a_phone_from_right_to_left(scene: Scene) -> None:
    await scene.begin([ADA])
    many = [session(f"s{n:02}", matched_at=n, live_at=n, ended_at=(n + 1) * 60_000) for n in range(PAGE + 3)]
    await log(scene.books.database, scene.pool, *many)
    amal = await scene.signed_in("user", "uma", **DARK_PHONE)
    await account(scene, amal, PAGE)
    rows = amal.page.locator("openline-earlier li")
    await expect(rows.first).to_have_attribute("data-session", f"s{PAGE + 2}")
    assert await amal.page.evaluate("document.documentElement.dir") == "rtl"
    await amal.page.locator('openline-earlier [part~="load"]').click()
    await expect(rows).to_have_count(PAGE + 3)
    await expect(rows.last).to_have_attribute("data-session", "s00")
    await expect(amal.page.locator('openline-earlier [part~="load"]')).to_have_count(0)
    assert not await scrolls_sideways(amal)
    if AXE.exists():
        assert await violations(amal) == []
