"""The embedded store: started, restarted, stopped, and never left behind."""

import asyncio
import contextlib
import itertools
import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from ground.embedded import FSYNCS, EmbeddedStore, Fsync, NoStoreBinary, binary
from ground.errors import StoreUnavailable
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


@pytest.mark.compiler
@pytest.mark.claim("B31")
@pytest.mark.parametrize("fsync", FSYNCS)
async def test_a_busy_disk_takes_nothing_acknowledged_with_it(
    tmp_path: Path, pool: str, fsync: Fsync, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed in the middle of bringing its file to the disk. Under `everysec` the writes meanwhile would be gone."""
    begun = tmp_path / "begun"
    command = ["cc", "-shared", "-fPIC", "-o", str(tmp_path / "slow.so"), str(Path(__file__).with_name("slow_sync.c"))]
    await asyncio.to_thread(subprocess.run, command, check=True)
    monkeypatch.setenv("LD_PRELOAD", str(tmp_path / "slow.so"))
    monkeypatch.setenv("SLOW_SYNC_BEGUN", str(begun))
    embedded = EmbeddedStore(tmp_path / "store", fsync=fsync)
    store = await Store.open(await embedded.start())
    begun.unlink(missing_ok=True)
    experts = (f"e{number}" for number in itertools.count())
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(2.5):  # `everysec` begins once a second, `no` never does
            while not begun.exists():
                await store.call("enrol", pool, {"experts": [next(experts)]})
    for _ in range(3):
        await store.call("enrol", pool, {"experts": [last := next(experts)]})
    os.kill(embedded.pid, signal.SIGKILL)
    assert (await _back(store, pool, last))["added"] == 0
    await store.close()
    await embedded.stop()


async def _back(store: Store, pool: str, expert: str) -> dict[str, int]:
    """Enrol once more, as soon as the store answers again: who is known already is not added."""
    async with asyncio.timeout(20):
        while True:
            with contextlib.suppress(StoreUnavailable):
                answer: dict[str, int] = await store.call("enrol", pool, {"experts": [expert]})
                return answer
            await asyncio.sleep(0.05)


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
