"""The profile page: whole without JavaScript, live with it, and deaf to what hostile people wrote."""

import asyncio
import re
from datetime import UTC, datetime

import msgspec
import pytest
from playwright.async_api import expect

from directory.expert import Expert, PoolOptions
from directory.photos import Photos
from directory.testimonials import TEXT_MAX
from directory.testimonials import Testimonials as Entered
from ground.clock import SystemClock
from sessions.feedback import store as feedback
from tests.directory import pictures
from tests.directory.test_markdown import HOSTILE
from tests.stories.people import ADA, BRUNO
from tests.stories.scene import Scene
from tests.stories.test_directory import AXE, PHONE, scrolls_sideways, violations
from tests.stories.test_hostile_text import PAYLOADS, no_foreign_elements

pytestmark = pytest.mark.browser
NOW = SystemClock().now_ms
DAY_MS = 24 * 3600 * 1000
WHOLE = msgspec.structs.replace(
    BRUNO, biography="I do **returns**.\n\n- for [employees](https://example.org)\n- for students", rate=120,
    timezone="Europe/Berlin", hours="mon-fri 09:00-12:00 13:00-17:00; sat 22:00-02:00", started_on="2019-05-31",
)  # fmt: skip
EVERYTHING = "\n\n".join(HOSTILE)


async def rated(scene: Scene, expert: str, *texts: str, answer: str = "") -> None:
    """Feedback, one a day, the newest first; the first is pinned and has the answer."""
    async with scene.books.database.begin() as tx:
        for number, text in enumerate(texts):
            at = NOW() - number * DAY_MS
            row = {
                "pool": scene.pool, "session": f"s{number}", "feedback": f"f{number}", "expert": expert, "user": "u",
                "op": f"o{number}", "stars": 5 - number % 2, "text": text, "may_teach": False, "at": at,
                "answer": "" if number else answer, "answered_at": 0 if number else at, "answer_op": "",
                "pinned": 0 if number else 1, "hidden": False, "hidden_reason": "",
            }  # fmt: skip
            await feedback.add(tx, row)


def page_of(scene: Scene, expert: str, query: str = "") -> str:
    return f"{scene.books.base}/p/{scene.pool}/x/{expert}{query}"


@pytest.mark.claim("A11", "B2", "B3", "B4", "B5", "B6")
async def test_the_page_is_whole_without_javascript(scene: Scene) -> None:
    await scene.begin([ADA, WHOLE], "The tax line", options=PoolOptions(prepaid=True))
    await Photos(scene.books.database).put(scene.pool, "bruno", pictures.encoded(pictures.photo(), "JPEG"))
    await rated(scene, "bruno", *(f"Opinion {number}." for number in range(12)), answer="Thank you!")
    await Entered(scene.books.database).add(scene.pool, "bruno", "A good hour.", "A reader", NOW())
    reader = await scene.person("reader", java_script_enabled=False, locale="de-DE")
    page = await reader.open(page_of(scene, "bruno", "?lang=en"))
    await expect(page.locator("h1")).to_have_text("Bruno Salt")
    photo = page.get_by_role("img", name="Photo of Bruno Salt")
    assert await photo.get_attribute("src")
    await expect(page.get_by_role("listitem").filter(has_text="for students")).to_be_visible()
    assert await page.get_by_role("link", name="employees").get_attribute("rel") == "nofollow noopener ugc"
    today = datetime.fromtimestamp(NOW() / 1000, UTC)
    years = today.year - 2019 - ((today.month, today.day) < (5, 31))
    await expect(page.locator("dd").filter(has_text="years")).to_have_text(f"{years} years")
    for words in (
        "€1.20 per minute",
        "English, Spanish",
        "Time zone: Central European",
        "10:00\u202fPM \u2013 2:00\u202fAM",
    ):
        await expect(page.get_by_text(words).first).to_be_visible()
    await expect(page.get_by_text("12 ratings").first).to_be_visible()
    await expect(page.get_by_text("Feedback of a user, chosen by Bruno Salt")).to_be_visible()
    await expect(page.get_by_text("Entered by the operator of The tax line")).to_be_visible()
    await expect(page.get_by_text("Answer of Bruno Salt")).to_be_visible()
    await expect(page.locator("ol.feedback > li")).to_have_count(10)
    await page.get_by_role("link", name="Older feedback").click()
    await expect(page.locator("ol.feedback > li")).to_have_text([re.compile("Opinion 10"), re.compile("Opinion 11")])
    await page.get_by_role("link", name="Deutsch").click()
    await expect(page.get_by_text("Alle Fachleute")).to_be_visible()
    await page.get_by_role("link", name="Money \u203a Taxes").click()
    await page.wait_for_url(f"**/p/{scene.pool}?category=Money%2FTaxes")
    await expect(page.locator("main li")).to_have_count(1)
    await page.get_by_role("link", name="Bruno Salt").click()
    await expect(page.locator("h1")).to_have_text("Bruno Salt")
    await page.goto(page_of(scene, "nobody"))
    await expect(page.locator("h1")).to_have_text("Diese Seite gibt es hier nicht")
    reader.tolerates = "404"


