"""Stands between an engine and a real Asterisk: writes down what the two say, and breaks what a network breaks."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from tests.listening import listening

METHODS = ["GET", "POST", "PUT", "DELETE"]


class Between:
    """ARI at `url`, passed on to the Asterisk at `asterisk`."""

    def __init__(self, asterisk: str) -> None:
        self._asterisk = asterisk
        self._client = httpx.AsyncClient(base_url=asterisk, timeout=10)
        self._open: set[WebSocket] = set()
        self.url = ""
        self.is_down = False
        """Nothing gets through, neither requests nor events."""
        self.lose: re.Pattern[str] | None = None
        """The next request like this is passed on, and its answer is lost."""
        self.tape: list[dict[str, Any]] = []
        """All that was said, in order."""

    async def cut(self) -> None:
        """The event socket breaks, and nothing gets through any more."""
        self.is_down = True
        self.tape.append({"cut": True})
        await asyncio.gather(*(socket.close(1011) for socket in list(self._open)), return_exceptions=True)

    async def _http(self, request: Request) -> Response:
        if self.is_down:
            return Response(status_code=503)
        path, body = request.url.path.removeprefix("/ari"), await request.body()
        headers = {name: value for name, value in request.headers.items() if name in ("authorization", "content-type")}
        entry: dict[str, Any] = {"ask": f"{request.method} {path}", "body": json.loads(body or b"null")}
        self.tape.append(entry)
        answer = await self._client.request(request.method, path, content=body, headers=headers)
        entry |= {"status": answer.status_code, "answer": answer.json() if answer.content else None}
        if self.lose and self.lose.match(entry["ask"]):
            self.lose = None
            return Response(b"{", 200, {"content-length": "100"})  # then the server closes the connection
        return Response(answer.content, answer.status_code, media_type="application/json")

    async def _events(self, socket: WebSocket) -> None:
        if self.is_down:
            await socket.close()
            return
        address = f"ws{self._asterisk.removeprefix('http')}/events?app={socket.query_params['app']}"
        header = {"Authorization": socket.headers["authorization"]}
        async with connect(address, additional_headers=header, compression=None, proxy=None) as asterisk:
            await socket.accept()
            self._open.add(socket)
            self.tape.append({"open": True})
            passing = asyncio.create_task(self._pass_on(asterisk, socket))
            try:
                await socket.receive_text()
            except WebSocketDisconnect:
                pass
            finally:
                self._open.discard(socket)
                passing.cancel()
                await asyncio.gather(passing, return_exceptions=True)

    async def _pass_on(self, asterisk: ClientConnection, socket: WebSocket) -> None:
        try:
            async for message in asterisk:
                self.tape.append({"event": json.loads(message)})
                await socket.send_text(str(message))
        except ConnectionClosed:
            await socket.close(1011)

    @asynccontextmanager
    async def listens(self) -> AsyncIterator["Between"]:
        app = Starlette(
            routes=[WebSocketRoute("/ari/events", self._events), Route("/ari/{rest:path}", self._http, methods=METHODS)]
        )
        async with self._client, listening(uvicorn.Config(app, log_config=None, ws="websockets-sansio")) as port:
            self.url = f"http://127.0.0.1:{port}/ari"
            yield self
            await self.cut()
