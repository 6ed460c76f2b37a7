"""The directory's page `/p/{pool}`: the applet's own, with a plain list of the experts for who has no JavaScript."""

import asyncio
import re
from html import escape
from pathlib import Path
from typing import Final
from urllib.parse import quote, urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ground.errors import Refusal
from server.catalogue import Page
from server.house import House
from server.site import APPLET
from server.web.editors import pool_named
from server.web.profile_view import cheapest
from server.web.rendering import language_of, page, render

EACH: Final = 100
"""Experts of one page of the list."""
_PLAIN: Final = re.compile(rb"<noscript>.*?</noscript>", re.DOTALL)
_TITLE: Final = b"<title>Openline</title>"


def routes(house: House, applet: Path = APPLET) -> list[Route]:
    """The page; without a built applet, the list alone."""
    built = applet / "dist" / "directory.html"
    shell = built.read_bytes() if built.exists() else b"<!doctype html><noscript></noscript>"

    async def show(request: Request) -> Response:
        language = language_of(request)
        try:
            found = await house.catalogue.open(pool_named(request))
        except Refusal:  # the applet says so in its own words
            return page(request, shell)
        asked = request.query_params
        category, number = asked.get("category", "")[:100], asked.get("page", "0")
        start = int(number) if number.isascii() and number.isdigit() and len(number) < 4 else 0
        return page(request, await asyncio.to_thread(_with_list, shell, found, language, category, start))

    return [Route("/p/{pool}", show, methods=["GET"])]


def _with_list(shell: bytes, found: Page, language: str, category: str, start: int) -> bytes:
    """The page with one page of the list in it, of `category` ("" is all) and what lies below it."""
    below = f"{category}/"
    those = [
        one
        for one in found.profiles.values()
        if not category or any(name == category or name.startswith(below) for name in one.categories)
    ]
    place = f"/p/{quote(found.pool.pool)}"
    asked = ({"category": category} if category else {}) | {"page": str(start + 1)}
    options = found.pool.options
    listed = render(
        "directory_list.html", language,
        pool_name=found.pool.name, place=place, experts=those[start * EACH : (start + 1) * EACH],
        priced=(lambda one: cheapest(language, one, options.currency)) if options.prepaid else None,
        more=f"{place}?{urlencode(asked)}" if len(those) > (start + 1) * EACH else "",
    )  # fmt: skip
    title = f"<title>{escape(found.pool.name)}</title>".encode()
    return _PLAIN.sub(lambda _old: b"<noscript>" + listed + b"</noscript>", shell.replace(_TITLE, title, 1), count=1)
