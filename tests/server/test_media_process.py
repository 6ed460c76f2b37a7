"""Media workers as processes: beside a server, started again when they die, stopped in order; and on their own."""

import asyncio
import json
import os
import signal
import subprocess
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import psutil
import pytest
import pytest_asyncio

from ground.embedded import EmbeddedStore
from ground.store import Store
from server.config import Config, load, with_store
from server.media_process import beside
from sessions.media.workers import Listed, Workers
from sessions.recording.folder import Folder
from tests.ports import LOOPBACK, free_port
from tests.repo.house import ROOT
from tests.stories.venue import OPENLINE

SECRET = "a-secret-of-the-tests-" * 4


@pytest_asyncio.fixture
async def config(tmp_path: Path):
    """With a store of its own: workers of other tests must not be seen."""
    keeper = EmbeddedStore(tmp_path / "store")
    made = with_store(load({"state_dir": tmp_path, "media_workers": 1}, {}), await keeper.start())
    yield made
    await keeper.stop()


async def until_listed(config: Config, holds, seconds: float = 25) -> list[Listed]:
    store = await Store.open(config.store)
    try:
        async with asyncio.timeout(seconds):
            while not holds(found := await Workers(store).listed()):
                await asyncio.sleep(0.05)
            return found
    finally:
        await store.close()


def children() -> list[psutil.Process]:
    own = psutil.Process().children()
    return [each for each in own if any("server.media_process" in word for word in _words(each))]


def _words(process: psutil.Process) -> list[str]:
    with suppress(psutil.Error):
        return list(process.cmdline())
    return []


async def test_one_beside_the_server_comes_again_when_it_is_killed_and_goes_with_it(
    config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "av.py").write_text("raise SystemExit('a file of somebody else')")
    with ExitStack() as stack:
        await asyncio.to_thread(stack.enter_context, beside(config))
        (first,) = await until_listed(config, lambda found: len(found) == 1)
        assert first.most == 100
        (child,) = children()
        child.kill()
        await until_listed(config, lambda found: any(each.worker != first.worker for each in found))
        (child,) = children()
        await asyncio.to_thread(stack.close)
    assert not children()
    await until_listed(config, lambda found: all(each.worker == first.worker for each in found))


@pytest.mark.slow
async def test_a_server_that_is_killed_takes_its_workers_with_it(config: Config, tmp_path: Path) -> None:
    words = ("serve", "--store", config.store, "--database", config.database, "--port", "0", "--media", "1")
    server = _started(tmp_path, *words)
    try:
        await until_listed(config, lambda found: len(found) == 1)
        family = psutil.Process(server.pid).children(recursive=True)
        workers = [each for each in family if any("media_process" in word for word in _words(each))]
        assert len(workers) == 1
    finally:
        server.kill()
        await asyncio.to_thread(server.wait, 10)
    gone, alive = await asyncio.to_thread(psutil.wait_procs, workers, 15)
    assert len(gone) == 1 and not alive
    await until_listed(config, lambda found: not found)


async def test_on_its_own_it_needs_no_secret_scans_nobodys_network_and_keeps_no_voice_that_nobody_would_erase(
    config: Config, tmp_path: Path
) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    worker = _started(tmp_path, "media", "--store", config.store, OPENLINE_SECRET="", OPENLINE_RECORDINGS=str(shared))
    try:
        assert (await _said(tmp_path, "media_worker"))["private_networks"] is False
        assert (await _said(tmp_path, "no_folder_for_recordings"))["folder"] == str(shared)
        assert not list(shared.iterdir())
        Folder.open(shared)  # as a server does
        await _said(tmp_path, "recordings")
        assert not (tmp_path / ".openline").exists()
        await until_listed(config, lambda found: len(found) == 1)
    finally:
        worker.terminate()
        assert await asyncio.to_thread(worker.wait, 15) == 0


async def _said(folder: Path, event: str) -> dict[str, Any]:
    """What the log says of `event`, as soon as it does."""
    async with asyncio.timeout(25):
        while True:
            for line in (folder / "log").read_text().splitlines():
                with suppress(ValueError):
                    if (said := json.loads(line)).get("event") == event:
                        return dict(said)
            await asyncio.sleep(0.05)


async def test_on_its_own_it_takes_as_many_as_it_is_told_and_stops_in_order(config: Config, tmp_path: Path) -> None:
    worker = _started(tmp_path, "media", "--store", config.store, "--sessions", "7")
    try:
        assert (await until_listed(config, lambda found: len(found) == 1))[0].most == 7
        os.kill(worker.pid, signal.SIGTERM)
        assert await asyncio.to_thread(worker.wait, 10) == 0
        await until_listed(config, lambda found: not found, 1)
    finally:
        worker.kill()
        await asyncio.to_thread(worker.wait, 10)


@pytest.mark.speech
async def test_one_with_a_telephone_tells_whether_it_speaks(config: Config, tmp_path: Path) -> None:
    trunk = {"OPENLINE_SIP_TRUNK": f"sip:openline@{LOOPBACK}:{free_port()};local={LOOPBACK};addresses=yes"}
    words = ("media", "--store", config.store)
    speaks = _started(tmp_path, *words, **trunk)
    try:
        (found,) = await until_listed(config, lambda found: any(each.speaks for each in found), 60)
        assert found.lines > 0
        mute = _started(tmp_path, *words, **trunk, OPENLINE_SPEECH="off")
        try:
            both = await until_listed(config, lambda found: len([each for each in found if each.lines]) == 2)
            assert [each.speaks for each in both if each.worker != found.worker] == [False]
        finally:
            mute.kill()
            await asyncio.to_thread(mute.wait, 10)
    finally:
        speaks.terminate()
        assert await asyncio.to_thread(speaks.wait, 15) == 0


def _started(folder: Path, *words: str, **settings: str) -> "subprocess.Popen[bytes]":
    with (folder / "log").open("ab") as out:
        return subprocess.Popen(
            [*OPENLINE, *words], cwd=folder, stdout=out, stderr=subprocess.STDOUT,
            env=os.environ | {"PYTHONPATH": str(ROOT), "OPENLINE_SECRET": SECRET} | settings,
        )  # fmt: skip


@pytest.mark.parametrize(
    ("words", "said"),
    [(("media",), "--store"), (("media", "--store", "unix:///nowhere", "--sessions", "0"), "OPENLINE_MEDIA_SESSIONS")],
)
async def test_what_it_cannot_do_it_says(tmp_path: Path, words: tuple[str, ...], said: str) -> None:
    process = _started(tmp_path, *words)
    assert await asyncio.to_thread(process.wait, 20) == 2
    assert said in (tmp_path / "log").read_text()
