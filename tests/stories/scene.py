"""People at browsers: each with a context of their own, whose every complaint is collected."""

import asyncio
import re
from collections.abc import Iterable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Dialog, Locator, Page, WebError, expect

from directory.expert import Expert, PoolOptions
from directory.index.index import Index
from identity.tokens import Member
from tests.stories.talker import Talker, talking
from tests.stories.venue import Books
from wire import messages

NET = "net::ERR_|WebSocket connection to"
"""What a browser writes when a server is gone: for stories in which one is killed."""
WATCH_POLICY = """document.addEventListener("securitypolicyviolation", (event) =>
  console.error("policy violated: " + event.violatedDirective + " " + event.blockedURI));"""


class Person:
    """Somebody at a browser of their own."""

    def __init__(self, context: BrowserContext, name: str) -> None:
        self.context = context
        self.name = name
        self.troubles: list[str] = []
        self.tolerates = ""
        context.on("console", self._console)
        context.on("weberror", self._error)
        context.on("dialog", self._dialog)

    page: Page

    async def open(self, url: str) -> Page:
        """A (further) tab of this person."""
        self.page = await self.context.new_page()
        await self.page.goto(url)
        return self.page

    def text(self, words: str | re.Pattern[str]) -> Locator:
        return self.page.get_by_text(words)

    def button(self, name: str | re.Pattern[str], within: Locator | None = None) -> Locator:
        return (within or self.page).get_by_role("button", name=name)

    def part(self, name: str) -> Locator:
        return self.page.locator(f'[part~="{name}"]')

    def card(self, expert: str) -> Locator:
        """An expert's card in the directory."""
        return self.page.locator(f'li[data-expert="{expert}"]')

    @property
    def panel(self) -> Locator:
        return self.page.locator("openline-panel dialog[open]")

    async def sees(self, words: str | re.Pattern[str], within: Locator | None = None, seconds: float = 8) -> None:
        await expect((within or self.page).get_by_text(words).first).to_be_visible(timeout=seconds * 1000)

    async def close_panel(self) -> None:
        await self.panel.get_by_role("button", name="Close", exact=True).click()

    async def reopen_panel(self) -> None:
        """By the bar that says where one stands."""
        await self.part("bar").get_by_role("button").click()

    async def connected(self) -> None:
        """Wait until the session is live at this side."""
        await expect(self.page.locator("[data-standing]")).to_have_attribute("data-standing", "live")

    async def say(self, text: str) -> None:
        await self.page.locator('textarea[part~="composer"]').fill(text)
        await self.page.keyboard.press("Enter")

    async def end(self) -> None:
        await self.part("end").click()
        await self.part("end-sure").click()

    def complaints(self) -> list[str]:
        """What the console, the page or the content policy had to say, except what this person tolerates."""
        tolerated = re.compile(self.tolerates) if self.tolerates else None
        return [f"{self.name}: {one}" for one in self.troubles if not (tolerated and tolerated.search(one))]

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.troubles.append(message.text)

    def _error(self, error: WebError) -> None:
        self.troubles.append(str(error.error))

    async def _dialog(self, dialog: Dialog) -> None:
        self.troubles.append(f"dialog: {dialog.message}")
        await dialog.dismiss()


class Scene:
    """One story: a pool of its own on a running server, and the people in it."""

    def __init__(self, browser: Browser | None, books: Books, stack: AsyncExitStack) -> None:
        self.browser = browser
        self.books = books
        self.people: list[Person] = []
        self.pool = ""
        self._stack = stack

    async def begin(
        self, experts: Iterable[Expert], name: str = "A line", options: PoolOptions | None = None, **settings: int
    ) -> None:
        """Make the pool. Settings in milliseconds, as `queueing.settings` names them."""
        self.pool = await self.books.new_pool(list(experts), name, options, **settings)

    async def searchable(self) -> None:
        """Wait until the index holds the pool: a question asked before is answered from what was there."""
        async with asyncio.timeout(30):
            while self.pool in await Index(self.books.database).behind():
                await asyncio.sleep(0.1)

    async def person(self, name: str, **options: Any) -> Person:
        """Somebody who has a browser and no page yet."""
        assert self.browser, "this story has no browser"
        context = await self.browser.new_context(
            **{"locale": "en-US", "viewport": {"width": 1180, "height": 860}, "reduced_motion": "reduce"} | options
        )
        self._stack.push_async_callback(context.close)
        context.set_default_timeout(10_000)
        await context.add_init_script(WATCH_POLICY)
        person = Person(context, name)
        self.people.append(person)
        return person

    async def signed_in(self, role: Member, subject: str, name: str = "", *, init: str = "", **options: Any) -> Person:
        """Somebody who has opened a sign-in link and stands on the page of their role."""
        person = await self.person(name or subject.title(), **options)
        if init:
            await person.context.add_init_script(init)
        await person.open(await self.books.link(self.pool, role, subject, person.name))
        await person.page.wait_for_url(f"**/p/{self.pool}**")
        return person

    async def user(self, subject: str, **options: Any) -> Person:
        person = await self.signed_in("user", subject, **options)
        await expect(person.page.locator("openline-card").first).to_be_visible()
        return person

    async def expert(self, subject: str, **options: Any) -> Person:
        """An expert at the console, who has said to be online."""
        person = await self.signed_in("expert", subject, **options)
        await person.part("status-online").click()
        await expect(person.part("status-online")).to_have_attribute("aria-checked", "true")
        return person

    async def present(self, expert: str) -> Talker:
        """An expert without a browser, online."""
        talker = await self.talker("expert", expert)
        answer = await talker.ask(messages.Declare, status="online")
        assert isinstance(answer, messages.Ok), answer
        return talker

    async def operator(self, **options: Any) -> Person:
        person = await self.signed_in("operator", "olga", **options)
        await expect(person.part("row").first).to_be_visible()
        return person

    async def talker(self, role: Member, subject: str, name: str = "", *, watch: bool = True) -> Talker:
        """A member without a browser."""
        token = self.books.token(self.pool, role, subject, name)
        return await self._stack.enter_async_context(talking(self.books.port, self.pool, token, watch=watch))

    async def keep_pictures(self, folder: Path) -> None:
        """What everybody saw when the story broke off."""
        for person in self.people:
            for number, page in enumerate(person.context.pages):
                picture = folder / f"{person.name}-{number}.png"
                await page.screenshot(path=picture)
                print(f"{picture} {page.url}")
            print("\n".join(person.complaints()))

    def assert_quiet(self) -> None:
        """No error, no policy violation, no dialog at anybody's browser."""
        complaints = [complaint for person in self.people for complaint in person.complaints()]
        assert not complaints, "\n".join(complaints)
