"""A guest who wants something becomes a visitor or signs in, and what was wanted is done."""

import re

import pytest
from playwright.async_api import expect

from directory.expert import PoolOptions
from tests.stories.people import ADA
from tests.stories.scene import Person, Scene
from tests.stories.talker import Talker
from wire import messages

pytestmark = pytest.mark.browser
JOIN = re.compile("^Join")


async def guest_who_wants_to_join(scene: Scene) -> tuple[Person, Talker]:
    """A guest who pressed "Join" in the panel of Ada, who is away; and Ada."""
    ada = await scene.present("ada")
    await ada.ask(messages.Declare, status="away")
    guest = await scene.person("Guest")
    await guest.open(f"{scene.books.base}/p/{scene.pool}?expert=ada")
    await guest.button(JOIN, guest.panel).click()
    await guest.sees("Sign in to join", guest.panel)
    return guest, ada


@pytest.mark.claim("B13")
async def test_a_visitor_needs_no_account_where_the_pool_lets_visitors_in(scene: Scene) -> None:
    await scene.begin([ADA], options=PoolOptions(visitors=True))
    guest, _ada = await guest_who_wants_to_join(scene)
    await guest.button("Continue as a visitor", guest.panel).click()
    await guest.sees("You are next", guest.panel)
    await guest.page.reload()
    await guest.sees("You are next", guest.panel)


@pytest.mark.claim("B13")
async def test_who_signs_in_in_another_tab_goes_on_in_the_first(scene: Scene) -> None:
    await scene.begin([ADA])
    guest, _ada = await guest_who_wants_to_join(scene)
    await expect(guest.button("Continue as a visitor", guest.panel)).to_have_count(0)
    link = guest.part("sign-in")
    await expect(link).to_have_attribute("href", re.compile(f"/sign-in\\?pool={scene.pool}&role=user&language=en$"))
    first = guest.page
    async with guest.context.expect_page() as opening:
        await link.click()
    other = await opening.value
    await other.goto(await scene.books.link(scene.pool, "user", "vera", "Vera"))
    await other.wait_for_url(f"**/p/{scene.pool}**")
    await other.close()
    guest.page = first
    # Browsers say so when somebody comes back to a tab; one without a screen has nobody who comes back.
    await first.evaluate("dispatchEvent(new Event('focus'))")
    await guest.sees("You are next", guest.panel)
