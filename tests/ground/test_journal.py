"""The journal: no gap, no repeat, and a lost history is noticed."""

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from ground.embedded import EmbeddedStore
from ground.journal import EpochLost, Journal
from ground.store import Store
from presence.presence import Presence


@pytest.fixture
async def own(tmp_path: Path) -> AsyncIterator[EmbeddedStore]:
    """A store of the test's own, to be maltreated."""
    embedded = EmbeddedStore(tmp_path)
    await embedded.start()
    yield embedded
    await embedded.stop()


class Follower:
    """Collects the ids it is told, until its history is lost."""

    def __init__(self, journal: Journal, pool: str) -> None:
        self.seqs: list[int] = []
        self.lost = asyncio.Event()
        self._more = asyncio.Event()
        self._task = asyncio.create_task(self._run(journal, pool))
        self.ready = asyncio.Event()

    async def _run(self, journal: Journal, pool: str) -> None:
        after = await journal.tail(pool)
        self.ready.set()
        try:
            async for entry in journal.follow(pool, after):
                if entry.seq:
                    self.seqs.append(entry.seq)
                    self._more.set()
        except EpochLost:
            self.lost.set()

    async def until(self, seq: int) -> None:
        async with asyncio.timeout(15):
            while not self.seqs or self.seqs[-1] < seq:
                self._more.clear()
                await self._more.wait()

    async def stop(self) -> None:
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task


async def change(presence: Presence, pool: str, count: int, start: int) -> int:
    seq = 0
    for i in range(start, start + count):
        seq = (await presence.enrol(pool, [f"e{i}"]))["seq"]
    return seq


async def test_cut_connections_lose_and_repeat_nothing(own: EmbeddedStore, pool: str) -> None:
    store = await Store.open(own.url)
    follower = Follower(Journal(store), pool)
    await follower.ready.wait()
    last = 0
    for i in range(5):
        last = await change(Presence(store), pool, 20, i * 20)
        await store.nodes.node(pool).execute_command("CLIENT", "KILL", "TYPE", "pubsub")
    last = await change(Presence(store), pool, 1, 100)
    await follower.until(last)
    assert follower.seqs == list(range(1, last + 1))
    await follower.stop()
    await store.close()


async def test_sigkill_and_restart_keeps_every_acknowledged_change(own: EmbeddedStore, pool: str) -> None:
    store = await Store.open(own.url)
    follower = Follower(Journal(store), pool)
    await follower.ready.wait()
    acknowledged = await change(Presence(store), pool, 200, 0)
    os.kill(own.pid, signal.SIGKILL)
    async with asyncio.timeout(15):
        while True:
            with contextlib.suppress(Exception):
                last = await change(Presence(store), pool, 1, 500)
                break
            await asyncio.sleep(0.05)
    await follower.until(last)
    assert last == acknowledged + 1
    assert follower.seqs == list(range(1, last + 1))
    await follower.stop()
    await store.close()


async def test_a_flushed_store_is_a_lost_epoch(own: EmbeddedStore, pool: str) -> None:
    store = await Store.open(own.url)
    before = await Journal(store).tail(pool)
    follower = Follower(Journal(store), pool)
    await follower.ready.wait()
    await change(Presence(store), pool, 3, 0)
    await follower.until(3)
    await store.nodes.node(pool).execute_command("FLUSHALL")
    async with asyncio.timeout(10):
        await follower.lost.wait()
    assert (await Journal(store).tail(pool))[0] != before[0]
    await store.close()


async def test_an_older_backup_is_a_lost_epoch_even_with_the_same_name(own: EmbeddedStore, pool: str) -> None:
    """The stream as it was three entries ago, and other entries since: the ids fit, the history does not."""
    store = await Store.open(own.url)
    presence, node = Presence(store), store.nodes.node(pool)
    await change(presence, pool, 3, 0)
    names = [name async for name in node.scan_iter("ol:*")]
    backup = {name: await node.dump(name) for name in names}
    follower = Follower(Journal(store), pool)
    await follower.ready.wait()
    await follower.until(await change(presence, pool, 3, 10))
    await node.execute_command("CLIENT", "PAUSE", "100", "WRITE")
    for name in names:
        await node.restore(name, 0, backup[name], replace=True)  # type: ignore[arg-type]
    await change(presence, pool, 9, 50)
    await node.execute_command("CLIENT", "KILL", "TYPE", "pubsub")
    async with asyncio.timeout(10):
        await follower.lost.wait()
    await store.close()


async def test_trimming_keeps_the_last(store: Store, pool: str) -> None:
    last = await change(Presence(store), pool, 30, 0)
    journal = Journal(store)
    assert await journal.trim(pool, last, keep=10) == 20
    assert [e.seq for e in await journal.read(pool, 0)] == list(range(21, 31))
    assert await journal.trim(pool, 5, keep=0) == 0
