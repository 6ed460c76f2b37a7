"""A page of another site with one script tag and one element."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import expect

from tests.ports import free_port
from tests.stories.people import ADA
from tests.stories.scene import NET, Scene

pytestmark = pytest.mark.browser
PAGE = """<!doctype html><html lang="en"><head><title>A shop</title><link rel="icon" href="data:,">
<script type="module" src="{base}/openline.js"></script></head>
<body><h1>A shop</h1><openline-light pool="{pool}" expert="ada" token="{token}"></openline-light></body></html>"""


@contextlib.asynccontextmanager
async def foreign_site(port: int, page: str) -> AsyncIterator[str]:
    """Another origin that serves one page."""
    body = page.encode()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        head = f"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: {len(body)}\r\nconnection: close\r\n\r\n"
        writer.write(head.encode() + body)
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, "localhost", port):
        yield f"http://localhost:{port}/"


@pytest.mark.claim("A1", "A3", "B1", "B10", "B30")
async def test_one_click_on_any_page_opens_the_line_and_says_at_once_what_is_so(
    scene: Scene, foreign_port: int
) -> None:
    await scene.begin([ADA])
    ada = await scene.expert("ada", name="Ada Quill")
    token = scene.books.token(scene.pool, "user", "uma", "Uma")
    page = PAGE.format(base=scene.books.base, pool=scene.pool, token=token)
    async with foreign_site(foreign_port, page) as url:
        uma = await scene.person("Uma")
        scripts: list[str] = []
        uma.context.on("request", lambda request: scripts.append(request.url) if "/openline" in request.url else None)
        await uma.open(url)
        light = uma.page.locator("openline-light")
        await expect(light).to_contain_text("Free")
        assert [name for name in scripts if name.endswith(".js")] == [f"{scene.books.base}/openline.js"]
        await light.get_by_role("button").first.click()
        await uma.sees("Ada Quill is free", uma.panel)
        await uma.button("Connect now", uma.panel).click()
        await ada.part("accept").click()
        for person in (ada, uma):
            await person.connected()
        await uma.say("From another site")
        await expect(ada.part("message")).to_have_text("From another site")
        await ada.end()
        await uma.part("done").click()
        await ada.part("wrap-away").click()
        await expect(light).to_contain_text("Away")
        await light.get_by_role("button").first.click()
        await uma.sees("Ada Quill is away for now", uma.panel)


@pytest.mark.claim("A1")
async def test_a_page_that_is_not_on_the_list_gets_no_line(scene: Scene) -> None:
    await scene.begin([ADA])
    port = free_port()
    async with foreign_site(port, PAGE.format(base=scene.books.base, pool=scene.pool, token="")) as url:
        stranger = await scene.person("Stranger")
        stranger.tolerates = f"{NET}|403"
        await stranger.open(url)
        await expect(stranger.page.locator("openline-light")).to_contain_text("Looking")
        await stranger.page.wait_for_event("websocket")
        await expect(stranger.page.locator("openline-light")).not_to_contain_text("Free")
    assert any("403" in one for one in stranger.troubles), stranger.troubles
