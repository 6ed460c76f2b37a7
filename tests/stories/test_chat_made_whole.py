"""Chat beyond words: files, messages changed and taken back, what an expert has at hand, a transfer, the transcript."""

import asyncio
import re
from io import BytesIO

import msgspec
import pytest
from PIL import Image
from playwright.async_api import FilePayload, Route, expect

from tests.stories.people import ADA, BRUNO, CHIDI
from tests.stories.scene import Person, Scene
from tests.stories.test_meter import OPTIONS, RATE, pays
from wire import messages

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
    await expect(ada.page.locator("openline-chat [role=status].said")).to_have_text("Uma: notes.txt")
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
    await mine.get_by_role("button", name="Edit").click()
    await editor.fill("x" * 4001)
    for _ in range(6):  # as often as the server hangs up on a page that makes no sense
        await editor.press("Enter")
    await uma.sees("That is too long")
    await editor.press("Escape")
    await expect(editor).to_have_count(0)
    await expect(uma.panel).to_be_visible()
    await expect(mine.get_by_role("button", name="Change this message")).to_be_focused()
    await mine.get_by_role("button", name="Change this message").click()
    await mine.get_by_role("button", name="Take back").click()
    for person in (uma, ada):
        await person.sees("Message taken back")
        await expect(person.text("The roof leaks")).to_have_count(0)
    await uma.page.reload()
    await uma.reopen_panel()
    await uma.sees("Message taken back")


async def test_who_reads_the_end_goes_on_reading_it(scene: Scene) -> None:
    """Whatever grows there, or comes late; only who scrolls up stays where they are."""
    ada, uma = await meet(scene)
    held: asyncio.Queue[Route] = asyncio.Queue()
    await ada.page.route("**/files/*", held.put_nowait)
    for n in range(14):
        await uma.say(f"Message {n}")
    unseen = uma.page.locator('[part~="tick"][data-tick="sent"], [part~="tick"][data-tick="sending"]')
    await ada.sees("Message 13")
    await expect(unseen).to_have_count(0)
    await attach(uma, picture())
    file, log = ada.page.locator("openline-file"), ada.part("log")
    await expect(file).to_have_count(1)
    before = await file.evaluate("(file) => file.offsetHeight")
    await (await asyncio.wait_for(held.get(), 10)).continue_()
    await expect(file.locator("img").first).to_be_visible()
    assert await file.evaluate("(file) => file.offsetHeight") == before > 100, "nothing jumps when the picture comes"

    left = "(log) => log.scrollHeight - log.scrollTop - log.clientHeight"
    # The browser tells of the scroll that we made after something has grown already.
    await log.evaluate(
        "(log) => { log.lastElementChild.style.minHeight = '900px'; log.dispatchEvent(new Event('scroll')); }"
    )
    async with asyncio.timeout(10):
        while await log.evaluate(left) > 1:
            await asyncio.sleep(0.05)
    await uma.say("At the end")
    await ada.sees("At the end")
    await expect(unseen).to_have_count(0)
    await log.hover()
    async with asyncio.timeout(10):
        while await log.evaluate(left) < 300:
            await ada.page.mouse.wheel(0, -400)
            await asyncio.sleep(0.1)
    await uma.say("Further down")
    await expect(ada.part("new-messages")).to_be_visible()
    await expect(unseen).to_have_count(1)
    await ada.part("new-messages").click()
    await expect(unseen).to_have_count(0)


async def test_a_pop_up_that_is_closed_takes_neither_words_nor_files_along(scene: Scene) -> None:
    ada, uma = await meet(scene)
    held: asyncio.Queue[Route] = asyncio.Queue()
    await uma.page.route("**/files/*", lambda route: held.put_nowait(route) if route.request.method == "PUT" else None)
    await attach(uma, {"name": "sums.csv", "mimeType": "text/csv", "buffer": b"1,2"})
    route = await asyncio.wait_for(held.get(), 10)
    await uma.part("composer").fill("Not sent yet")
    await uma.part("composer").press("Escape")
    await expect(uma.panel).to_have_count(0)
    await route.continue_()
    await expect(ada.button("Save sums.csv")).to_be_visible()
    await uma.reopen_panel()
    await expect(uma.button("Save sums.csv")).to_be_visible()
    await expect(uma.part("upload")).to_have_count(0)
    await expect(uma.part("composer")).to_have_value("Not sent yet")
    await uma.part("composer").press("Enter")
    await ada.sees("Not sent yet")


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
    await ada.page.reload()
    await ada.connected()
    # On a slow line one tool is opened while another has not come yet.
    await ada.page.locator("openline-expert-tools").evaluate(
        "({ renderRoot }) => ['replies', 'transfer', 'note'].forEach("
        "(name) => renderRoot.querySelector(`[part=tool-${name}]`).click())"
    )
    await expect(ada.part("note")).to_have_value("Has a leaking roof")
    await ada.part("tool-transfer").click()
    await expect(ada.button(BRUNO.name, ada.part("sheet"))).to_be_visible()
    await ada.part("tool-note").click()
    await ada.part("note").fill("Has a leaking roof, and a boat")
    await uma.end()
    await ada.sees("ended the session")
    await expect(ada.part("note")).to_have_value("Has a leaking roof, and a boat")
    await expect(ada.part("tool-transfer")).to_have_count(0)
    await ada.button("Save the note").click()
    await ada.sees("Saved", ada.part("sheet"))


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


async def test_a_colleague_who_costs_more_than_there_is_can_be_paid_for(scene: Scene) -> None:
    dear = msgspec.structs.replace(BRUNO, rate=RATE)
    await scene.begin([ADA, dear], "The tax line", wrap_up_ms=60_000, options=OPTIONS)
    ada, uma = await asyncio.gather(scene.expert("ada", name="Ada Quill"), scene.user("uma"))
    bruno = await scene.present("bruno")
    await uma.button("Chat: Ada Quill", uma.card("ada")).click()
    await ada.part("accept").click()
    await uma.connected()
    await ada.part("tool-transfer").click()
    await ada.button(BRUNO.name, ada.part("sheet")).click()
    asked = uma.page.locator("openline-transfer")
    await uma.sees("€60.00 a minute", asked)
    await expect(asked.locator('[part~="yes"]')).to_be_hidden()
    await asked.get_by_role("button", name="Make a deposit").click()
    form = uma.page.locator("openline-session openline-deposit")
    await form.locator("label", has_text="€100.00").click()
    await pays(uma, form)
    await uma.button(f"Go on with {BRUNO.name}").click()
    offer = await bruno.until(messages.Offer)
    assert offer.state == "ringing"
