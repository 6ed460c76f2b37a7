"""The application: the interface at `/v1`, the hosted page at `/pay`, and what happens by itself."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from ground.clock import Clock, SystemClock
from server.test_processor.api import Api
from server.test_processor.calls import Calls
from server.test_processor.checkout import Checkout
from server.test_processor.events import News
from server.test_processor.hosted import Hosted
from server.test_processor.payments import Payments
from server.test_processor.settings import Settings, check_not_live
from server.test_processor.state import State
from server.test_processor.worker import Worker

LOOPBACK = ("localhost", "127.0.0.1", "[::1]")


def create_app(settings: Settings, clock: Clock | None = None) -> Starlette:
    """The processor with these settings. Raises LiveKeys for keys of real money."""
    check_not_live({}, settings.key)
    state = State(settings.state, clock or SystemClock())
    news = News(state, settings)
    payments = Payments(state, news, settings)
    checkout = Checkout(state, news, payments)
    api = Api(state, Calls(state, news, payments, checkout), settings)
    hosted = Hosted(state, payments, checkout, settings, state.fact("seal", secrets.token_hex(32)))

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        work = asyncio.create_task(Worker(state, payments, checkout, settings).run())
        try:
            yield
        finally:
            work.cancel()
            with suppress(asyncio.CancelledError):
                await work
            state.close()

    app = Starlette(routes=[*api.routes(), *hosted.routes(), Route("/", _about)], lifespan=lifespan)
    app.add_middleware(OwnHost, public=settings.public)
    return app


async def _about(_request: Request) -> Response:
    return PlainTextResponse("Openline's test processor: no real money. The interface is at /v1.\n")


class OwnHost:
    """Lets in who comes by a name of ours: a page that points its own name at this machine does not."""

    def __init__(self, app: ASGIApp, public: str) -> None:
        self._app = app
        self._hosts = {*LOOPBACK, *filter(None, [urlsplit(public).hostname])}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or _host(Request(scope).headers.get("host", "")) in self._hosts:
            await self._app(scope, receive, send)
            return
        await PlainTextResponse("This is not a name of the test processor.\n", 421)(scope, receive, send)


def _host(header: str) -> str:
    """The name without its port."""
    return header.rsplit(":", 1)[0] if not header.endswith("]") and ":" in header else header
