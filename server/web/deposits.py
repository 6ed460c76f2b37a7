"""Paying in over HTTP: what the card processor tells, and the pages that say how a payment ended."""

from typing import Final

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from billing.deposits.disputes import NotYet
from billing.deposits.processor import BadSignature, ProcessorDown
from ground.errors import Refusal
from ground.sql import FAILURES
from server.house import House
from server.middleware import WEBHOOK
from server.web.asking import refused
from server.web.editors import pool_named
from server.web.rendering import language_of, page, render

SIGNATURE_MAX: Final = 2000
ENDS: Final = {"paid": "/p/{pool}/paid", "not_paid": "/p/{pool}/not-paid"}


def routes(house: House) -> list[Route]:
    """The webhook, and the pages."""
    return [
        Route(WEBHOOK, _webhook(house), methods=["POST"]),
        *(Route(path, _end(house, name), methods=["GET"]) for name, path in ENDS.items()),
    ]


def _webhook(house: House):  # type: ignore[no-untyped-def]
    """No cookie and no Origin count here: the processor's signature over the bytes of the body does."""

    async def webhook(request: Request) -> Response:
        signature = request.headers.get("stripe-signature", "")
        try:
            if house.paying is None:
                return refused("no_deposits")
            if not signature or len(signature) > SIGNATURE_MAX:
                return refused("malformed", "signature")
            await house.paying.take(await request.body(), signature)
        except (BadSignature, ClientDisconnect):
            return refused("malformed", "signature")
        except (ProcessorDown, NotYet):
            return refused("processor_unavailable")  # it comes again
        except FAILURES:
            return refused("store_unavailable")
        return Response(status_code=200)

    return webhook


def _end(house: House, name: str):  # type: ignore[no-untyped-def]
    """A page for the window in which somebody has paid, or has not. What has arrived the other window shows."""

    async def end(request: Request) -> Response:
        language = language_of(request)
        try:
            found = await house.profiles.pool(pool_named(request))
        except Refusal:
            return Response(render("missing.html", language, directory=""), 404, media_type="text/html")
        return page(request, render("paid.html", language, name=name, pool=found))

    return end
