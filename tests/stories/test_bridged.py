"""Calls through the media server, in two browsers: they are heard, they are cut, they come back by themselves."""

import asyncio
import os
import re
import signal
import time
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import psutil
import pytest
import pytest_asyncio
from playwright.async_api import expect

from billing import ledger
from directory.expert import PoolOptions
from ground.clock import SystemClock
from tests.ports import free_port
from tests.stories.people import ADA
from tests.stories.scene import NET, Person, Scene
from tests.stories.test_audio import NOTE_SPEECH, TONE, TONE_HZ, hears, hears_nothing
from tests.stories.test_directory import AXE, violations
from tests.stories.test_earlier_sessions import account
from tests.stories.test_meter import left, ringing, set_aside
from tests.stories.venue import Books, Process
from wire import messages

pytestmark = pytest.mark.browser
NOW = SystemClock().now_ms
RATE = 6000
"""A euro for a second."""
COSTLY = msgspec.structs.replace(ADA, rate=RATE)
OPTIONS = PoolOptions(prepaid=True, fee_bps=2000, deposits=[1200, 10_000], deposit_max=50_000, recording=True)
MAY = {"permissions": ["microphone"]}
STUBBORN = """RTCPeerConnection.prototype.close = function () {};"""
"""A page that does not hang up, whatever it is told."""
WATCH_PACKETS = """({ call: { peer } }) => {
  window.last = { packets: -1, at: 0 };
  setInterval(async () => {
    let packets = 0;
    for (const one of (await peer.getStats()).values()) if (one.type === "inbound-rtp") packets += one.packetsReceived;
    if (packets > window.last.packets) window.last = { packets, at: Date.now() };
  }, 50);
}"""
LAST_PACKET = "() => window.last.at"
PEER = """(panel) => panel.call.state.base + "." + panel.call.state.generation"""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def hall(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Process]:
    """A server with one media worker beside it."""
    state = tmp_path_factory.mktemp("bridged")
    process = Process(state / "log", free_port(), "serve", "--state", str(state), "--media", "1")
    try:
        await process.ready()
        yield process
    finally:
        process.stop()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def books(hall: Process) -> AsyncIterator[Books]:
    opened = await Books.open(hall.port, state_dir=str(hall.log.parent))
    yield opened
    await opened.close()


def worker_of(hall: Process) -> psutil.Process:
    """The media worker's process."""
    found = [one for one in hall.family() if any("media_process" in word for word in one.cmdline())]
    assert len(found) == 1, found
    return found[0]


async def market(scene: Scene, **funds: int) -> None:
    """A pool in which a second costs a euro, and users with so many cents."""
    await scene.begin([COSTLY], "The tax line", wrap_up_ms=60_000, options=OPTIONS)
    for user, amount in funds.items():
        async with scene.books.database.begin() as tx:
            await ledger.deposit(tx, scene.pool, user, amount, "EUR", key=f"story:{user}:{NOW()}", now=NOW())


async def two(
    scene: Scene, uma: dict[str, Any] | None = None, ada: dict[str, Any] | None = None
) -> tuple[Person, Person]:
    """Ada and Uma, each with a tone of their own for a voice."""
    return await asyncio.gather(
        scene.expert("ada", name="Ada Quill", **{"init": TONE % TONE_HZ["Ada Quill"], **MAY, **(ada or {})}),
        scene.user("uma", **{"init": TONE % TONE_HZ["Uma"], **MAY, **(uma or {})}),
    )


async def meet(ada: Person, uma: Person) -> None:
    """They talk, and the clock runs at both."""
    await call(uma)
    await accepted(ada, uma)


async def call(uma: Person) -> None:
    await uma.button("Audio call: Ada Quill", uma.card("ada")).click()
    await uma.button("Connect now", uma.panel).click()


async def accepted(ada: Person, uma: Person, clock: str = "running") -> None:
    await ada.part("accept").click()
    for person in (ada, uma):
        await expect(person.part("meter")).to_have_attribute("data-clock", clock, timeout=20_000)


async def talk(ada: Person, uma: Person) -> None:
    for person in (ada, uma):
        await expect(person.part("call-state")).to_have_attribute("data-flowing", "true", timeout=15_000)
    await hears(uma, TONE_HZ["Ada Quill"])
    await hears(ada, TONE_HZ["Uma"])


