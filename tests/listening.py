"""An ASGI server on a port of its own, in the test's own loop."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator

import uvicorn


@contextlib.asynccontextmanager
async def listening(settings: uvicorn.Config) -> AsyncIterator[int]:
    """The port of a server with these settings, from when it has started until the block ends."""
    server = uvicorn.Server(settings)
    listener = socket.create_server(("127.0.0.1", 0))
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # asyncio does so only for sockets of its own
    task = asyncio.create_task(server._serve([listener]))
    while not server.started:
        assert not task.done()
        await asyncio.sleep(0.01)
    try:
        yield listener.getsockname()[1]
    finally:
        server.should_exit = True
        await task
