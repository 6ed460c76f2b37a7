"""The ways to the server: IPv6, and TLS that a proxy ends."""

from contextlib import AsyncExitStack

import pytest
from playwright.async_api import Browser, expect

from tests.stores import certificates
from tests.stories.people import ADA
from tests.stories.scene import Scene
from tests.stories.switchboard import TlsProxy
from tests.stories.venue import Books, own_server

pytestmark = [pytest.mark.browser, pytest.mark.timeout(90)]


async def meets(browser: Browser, books: Books, stack: AsyncExitStack, **options: bool) -> Scene:
    """A user and an expert at browsers, in a session."""
    scene = Scene(browser, books, stack)
    await scene.begin([ADA])
    ada = await scene.expert("ada", name="Ada Quill", **options)
    uma = await scene.user("uma", **options)
    await uma.button("Chat: Ada Quill").click()
    await ada.part("accept").click()
    await uma.connected()
    await uma.say("Hello")
    await expect(ada.part("message")).to_have_text("Hello")
    return scene


@pytest.mark.claim("B29", "B31")
async def test_over_ipv6(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("six")
    async with own_server(folder, "--host", "::1") as (_, books), AsyncExitStack() as stack:
        books.base = f"http://[::1]:{books.port}"
        (await meets(browser, books, stack)).assert_quiet()


@pytest.mark.claim("B29", "B31")
async def test_behind_a_proxy_that_ends_tls(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("tls")
    trusted = ("--trusted-proxy", "127.0.0.1", "--trusted-proxy", "::1")
    async with own_server(folder, *trusted) as (process, books), AsyncExitStack() as stack:
        proxy = await stack.enter_async_context(TlsProxy(process.port, certificates(folder)).open())
        books.base = f"https://localhost:{proxy.port}"
        scene = await meets(browser, books, stack, ignore_https_errors=True)
        cookies = await scene.people[0].context.cookies()
        assert [(one["name"].startswith("__Host-"), one["secure"], one["httpOnly"]) for one in cookies] == [(True,) * 3]
        scene.assert_quiet()
