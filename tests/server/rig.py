"""A real door on a real socket with the smallest real Commands: what the tests of the door stand on."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from typing import Any

import uvicorn
import websockets
from websockets.asyncio.client import ClientConnection
from websockets.typing import Subprotocol

from ground.errors import Refusal
from server.changes import Whole
from server.connection import Connection, Who
from server.door import Door
from server.handshake import Handshake
from server.hub import Hub
from server.limits import MESSAGE_BYTES, Bounds
from server.origins import Gate
from server.request_deadline import PromptHttp
from wire import messages
from wire.codec import JSON, MSGPACK, Codec

RULES = messages.PoolRules(
    lines_per_ticket=3, line_limit=9, ring_s=1, ready_s=1, grace_s=1, wrap_up_s=1, step_away_max_s=1,
    feedback_after_s=30, currency="EUR", prepaid=False, visitors=False, categories=[],
    phone_regions=[], verify_numbers=False, recording=False, file_max_bytes=0, file_types=[],
)  # fmt: skip


class Echo:
    """Commands that answer themselves: enough of the house to see what the door does around it."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self.conns: list[Connection] = []
        self.gone_members: list[str] = []
        self.handled: list[str] = []
        self.resnapshots = 0
        self.hold: asyncio.Event | None = None

    async def welcome(self, conn: Connection, hello: messages.Hello) -> messages.Welcome:
        self.conns.append(conn)
        self.hub.subscribe(conn.sink, "all")
        return messages.Welcome(
            id=hello.id, pool=hello.pool, pool_name="", role=conn.role, member=conn.member, name=conn.name, epoch="e",
            seq=0, now=0, resumed=False, rules=RULES, ice=[],
        )  # fmt: skip

    async def watch(self, conn: Connection, watch: messages.Watch) -> messages.ServerMessage | None:
        return messages.Ok(id=watch.id)

    async def handle(self, conn: Connection, message: messages.ClientMessage) -> messages.ServerMessage | None:
        if self.hold is not None:
            await self.hold.wait()
        self.handled.append(type(message).__name__)
        if isinstance(message, messages.Leave):
            raise Refusal("not_in_line", message.expert)
        if isinstance(message, messages.ComeBack):
            raise ZeroDivisionError("the secret inside")
        return messages.Ok(id=message.id, seq=len(self.handled))

    async def gone(self, conn: Connection) -> None:
        self.gone_members.append(conn.member)

    async def resnapshot(self, conn: Connection) -> None:
        self.resnapshots += 1
        self.hub.send(conn.sink, messages.Snapshot(epoch="e", seq=9, at=0, profiles=[], lights=[], queues=[]))


async def identify(conn: Connection, hello: messages.Hello) -> Who:
    """Tokens of the tests: `role:member[:expires_at[:sign-in]]`."""
    if hello.pool == "nowhere":
        raise Refusal("no_such_pool")
    if not hello.token:
        return Who("guest", "", "", 0)
    if hello.token.count(":") == 0:
        raise Refusal("bad_token")
    role, member, *end = hello.token.split(":")
    sign_in = end[1] if len(end) > 1 else ""
    return Who(role, member, member.title(), int(end[0]) if end else 0, sign_in)  # type: ignore[arg-type]


