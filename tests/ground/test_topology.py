"""The engine on every kind of store: real ones, started here."""

import asyncio
import os
import shutil
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from ground.embedded import binary
from ground.journal import Journal
from ground.store import Store
from ground.topology import topology
from presence.presence import Presence
from queueing.line import Line
from queueing.settings import PoolSettings
from tests import stores
from tests.ports import free_port


async def one_line(store: Store, pool: str) -> None:
    """The main job in short: an expert comes, a user joins, is offered and matched, and the journal tells it."""
    presence, line = Presence(store), Line(store)
    await line.configure(pool, PoolSettings())
    await presence.enrol(pool, ["ada"])
    await presence.attach(pool, "p1", "expert", "ada")
    await presence.attach(pool, "p1", "user", "u1")
    await presence.declare(pool, "ada", "online")
    assert (await line.join(pool, "u1", ["ada"], op="join-0001"))["state"] == "offered"
    offer = (await line.snapshot(pool)).offers[0].offer
    assert (await line.accept(pool, offer, "expert", "ada"))["session"]
    entries = await Journal(store).read(pool, 0)
    assert [e.seq for e in entries] == list(range(1, len(entries) + 1))


async def hears(store: Store, pool: str) -> None:
    """A follower hears a change while it listens."""
    journal = Journal(store)
    heard: asyncio.Queue[int] = asyncio.Queue()

    async def listen() -> None:
        async for entry in journal.follow(pool, (await journal.tail(pool))):
            heard.put_nowait(entry.seq)

    task = asyncio.create_task(listen())
    try:
        await Presence(store).enrol(pool, ["eve"])
        async with asyncio.timeout(10):
            while await heard.get() == 0:
                pass
    finally:
        task.cancel()


@pytest.mark.redis_server
async def test_debian_redis_by_address(tmp_path: Path, pool: str) -> None:
    port = free_port()
    with stores.server(shutil.which("redis-server") or "", tmp_path, "--port", str(port), "--bind", "127.0.0.1"):
        await stores.until_answers(f"redis://127.0.0.1:{port}")
        store = await Store.open(f"redis://127.0.0.1:{port}")
        await one_line(store, pool)
        await store.close()


async def test_tls(tmp_path: Path, pool: str) -> None:
    crt, key = stores.certificates(tmp_path)
    port = free_port()
    tls = ["--port", "0", "--tls-port", str(port), "--tls-cert-file", str(crt), "--tls-key-file", str(key)]
    tls += ["--tls-ca-cert-file", str(crt), "--tls-auth-clients", "no"]
    url = f"rediss://127.0.0.1:{port}?ssl_ca_certs={crt}"
    with stores.server(shutil.which("redis-server") or binary(), tmp_path / "d", *tls) as process:
        if process.poll() is None:
            await stores.until_answers(url)
        store = await Store.open(url)
        await one_line(store, pool)
        await store.close()


@pytest.fixture
async def sentinel(tmp_path: Path) -> AsyncIterator[tuple[str, list[int], list[int]]]:
    """A primary, a replica and one sentinel: its address, the two ports and their process ids."""
    ports = [free_port(), free_port()]
    watch = free_port()
    conf = tmp_path / "sentinel.conf"
    conf.write_text(
        f"port {watch}\nbind 127.0.0.1\nsentinel monitor openline 127.0.0.1 {ports[0]} 1\n"
        "sentinel down-after-milliseconds openline 1500\nsentinel failover-timeout openline 3000\n"
    )
    common = ["--bind", "127.0.0.1", "--repl-diskless-sync-delay", "0"]
    with (
        stores.server(binary(), tmp_path / "a", "--port", str(ports[0]), *common) as first,
        stores.server(binary(), tmp_path / "b", "--port", str(ports[1]), *common,
                      "--replicaof", f"127.0.0.1 {ports[0]}") as second,
        stores.server(binary(), tmp_path / "s", str(conf), "--sentinel"),
    ):  # fmt: skip
        for port in (*ports, watch):
            await stores.until_answers(f"redis://127.0.0.1:{port}")
        async with asyncio.timeout(20):
            while b"master_link_status:up" not in _raw(await stores.ask(ports[1], "INFO", "replication")):
                await asyncio.sleep(0.05)
            while not await stores.ask(watch, "SENTINEL", "REPLICAS", "openline"):
                await asyncio.sleep(0.05)
            while "_down" in repr(await stores.ask(watch, "SENTINEL", "MASTER", "openline")):
                await asyncio.sleep(0.05)  # a machine that is busy starting all this looks dead for a moment
        yield f"redis+sentinel://127.0.0.1:{watch}/openline", ports, [first.pid, second.pid]


