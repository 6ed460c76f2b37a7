"""When the expert can't come: five situations with the best next step each, a message by mail, and being told."""

import asyncio
import re
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from playwright.async_api import Browser, Locator, expect

from directory.expert import Expert
from tests.mail.post import post_office
from tests.ports import free_port
from tests.stories.people import ADA
from tests.stories.scene import Person, Scene
from tests.stories.test_directory import AXE, violations
from tests.stories.test_situations import meet
from tests.stories.venue import Books, Process
from wire import messages

pytestmark = pytest.mark.browser
TOKYO = "Asia/Tokyo"
ADA_BY_MAIL = msgspec.structs.replace(ADA, email="ada@line.example")


async def look(person: Person, expert: Expert) -> Locator:
    """Open the panel of an expert from the directory."""
    await person.card(expert.expert).get_by_role("button", name=expert.name, exact=True).click()
    await expect(person.panel).to_be_visible()
    return person.panel


@pytest.mark.claim("A3", "A5", "A7", "A9", "B33")
async def test_each_situation_offers_the_best_next_steps(scene: Scene) -> None:
    day = datetime.now(UTC) + timedelta(days=3)
    kinds = ("away", "offline", "closed", "busy", "full", "free")
    people = {kind: Expert(expert=kind, name=f"Ms {kind.title()}", email=f"{kind}@line.example") for kind in kinds}
    people["closed"] = msgspec.structs.replace(people["closed"], hours=f"{day:%a} 09:00-10:00".lower(), timezone="UTC")
    await scene.begin(list(people.values()), line_limit=1)
    away, _closed, busy, full, _free = await asyncio.gather(
        *(scene.present(kind) for kind in kinds if kind != "offline")
    )
    await away.ask(messages.Declare, status="away", reason="Back after lunch")
    callers = await asyncio.gather(*(scene.talker("user", f"u{number}") for number in range(3)))
    await asyncio.gather(meet(callers[0], busy, "busy"), meet(callers[1], full, "full"))
    assert isinstance(await callers[2].ask(messages.Join, experts=["full"]), messages.Joined)
    uma = await scene.user("uma", timezone_id=TOKYO)
    join = re.compile("^Join")
    for kind, may_join in {"away": True, "offline": False, "closed": False, "busy": True, "full": False}.items():
        panel = await look(uma, people[kind])
        await expect(uma.button(join, panel)).to_have_count(1 if may_join else 0)
        await expect(uma.part("step-tell")).to_be_visible()
        await expect(uma.part("step-write")).to_be_visible()
        # Somebody who is free is never far.
        await expect(panel.locator(".free-list")).to_contain_text("Ms Free")
        if kind == "closed":
            days = panel.locator('[part~="day"]')
            await expect(days).to_have_count(7)
            await expect(days.nth(0)).to_contain_text("today")
            opening = day.replace(hour=9, minute=0)
            local = opening + timedelta(hours=9)
            row = days.filter(has_text=f"{local:%A}")
            await expect(row).to_contain_text(re.compile(r"6:00 PM \S 7:00 PM"))
            await expect(panel.locator('[part~="zone"]')).to_contain_text("UTC")
            if Path(AXE).exists():
                assert await violations(uma) == []
        await uma.close_panel()
    panel = await look(uma, people["free"])
    await expect(uma.part("profile")).to_have_attribute("href", re.compile(f"/p/{scene.pool}/x/free$"))
    await expect(uma.part("step-write")).to_have_count(0)


