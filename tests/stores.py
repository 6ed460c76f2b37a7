"""Starts real stores for the tests: any binary, TLS, sentinels, a cluster of three primaries."""

import asyncio
import contextlib
import subprocess
from collections.abc import Iterator
from pathlib import Path

from redis.asyncio import Redis

from ground.keys import prefix
from tests.ports import free_port

DEADLINE_S = 60.0


@contextlib.contextmanager
def server(binary: Path | str, folder: Path, *options: str) -> Iterator["subprocess.Popen[bytes]"]:
    """Run one store process with the given options until the block ends."""
    folder.mkdir(parents=True, exist_ok=True)
    command = [str(binary), *options, "--dir", str(folder), "--save", "", "--logfile", str(folder / "log")]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL) as process:
        try:
            yield process
        finally:
            process.kill()


async def until_answers(url: str) -> None:
    """Wait until the store at `url` answers PING. Raises AssertionError with what stood in the way."""
    client = Redis.from_url(url)
    why = ""
    try:
        async with asyncio.timeout(DEADLINE_S):
            while True:
                try:
                    await client.ping()
                    return
                except Exception as error:
                    why = repr(error)
                await asyncio.sleep(0.02)
    except TimeoutError:
        raise AssertionError(f"no answer from {url}: {why}") from None
    finally:
        await client.aclose()


async def forget(url: str, pool: str) -> None:
    """Take all of a pool out of a store that tests share: for those that need a pool of a certain name."""
    client = Redis.from_url(url)
    try:
        keys = [key async for key in client.scan_iter(match=f"{prefix(pool)}:*")]
        if keys:
            await client.delete(*keys)
    finally:
        await client.aclose()


async def ask(port: int, *command: str | int) -> object:
    """One command to the store on a local port."""
    client = Redis(port=port, protocol=2)
    try:
        return await client.execute_command(*command)
    finally:
        await client.aclose()


def certificates(folder: Path) -> tuple[Path, Path]:
    """A self-signed certificate for 127.0.0.1 and its key."""
    crt, key = folder / "tls.crt", folder / "tls.key"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(crt)],
        check=True, capture_output=True,
    )  # fmt: skip
    return crt, key


@contextlib.contextmanager
def cluster_nodes(binary: Path, folder: Path, count: int = 3) -> Iterator[list[int]]:
    """Start the nodes of a cluster, not yet joined; yields their ports."""
    with contextlib.ExitStack() as stack:
        ports = [free_port() for _ in range(count)]
        for i, port in enumerate(ports):
            options = ["--port", str(port), "--bind", "127.0.0.1", "--cluster-enabled", "yes",
                       "--cluster-config-file", f"nodes-{i}.conf", "--cluster-port", str(free_port())]  # fmt: skip
            stack.enter_context(server(binary, folder / str(i), *options))
        yield ports


async def join_cluster(ports: list[int]) -> str:
    """Make the nodes one cluster with the slots shared out evenly. Returns its address."""
    for port in ports:
        await until_answers(f"redis://127.0.0.1:{port}")
    share = 16384 // len(ports)
    for i, port in enumerate(ports):
        last = 16383 if i == len(ports) - 1 else (i + 1) * share - 1
        await ask(port, "CLUSTER", "ADDSLOTSRANGE", i * share, last)
    for port in ports[1:]:
        bus = _bus_port(await ask(port, "CLUSTER", "NODES"))
        await ask(ports[0], "CLUSTER", "MEET", "127.0.0.1", port, bus)
    async with asyncio.timeout(DEADLINE_S):
        for port in ports:
            while not await _whole(port, len(ports)):
                await asyncio.sleep(0.05)
    return "redis+cluster://" + ",".join(f"127.0.0.1:{port}" for port in ports)


def _bus_port(nodes: object) -> int:
    text = nodes if isinstance(nodes, (str, bytes, dict)) else ""
    if isinstance(text, dict):
        raise TypeError("CLUSTER NODES came parsed")
    raw = text.decode() if isinstance(text, bytes) else text
    return int(raw.split("@")[1].split(" ")[0].split(",")[0])


async def _whole(port: int, count: int) -> bool:
    info = await ask(port, "CLUSTER", "INFO")
    fields = dict(info) if isinstance(info, dict) else {}
    if isinstance(info, bytes):
        fields = dict(line.split(":", 1) for line in info.decode().split())
    return fields.get("cluster_state") == "ok" and fields.get("cluster_known_nodes") == str(count)
