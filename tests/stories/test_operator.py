"""What an operator does to others, and how those are told; and one browser with several sign-ins."""

import asyncio

import pytest
from playwright.async_api import expect

from tests.stories.people import ADA, BRUNO
from tests.stories.scene import Person, Scene
from tests.stories.talker import Talker
from wire import messages

pytestmark = pytest.mark.browser


async def joins(user: Talker, expert: str) -> None:
    assert isinstance(await user.ask(messages.Join, experts=[expert]), messages.Joined)


async def confirms(olga: Person, reason: str) -> None:
    await olga.part("reason").fill(reason)
    await olga.part("confirm").click()
    await expect(olga.part("confirm")).to_be_hidden()


@pytest.mark.claim("B12", "B36", "B37")
@pytest.mark.timeout(90)
async def test_an_operator_moves_removes_and_forces_and_everybody_is_told(scene: Scene) -> None:
    await scene.begin([ADA, BRUNO])
    ada, uma, olga = await asyncio.gather(scene.expert("ada", name="Ada Quill"), scene.user("uma"), scene.operator())
    row = olga.page.locator('[data-expert="ada"]')
    await row.locator('[part~="force"]').click()
    await olga.part("to-away").click()
    await confirms(olga, "Fire drill")
    await ada.sees("An operator changed your status")
    await expect(uma.card("ada")).to_contain_text("Away")

    first, second = await asyncio.gather(scene.talker("user", "first"), scene.talker("user", "second"))
    await joins(first, "ada")
    await joins(second, "ada")
    await uma.button("Join the line: Ada Quill").click()
    await uma.sees("2 people ahead of you", uma.panel)
    await row.locator('[part~="expand"]').click()
    mine = olga.part("waiter").filter(has_text="Uma")
    await mine.locator('[part~="move"]').click()
    await olga.part("target").select_option("ada")
    await olga.part("to-head").click()
    await confirms(olga, "Asked by phone")
    await uma.sees("You are next", uma.panel)
    moved = await second.until(messages.LineChange, lambda change: bool(change.moved))
    assert moved.expert == "ada"
    await expect(ada.part("waiter").first).to_contain_text("Uma")

    await mine.locator('[part~="remove"]').click()
    await confirms(olga, "Came in person")
    await uma.sees("An operator took you out of the line.", uma.panel)
    await expect(ada.part("waiter")).to_have_count(2)
    await expect(olga.part("tile-waiting")).to_contain_text("2")


@pytest.mark.claim("B13")
async def test_in_several_lines_the_first_who_is_free_takes_the_user_out_of_all(scene: Scene) -> None:
    await scene.begin([ADA, BRUNO])
    ada, bruno = await asyncio.gather(scene.expert("ada", name="Ada Quill"), scene.present("bruno"))
    await bruno.ask(messages.Declare, status="away")
    await ada.part("status-away").click()
    await ada.part("set-away").click()
    uma = await scene.user("uma")
    await expect(uma.card("ada")).to_contain_text("Away")
    await uma.button("Choose several").click()
    for name in ("Ada Quill", "Bruno Salt"):
        await uma.page.get_by_label(f"Choose {name}").check(force=True)
    await uma.button("Join: first who is free").click()
    await uma.sees("Whoever is free first", uma.panel)
    await bruno.send(messages.Watch, all=True, lines=["bruno"])
    await bruno.until(messages.Snapshot, lambda told: any(queue.waiters for queue in told.queues))
    await ada.part("status-online").click()
    await ada.part("accept").click()
    await uma.connected()
    assert (await bruno.until(messages.QueueChange, lambda change: bool(change.gone))).expert == "bruno"


@pytest.mark.claim("B1")
async def test_one_browser_may_be_user_expert_and_operator_at_once(scene: Scene) -> None:
    await scene.begin([ADA])
    person = await scene.person("Olga")
    seen = {"user": "openline-card", "expert": '[part~="status-online"]', "operator": '[part~="row"]'}
    pages = []
    for role, subject in (("user", "uma"), ("expert", "ada"), ("operator", "olga")):
        page = await person.open(await scene.books.link(scene.pool, role, subject, subject.title()))  # type: ignore[arg-type]
        await expect(page.locator(seen[role]).first).to_be_visible()
        pages.append(page)
    for page, role in zip(pages, seen, strict=True):
        await page.reload()
        await expect(page.locator(seen[role]).first).to_be_visible()
