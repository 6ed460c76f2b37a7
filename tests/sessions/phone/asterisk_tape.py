"""Plays what a real Asterisk once said, to an engine that doesn't know the difference.

A tape is the whole conversation between an engine and an Asterisk 22, over HTTP and the event socket, in its order, as
`asterisk_record.py` wrote it down: none of it is made up here. A request has to be one that Asterisk got, word for
word; it is given Asterisk's answer. An event is told when all was asked that had been asked before it.
"""

import asyncio
import base64
import json
import re
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from tests.listening import listening

TAPES = Path(__file__).parent / "tapes"
PEER = re.compile(r"127\.0\.0\.1:\d+")
METHODS = ["GET", "POST", "PUT", "DELETE"]


class Tape:
    """A tape that runs. `authorization` is what each request has to bring along."""

    def __init__(self, name: str, authorization: str) -> None:
        found = json.loads((TAPES / f"{name}.json").read_text("utf-8"))
        self._entries: list[dict[str, Any]] = found["said"]
        self._sound = [base64.b64decode(packet) for packet in found["sound"]]
        self._authorization = authorization
        self._calls: list[str] = []
        self._moved = asyncio.Event()
        self._listener: WebSocket | None = None
        self._media = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._tasks: set[asyncio.Task[None]] = set()
        self.strange: list[str] = []
        """What was asked and is not on the tape."""
        self.heard: list[bytes] = []
        """The packets that came to Asterisk's end of the sound."""

    def refuses_first(self, ask: str, status: int) -> None:
        """What is asked there (the end of its path) is refused once before it is answered."""
        at = next(n for n, entry in enumerate(self._entries) if entry.get("ask", "").endswith(ask))
        self._entries.insert(at, {**self._entries[at], "status": status, "answer": None})

    @property
    def left(self) -> list[dict[str, Any]]:
        """What is still to come."""
        return [entry for entry in self._entries if not entry.get("done")]

    @property
    def is_bridged(self) -> bool:
        """Whether Asterisk has been asked to let the phone be heard."""
        return any("addChannel" in entry.get("ask", "") and entry.get("done") for entry in self._entries)

    async def _http(self, request: Request) -> Response:
        assert request.headers["authorization"] == self._authorization
        path, body = request.url.path.removeprefix("/ari"), await request.body()
        asked = f"{request.method} {path}"
        if asked.startswith("POST /channels/openline.") and not asked.endswith("/variable"):
            self._calls.append(path.removeprefix("/channels/"))
        asked, sent = self._written(asked), self._written(body.decode() or "null")
        for entry in self.left:
            if entry.get("ask") == asked and entry["body"] == json.loads(sent):
                return self._answer(entry, body)
        self.strange.append(f"{asked} {sent}")
        return Response(status_code=404)

    def _answer(self, entry: dict[str, Any], body: bytes) -> Response:
        if entry["ask"].endswith("/externalMedia"):
            host, port = json.loads(body)["external_host"].split(":")
            self._spawn(self._play((host, int(port))))
        entry["done"] = True
        self._moved.set()
        answer = b"" if entry["answer"] is None else self._spoken(json.dumps(entry["answer"])).encode()
        return Response(answer, entry["status"], media_type="application/json")

    async def _events(self, listener: WebSocket) -> None:
        assert listener.headers["authorization"] == self._authorization
        await listener.accept()
        self._listener = listener
        self._moved.set()
        try:
            await listener.receive_text()
        except WebSocketDisconnect:
            self._listener = None

    async def _run(self) -> None:
        """Tell each event in its place."""
        for entry in self._entries:
            while ("ask" in entry and not entry.get("done")) or self._listener is None:
                self._moved.clear()
                await self._moved.wait()
            if "event" in entry:
                await self._listener.send_text(self._spoken(json.dumps(entry["event"])))
            elif "cut" in entry:
                listener, self._listener = self._listener, None
                await listener.close(1011)
            entry["done"] = True

    async def _play(self, to: tuple[str, int]) -> None:
        """What Asterisk sent when the phone had answered; until then an engine pays no attention."""
        loop = asyncio.get_running_loop()
        while not self.is_bridged:
            await asyncio.sleep(0.005)
        for packet in self._sound:
            await loop.sock_sendto(self._media, packet, to)
            await asyncio.sleep(0.015)

    async def _listen(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            self.heard.append(await loop.sock_recv(self._media, 2048))

    def _written(self, text: str) -> str:
        """As it stands on tapes: calls numbered, without ports."""
        for number, call in enumerate(self._calls, 1):
            text = text.replace(call, f"openline.tape.@{number}")
        return PEER.sub("127.0.0.1:@", text)

    def _spoken(self, text: str) -> str:
        for number, call in enumerate(self._calls, 1):
            text = text.replace(f"openline.tape.@{number}", call)
        return text.replace("@port", str(self._media.getsockname()[1]))

    def _spawn(self, work: Any) -> None:
        self._tasks.add(asyncio.create_task(work))

    @asynccontextmanager
    async def runs(self) -> AsyncIterator[str]:
        """The address of ARI while it does."""
        self._media.bind(("127.0.0.1", 0))
        self._media.setblocking(False)
        app = Starlette(
            routes=[WebSocketRoute("/ari/events", self._events), Route("/ari/{rest:path}", self._http, methods=METHODS)]
        )
        self._spawn(self._run())
        self._spawn(self._listen())
        try:
            async with listening(uvicorn.Config(app, log_config=None, ws="websockets-sansio")) as port:
                yield f"http://openline@127.0.0.1:{port}/ari"
                if self._listener:
                    await self._listener.close()
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            self._media.close()
