"""One Chromium and one server for all stories; a pool and people for each."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright, expect

from tests.ports import free_port
from tests.processor import processor
from tests.repo.machine import TOOLS
from tests.stories.scene import Scene
from tests.stories.venue import Books, own_server

CHROMIUM = next(tool for tool in TOOLS if tool.mark == "browser")
PATIENCE_MS = 10_000
"""How long a page may take to show what it should: long, for machines that are busy with other tests."""
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
    "--allow-loopback-in-peer-connection",
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All stories share one loop: the browser lives in it."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(executable_path=CHROMIUM.path(), args=ARGUMENTS)
        expect.set_options(timeout=PATIENCE_MS)
        yield chromium
        await chromium.close()


@pytest.fixture(scope="session")
def foreign_port() -> int:
    """Where another site may stand whose pages embed us."""
    return free_port()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def books(tmp_path_factory: pytest.TempPathFactory, foreign_port: int) -> AsyncIterator[Books]:
    """A running server: `openline serve` with its embedded store, and a card processor where nobody loses money."""
    state = tmp_path_factory.mktemp("venue")
    port, words = free_port(), ("--origin", f"http://localhost:{foreign_port}")
    async with (
        processor(f"http://127.0.0.1:{port}/v1/processor/webhook") as cards,
        own_server(state, *words, port=port, **cards.environment) as (_, opened),
    ):
        yield opened


@pytest_asyncio.fixture(loop_scope="session")
async def scene(browser: Browser, books: Books, request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Scene]:
    failed = request.session.testsfailed
    async with AsyncExitStack() as stack:
        made = Scene(browser, books, stack)
        yield made
        if request.session.testsfailed > failed:
            await made.keep_pictures(tmp_path)
        else:
            made.assert_quiet()


@pytest_asyncio.fixture(loop_scope="session")
async def offstage(books: Books) -> AsyncIterator[Scene]:
    """A scene without browsers: for stories that the raw socket tells."""
    async with AsyncExitStack() as stack:
        yield Scene(None, books, stack)
