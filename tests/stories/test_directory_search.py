"""The directory answers questions: ranked, with reasons, live, and as quick for a thousand as for three."""

import asyncio
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest
from playwright.async_api import Page, WebSocket, expect

from directory.expert import Expert, PoolOptions
from tests.stories.people import ADA, BRUNO, CHIDI
from tests.stories.scene import Person, Scene
from tests.stories.test_directory import AXE, violations
from tests.stories.test_embed import foreign_site
from tests.stories.test_hostile_text import PAYLOADS, no_foreign_elements
from wire import messages

pytestmark = pytest.mark.browser
TREE = ["Money", "Money/Bookkeeping", "Money/Taxes", "Technology", "Technology/Networks"]
ROUTERS = msgspec.structs.replace(
    CHIDI, biography="Routers, cables, and the dead corner behind the stairs.", rate=150, started_on="2017-05-02"
)


class Sent:
    """What a page sends over its sockets."""

    def __init__(self, person: Person) -> None:
        self.messages: list[dict[str, Any]] = []
        person.context.on("page", self._page)

    def _page(self, page: Page) -> None:
        page.on("websocket", self._socket)

    def _socket(self, socket: WebSocket) -> None:
        socket.on("framesent", self._frame)

    def _frame(self, payload: str | bytes) -> None:
        if isinstance(payload, bytes):
            self.messages.append(msgspec.msgpack.decode(payload))

    def all(self, kind: str) -> list[dict[str, Any]]:
        return [message for message in self.messages if message["t"] == kind]


async def visitor(scene: Scene, subject: str, **options: Any) -> tuple[Person, Sent]:
    """A user at the directory, and what their page sends."""
    person = await scene.person(subject.title(), **options)
    sent = Sent(person)
    await person.open(await scene.books.link(scene.pool, "user", subject, person.name))
    await person.page.wait_for_url(f"**/p/{scene.pool}**")
    await expect(person.page.locator("openline-card").first).to_be_visible()
    return person, sent


def names(person: Person) -> Any:
    return person.page.locator("openline-card .name")


@pytest.mark.claim("B15", "B16")
async def test_a_question_finds_the_expert_and_says_why(scene: Scene) -> None:
    await scene.begin([ADA, BRUNO, ROUTERS])
    await scene.searchable()
    uma, sent = await visitor(scene, "uma")
    await expect(names(uma)).to_have_count(3)
    asked = len(sent.all("find"))
    box = uma.page.get_by_role("searchbox")
    await box.press_sequentially("My router drops the cable", delay=15)
    await expect(names(uma)).to_have_text(["Chidi Fenwick"])
    why = uma.card("chidi").locator('[part~="why"]')
    await expect(why).to_contain_text("in the biography")
    marked = await why.locator("mark").all_inner_texts()
    assert {word.lower()[:5] for word in marked} >= {"route", "cable"}, marked
    assert len(sent.all("find")) - asked <= 4, "letters typed in a row are one question"

    if Path(AXE).exists():
        assert await violations(uma) == []

    # The question is in the address: back and forward work, and somebody else sees the same by the link.
    await expect(uma.page).to_have_url(re.compile(r"q=My\+router"))
    await uma.page.reload()
    await expect(names(uma)).to_have_text(["Chidi Fenwick"])
    await expect(uma.page.get_by_role("searchbox")).to_have_value("My router drops the cable")
    await uma.page.get_by_role("searchbox").fill("xyzzy")
    await uma.sees("Nobody matches")
    await uma.button("Clear the filters").click()
    await expect(names(uma)).to_have_count(3)


@pytest.mark.claim("B16")
async def test_hostile_questions_are_only_words(scene: Scene) -> None:
    odd = msgspec.structs.replace(BRUNO, biography=f"{PAYLOADS[0]} {PAYLOADS[1]} and taxes", headline=PAYLOADS[6])
    await scene.begin([odd])
    await scene.searchable()
    uma, _sent = await visitor(scene, "uma")
    box = uma.page.get_by_role("searchbox")
    for words in (
        *PAYLOADS,
        '" OR *',
        "NEAR(taxes, 1) AND NOT :",
        "taxes'; DROP TABLE experts; --",
        "%_\\ (",
        "x" * 600,
    ):
        await box.fill(f"{words} taxes")
        shown = names(uma) if len(words) < 500 else uma.page.locator(".empty")
        await expect(shown.first).to_be_visible()
        await no_foreign_elements(uma)
    await expect(uma.page.locator('[role="alert"]')).to_have_count(0)
    await uma.page.goto(
        f"{scene.books.base}/p/{scene.pool}?q=%3Cimg%20src=x%3E+taxes&category=%22%3E&sort=%00&expert=%3Cb%3E"
    )
    await expect(uma.page.get_by_role("searchbox")).to_have_value("<img src=x> taxes")
    await no_foreign_elements(uma)