@pytest.mark.claim("A9")
async def test_a_message_reaches_the_expert_by_mail_and_survives_a_reload(browser: Browser, tmp_path: Path) -> None:
    port = free_port()
    async with post_office() as post, AsyncExitStack() as stack:
        process = Process(
            tmp_path / "log", port, "serve", "--state", str(tmp_path),
            OPENLINE_SMTP_URL=f"smtp://127.0.0.1:{post.port}",
            OPENLINE_MAIL_FROM="Openline <line@line.example>", OPENLINE_BASE_URL=f"http://localhost:{port}",
        )  # fmt: skip
        stack.callback(process.stop)
        await process.ready()
        books = await Books.open(port, state_dir=str(tmp_path))
        stack.push_async_callback(books.close)
        scene = Scene(browser, books, stack)
        await scene.begin([ADA_BY_MAIL])
        guest = await scene.person("Guest")
        await guest.open(f"{books.base}/p/{scene.pool}")
        await look(guest, ADA_BY_MAIL)
        await guest.part("step-write").click()
        await expect(guest.part("text")).to_be_focused()
        await guest.part("submit").click()
        await guest.sees("Please write something first")
        await expect(guest.part("text")).to_have_attribute("aria-invalid", "true")
        if Path(AXE).exists():
            assert await violations(guest) == []
        await guest.part("text").fill("Three cents are missing.\nWhere are they?")
        await guest.part("name").fill("Vera")
        await guest.part("email").fill("vera@nowhere")
        await guest.part("submit").click()
        await guest.sees(re.compile("not an email address"))
        # The panel is in the address, and the draft in the tab.
        await guest.page.reload()
        await expect(guest.panel).to_be_visible()
        await expect(guest.part("text")).to_have_value("Three cents are missing.\nWhere are they?")
        await guest.part("email").fill("vera@home.example")
        await guest.part("submit").click()
        await guest.sees("Your message to Ada Quill is on its way")
        [mail] = await post.until(1)
        assert (mail["to"], mail["reply-to"]) == ("ada@line.example", "Vera <vera@home.example>")
        assert "> Three cents are missing." in post.texts[0]
        await guest.close_panel()
        await look(guest, ADA_BY_MAIL)
        await guest.part("step-write").click()
        await expect(guest.part("text")).to_have_value("")

        # Told once, by mail, when Ada comes; the page that is still open knows it too.
        await guest.button("Cancel").click()
        await guest.part("step-tell").click()
        await guest.part("submit").click()
        await guest.sees("We tell you as soon as Ada Quill is free")
        await scene.present("ada")
        mails = await post.until(2)
        assert mails[1]["to"] == "vera@home.example"
        await guest.sees("Ada Quill is free", guest.panel)
        await expect(guest.part("wished")).to_have_count(0)
        scene.assert_quiet()


@pytest.mark.claim("A9")
async def test_a_wish_is_taken_back_and_an_expert_without_mail_is_named(scene: Scene) -> None:
    await scene.begin([ADA])
    uma = await scene.user("uma")
    await look(uma, ADA)
    await uma.part("step-tell").click()
    # The account of this member has no address: the field comes when the server says so.
    await uma.part("submit").click()
    await uma.sees("Please give an email address")
    await uma.part("email").fill("uma@home.example")
    await uma.part("submit").click()
    await uma.sees("We tell you as soon as Ada Quill is free")
    await uma.page.reload()
    await uma.part("unwish").click()
    await expect(uma.part("step-tell")).to_be_visible()
    await expect(uma.part("wished")).to_have_count(0)
    await uma.part("step-write").click()
    await uma.part("text").fill("Hello?")
    await uma.part("submit").click()
    await uma.sees("This expert cannot be reached by mail")
    await expect(uma.part("text")).to_have_value("Hello?")


@pytest.mark.claim("A5", "A3")
async def test_hours_that_end_soon_are_told_in_time(scene: Scene) -> None:
    now = datetime.now(UTC)
    hours = f"{now - timedelta(hours=2):%a %H:%M}-{now + timedelta(minutes=40):%H:%M}".lower()
    late = Expert(expert="late", name="Ms Late", hours=hours, timezone="UTC")
    await scene.begin([late])
    talker = await scene.present("late")
    uma = await scene.user("uma", timezone_id=TOKYO)
    end = f"{now + timedelta(hours=9, minutes=40):%-I:%M %p}"
    await expect(uma.card("late")).to_contain_text(re.compile(f"closes .*{end}"))
    panel = await look(uma, late)
    await expect(uma.part("ending")).to_have_text(re.compile(f"The hours of Ms Late end at .*{end}"))
    await panel.locator("summary").click()
    await expect(panel.locator('[part~="day"]').first).to_contain_text(end)
    # Who would stand in the line is told whether that is soon enough.
    await meet(await scene.talker("user", "first"), talker, "late")
    await uma.sees("Ms Late is on another call", panel)
    await expect(uma.part("ending").locator("strong")).to_have_text(re.compile("served before|too late"))
