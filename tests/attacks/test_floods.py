"""Half-open handshakes, sockets that never say who they are, floods: bounded, and honest users don't notice."""

import asyncio
import contextlib
import time
from statistics import quantiles

import websockets
from websockets.typing import Subprotocol

from tests.attacks.raw import Raw, opened, pipe
from tests.chaos.town import Town
from tests.server.rig import request_bytes
from tests.stories.talker import Talker
from wire import messages
from wire.codec import JSON

HALF_OPEN = 300
IDLE = 150
BOUND_S = 15.0
LATE_S = 3.0
"""The sweep comes once a second, and the machine may be busy with other tests."""
P99_S = 0.5


async def half_open(port: int, *, drip: bool) -> asyncio.StreamReader:
    reader, writer = await pipe(port)
    if drip:
        writer.write(request_bytes(f"Host: localhost:{port}")[:40])
    return reader


async def ended(reader: asyncio.StreamReader) -> float:
    with contextlib.suppress(ConnectionError):
        while await reader.read(4096):
            pass
    return time.monotonic()


async def closed_with(raw: Raw) -> tuple[int, float]:
    return await raw.closed(BOUND_S + LATE_S), time.monotonic()


async def flood(site: Town, pool: str, until: float) -> tuple[int, set[int]]:
    """One member sends about 1,000 messages a second, and comes again whenever it is cut off."""
    sent, codes, token = 0, set(), site.token(pool, "user", "mal")
    ping = JSON.encode(messages.Join(id=2, op="op-12345678", experts=["ada"]))
    while time.monotonic() < until:
        url = f"ws://localhost:{site.ports[0]}/v1/ws"
        spoken = [Subprotocol(JSON.subprotocol)]
        async with websockets.connect(url, subprotocols=spoken, compression=None, max_queue=None) as ws:
            try:
                await ws.send(JSON.encode(messages.Hello(id=1, pool=pool, token=token)), text=True)
                while time.monotonic() < until:
                    for _ in range(20):
                        await ws.send(ping, text=True)
                        sent += 1
                    await asyncio.sleep(0.02)
            except websockets.ConnectionClosed:
                codes.add(ws.close_code or 0)
    return sent, codes


async def honest(talker: Talker, until: float) -> list[float]:
    """How long joining and leaving take somebody who does it ten times a second."""
    took = []
    while time.monotonic() < until:
        for kind, fields in ((messages.Join, {"experts": ["bob"]}), (messages.Leave, {})):
            began = time.perf_counter()
            answer = await talker.ask(kind, **fields)
            took.append(time.perf_counter() - began)
            assert not isinstance(answer, messages.Refused), answer
        await asyncio.sleep(0.15)
    return took


async def test_whoever_does_not_say_who_they_are_is_closed_and_a_flood_hurts_nobody_else(site: Town) -> None:
    pool = await site.new_pool("ada", "bob")
    port, before, began = site.ports[0], site.rss(), time.monotonic()
    pipes = [await half_open(port, drip=n % 2 == 0) for n in range(HALF_OPEN)]
    silent = [await opened(port) for _ in range(IDLE)]
    ends = asyncio.gather(*(ended(reader) for reader in pipes))
    closes = asyncio.gather(*(closed_with(raw) for raw in silent))
    async with site.expert(pool, "ada"), site.expert(pool, "bob"), site.talker(pool, "user", "uma") as uma:
        until = time.monotonic() + 8
        latencies, (sent, codes) = await asyncio.gather(honest(uma, until), flood(site, pool, until))
    assert sent > 2_000
    assert 4104 in codes and codes <= {4104, 1006}, "cut off, though who goes on sending may miss the reason"
    assert quantiles(latencies, n=100)[98] < P99_S, sorted(latencies)[-5:]
    assert site.rss() - before < 64 * 2**20
    async with asyncio.timeout(BOUND_S + LATE_S):
        assert max(await ends) - began < BOUND_S + LATE_S
        codes_of_silent = {code for code, _ in await closes}
    assert codes_of_silent == {4102}
