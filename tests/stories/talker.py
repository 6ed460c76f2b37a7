"""A client without a browser: the raw socket, one message in one text frame."""

import asyncio
import contextlib
import uuid
from collections.abc import AsyncIterator, Callable
from typing import Any, TypeVar

import websockets
from websockets.asyncio.client import ClientConnection
from websockets.typing import Origin, Subprotocol

from wire import messages
from wire.codec import JSON

M = TypeVar("M", bound=messages.Message)


class Talker:
    """One member's socket. What it was told is kept in `told`, the newest last."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.told: list[messages.ServerMessage] = []
        self._heard = asyncio.Event()
        self._number = 0

    async def listen(self) -> None:
        with contextlib.suppress(websockets.ConnectionClosed):
            async for frame in self.socket:
                self.told.append(JSON.decode_server(frame))
                self._heard.set()

    async def ask(self, kind: type[messages.Request], /, **fields: Any) -> Any:
        """Send a request and return its answer. Commands get an operation id of their own."""
        self._number += 1
        if "op" in kind.__struct_fields__:
            fields.setdefault("op", uuid.uuid4().hex)
        number = self._number
        await self.socket.send(JSON.encode(kind(id=number, **fields)), text=True)
        return await self.until(messages.Reply, lambda answer: answer.id == number)

    async def send(self, kind: type[messages.Request], /, **fields: Any) -> None:
        """Send what is not answered."""
        self._number += 1
        await self.socket.send(JSON.encode(kind(id=self._number, **fields)), text=True)

    async def until(self, kind: type[M], holds: Callable[[M], bool] = lambda _message: True, seconds: float = 10) -> M:
        """The latest message of a kind for which something holds, now or when it comes. Raises TimeoutError."""
        async with asyncio.timeout(seconds):
            while True:
                self._heard.clear()
                for message in reversed(self.told):
                    if isinstance(message, kind) and holds(message):
                        return message
                await self._heard.wait()

    def latest(self, kind: type[M], holds: Callable[[M], bool] = lambda _message: True) -> M | None:
        return next((one for one in reversed(self.told) if isinstance(one, kind) and holds(one)), None)

    async def light(self, expert: str, *indicators: str, seconds: float = 10) -> messages.Light:
        """Wait until the last word about `expert`'s light is one of `indicators`."""
        async with asyncio.timeout(seconds):
            while True:
                self._heard.clear()
                light = self._light(expert)
                if light and light.indicator in indicators:
                    return light
                await self._heard.wait()

    def _light(self, expert: str) -> messages.Light | None:
        for message in reversed(self.told):
            if isinstance(message, messages.Snapshot | messages.Lights):
                for light in message.lights:
                    if light.expert == expert:
                        return light
        return None


@contextlib.asynccontextmanager
async def talking(
    port: int, pool: str, token: str = "", *, cookie: str = "", watch: bool = True
) -> AsyncIterator[Talker]:
    """A socket that has signed in, by a token or a browser's cookie, and (with `watch`) follows every light of the
    pool."""
    browser: dict[str, Any] = {}
    if cookie:
        browser = {"additional_headers": {"Cookie": cookie}, "origin": Origin(f"http://localhost:{port}")}
    async with websockets.connect(
        f"ws://localhost:{port}/v1/ws", subprotocols=[Subprotocol(JSON.subprotocol)], compression=None, **browser
    ) as socket:
        talker = Talker(socket)
        listening = asyncio.create_task(talker.listen())
        try:
            welcome = await talker.ask(messages.Hello, pool=pool, token=token)
            assert isinstance(welcome, messages.Welcome), welcome
            if watch:
                await talker.send(messages.Watch, all=True)
                await talker.until(messages.Snapshot)
            yield talker
        finally:
            listening.cancel()