@pytest.mark.claim("A11", "B13", "B30")
@pytest.mark.timeout(120)
async def test_with_javascript_the_light_is_live_on_every_screen(scene: Scene) -> None:
    await scene.begin([ADA, WHOLE], "The tax line")
    await rated(scene, "bruno", "Clear.", answer="Thanks.")
    wide, phone, arab = await asyncio.gather(
        scene.person("wide"),
        scene.person("phone", color_scheme="dark", **PHONE),
        scene.person("arab", locale="ar-EG"),
    )
    for person in (wide, phone, arab):
        await person.open(page_of(scene, "bruno"))
        assert not await scrolls_sideways(person), person.name
    light = wide.page.locator("openline-light").get_by_role("button", name="Talk to Bruno Salt")
    await expect(light).to_contain_text(re.compile("Offline|Closed"))
    await scene.present("bruno")
    await expect(light).to_contain_text(re.compile("Free|Closed"))
    await light.click()
    await expect(wide.panel).to_be_visible()
    await wide.close_panel()
    assert await arab.page.evaluate("document.documentElement.dir") == "rtl"
    await expect(arab.button(re.compile("^تحدث مع Bruno Salt"))).to_be_visible()
    colours = [await person.page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
               for person in (wide, phone)]  # fmt: skip
    assert colours[0] != colours[1]
    if AXE.exists():
        found = [one for person in (wide, phone, arab) for one in await violations(person)]
        assert not found, "\n".join(found)


@pytest.mark.claim("B3", "B4", "B27")
async def test_hostile_words_in_every_field_are_only_text(scene: Scene) -> None:
    told = EVERYTHING.replace("\x00", "").replace("\u202e", "")  # these are refused
    odd = Expert(
        expert="odd", name=PAYLOADS[0], headline=PAYLOADS[1], biography=told,
        categories=[PAYLOADS[0], '"><svg onload=alert(3)>', "javascript:alert(4)"], languages=["en"],
    )  # fmt: skip
    await scene.begin([odd], f"Line {PAYLOADS[2]}", options=PoolOptions(currency="USD"))
    await rated(scene, "odd", *HOSTILE[:8], *PAYLOADS, answer="".join(PAYLOADS))
    entered = Entered(scene.books.database)
    for number, payload in enumerate(PAYLOADS):
        await entered.add(scene.pool, "odd", payload, PAYLOADS[0], NOW() + number)
    await entered.add(scene.pool, "odd", EVERYTHING[:TEXT_MAX], "x", NOW())
    reader = await scene.person("reader")
    page = await reader.open(page_of(scene, "odd"))
    await expect(page.locator("h1")).to_have_text(PAYLOADS[0])
    crooked = "?lang=%3Cscript%3Ealert(1)%3C/script%3E&before=%22%3E%3Csvg%20onload=alert(1)%3E"
    older = f"?before={NOW() - 3 * DAY_MS}"
    nobody = page_of(scene, "%3Csvg onload=alert(1)%3E")
    for path in (page_of(scene, "odd", crooked), page_of(scene, "odd", older), nobody):
        await page.goto(path)
        await no_foreign_elements(reader)
        for link in await page.locator("main a[href]").all():
            assert re.match(r"(https?:|mailto:|/p/|#feedback)", str(await link.get_attribute("href")))
    reader.tolerates = "404"