class Rig:
    """A running server."""

    def __init__(self, port: int, door: Door, commands: Echo, server: uvicorn.Server) -> None:
        self.port = port
        self.door = door
        self.commands = commands
        self.server = server
        self.writers: list[asyncio.StreamWriter] = []

    def url(self, query: str = "") -> str:
        return f"ws://127.0.0.1:{self.port}/v1/ws{query}"

    @contextlib.asynccontextmanager
    async def open(self, codec: Codec = JSON, query: str = "", **more: Any) -> AsyncIterator["Client"]:
        async with websockets.connect(
            self.url(query),
            subprotocols=[Subprotocol(codec.subprotocol)],
            compression=None,
            **more,
        ) as ws:
            yield Client(ws, codec)

    async def raw(
        self, receive_buffer: int = 0, hello: bool = False, token: str = ""
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A client that does only what it is told: no reading ahead, no pong, no close."""
        sock = socket.socket()
        sock.setblocking(False)
        if receive_buffer:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        await asyncio.get_running_loop().sock_connect(sock, ("127.0.0.1", self.port))
        reader, writer = await asyncio.open_connection(sock=sock, limit=1024)
        self.writers.append(writer)
        writer.write(request_bytes(f"Host: 127.0.0.1:{self.port}"))
        assert b"101" in await reader.readuntil(b"\r\n\r\n")
        if hello:
            before = len(self.commands.conns)
            payload = JSON.encode(messages.Hello(id=1, pool="demo", token=token))
            writer.write(bytes([0x81, 0x80 | len(payload), 0, 0, 0, 0]) + payload)
            await self.until(lambda: len(self.commands.conns) > before)
        return reader, writer

    async def handshake(self, *headers: str, path: str = "/v1/ws", subprotocol: str = JSON.subprotocol) -> int:
        """The status that a handshake with these header lines gets. A Host line of ours is added when there is none."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        host = [] if any(line.lower().startswith("host:") for line in headers) else [f"Host: 127.0.0.1:{self.port}"]
        writer.write(request_bytes(*host, *headers, path=path, subprotocol=subprotocol))
        async with asyncio.timeout(5):
            status = await reader.readline()
        writer.close()
        return int(status.split()[1])

    async def until(self, holds: Any, seconds: float = 8.0) -> None:
        """Wait until `holds()`. Raises TimeoutError."""
        async with asyncio.timeout(seconds):
            while not holds():
                await asyncio.sleep(0.01)

    def post(self, text: str, key: str = "k") -> None:
        self.door.hub.post("all", Whole(key, messages.Notice(code=text, at=0)))

    def post_light(self, size: int) -> None:
        light = messages.Light(expert="ada", indicator="free", since=0, until=0, closes=0, reason="x" * size, waiting=0)
        self.door.hub.post("all", Whole("light", messages.Lights(seq=1, at=0, lights=[light])))


def request_bytes(*headers: str, path: str = "/v1/ws", subprotocol: str = JSON.subprotocol) -> bytes:
    """An upgrade request, as a client without any library writes it."""
    lines = [f"GET {path} HTTP/1.1", "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13"]
    lines += ["Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==", *headers]
    lines += [f"Sec-WebSocket-Protocol: {subprotocol}"] if subprotocol else []
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


class Client:
    """One client that speaks messages."""

    def __init__(self, ws: ClientConnection, codec: Codec) -> None:
        self.ws = ws
        self.codec = codec

    async def send(self, message: messages.ClientMessage) -> None:
        await self.send_raw(self.codec.encode(message))

    async def send_raw(self, payload: bytes) -> None:
        await self.ws.send(payload, text=self.codec.is_text)

    async def next(self, seconds: float = 5.0) -> messages.ServerMessage:
        async with asyncio.timeout(seconds):
            return self.codec.decode_server(await self.ws.recv(decode=False))

    async def hello(self, token: str = "", pool: str = "demo") -> messages.ServerMessage:
        await self.send(messages.Hello(id=1, pool=pool, token=token))
        return await self.next()

    async def closed(self, seconds: float = 8.0) -> tuple[int, str]:
        async with asyncio.timeout(seconds):
            await self.ws.wait_closed()
        return self.ws.close_code or 0, self.ws.close_reason or ""


@contextlib.asynccontextmanager
async def running(
    bounds: Bounds | None = None, gate: Gate | None = None, http: Any = PromptHttp, host: str = "127.0.0.1", **more: Any
) -> AsyncIterator[Rig]:
    """A server in this loop on a free port of the loopback."""
    hub = Hub()
    commands = Echo(hub)
    gate = gate or Gate(("127.0.0.1", "[::1]", "localhost", "openline.example"), ("https://shop.example",), ())
    door = Door(hub, gate, commands, identify, bounds)
    config = uvicorn.Config(
        no_app, ws=Handshake, http=http, ws_max_size=MESSAGE_BYTES, ws_per_message_deflate=False, lifespan="off",
        log_config=None, timeout_graceful_shutdown=3, **more,
    )  # fmt: skip
    server = uvicorn.Server(config)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.create_server((host, 0), family=family, backlog=1024)
    config.load()
    server.lifespan = config.lifespan_class(config)
    server.lifespan.state["door"] = door
    await server.startup(sockets=[listener])
    running_loop = asyncio.create_task(server.main_loop())
    try:
        rig = Rig(listener.getsockname()[1], door, commands, server)
        yield rig
    finally:
        for writer in rig.writers:
            writer.transport.abort()
        server.should_exit = True
        await running_loop
        await asyncio.gather(server.shutdown(sockets=[listener]), door.stop())


async def no_app(scope: Any, receive: Any, send: Any) -> None:
    """The HTTP side is not under test here."""
    raise AssertionError("no ASGI task may be started")


__all__ = ["JSON", "MSGPACK", "Client", "Echo", "Rig", "running"]
