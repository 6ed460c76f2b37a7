"""Browsers that reach the media server by TURN alone: calls through a real coturn, and what is said without it."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright, expect

from tests.ports import free_port
from tests.sessions.turning import SECRET, coturn
from tests.stories.conftest import ARGUMENTS, CHROMIUM
from tests.stories.scene import Person, Scene
from tests.stories.talker import Talker
from tests.stories.test_audio import TONE, TONE_HZ
from tests.stories.test_bridged import MAY, accepted, market, talk
from tests.stories.test_preflight import SHUT_IN, row, stands_in_line
from tests.stories.venue import Books, Process
from wire import messages

pytestmark = [pytest.mark.browser, pytest.mark.coturn, pytest.mark.timeout(120)]
TCP_ONLY = "--webrtc-ip-handling-policy=disable_non_proxied_udp"
"""A browser that sends no UDP, as behind a firewall that lets only TCP out."""
WAYS = """async (panel) => {
  const report = await panel.call.peer.getStats();
  const pairs = [...report.values()].filter((one) => one.type === "candidate-pair" && one.state === "succeeded");
  return pairs.map((pair) => report.get(pair.localCandidateId)).map((one) => [one.candidateType, one.relayProtocol]);
}"""
"""The ways that carry a page's sound: kind of candidate, and transport to the relay."""


class Venue:
    """A server that knows of one coturn, which can be taken away."""

    def __init__(self, folder: Path) -> None:
        self._relay = AsyncExitStack()
        self.folder = folder

    async def open(self, transport: str) -> Process:
        there = self._relay.enter_context(coturn(self.folder, "allow-loopback-peers", "allowed-peer-ip=127.0.0.1"))
        state = self.folder / "state"
        state.mkdir()
        url = f"turn:{there.host}:{there.port}?transport={transport}"
        turn = {"OPENLINE_TURN_URLS": url, "OPENLINE_TURN_SECRET": SECRET, "OPENLINE_MEDIA_HOSTS": "127.0.0.1"}
        words = ("serve", "--state", str(state), "--media", "1")
        return Process(state / "log", free_port(), *words, **turn)

    async def take_away_turn(self) -> None:
        await self._relay.aclose()


@pytest.fixture
def transport(request: pytest.FixtureRequest) -> str:
    """How browsers reach coturn."""
    found: str = getattr(request, "param", "udp")
    return found


@pytest_asyncio.fixture(loop_scope="session")
async def venue(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Venue]:
    made = Venue(tmp_path_factory.mktemp("relayed"))
    yield made
    await made.take_away_turn()


@pytest_asyncio.fixture(loop_scope="session")
async def books(venue: Venue, transport: str) -> AsyncIterator[Books]:
    process = await venue.open(transport)
    try:
        await process.ready()
        opened = await Books.open(process.port, state_dir=str(process.log.parent))
        yield opened
        await opened.close()
    finally:
        process.stop()


async def two(scene: Scene, init: str) -> tuple[Person, Person]:
    """Ada and Uma, each with a tone for a voice, in pages that run `init` first."""
    return await asyncio.gather(
        scene.expert("ada", name="Ada Quill", init=init + TONE % TONE_HZ["Ada Quill"], **MAY),
        scene.user("uma", init=init + TONE % TONE_HZ["Uma"], **MAY),
    )


async def is_next(scene: Scene, ada: Person, uma: Person) -> tuple[Talker, str]:
    """Uma waits behind Vera, who is with Ada."""
    vera = await scene.talker("user", "vera")
    assert isinstance(await vera.ask(messages.Connect, expert="ada"), messages.Joined)
    await ada.part("accept").click()
    session = await vera.until(messages.Session)
    await stands_in_line(uma, "You are next")
    return vera, session.session


@asynccontextmanager
async def shut_in(browser: Browser, transport: str) -> AsyncIterator[Browser]:
    """A browser that sends nothing past a relay, with UDP by a policy of the page, or without by one of its own."""
    if transport == "udp":
        yield browser
        return
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(executable_path=CHROMIUM.path(), args=[*ARGUMENTS, TCP_ONLY])
        yield chromium
        await chromium.close()


async def ways(person: Person) -> set[tuple[str, str]]:
    """How this page reaches the media server. A pair that is being checked again is none for a moment."""
    async with asyncio.timeout(5):
        while not (found := await person.page.locator("openline-call").evaluate(WAYS)):
            await asyncio.sleep(0.1)
    return {tuple(way) for way in found}


@pytest.mark.claim("A2", "A18")
@pytest.mark.slow
@pytest.mark.parametrize("transport", ["udp", "tcp"], indirect=True)
async def test_a_call_through_turn_alone(browser: Browser, books: Books, transport: str) -> None:
    async with shut_in(browser, transport) as narrow, AsyncExitStack() as stack:
        scene = Scene(narrow, books, stack)
        await market(scene, uma=100_000, vera=100_000)
        ada, uma = await two(scene, SHUT_IN if transport == "udp" else "")
        await expect(ada.part("preflight")).to_have_attribute("data-ready", "good", timeout=20_000)
        vera, session = await is_next(scene, ada, uma)
        await expect(row(uma, "Connection")).to_contain_text("Audio gets through.", timeout=20_000)
        assert isinstance(await vera.ask(messages.End, session=session), messages.Ok)
        await accepted(ada, uma)
        await talk(ada, uma)
        for person in (ada, uma):
            assert await ways(person) == {("relay", transport)}
        await uma.end()
        scene.assert_quiet()


@pytest.mark.claim("A18")
@pytest.mark.slow
async def test_who_is_next_learns_in_time_that_turn_is_away(scene: Scene, venue: Venue) -> None:
    await market(scene, uma=100_000, vera=100_000)
    await venue.take_away_turn()
    ada, uma = await two(scene, SHUT_IN)
    await is_next(scene, ada, uma)
    began = time.monotonic()
    for person in (ada, uma):
        await expect(row(person, "Connection")).to_contain_text("Audio does not get through", timeout=20_000)
        await expect(person.part("preflight")).to_have_attribute("data-ready", "bad")
        await expect(person.part("check-again")).to_be_visible()
    known = time.monotonic() - began
    print(f"both know {known:.1f} s after they stand where it matters")
    assert known <= 12.0, "one try after the other takes longer"
