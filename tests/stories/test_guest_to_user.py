"""A guest in line becomes a user and is still where they were: on our own page, and on a page of another site."""

import re

import pytest
from playwright.async_api import expect

from directory.expert import PoolOptions
from ground.clock import SystemClock
from identity.accounts import Accounts
from tests.stories.people import ADA
from tests.stories.scene import Person, Scene
from tests.stories.talker import Talker
from tests.stories.test_embed import foreign_site
from wire import messages

pytestmark = [pytest.mark.browser, pytest.mark.timeout(90)]
HOST_PAGE = """<!doctype html><html lang="en"><head><title>A shop</title><link rel="icon" href="data:,">
<script>document.addEventListener("openline:token-request", (event) => {{
  if (location.search === "?in") event.detail.provide("{token}");
}});</script>
<script type="module" src="{base}/openline.js"></script></head>
<body><h1>A shop</h1><openline-light pool="{pool}" expert="ada"></openline-light></body></html>"""


async def line_of_ada(scene: Scene) -> Talker:
    """Ada is away, and somebody is before whoever comes next."""
    await scene.begin([ADA], options=PoolOptions(visitors=True))
    ada = await scene.present("ada")
    await ada.ask(messages.Declare, status="away")
    await joins(scene, "first")
    return ada


async def joins(scene: Scene, subject: str) -> None:
    talker = await scene.talker("user", subject)
    assert isinstance(await talker.ask(messages.Join, experts=["ada"]), messages.Joined)


async def visitor_joins(person: Person) -> None:
    await person.button(re.compile("^Join"), person.panel).click()
    await person.button("Continue as a visitor", person.panel).click()
    await place(person, 2)


async def place(person: Person, number: int) -> None:
    await expect(person.panel.locator(".place .number")).to_have_text(re.compile(f"^{number}"))


async def waiting(ada: Talker, *names: str) -> None:
    """Ada is told of exactly these, in this order; a star is anybody."""
    await ada.ask(messages.Watch, experts=[], all=True, lines=["ada"])
    snapshot = await ada.until(messages.Snapshot, lambda told: len(told.queues[0].waiters) == len(names))
    found = [waiter.name for waiter in snapshot.queues[0].waiters]
    assert all(name in ("*", shown) for name, shown in zip(names, found, strict=True)), found


async def test_second_of_three_signs_in_and_is_second_of_three(scene: Scene) -> None:
    ada = await line_of_ada(scene)
    guest = await scene.person("Guest")
    await guest.open(f"{scene.books.base}/p/{scene.pool}?expert=ada")
    await visitor_joins(guest)
    await joins(scene, "third")
    now = SystemClock().now_ms()
    vic = await Accounts(scene.books.database).open(scene.pool, "user", "vic@mail.example", "Vic", now=now)
    other = await guest.context.new_page()
    await other.goto(await scene.books.link(scene.pool, "user", vic, "Vic"))
    await other.wait_for_url(f"**/p/{scene.pool}")
    # The page that was open goes on by itself, as Vic.
    await place(guest, 2)
    await waiting(ada, "*", "Vic", "*")
    await guest.page.reload()
    await place(guest, 2)


async def test_who_has_a_place_already_is_told_that_the_visitors_stays_behind(scene: Scene) -> None:
    await line_of_ada(scene)
    await joins(scene, "vic")
    guest = await scene.person("Guest")
    await guest.open(f"{scene.books.base}/p/{scene.pool}?expert=ada")
    await guest.button(re.compile("^Join"), guest.panel).click()
    await guest.button("Continue as a visitor", guest.panel).click()
    await place(guest, 3)
    await guest.page.goto(await scene.books.link(scene.pool, "user", "vic", "Vic"))
    await guest.sees("You already had a place in line")
    await guest.button("Close").first.click()
    await expect(guest.text("You already had a place in line")).to_have_count(0)


async def test_a_visitor_of_another_site_signs_in_there_and_keeps_the_place(scene: Scene, foreign_port: int) -> None:
    ada = await line_of_ada(scene)
    token = scene.books.token(scene.pool, "user", "vic", "Vic")
    page = HOST_PAGE.format(base=scene.books.base, pool=scene.pool, token=token)
    async with foreign_site(foreign_port, page) as url:
        guest = await scene.person("Guest")
        await guest.open(url)
        await guest.page.locator("openline-light").get_by_role("button").first.click()
        await visitor_joins(guest)
        await guest.page.reload()
        await guest.page.locator("openline-light").get_by_role("button").first.click()
        await place(guest, 2)
        await guest.page.goto(f"{url}?in")
        await guest.page.locator("openline-light").get_by_role("button").first.click()
        await place(guest, 2)
        await waiting(ada, "*", "Vic")
