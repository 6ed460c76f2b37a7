"""The embedded store: started, restarted, stopped, and never left behind."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from ground.embedded import EmbeddedStore, NoStoreBinary, binary
from ground.journal import Journal
from ground.leadership import Leadership
from ground.store import Store


async def test_data_outlives_a_stop(tmp_path: Path, pool: str) -> None:
    for added in (1, 0):
        embedded = EmbeddedStore(tmp_path)
        store = await Store.open(await embedded.start())
        assert (await store.call("enrol", pool, {"experts": ["ada"]}))["added"] == added
        await store.close()
        await embedded.stop()
        assert embedded.pid == 0


async def test_it_comes_back_after_sigkill(tmp_path: Path, pool: str) -> None:
    embedded = EmbeddedStore(tmp_path)
    store = await Store.open(await embedded.start())
    before = await Journal(store).tail(pool)
    os.kill(embedded.pid, signal.SIGKILL)
    async with asyncio.timeout(10):
        while True:
            with contextlib.suppress(Exception):
                assert await Journal(store).tail(pool) == before
                break
            await asyncio.sleep(0.02)
    await store.close()
    await embedded.stop()


def test_it_dies_with_its_parent(tmp_path: Path) -> None:
    """SIGKILL of the parent leaves no store behind."""
    program = (
        "import sys, time; from ground.embedded import EmbeddedStore;"
        "e = EmbeddedStore(sys.argv[1]); e.start_now(); print(e.pid, flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", program, str(tmp_path)], stdout=subprocess.PIPE) as parent:
        assert parent.stdout
        child = psutil.Process(int(parent.stdout.readline()))
        parent.kill()
    assert not psutil.wait_procs([child], timeout=10)[1]


def test_a_path_too_long_for_a_socket_is_named(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="too long for a unix socket"):
        EmbeddedStore(tmp_path / ("x" * 120)).start_now()


def test_without_a_binary_the_way_out_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ground.embedded.find_spec", lambda _: None)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(NoStoreBinary, match="valkey-server or redis-server"):
        binary()


async def test_one_leader_and_a_growing_token(store: Store, pool: str) -> None:
    leadership = Leadership(store)
    first = await leadership.hold(pool, "a", 60_000)
    assert first and await leadership.hold(pool, "a", 60_000) == first
    assert await leadership.hold(pool, "b", 60_000) == 0
    await leadership.resign(pool, "b")
    assert await leadership.hold(pool, "b", 60_000) == 0
    await leadership.resign(pool, "a")
    assert await leadership.hold(pool, "b", 60_000) == first + 1