@pytest.mark.claim("A17", "A18")
@pytest.mark.slow
@pytest.mark.timeout(90)
async def test_both_are_heard_and_zero_cuts_the_sound_itself(scene: Scene) -> None:
    await market(scene, uma=10_000)
    ada, uma = await two(
        scene,
        uma={"init": TONE % TONE_HZ["Uma"] + STUBBORN + NOTE_SPEECH},
        ada={"init": TONE % TONE_HZ["Ada Quill"] + STUBBORN + NOTE_SPEECH},
    )
    await call(uma)
    await ada.sees("Uma would like to talk")
    await set_aside(scene, "uma", await ringing(ada), 1200)
    await accepted(ada, uma, "last")
    await talk(ada, uma)
    for person in (ada, uma):
        await expect(person.part("quality")).to_have_attribute("data-quality", "good")
    await uma.part("mute").click()
    await expect(ada.page.locator(".tile.theirs")).to_contain_text("muted")
    await hears_nothing(ada)
    await expect(ada.part("meter")).to_have_attribute("data-clock", "last")
    await uma.part("mute").click()
    await hears(ada, TONE_HZ["Uma"])
    for person in (ada, uma):
        await person.page.locator("openline-call").evaluate(WATCH_PACKETS)
        assert len(await person.page.evaluate("spoken")) == 1, "the last minute is said aloud"
    told = await scene.talker("user", "uma")
    ended = await told.until(messages.Session, lambda one: one.state == "ended", seconds=20)
    assert ended.reason == "balance_spent"
    await asyncio.sleep(max(0.0, (ended.ended_at + 1500 - NOW()) / 1000))  # what comes later than that is too late
    for person in (uma, ada):
        late = await person.page.evaluate(LAST_PACKET) - ended.ended_at
        assert -1000 <= late <= 1000, f"{person.name}: the last packet came {late} ms after the end"
    await uma.sees("Your balance is used up, and the session has ended.")
    await ada.sees("The time that Uma had paid for is used up.")


@pytest.mark.claim("A17")
@pytest.mark.slow
@pytest.mark.timeout(90)
async def test_a_closed_tab_is_noticed_and_comes_back_by_itself(scene: Scene) -> None:
    await market(scene, uma=100_000)
    ada, uma = await two(scene)
    await meet(ada, uma)
    await talk(ada, uma)
    closed = time.monotonic()
    await uma.page.close()
    await expect(ada.part("meter")).to_have_attribute("data-clock", "frozen", timeout=4000)
    assert time.monotonic() - closed <= 3.0
    await expect(ada.part("clock-state")).to_have_text("Clock stopped: waiting for Uma")
    await uma.open(f"{scene.books.base}/p/{scene.pool}")
    await uma.reopen_panel()
    await talk(ada, uma)
    for person in (ada, uma):
        await expect(person.part("meter")).to_have_attribute("data-clock", "running")
    await uma.page.reload()
    await uma.reopen_panel()
    await talk(ada, uma)
    await uma.end()


ASKS_ANEW = """navigator.permissions.query = async () => ({ state: "prompt" });"""
"""A browser that forgets with the page what it was allowed, as Firefox does."""


@pytest.mark.timeout(90)
async def test_a_reload_where_the_browser_asks_again_says_what_to_do(scene: Scene) -> None:
    await market(scene, uma=100_000)
    ada, uma = await two(scene, uma={"init": TONE % TONE_HZ["Uma"] + ASKS_ANEW})
    await call(uma)
    await ada.part("accept").click()
    await uma.part("microphone-on").click()
    await talk(ada, uma)
    await uma.page.reload()
    await uma.reopen_panel()
    await uma.sees("This page was loaded anew, and your browser wants a click")
    await ada.sees("No sound is coming from Uma")
    await expect(ada.part("quality")).to_have_count(0)
    for person in (ada, uma):
        await expect(person.part("state")).to_have_attribute("data-standing", "frozen")
    await uma.part("microphone-on").click()
    await talk(ada, uma)
    await ada.connected()
    await uma.end()


@pytest.mark.claim("A17")
@pytest.mark.slow
@pytest.mark.timeout(90)
async def test_another_network_and_a_media_server_that_dies(scene: Scene, hall: Process) -> None:
    await market(scene, uma=100_000)
    ada, uma = await two(scene)
    uma.tolerates = NET
    await meet(ada, uma)
    await talk(ada, uma)
    before = await uma.page.locator("openline-call").evaluate(PEER)
    await uma.context.set_offline(True)
    await uma.context.set_offline(False)
    await expect(uma.part("call-state")).to_have_attribute("data-phase", "linked")
    assert await uma.page.locator("openline-call").evaluate(PEER) != before
    await talk(ada, uma)

    worker = worker_of(hall)
    killed = time.monotonic()
    os.kill(worker.pid, signal.SIGKILL)
    for person in (ada, uma):
        await expect(person.part("call-state")).not_to_have_attribute("data-flowing", "true", timeout=10_000)
    for person in (ada, uma):
        await expect(person.part("call-state")).to_have_attribute("data-flowing", "true", timeout=15_000)
    back = time.monotonic() - killed
    await talk(ada, uma)
    print(f"sound is back after {back:.1f} s")
    assert back <= 10.0
    await uma.end()


TO_THEM = """(panel) => Promise.all(panel.call.peer.getSenders().map((sender) => sender.replaceTrack(%s)))"""


