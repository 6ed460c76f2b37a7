"""Whoever stops without a word: an expert whose machine froze, and readers who never read."""

import asyncio
import contextlib
import os
import signal
import socket
import struct
import sys
import time
from contextlib import AsyncExitStack
from statistics import quantiles

import pytest

from tests.chaos.town import Town
from tests.repo.house import ROOT
from tests.server.rig import JSON, request_bytes
from tests.stories.talker import Talker, talking
from wire import messages

MIB = 1024 * 1024
SHOWN_S = 15.0
DEAF, LISTENERS, EXPERTS = 200, 300, 100
HARD_BYTES = 1 * MIB
"""What one socket may have waiting (server/outbox.py)."""
P95_S = 0.25
PAGE = """
import asyncio, sys
from tests.stories.talker import talking
from wire import messages

async def main():
    async with talking(int(sys.argv[1]), sys.argv[2], sys.argv[3]) as page:
        await page.ask(messages.Declare, status="online")
        print("online", flush=True)
        await asyncio.Event().wait()

asyncio.run(main())
"""


@pytest.mark.claim("B33", "B34")
async def test_an_expert_whose_machine_froze_is_not_shown_as_free_after_fifteen_seconds(pair: Town) -> None:
    pool = await pair.new_pool("ada")
    page = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PAGE, str(pair.ports[0]), pool, pair.token(pool, "expert", "ada"),
        stdout=asyncio.subprocess.PIPE, cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    try:
        assert page.stdout is not None
        async with asyncio.timeout(20):
            assert await page.stdout.readline() == b"online\n"
        async with pair.talker(pool, "user", "uma", 1) as uma:
            await uma.light("ada", "free")
            page.send_signal(signal.SIGSTOP)
            began = time.monotonic()
            await uma.light("ada", "offline", seconds=SHOWN_S + 3)
            assert time.monotonic() - began < SHOWN_S + 0.5
            answer = await uma.ask(messages.Connect, expert="ada")
            assert isinstance(answer, messages.Refused) and answer.code == "expert_offline"
    finally:
        page.kill()
        await page.communicate()


def frame(message: messages.Request) -> bytes:
    payload = JSON.encode(message)
    head = (
        struct.pack("!BB", 0x81, 0x80 | len(payload))
        if len(payload) < 126
        else struct.pack("!BBH", 0x81, 0xFE, len(payload))
    )
    return head + b"\0\0\0\0" + payload


async def connect(port: int, pool: str, asks: int, *, small: bool) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A guest who asks for the whole pool so many times."""
    sock = socket.socket()
    sock.setblocking(False)
    if small:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    await asyncio.get_running_loop().sock_connect(sock, ("127.0.0.1", port))
    reader, writer = await asyncio.open_connection(sock=sock, limit=1024)
    writer.write(request_bytes(f"Host: localhost:{port}") + frame(messages.Hello(id=1, pool=pool)))
    for number in range(asks):
        writer.write(frame(messages.Watch(id=number + 2, all=True)))
    return reader, writer


async def listen(reader: asyncio.StreamReader) -> None:
    with contextlib.suppress(ConnectionError):
        while await reader.read(65_536):
            pass


async def pace(talker: Talker, seconds: float) -> list[float]:
    """How long it takes to join and leave, all the while."""
    took, until = [], time.monotonic() + seconds
    while time.monotonic() < until:
        for kind, fields in ((messages.Join, {"experts": ["x0"]}), (messages.Leave, {})):
            began = time.perf_counter()
            await talker.ask(kind, **fields)
            took.append(time.perf_counter() - began)
        await asyncio.sleep(0.2)
    return took


async def test_readers_who_never_read_cost_their_bound_and_nobody_elses_time(pair: Town) -> None:
    """Each asks again and again for everything and takes nothing of it."""
    pool = await pair.new_pool(*(f"x{n}" for n in range(EXPERTS)))
    port, before, peak = pair.ports[0], pair.rss(), 0
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(pair.expert(pool, "x0", watch=False))
        honest = await stack.enter_async_context(pair.talker(pool, "user", "uma", watch=False))
        listeners = [await connect(port, pool, 1, small=False) for _ in range(LISTENERS)]
        reading = [asyncio.create_task(listen(reader)) for reader, _ in listeners]
        attack = asyncio.gather(*(connect(port, pool, 99, small=True) for _ in range(DEAF)))
        measuring = asyncio.create_task(pace(honest, 9))
        while not measuring.done():
            peak = max(peak, pair.rss())
            await asyncio.sleep(0.1)
        latencies, deaf = await measuring, await attack
        for _, writer in [*deaf, *listeners]:
            writer.transport.abort()
        await asyncio.gather(*reading)
    assert peak - before < (HARD_BYTES * DEAF + LISTENERS * 100_000) * 1.1
    assert quantiles(latencies, n=20)[18] < P95_S and max(latencies) < 3, sorted(latencies)[-5:]
    async with talking(port, pool) as after:
        assert after.told, "and the process goes on"