@pytest.mark.claim("A12", "B15", "A10")
async def test_a_category_narrows_and_the_lights_stay_live(scene: Scene) -> None:
    await scene.begin([ADA, BRUNO, ROUTERS], options=PoolOptions(categories=TREE, prepaid=True))
    await scene.searchable()
    uma, _sent = await visitor(scene, "uma")
    await expect(uma.card("chidi")).to_contain_text("€1.50 a minute")
    await expect(uma.card("ada")).to_contain_text("Free of charge")
    await expect(uma.card("chidi")).to_contain_text(re.compile(r"\d+ years"))
    await uma.button("Technology").click()
    await expect(names(uma)).to_have_text(["Chidi Fenwick"])
    light = uma.card("chidi").locator(".light .what")
    await expect(light).to_have_text("Offline")
    chidi = await scene.present("chidi")
    await expect(light).to_have_text("Free")
    await chidi.ask(messages.Declare, status="away")
    await expect(light).to_have_text("Away")
    await uma.button("Networks").click()
    await expect(uma.page).to_have_url(re.compile("category=Technology%2FNetworks"))
    await uma.page.go_back()
    await uma.page.go_back()
    await expect(names(uma)).to_have_count(3)
    await expect(uma.button("Technology")).to_have_attribute("aria-pressed", "false")

    # Who comes free while only the free are shown appears by themself.
    await uma.button("Free now").click()
    await uma.sees("Nobody is free at this moment")
    await scene.present("bruno")
    await expect(names(uma)).to_have_text(["Bruno Salt"], timeout=20_000)
    await uma.button("Free now").click()
    await uma.page.get_by_role("combobox", name="Price", exact=True).select_option("0")
    await expect(names(uma)).to_have_count(2)
    await uma.page.get_by_role("combobox", name="Price", exact=True).select_option("-1")
    await uma.page.get_by_role("combobox", name="Sort by", exact=True).select_option("name")
    await expect(names(uma)).to_have_text(["Ada Quill", "Bruno Salt", "Chidi Fenwick"])


@pytest.mark.claim("A1")
async def test_a_link_opens_the_panel_of_an_expert_and_back_closes_it(scene: Scene) -> None:
    await scene.begin([ADA, BRUNO])
    await scene.searchable()
    uma, _sent = await visitor(scene, "uma")
    await uma.page.goto(f"{scene.books.base}/p/{scene.pool}?expert=bruno")
    await uma.sees("Bruno Salt is offline", uma.panel)
    await uma.close_panel()
    await expect(uma.page).not_to_have_url(re.compile("expert="))
    await uma.card("ada").get_by_role("button", name="Ada Quill", exact=True).click()
    await uma.sees("Ada Quill is offline", uma.panel)
    await expect(uma.page).to_have_url(re.compile("expert=ada"))
    await uma.page.go_back()
    await expect(uma.panel).to_have_count(0)
    await uma.page.go_forward()
    await uma.sees("Ada Quill is offline", uma.panel)


@pytest.mark.claim("B1", "A9")
async def test_the_directory_stands_on_a_page_of_another_site_too(scene: Scene, foreign_port: int) -> None:
    await scene.begin([msgspec.structs.replace(ADA, email="ada@line.example"), BRUNO])
    await scene.searchable()
    base = scene.books.base
    page = f"""<!doctype html><html lang="en"><head><title>A shop</title><link rel="icon" href="data:,">
      <script type="module" src="{base}/openline.js"></script></head>
      <body><openline-directory pool="{scene.pool}"></openline-directory></body></html>"""
    async with foreign_site(foreign_port, page) as url:
        guest = await scene.person("Guest")
        await guest.open(url)
        await guest.page.get_by_role("searchbox").fill("numbers")
        await expect(names(guest)).to_have_text(["Ada Quill"])
        await guest.card("ada").get_by_role("button", name="Ada Quill", exact=True).click()
        await guest.part("step-write").click()
        await guest.part("text").fill("Good evening")
        await guest.part("email").fill("vera@home.example")
        await guest.part("submit").click()
        await guest.sees("Your message to Ada Quill is on its way")
        await expect(guest.part("profile")).to_have_attribute("href", f"{base}/p/{scene.pool}/x/ada")
        assert guest.page.url == url, "the address of another's page is theirs"


@pytest.mark.claim("A12", "B12")
@pytest.mark.timeout(120)
async def test_a_thousand_experts_scroll_and_only_what_is_seen_is_followed(scene: Scene) -> None:
    await scene.begin([Expert(expert=f"e{n:04}", name=f"Expert {n:04}", headline="Knows things") for n in range(1000)])
    await scene.searchable()
    uma, sent = await visitor(scene, "uma")
    await uma.sees("1,000 experts")
    cards = uma.page.locator("openline-card")
    await until(lambda: bool(sent.all("watch")) and len(sent.all("watch")[-1]["experts"]) > 3)
    last = uma.page.locator('li[data-expert="e0999"]')
    # The list draws its rows anew as their pages come, so the way to the end is gone until the last one stays in view.
    async with asyncio.timeout(20):
        while "e0999" not in sent.all("watch")[-1]["experts"] or not await last.locator("openline-card").is_visible():
            await uma.page.mouse.wheel(0, 6000)
            await uma.page.evaluate("window.scrollTo(0, document.scrollingElement.scrollHeight)")
            await asyncio.sleep(0.03)
    await expect(last.locator("openline-card")).to_contain_text("Offline")
    assert await cards.count() < 150, "cards that are far away are not there"
    assert {message["offset"] for message in sent.all("find")} >= {0, 60, 900}
    watches = sent.all("watch")
    assert not any(message.get("all") for message in watches)
    assert max(len(message["experts"]) for message in watches) < 80, "what is not seen is not followed"
    talker = await scene.present("e0999")
    await expect(last).to_contain_text("Free")
    await talker.ask(messages.Declare, status="away")
    await expect(last).to_contain_text("Away")
    await uma.page.evaluate("window.scrollTo(0, 0)")
    await expect(uma.card("e0000")).to_be_visible()
    await until(lambda: "e0000" in sent.all("watch")[-1]["experts"] and "e0999" not in sent.all("watch")[-1]["experts"])


async def until(holds: Any, seconds: float = 10) -> None:
    """What frames of the browser tell."""
    async with asyncio.timeout(seconds):
        while not holds():
            await asyncio.sleep(0.02)
