"""The ASGI application: pages, sign-in, profiles, health. Sockets never reach it (`server/handshake.py`)."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

import msgspec
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ground.clock import SystemClock
from ground.errors import Refusal
from server import site
from server.config import Config
from server.health import Health
from server.house import House, open_house
from server.limits import Bounds
from server.middleware import Frontage
from server.origins import Gate
from server.sign_in import SignIns

DEMO_POOL: Final = "demo"
_POOL: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")


def create_app(config: Config, bounds: Bounds | None = None) -> Starlette:
    """The application of one server process. Its lifespan opens the rooms and puts the `door` into the state, where
    uvicorn's WebSocket class finds it."""
    gate = Gate(config.hosts, config.origins, config.trusted_proxies)
    bounds = bounds or Bounds()
    demo_pool = DEMO_POOL if config.demo else ""

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[dict[str, Any]]:
        async with open_house(config, gate, bounds) as house:
            app.router.routes[:0] = _routes(house, bounds, demo_pool)
            yield {"door": house.door}

    return Starlette(
        routes=site.Site().routes(demo_pool),
        middleware=[Middleware(Frontage, gate=gate, frame_ancestors=config.origins)],
        lifespan=lifespan,
    )


def _routes(house: House, bounds: Bounds, demo_pool: str) -> list[Route]:
    checks = {"store": house.store.ping, "database": house.database.ping, "journal": house.check_journal}
    now_s = asyncio.get_running_loop().time
    sign_ins = SignIns(house.tokens, house.links, house.sign_out, SystemClock(), now_s, bounds, demo_pool)
    experts = Route("/v1/pools/{pool}/experts", _experts(house), methods=["GET"])
    return [experts, *sign_ins.routes(), *Health(house.door, checks, house.ages).routes()]


def _experts(house: House) -> Any:
    """`GET /v1/pools/{pool}/experts`: what everybody may know of a pool's experts, for any origin."""

    async def experts(request: Request) -> Response:
        pool = request.path_params["pool"]
        try:
            page = await house.catalogue.open(pool if _POOL.fullmatch(pool) else "")
        except Refusal:
            return JSONResponse({"code": "no_such_pool"}, 404)
        body = msgspec.json.encode({"pool": pool, "name": page.pool.name, "experts": list(page.profiles.values())})
        file = site.file_of(body, "application/json", "no-cache")
        return site.answer(request, file, site.FOR_ALL)

    return experts