@pytest.mark.claim("A17", "A18")
@pytest.mark.timeout(90)
async def test_the_clock_stands_still_while_no_sound_comes(scene: Scene) -> None:
    """Also where a page keeps its connection and sends nothing. Who chooses chat is no longer waited for."""
    await market(scene, uma=100_000)
    ada, uma = await two(scene)
    await meet(ada, uma)
    speaks = ada.page.locator("openline-call")
    await speaks.evaluate(TO_THEM % "null")
    await expect(ada.part("clock-state")).to_have_text("Clock stopped: waiting for your connection")
    await expect(uma.part("clock-state")).to_have_text("Clock stopped: waiting for Ada Quill")
    stopped = await left(uma)
    await speaks.evaluate(TO_THEM % "panel.mine.getAudioTracks()[0]")
    for person in (ada, uma):
        await expect(person.part("meter")).to_have_attribute("data-clock", "running")
    assert stopped - await left(uma) <= 2

    await uma.part("by-chat").click()
    await ada.sees("Uma goes on by chat")
    for person in (ada, uma):
        await expect(person.part("meter")).to_have_attribute("data-clock", "running")
    before = await left(uma)
    await uma.say("I can only write")
    await expect(ada.part("message").last).to_contain_text("I can only write")
    await expect(uma.part("left")).not_to_have_text(re.compile(f"^{before // 60}:{before % 60:02}$"))
    await uma.part("microphone-on").click()
    await ada.sees("Uma would like to talk")
    await ada.part("microphone-on").click()
    await talk(ada, uma)


@pytest.mark.slow
@pytest.mark.timeout(90)
async def test_the_page_that_took_the_call_last_has_it(scene: Scene) -> None:
    await market(scene, uma=100_000)
    ada, uma = await two(scene)
    await meet(ada, uma)
    first = uma.page
    await uma.open(f"{scene.books.base}/p/{scene.pool}")
    await uma.reopen_panel()
    await talk(ada, uma)
    await expect(first.get_by_text("The audio goes on in another window")).to_be_visible()
    await first.locator('[part~="microphone-on"]').click()
    second, uma.page = uma.page, first
    await talk(ada, uma)
    await expect(second.get_by_text("The audio goes on in another window")).to_be_visible()
    await uma.end()


@pytest.mark.slow
@pytest.mark.timeout(90)
async def test_both_sides_in_two_tabs_of_one_browser(scene: Scene) -> None:
    """As everybody tries it first: neither side takes the call from the other."""
    await market(scene, uma=100_000)
    ada = await scene.expert("ada", name="Ada Quill", init=TONE % TONE_HZ["Ada Quill"], **MAY)
    uma = Person(ada.context, "Uma")
    await uma.open(await scene.books.link(scene.pool, "user", "uma", "Uma"))
    await uma.page.wait_for_url(f"**/p/{scene.pool}")
    await meet(ada, uma)
    for person in (ada, uma):
        await expect(person.part("call-state")).to_have_attribute("data-flowing", "true", timeout=15_000)
        await hears(person, TONE_HZ["Ada Quill"])
        await expect(person.page.get_by_text("The audio goes on in another window")).not_to_be_visible()
    await uma.end()


@pytest.mark.timeout(90)
async def test_a_recording_needs_both_and_either_ends_it(scene: Scene) -> None:
    await market(scene, uma=100_000)
    ada, uma = await two(scene)
    await meet(ada, uma)
    for person in (ada, uma):
        await expect(person.part("recording")).to_contain_text("Not recorded")
    await ada.part("record").click()
    await ada.sees("Waiting until Uma allows the recording")
    await uma.sees("Ada Quill would like to record this call.")
    if AXE.exists():
        assert await violations(uma) == []
    await uma.part("record-not").click()
    await ada.sees("Uma does not want this call recorded.")
    await expect(uma.part("recording")).to_have_attribute("data-recording", "off")
    await uma.part("record").click()
    await ada.part("record").click()
    for person in (ada, uma):
        await expect(person.part("recording")).to_have_attribute("data-recording", "on")
        await expect(person.page.locator('openline-recording [role="status"]')).to_have_text(
            "This call is being recorded."
        )
    if AXE.exists():
        assert await violations(uma) == []
        assert await violations(ada) == []
    await uma.part("record-not").click()
    for person in (ada, uma):
        await expect(person.part("recording")).to_contain_text("The recording has stopped.")
    await uma.end()
    await uma.page.close()
    for person, role in ((uma, "user"), (ada, "expert")):
        await account(scene, person, 1, role)
        kept = person.part("kept")
        async with asyncio.timeout(30):
            while "kept until" not in await kept.inner_text():  # it is being made ready
                await person.page.reload()
                await expect(kept).to_be_visible()
        async with person.page.expect_download() as saving:
            await person.button("Download recording").click()
        assert (await (await saving.value).path()).read_bytes().startswith(b"OggS")
        if AXE.exists():
            assert await violations(person) == []
