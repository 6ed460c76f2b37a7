"""The WebSocket of Asterisk's events: held open, opened again, and after each opening what was missed is made good."""

import asyncio
import base64
from collections.abc import Awaitable, Callable
from typing import Final

import msgspec
import structlog
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from sessions.phone.asterisk.client import AriFailed
from sessions.phone.asterisk.events import Event, event_of
from sessions.phone.asterisk.settings import AriSettings

OPEN_S: Final = 5.0
SIGN_OF_LIFE_S: Final = 5.0
"""So often Asterisk is asked whether it's there; it has as long again to answer."""
AGAIN_S: Final = (0.1, 0.5, 1.0, 2.0, 5.0)
"""Pauses before the next try; the last one repeats."""
EVENT_MAX: Final = 1 << 20
_log = structlog.get_logger("openline.asterisk")


class Replaced(Exception):
    """Another connection listens to our application now; Asterisk tells each event to one only."""


class Feed:
    """`on_open` makes good what was missed, before `is_up`; `on_event` is told each event, also meanwhile."""

    def __init__(
        self,
        settings: AriSettings,
        app: str,
        on_open: Callable[[], Awaitable[None]],
        on_event: Callable[[Event], None],
    ) -> None:
        self._address = f"ws{settings.url.removeprefix('http')}/events?app={app}"
        pair = f"{settings.user}:{settings.secret}".encode()
        self._headers = {"Authorization": "Basic " + base64.b64encode(pair).decode()}
        self._on_open = on_open
        self._on_event = on_event
        self.is_up = asyncio.Event()

    async def run(self) -> None:
        """Until cancelled. Nothing that Asterisk does ends this."""
        failed = 0
        while True:
            try:
                async with connect(
                    self._address,
                    additional_headers=self._headers,
                    open_timeout=OPEN_S,
                    close_timeout=1,
                    ping_interval=SIGN_OF_LIFE_S,
                    ping_timeout=SIGN_OF_LIFE_S,
                    max_size=EVENT_MAX,
                    compression=None,
                    proxy=None,
                ) as socket:
                    await self._listen(socket)
            except Replaced:
                failed = len(AGAIN_S)
                _log.error("asterisk_application_taken", advice="give each process an instance name of its own")
            except (WebSocketException, OSError, TimeoutError, AriFailed) as why:
                failed = 0 if self.is_up.is_set() else failed + 1
                _log.warning("asterisk_lost", why=_why(why), tries=failed)
            finally:
                self.is_up.clear()
            await asyncio.sleep(AGAIN_S[min(failed, len(AGAIN_S) - 1)])

    async def _listen(self, socket: ClientConnection) -> None:
        reading = asyncio.ensure_future(self._read(socket))
        try:
            await self._on_open()
            self.is_up.set()
            _log.info("asterisk_up")
            await reading
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)

    async def _read(self, socket: ClientConnection) -> None:
        async for message in socket:
            try:
                event = event_of(message)
            except msgspec.MsgspecError:
                _log.warning("asterisk_event_unread", size=len(message))
                continue
            if event.type == "ApplicationReplaced":
                raise Replaced
            self._on_event(event)


def _why(error: Exception) -> str:
    """What kind of failure: the texts of some name the whole request."""
    status = getattr(getattr(error, "response", None), "status_code", 0)
    return f"{type(error).__name__} {status}" if status else type(error).__name__