def _offset(info: object, field: bytes) -> int:
    """How far replication has come, in bytes."""
    lines = dict(line.split(b":", 1) for line in _raw(info).splitlines() if b":" in line)
    return int(lines[field])


def _raw(info: object) -> bytes:
    if isinstance(info, dict):
        return "\n".join(f"{k}:{v}" for k, v in info.items()).encode()
    return info if isinstance(info, bytes) else b""


async def test_sentinel_failover(sentinel: tuple[str, list[int], list[int]], pool: str) -> None:
    """Writes work again within 10 s of a dead primary, without a restart; who follows is told the truth."""
    url, ports, pids = sentinel
    store = await Store.open(url)
    await one_line(store, pool)
    async with asyncio.timeout(20):
        while _offset(await stores.ask(ports[1], "INFO", "replication"), b"slave_repl_offset") < _offset(
            await stores.ask(ports[0], "INFO", "replication"), b"master_repl_offset"
        ):
            await asyncio.sleep(0.05)
    os.kill(pids[0], signal.SIGKILL)
    async with asyncio.timeout(15):
        while True:
            try:
                await Presence(store).enrol(pool, ["after"])
                break
            except Exception:
                await asyncio.sleep(0.1)
    assert {e.expert for e in (await Line(store).snapshot(pool)).experts} == {"ada", "after"}
    await store.close()


@pytest.mark.cluster
async def test_cluster_of_three(tmp_path: Path) -> None:
    """Pools spread over the primaries by themselves, and a pool's calls, journal and channel work on its node."""
    with stores.cluster_nodes(binary(), tmp_path) as ports:
        url = await stores.join_cluster(ports)
        store = await Store.open(url)
        nodes = set()
        for i in range(12):
            await one_line(store, f"pool{i}")
            nodes.add(id(store.nodes.node(f"pool{i}")))
        assert len(nodes) == 3
        await asyncio.gather(*(hears(store, f"pool{i}") for i in range(6)))
        await store.close()


@pytest.mark.cluster
async def test_a_moved_slot_is_followed(tmp_path: Path) -> None:
    """A pool's slot moves to another primary under us: the next call and the follower go there."""
    with stores.cluster_nodes(binary(), tmp_path) as ports:
        store = await Store.open(await stores.join_cluster(ports))
        await one_line(store, "mover")
        await _move_slot(ports, "ol:{mover}")
        assert (await Presence(store).enrol("mover", ["bob"]))["added"] == 1
        await hears(store, "mover")
        await store.close()


async def _move_slot(ports: list[int], key: str) -> None:
    from redis.crc import key_slot

    slot = key_slot(key.encode())
    ids = {p: _text(await stores.ask(p, "CLUSTER", "MYID")) for p in ports}
    share = 16384 // len(ports)
    old = ports[min(slot // share, len(ports) - 1)]
    new = next(p for p in ports if p != old)
    await stores.ask(new, "CLUSTER", "SETSLOT", slot, "IMPORTING", ids[old])
    await stores.ask(old, "CLUSTER", "SETSLOT", slot, "MIGRATING", ids[new])
    names = await stores.ask(old, "CLUSTER", "GETKEYSINSLOT", slot, 10000)
    assert isinstance(names, list)
    await stores.ask(old, "MIGRATE", "127.0.0.1", new, "", 0, 5000, "KEYS", *names)
    for port in (new, old, *(p for p in ports if p not in (old, new))):
        await stores.ask(port, "CLUSTER", "SETSLOT", slot, "NODE", ids[new])


def _text(value: object) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


@pytest.mark.parametrize("url", ["http://x", "memory://", "redis", ""])
def test_an_address_of_another_kind_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="not a store address"):
        topology(url)
