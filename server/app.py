"""The ASGI application: pages, sign-in, profiles, health. Sockets never reach it (`server/handshake.py`)."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

import msgspec
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from directory.expert import ID
from ground.errors import Refusal
from server import site
from server.config import Config
from server.health import Health
from server.house import House, open_house
from server.limits import Bounds
from server.middleware import Frontage
from server.origins import Gate
from server.sign_in import Entrance
from server.visitors import Visitors
from server.web import (
    accounts,
    deposits,
    directory_page,
    earlier,
    files,
    history,
    mails,
    money,
    oidc,
    options,
    own_data,
    payouts,
    people,
    photos,
    profile_edit,
    profile_page,
    receipts,
    statements,
    wallet,
)
from sessions.media.workers import Workers

DEMO_POOL: Final = "demo"


def create_app(config: Config, bounds: Bounds | None = None) -> Starlette:
    """The application of one server process. Its lifespan opens the rooms and puts the `door` into the state, where
    uvicorn's WebSocket class finds it."""
    gate = Gate(config.hosts, config.origins, config.trusted_proxies)
    bounds = bounds or Bounds()
    demo_pool = DEMO_POOL if config.demo else ""

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[dict[str, Any]]:
        async with open_house(config, gate, bounds) as house:
            app.router.routes[:0] = _routes(house, bounds)
            yield {"door": house.door}

    return Starlette(
        routes=site.Site().routes(demo_pool),
        middleware=[Middleware(Frontage, gate=gate, frame_ancestors=config.origins)],
        lifespan=lifespan,
    )


def _routes(house: House, bounds: Bounds) -> list[Route]:
    checks = {"store": house.store.ping, "database": house.database.ping, "journal": house.check_journal}
    entrance = Entrance(house, asyncio.get_running_loop().time, bounds)
    members = [
        *accounts.Accounts(house, entrance, bounds).routes(),
        *people.People(house).routes(),
        *mails.routes(house),
        *oidc.OidcPages(house, entrance).routes(),
        *Visitors(house, entrance).routes(),
        *own_data.OwnData(house, entrance).routes(),
        *earlier.routes(house),
        *wallet.Wallets(house).routes(),
        *deposits.routes(house),
        *statements.Statements(house).routes(),
        *payouts.Payouts(house).routes(),
        *receipts.Receipts(house).routes(),
        *money.PoolMoney(house).routes(),
    ]
    experts = Route("/v1/pools/{pool}/experts", _experts(house), methods=["GET"])
    profiles = [
        *history.routes(house),
        *photos.routes(house),
        *files.routes(house),
        *profile_edit.routes(house),
        *options.routes(house),
        *profile_page.routes(house),
        *directory_page.routes(house),
    ]
    health = Health(house.door, checks, house.ages, Workers(house.store).listed)
    return [experts, *profiles, *members, *entrance.routes(), *health.routes()]


def _experts(house: House) -> Any:
    """`GET /v1/pools/{pool}/experts`: what everybody may know of a pool's experts, for any origin."""

    async def experts(request: Request) -> Response:
        pool = request.path_params["pool"]
        try:
            page = await house.catalogue.open(pool if ID.fullmatch(pool) else "")
        except Refusal:
            return JSONResponse({"code": "no_such_pool"}, 404)
        body = msgspec.json.encode({"pool": pool, "name": page.pool.name, "experts": list(page.profiles.values())})
        file = site.file_of(body, "application/json", "no-cache")
        return site.answer(request, file, site.FOR_ALL)

    return experts
