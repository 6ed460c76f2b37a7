"""HTTP requests have a deadline: whoever sends headers or a body drop by drop does not keep a connection for ever."""

import asyncio
from asyncio.transports import Transport
from typing import Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

REQUEST_S: Final = 15.0


class PromptHttp(HttpToolsProtocol):
    """uvicorn's HTTP protocol with `request_s` seconds from its beginning to the last byte of a request.

    A handler that expects much of somebody it knows calls `request.state.more_time(seconds)` before it reads.
    """

    request_s = REQUEST_S
    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._deadline = self.loop.call_later(self.request_s, transport.abort)

    def connection_lost(self, exc: Exception | None) -> None:
        self._in_time()
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        if self._deadline is None:
            self._deadline = self.loop.call_later(self.request_s, self.transport.abort)
        super().on_message_begin()
        self.scope["state"]["more_time"] = self._more_time

    def on_message_complete(self) -> None:
        self._in_time()
        super().on_message_complete()

    def handle_websocket_upgrade(self) -> None:
        self._in_time()
        super().handle_websocket_upgrade()

    def _more_time(self, seconds: float) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = self.loop.call_later(seconds, self.transport.abort)

    def _in_time(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
