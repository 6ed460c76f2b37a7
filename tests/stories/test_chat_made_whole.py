"""Chat beyond words: files, messages changed and taken back, what an expert has at hand, a transfer, the transcript."""

import asyncio
import re
from io import BytesIO

import pytest
from PIL import Image
from playwright.async_api import FilePayload, expect

from tests.stories.people import ADA, BRUNO, CHIDI
from tests.stories.scene import Person, Scene

pytestmark = pytest.mark.browser
SIZE = (320, 200)


def picture() -> FilePayload:
    bytes_ = BytesIO()
    Image.new("RGB", SIZE, (200, 30, 90)).save(bytes_, "PNG")
    return {"name": "roof.png", "mimeType": "image/png", "buffer": bytes_.getvalue()}


async def attach(person: Person, *files: FilePayload) -> None:
    await person.page.locator('input[type="file"]').set_input_files(files=list(files))


async def meet(scene: Scene) -> tuple[Person, Person]:
    """Ada and Uma talk by chat; Bruno and Chidi are there, too."""
    await scene.begin([ADA, BRUNO, CHIDI], wrap_up_ms=60_000)
    ada, uma = await asyncio.gather(scene.expert("ada", name="Ada Quill"), scene.user("uma"))
    await scene.present("bruno")
    await uma.button("Chat: Ada Quill", uma.card("ada")).click()
    await ada.part("accept").click()
    await uma.connected()
    await ada.connected()
    return ada, uma


async def test_files_and_messages_that_are_changed_or_taken_back(scene: Scene) -> None:
    ada, uma = await meet(scene)
    assert await uma.panel.evaluate("(panel) => panel.scrollHeight <= panel.clientHeight"), "nothing hangs out of it"
    await attach(uma, picture(), {"name": "notes.txt", "mimeType": "text/plain", "buffer": "Grüße".encode()})
    for person in (uma, ada):
        image = person.page.locator("openline-file img").first
        await expect(image).to_be_visible()
        assert await image.evaluate("(image) => [image.naturalWidth, image.naturalHeight]") == list(SIZE)
    await attach(uma, {"name": "page.html", "mimeType": "text/html", "buffer": b"<script>alert(1)</script>"})
    await uma.sees("Files of this kind cannot be sent")
    await uma.button("Do not send page.html").click()
    await expect(uma.part("upload")).to_have_count(0)
    async with ada.page.expect_download() as saving:
        await ada.button("Save notes.txt").click()
    assert (await (await saving.value).path()).read_text() == "Grüße"

    await uma.say("The roof leeks")
    await expect(ada.part("message").filter(has_text="The roof leeks")).to_be_visible()
    mine = uma.page.locator("openline-message").filter(has_text="The roof leeks")
    await mine.hover()
    await mine.get_by_role("button", name="Change this message").click()
    await mine.get_by_role("button", name="Edit").click()
    editor = uma.page.locator('[part~="editor"]')
    await editor.fill("The roof leaks")
    await editor.press("Enter")
    for person in (uma, ada):
        await expect(person.part("message").filter(has_text="The roof leaks")).to_be_visible()
        await expect(person.text("edited")).to_be_visible()
        await expect(person.text("The roof leeks")).to_have_count(0)
    assert await ada.button("Change this message").count() == 0, "nobody changes what others have said"

    mine = uma.page.locator("openline-message").filter(has_text="The roof leaks")
    await mine.hover()
    await mine.get_by_role("button", name="Change this message").click()
    await mine.get_by_role("button", name="Take back").click()
    for person in (uma, ada):
        await person.sees("Message taken back")
        await expect(person.text("The roof leaks")).to_have_count(0)
    await uma.page.reload()
    await uma.reopen_panel()
    await uma.sees("Message taken back")


async def test_what_an_expert_has_at_hand(scene: Scene) -> None:
    ada, uma = await meet(scene)
    await ada.part("tool-replies").click()
    await ada.part("new-reply").click()
    await ada.page.get_by_label("Title").fill("Hello")
    await ada.page.get_by_label("Text", exact=True).fill("Welcome. What can I do for you?")
    await ada.button("Save the reply").click()
    await ada.button(re.compile("^Hello Welcome")).click()
    await expect(ada.part("composer")).to_have_value("Welcome. What can I do for you?")
    await ada.page.keyboard.press("Enter")
    await uma.sees("Welcome. What can I do for you?")

    await ada.part("tool-note").click()
    await ada.part("note").fill("Has a leaking roof")
    await ada.button("Save the note").click()
    await ada.sees("Saved", ada.part("sheet"))
    await ada.page.reload()
    await ada.connected()
    await ada.part("tool-note").click()
    await expect(ada.part("note")).to_have_value("Has a leaking roof")
    assert "leaking" not in await uma.page.content()


async def test_a_transfer_needs_the_users_yes(scene: Scene) -> None:
    ada, uma = await meet(scene)
    await uma.say("Who knows about boilers?")
    await ada.sees("Who knows about boilers?")
    await ada.part("tool-transfer").click()
    await ada.button(BRUNO.name, ada.part("sheet")).click()
    await ada.sees(f"You have proposed {BRUNO.name}")
    await uma.sees(f"Ada Quill would like to hand you over to {BRUNO.name}")
    await uma.button("Stay here").click()
    await expect(ada.part("transfer")).to_have_count(0)
    await ada.part("tool-transfer").click()
    await ada.button(BRUNO.name, ada.part("sheet")).click()
    await uma.button(f"Go on with {BRUNO.name}").click()
    await uma.sees(f"Calling {BRUNO.name}", uma.panel)
    await ada.sees("The session was handed over to a colleague")
    async with ada.page.expect_download() as saving:
        await ada.button("Download transcript").click()
    assert "Who knows about boilers?" in (await (await saving.value).path()).read_text()
