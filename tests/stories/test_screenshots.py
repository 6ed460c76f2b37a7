"""Pictures of the four pages for the README and for reading over: light, dark, phone, right to left.

Those in docs/screenshots are written when they are missing: delete them to have new ones.
"""

import asyncio
import re
from pathlib import Path

import pytest
from playwright.async_api import Locator, ViewportSize, expect

from directory.importer import import_experts
from tests.repo.house import ROOT
from tests.stories.scene import Person, Scene
from tests.stories.test_situations import meet
from wire import messages

pytestmark = [pytest.mark.browser, pytest.mark.slow]
SHELF = ROOT / "docs" / "screenshots"
DESK: ViewportSize = {"width": 1120, "height": 760}
PHONE: ViewportSize = {"width": 360, "height": 740}


async def take(person: Person, subject: str, folder: Path, ready: Locator) -> None:
    """One page in light, dark and on a phone."""
    for kind in ("light", "dark", "phone"):
        await person.page.emulate_media(color_scheme="dark" if kind == "dark" else "light", reduced_motion="reduce")
        await person.page.set_viewport_size(PHONE if kind == "phone" else DESK)
        await expect(ready).to_be_visible()
        await person.page.screenshot(path=folder / f"{subject}-{kind}.png", animations="disabled")


async def furnish(scene: Scene) -> None:
    """A busy afternoon: most lights there are, a line, a conversation."""
    await scene.begin([], "The demo line", wrap_up_ms=600_000, ring_ms=600_000)
    await import_experts(scene.books.profiles, scene.pool, (ROOT / "demo" / "experts.csv").read_bytes())
    ada, bruno, dara, eila, *_others = await asyncio.gather(
        *(scene.present(name) for name in ("ada", "bruno", "dara", "eila", "chidi", "farid", "hugo", "kofi", "lena"))
    )
    await dara.ask(messages.Declare, status="away", reason="Back at four")
    names = ("Uma", "Noor", "Tariq", "Signe", "Pavel", "Ruth")
    uma, noor, tariq, signe, pavel, ruth = [await scene.talker("user", name.lower(), name) for name in names]
    session = await meet(uma, ada, "ada")
    ended = await meet(signe, eila, "eila")
    await signe.ask(messages.End, session=ended.session)
    await meet(tariq, bruno, "bruno")
    await noor.ask(messages.Join, experts=["ada", "bruno"])
    await pavel.ask(messages.Connect, expert="farid")
    said = (
        (uma, "Good afternoon! My invoice and my ledger are three cents apart."),
        (ada, "Three cents are the best kind of mystery. Is there more than one tax rate on it?"),
        (uma, "Two of them, yes."),
        (ada, "Then look whether it was rounded by line or in total."),
    )
    for speaker, text in said:
        await speaker.ask(messages.Say, session=session.session, text=text)
    await uma.ask(messages.Delivered, session=session.session, n=4)
    await uma.send(messages.Typing, session=session.session)
    await ruth.ask(messages.Join, experts=["bruno"])


async def visit(scene: Scene, kind: str, **options: str) -> tuple[Person, Person, Person]:
    """The same user, expert and operator at further browsers."""
    return await asyncio.gather(
        scene.user("viktor", **options),
        scene.signed_in("expert", "ada", "Ada Quill", **options),
        scene.signed_in("operator", f"olga-{kind}", "Olga", **options),
    )


@pytest.mark.claim("B9", "B30")
@pytest.mark.timeout(120)
async def test_the_pages_have_their_pictures_taken(scene: Scene, tmp_path: Path) -> None:
    await furnish(scene)
    viktor, ada, olga = await visit(scene, "left")
    await take(viktor, "directory", tmp_path, viktor.card("ada"))
    await viktor.page.set_viewport_size(DESK)
    await viktor.card("ada").get_by_role("button").last.click()
    await take(viktor, "panel", tmp_path, viktor.panel.locator(".place"))
    await take(ada, "console", tmp_path, ada.part("message").last)
    await olga.page.locator('[data-expert="ada"] [part~="expand"]').click()
    await take(olga, "operator", tmp_path, olga.part("waiter").first)

    viktor, ada, olga = await visit(scene, "right", locale="ar")
    await viktor.page.set_viewport_size(DESK)
    await viktor.page.screenshot(path=tmp_path / "directory-rtl.png", animations="disabled")
    await viktor.reopen_panel()
    await expect(viktor.panel.locator(".number")).to_have_text(re.compile(r"^[2٢]"))
    for person, subject in ((viktor, "panel"), (ada, "console"), (olga, "operator")):
        await person.page.set_viewport_size(DESK)
        await expect(
            person.part("message").last if subject == "console" else person.page.locator("body")
        ).to_be_visible()
        await person.page.screenshot(path=tmp_path / f"{subject}-rtl.png", animations="disabled")
    keep(tmp_path)


def keep(folder: Path) -> None:
    taken = sorted(folder.glob("*.png"))
    assert len(taken) == 16
    SHELF.mkdir(exist_ok=True)
    for picture in taken:
        name = "directory.png" if picture.stem == "directory-light" else picture.name
        if not (SHELF / name).exists():
            (SHELF / name).write_bytes(picture.read_bytes())
