"""A killed process, a killed store, a silent store, a restart: people in line stay where they are."""

import asyncio
import contextlib
import os
import re
import secrets
import signal
from contextlib import AsyncExitStack
from pathlib import Path

import psutil
import pytest
from playwright.async_api import Browser, expect

from ground.embedded import EmbeddedStore
from tests.ports import free_port
from tests.stories.people import ADA, BRUNO, CHIDI
from tests.stories.scene import NET, Person, Scene
from tests.stories.switchboard import Switchboard
from tests.stories.talker import Talker, talking
from tests.stories.venue import Books, Process, own_server
from wire import messages

GONE_S = 10.0
STALE_S = 15.0


async def waits(person: Person, place: int) -> None:
    await expect(person.part("bar")).to_contain_text(f"Place {place}", timeout=20_000)


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.claim("B29", "B31", "B33")
@pytest.mark.timeout(120)
async def test_users_of_a_killed_process_go_on_with_the_other_at_their_places(
    browser: Browser, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("two")
    store = EmbeddedStore(folder / "store")
    options = ["--store", await store.start(), "--database", f"sqlite:///{folder / 'book.db'}", "--state", str(folder)]
    secret = secrets.token_hex(32)
    processes = [Process(folder / f"log{n}", free_port(), "serve", *options, OPENLINE_SECRET=secret) for n in range(2)]
    try:
        async with AsyncExitStack() as stack:
            await asyncio.gather(*(process.ready() for process in processes))
            line = await stack.enter_async_context(Switchboard([process.port for process in processes]).open())
            environment = {"OPENLINE_SECRET": secret}
            books = await Books.open(
                line.port, environment, store=store.url, database=options[3], state_dir=str(folder)
            )
            stack.push_async_callback(books.close)
            await _killed(Scene(browser, books, stack), processes)
    finally:
        for process in processes:
            process.stop()
        await store.stop()


async def _killed(scene: Scene, processes: list[Process]) -> None:
    await scene.begin([ADA, BRUNO, CHIDI])
    ada = await scene.expert("ada", name="Ada Quill")
    await ada.part("status-away").click()
    await ada.part("set-away").click()
    await scene.present("bruno")  # This one will not come back.
    first = await scene.user("uma")
    await first.button(re.compile("^Join"), first.card("ada")).click()
    await first.close_panel()
    second = await scene.user("viktor")
    await second.button(re.compile("^Join"), second.card("ada")).click()
    await second.close_panel()
    for person in scene.people:
        person.tolerates = NET
    async with talking(processes[1].port, scene.pool, scene.books.token(scene.pool, "user", "witness")) as witness:
        await witness.light("bruno", "free")
        processes[0].kill()
        await witness.light("bruno", "offline", seconds=GONE_S)
        await waits(first, 1)
        await waits(second, 2)
        await expect(ada.part("waiter")).to_have_count(2)
        await ada.part("status-online").click()
        await ada.sees("Uma would like to talk")
        assert (await witness.light("ada", "ringing")).waiting == 2
    scene.assert_quiet()


async def _joins(user: Talker, kept: set[str], member: str) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(15):
            answer = await user.ask(messages.Join, experts=["ada"])
            if isinstance(answer, messages.Joined):
                kept.add(member)


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.claim("B9", "B12", "B31", "B36")
@pytest.mark.timeout(150)
async def test_a_killed_store_forgets_no_place_and_a_silent_one_turns_the_light_grey(
    browser: Browser, tmp_path_factory: pytest.TempPathFactory
) -> None:
    own = own_server(tmp_path_factory.mktemp("own"), OPENLINE_STORE_FSYNC="always")
    async with own as (process, books), AsyncExitStack() as stack:
        scene = Scene(browser, books, stack)
        await scene.begin([ADA, BRUNO])
        ada = await scene.present("ada")
        assert isinstance(await ada.ask(messages.Declare, status="away"), messages.Ok)
        uma = await scene.user("uma")
        uma.tolerates = NET
        await uma.button(re.compile("^Join"), uma.card("ada")).click()
        await uma.close_panel()
        await _store_killed(scene, process)
        await waits(uma, 1)
        await _store_silent(uma, process.store_pid())
        await waits(uma, 1)
        scene.assert_quiet()


async def _store_killed(scene: Scene, process: Process) -> None:
    """In the middle of forty joins; every one that was acknowledged is in the line afterwards."""
    names = [f"u{number}" for number in range(40)]
    users = await asyncio.gather(*(scene.talker("user", name, watch=False) for name in names))
    kept: set[str] = set()
    asked = [asyncio.create_task(_joins(user, kept, name)) for user, name in zip(users, names, strict=True)]
    async with asyncio.timeout(10):
        while not kept:
            await asyncio.sleep(0)
    os.kill(process.store_pid(), signal.SIGKILL)
    await asyncio.gather(*asked)
    await process.ready()
    operator = await scene.talker("operator", "olga", watch=False)
    await operator.send(messages.Watch, lines=["ada"])
    found = await operator.until(messages.Snapshot)
    standing = {waiter.user for queue in found.queues for waiter in queue.waiters}
    assert kept <= standing, kept - standing


async def _store_silent(uma: Person, store: int) -> None:
    """The page must not call a light true that nobody has confirmed for fifteen seconds."""
    light = uma.card("ada").locator(".light .what")
    await expect(light).to_have_text("Away")
    halted = psutil.Process(store)
    halted.suspend()
    try:
        await expect(light).to_have_text("Not sure, reconnecting", timeout=(STALE_S + 5) * 1000)
        await expect(light).to_have_class(re.compile("unsure"))
        await uma.sees("Not sure at the moment")
    finally:
        halted.resume()
    await expect(light).to_have_text("Away", timeout=20_000)


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.claim("B1", "B31")
@pytest.mark.timeout(120)
async def test_the_demo_starts_again_with_everybody_at_their_places(browser: Browser, tmp_path: Path) -> None:
    port, state = free_port(), tmp_path / "demo"
    words = ["demo", "--state", str(state)]
    demo = Process(tmp_path / "log", port, *words)
    try:
        await demo.ready()
        async with AsyncExitStack() as stack:
            books = await Books.open(port, state_dir=str(state))
            stack.push_async_callback(books.close)
            scene = Scene(browser, books, stack)
            scene.pool = "demo"
            dara = await scene.present("dara")  # costs nothing
            await dara.ask(messages.Declare, status="away")
            uma = await scene.user("uma")
            uma.tolerates = NET
            await uma.button(re.compile("^Join"), uma.card("dara")).click()
            await uma.close_panel()
            await waits(uma, 1)
            family = demo.family()
            assert await asyncio.to_thread(demo.interrupt) == 0
            assert not [process for process in family if process.is_running()]
            demo = Process(tmp_path / "log", port, *words)
            await demo.ready()
            await waits(uma, 1)
            scene.assert_quiet()
    finally:
        demo.stop()
